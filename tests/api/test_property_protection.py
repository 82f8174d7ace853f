"""Who may do what with which properties, through the whole service (FEATURES 6.7, 12-04)."""

import pytest

from glancepipe.pipeline.errors import PipelineError

pytestmark = pytest.mark.line

LINE = "[pipeline]\nlayers = auth, property-protection, notifier, policy, quota, location, domain, db"
ROLES = """
[^secret]
create = admin
read = admin
update = admin
delete = admin
[^fixed]
create = admin,member
read = @
update = !
delete = !
[.*]
create = @
read = @
update = @
delete = @
"""
RULES = """
[^approved$]
create = reviewers
read = @
update = reviewers
delete = context_is_admin
"""


@pytest.fixture
def protected(make_service, tmp_path):
    """Make a service with the layer in its line and that file; other options and sections as they are handed in."""

    def protected(text, general="", more=""):
        (tmp_path / "protections.conf").write_text(text)
        return make_service(f"property_protection_file = {tmp_path}/protections.conf\n{general}", f"{LINE}\n{more}")

    return protected


def new(client, admin):
    """An image of the client's, with a property that an administrator has added and only administrators see."""
    image = client.create(name="n", colour="red")
    answer = admin.patch(image["id"], {"op": "add", "path": "/secret_key", "value": "s"})
    assert answer.status == 200, answer.text
    return image["id"]


def test_what_can_not_be_read_is_nowhere_and_stays(protected):
    client = protected(ROLES)
    admin = client.as_("ops", "admin")
    image = new(client, admin)
    assert "secret_key" not in client.show(image)
    assert all("secret_key" not in each for each in client("GET", "/v2/images").json["images"])
    changed = client.patch(image, {"op": "replace", "path": "/colour", "value": "blue"}, {"op": "replace", "path": "/name", "value": "m"})
    assert changed.status == 200
    assert "secret_key" not in changed.json
    assert client("PUT", f"/v2/images/{image}/tags/t").status == 204
    assert client.patch(image, {"op": "remove", "path": "/colour"}).status == 200
    assert client.patch(image, *formats()).status == 200
    assert client.upload(image, b"data").status == 204
    seen = admin.show(image)
    assert (seen["secret_key"], seen["name"], seen["tags"], seen["status"]) == ("s", "m", ["t"], "active")
    assert "colour" not in seen


def formats():
    return [{"op": "replace", "path": f"/{name}", "value": value} for name, value in (("disk_format", "raw"), ("container_format", "bare"))]


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ({"op": "add", "path": "/secret_key", "value": "mine"}, 403),
        ({"op": "replace", "path": "/secret_key", "value": "mine"}, 409),
        ({"op": "remove", "path": "/secret_key"}, 409),
        ({"op": "add", "path": "/secret_other", "value": "mine"}, 403),
        ({"op": "add", "path": "/fixed", "value": "mine"}, 200),
    ],
)
def test_what_a_member_may_change(protected, step, status):
    client = protected(ROLES)
    admin = client.as_("ops", "admin")
    image = new(client, admin)
    answer = client.patch(image, step)
    assert answer.status == status, answer.text
    assert ("reserved" in answer.text) == (status == 403)
    assert admin.show(image)["secret_key"] == "s"


def test_what_is_fixed_is_so_for_everybody(protected):
    client = protected(ROLES)
    image = client.create(fixed="once")
    for who in (client, client.as_("ops", "admin")):
        for step in ({"op": "replace", "value": "twice"}, {"op": "add", "value": "once"}, {"op": "remove"}):
            assert who.patch(image["id"], {**step, "path": "/fixed"}).status == 403
    assert client.show(image["id"])["fixed"] == "once"


def test_new_images(protected):
    client = protected(ROLES)
    assert client("POST", "/v2/images", document={"secret_key": "mine"}).status == 403
    assert client.listed() == []


def test_a_listing_does_not_tell_by_what_it_finds(protected):
    client = protected(ROLES)
    admin = client.as_("ops", "admin")
    image = new(client, admin)
    assert client.listed("colour=red") == [image]
    assert client.listed("secret_key=s") == []
    assert admin.listed("secret_key=s") == [image]


@pytest.mark.limits
def test_properties_that_can_not_be_seen_count(protected):
    client = protected(ROLES, "image_property_quota = 3\n")
    image = new(client, client.as_("ops", "admin"))
    assert client.patch(image, {"op": "add", "path": "/third", "value": "v"}).status == 200
    assert client.patch(image, {"op": "add", "path": "/fourth", "value": "v"}).status == 413


def test_policy_rules(protected, tmp_path):
    (tmp_path / "policy.yaml").write_text("reviewers: role:reviewer")
    policies = "property_protection_rule_format = policies\n"
    client = protected(RULES, policies, f"[oslo_policy]\npolicy_file = {tmp_path}/policy.yaml")
    image = client.create()["id"]
    step = {"op": "add", "path": "/approved", "value": "yes"}
    assert client.patch(image, step).status == 403
    reviewer = client.as_("p1", "member,reader,Reviewer")
    assert reviewer.patch(image, step).status == 200
    assert client.show(image)["approved"] == "yes"
    assert reviewer.patch(image, {"op": "remove", "path": "/approved"}).status == 403
    assert client.as_("ops", "admin").patch(image, {"op": "remove", "path": "/approved"}).status == 200


def test_a_rule_that_nobody_wrote_stops_the_start(protected):
    with pytest.raises(PipelineError, match="'property-protection' can't start: There is no policy rule 'reviewers'"):
        protected(RULES, "property_protection_rule_format = policies\n")


def test_a_bad_file_stops_the_start_and_is_refused_later(protected, tmp_path):
    with pytest.raises(PipelineError, match=r"can't start: In the property protection file .* who may update"):
        protected("[a]\ncreate = @\nread = @\n")
    client = protected(ROLES)
    image = new(client, client.as_("ops", "admin"))
    (tmp_path / "protections.conf").write_text("[a")
    with pytest.raises(PipelineError, match=r"refuses to reload: The property protection file .* can't be read"):
        client.service.pipeline.reload()
    assert "secret_key" not in client.show(image)


def test_a_file_without_the_layer_is_refused(make_service):
    with pytest.raises(PipelineError, match="'policy' can't start: property_protection_file is set"):
        make_service("property_protection_file = protections.conf\n")
