"""Who calls, as a real Keystone says (FEATURES 1.2-13, 6.1-01, 7.2-07)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.integration

JSON = {"Content_Type": "application/json"}


@pytest.fixture
def create(running):
    """The record of a new image, made with a token."""
    made = []

    def create(token, **values):
        answer = running.ask("POST", "/v2/images", json.dumps(values), X_Auth_Token=token, **JSON)
        assert answer.status == 201, answer
        made.append((token, answer.body["id"]))
        return answer.body

    yield create
    for token, image_id in made:
        running.ask("DELETE", f"/v2/images/{image_id}", X_Auth_Token=token)


def listed(running, token, **headers):
    return running.get("/v2/images", X_Auth_Token=token, **headers).status


def test_a_project_owns_what_its_members_make(running, keystone, create):
    token = keystone.token("demo-member")
    image = create(token, name="ours")
    assert image["owner"] == keystone.who(token)["project"]["id"]
    path = f"/v2/images/{image['id']}"
    seen = {user: running.get(path, X_Auth_Token=keystone.token(user)).status for user in ("demo-reader", "alt-member", "admin")}
    assert seen == {"demo-reader": 200, "alt-member": 404, "admin": 200}
    refused = running.ask("POST", "/v2/images", "{}", X_Auth_Token=keystone.token("demo-reader"), **JSON)
    assert refused.status == 403


@pytest.mark.parametrize("scope", [{"system": {"all": True}}, {"domain": {"id": "default"}}], ids=["system", "domain"])
def test_other_scopes_than_a_project(running, keystone, create, scope):
    """FEATURES 7.2-07: the administrator of the whole cloud passes no rule that is about projects."""
    if "domain" in scope:
        who, admin = keystone.who(keystone.token("admin"))["user"]["id"], keystone.ask("GET", "/roles?name=admin").json()["roles"][0]["id"]
        keystone.ask("PUT", f"/domains/default/users/{who}/roles/{admin}")
    image = create(keystone.token("demo-member"))
    token = keystone.token("admin", scope)
    assert listed(running, token) == 403
    assert running.get(f"/v2/images/{image['id']}", X_Auth_Token=token).status == 404
    assert running.ask("POST", "/v2/images", "{}", X_Auth_Token=token, **JSON).status == 403
    assert running.get("/v2/info/stores", X_Auth_Token=token).status in (200, 404)


@pytest.mark.parametrize("token", [None, "", "no such token", "gAAAAAB" + "x" * 200])
def test_tokens_that_are_none(running, token):
    answer = running.get("/v2/images", **({} if token is None else {"X_Auth_Token": token}))
    assert answer.status == 401
    assert answer.headers.get_all("WWW-Authenticate") == ['Keystone uri="https://identity.example"']


def test_a_revoked_token(running, keystone):
    token = keystone.token("demo-member")
    keystone.ask("DELETE", "/auth/tokens", X_Subject_Token=token)
    assert listed(running, token) == 401


@pytest.fixture
def short_lived(running, keystone):
    """A token that the service has believed, and when it expires: as soon as the machine is fast enough for."""
    for seconds in (4, 8, 16, 32):
        with keystone.credential(keystone.token("demo-member"), lifetime=seconds) as credential:
            token = keystone.of_credential(credential)
            if listed(running, token) == 200:
                yield token, datetime.fromisoformat(credential["expires_at"]).replace(tzinfo=UTC)
                return
    pytest.fail("no token was believed while it was valid")


def test_a_token_that_expires(running, short_lived, wait_until):
    """It was valid, and what is remembered of it says until when."""
    token, until = short_lived
    wait_until(lambda: listed(running, token) == 401, "the token has expired")
    assert datetime.now(UTC) >= until - timedelta(seconds=1)


def test_a_service_acts_for_a_user(running, keystone, create):
    """What the service may do, it may do with the user's authority."""
    user = keystone.token("demo-member")
    path = f"/v2/images/{create(user, name='theirs')['id']}"
    assert running.get(path, X_Auth_Token=user, X_Service_Token=keystone.token("glance")).status == 200
    assert running.get(path, X_Auth_Token=keystone.token("alt-member"), X_Service_Token=keystone.token("glance")).status == 404
    answer = running.get(path, X_Service_Token=keystone.token("glance"))
    assert (answer.status, "WWW-Authenticate" in answer.headers) == (401, True)


def test_a_service_may_end_what_a_user_began(running, keystone, short_lived, wait_until):
    """The user's token may have expired meanwhile; for a service that has the role ``service``, and for nobody else."""
    token, _ = short_lived
    wait_until(lambda: listed(running, token) == 401, "the token has expired")
    seen = {other: listed(running, token, X_Service_Token=keystone.token(other)) for other in ("glance", "alt-admin")}
    assert seen == {"glance": 200, "alt-admin": 401}
    assert listed(running, token, X_Service_Token="no such token") == 401


def test_access_rules(running, keystone):
    """An application credential that may do one thing."""
    rules = [{"service": "image", "method": "GET", "path": "/v2/images"}]
    with keystone.credential(keystone.token("demo-member"), access_rules=rules) as credential:
        token = keystone.of_credential(credential)
        # Keystone shows services by type in the catalog; without an image service there is nothing to be ruled.
        assert any(service["type"] == "image" for service in keystone.who(token)["catalog"])
        assert listed(running, token) == 200
        assert running.get("/v2/schemas/image", X_Auth_Token=token).status == 401
        assert running.ask("POST", "/v2/images", "{}", X_Auth_Token=token, **JSON).status == 401
