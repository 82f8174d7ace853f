"""Who calls, under each strategy; nobody can pretend (FEATURES 1.2-12, 1.2-13, 6.1-01)."""

from types import SimpleNamespace

import pytest
from webob import Request, Response

from glancepipe.config import load
from glancepipe.contract import Caller
from glancepipe.middleware.auth import IDENTITY, make

CONFIRMED = {
    "X-Identity-Status": "Confirmed",
    "X-User-Id": "alice",
    "X-Project-Id": "demo",
    "X-Roles": "Member,reader",
}


IDENTITY_SERVICE = {
    "www_authenticate_uri": "http://identity.example/v3",
    "auth_type": "password",
    "auth_url": "http://127.0.0.1:1/v3",
}


class App:
    """Remembers what it was told."""

    environ = None

    def __call__(self, environ, start_response):
        self.environ = environ
        return Response(text="served")(environ, start_response)

    @property
    def caller(self):
        return self.environ["glancepipe.caller"]


@pytest.fixture
def app():
    return App()


@pytest.fixture
def ask(app, tmp_path):
    def ask(strategy, headers=None, **overrides):
        file = tmp_path / "a.conf"
        file.write_text("[keystone_authtoken]\n" + "\n".join(f"{name} = {value}" for name, value in IDENTITY_SERVICE.items()))
        conf = load(config_files=[str(file)])
        conf.set_override("auth_strategy", strategy, group="api")
        for option, value in overrides.items():
            conf.set_override(option, value)
        return Request.blank("/v2/images", headers=headers or {}).get_response(make(app, SimpleNamespace(conf=conf)))

    return ask


def test_none_makes_everybody_the_administrator(ask, app):
    assert ask("none").status_int == 200
    assert "admin" in app.caller.roles
    assert app.caller.project_id
    assert not app.caller.service


@pytest.mark.parametrize("strategy", ["none", "keystone"])
def test_identity_headers_of_clients_are_stripped(ask, app, strategy):
    lies = {
        **CONFIRMED,
        "X-Tenant-Id": "victim",
        "X-Role": "admin",
        "X-Service-Roles": "service",
        "X-Service-Identity-Status": "Confirmed",
        "OpenStack-System-Scope": "all",
        "X-Is-Admin-Project": "True",
    }
    ask(strategy, lies, allow_anonymous_access=True)
    believed = {name: value for name, value in app.environ.items() if name in IDENTITY}
    # keystonemiddleware itself says that there was no token.
    assert believed == ({} if strategy == "none" else {"HTTP_X_IDENTITY_STATUS": "Invalid"})
    assert app.caller.user_id != "alice"


def test_headers_are_believed(ask, app):
    assert ask("headers", {**CONFIRMED, "X-User-Domain-Id": "ud", "X-Project-Domain-Id": "pd", "X-Auth-Token": "secret"}).status_int == 200
    assert app.caller == Caller(
        user_id="alice",
        project_id="demo",
        roles=frozenset({"member", "reader"}),
        user_domain_id="ud",
        project_domain_id="pd",
        token="secret",
    )


def test_former_names_of_headers(ask, app):
    ask("headers", {"X-Identity-Status": "Confirmed", "X-User": "bob", "X-Tenant-Id": "old", "X-Role": "Reader"})
    assert (app.caller.user_id, app.caller.project_id, app.caller.roles) == ("bob", "old", {"reader"})


def test_roles_of_a_service(ask, app):
    ask("headers", {**CONFIRMED, "X-Service-Roles": "Service, other"})
    assert app.caller.service_roles == {"service", "other"}


@pytest.mark.parametrize(
    ("headers", "scope"),
    [
        ({}, "project"),
        ({"X-Project-Id": "", "X-Domain-Id": "d"}, "domain"),
        ({"X-Project-Id": "", "OpenStack-System-Scope": "all"}, "system"),
    ],
)
def test_scope_of_the_token(ask, app, headers, scope):
    """FEATURES 7.2-07."""
    ask("headers", {**CONFIRMED, **headers})
    assert app.caller.scope == scope


@pytest.mark.parametrize("status", [None, "Invalid", "confirmed"])
def test_unconfirmed_identity_is_refused(ask, app, status):
    headers = {**CONFIRMED, "X-Identity-Status": status}
    response = ask("headers", {name: value for name, value in headers.items() if value})
    assert response.status_int == 401
    assert response.headers["WWW-Authenticate"]
    assert app.environ is None


def test_anonymous_access_is_read_only_and_has_no_role(ask, app):
    assert ask("headers", {}, allow_anonymous_access=True).status_int == 200
    assert app.caller == Caller(read_only=True)


def test_keystone_says_where_to_go(ask, app):
    response = ask("keystone")
    assert response.status_int == 401
    assert response.headers.getall("WWW-Authenticate") == ['Keystone uri="http://identity.example/v3"']
    assert app.environ is None


@pytest.mark.parametrize("missing", ["www_authenticate_uri", "auth_type"])
def test_keystone_must_be_configured(ask, monkeypatch, missing):
    monkeypatch.delitem(IDENTITY_SERVICE, missing)
    with pytest.raises(ValueError, match=missing):
        ask("keystone")


def test_error_body_as_the_client_likes_it(ask):
    """FEATURES 1.2-05."""
    assert ask("headers").content_type == "text/plain"
    assert ask("headers", {"Accept": "application/json"}).json["code"] == "401 Unauthorized"
