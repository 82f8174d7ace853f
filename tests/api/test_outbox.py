"""What every change has to tell is in the database with it, whatever the database is (DESIGN 5, FEATURES 6.3)."""

import json

import pytest
from sqlalchemy import select

from glancepipe.db.models import journal
from glancepipe.layers.notifier import sending

CONF = "[oslo_messaging_notifications]\ndriver = noop\n[notifier]\noutbox = true\n"
SPACE = {"namespace": "n", "properties": {"p": {"title": "P", "type": "string"}}, "resource_type_associations": [{"name": "t"}]}


@pytest.fixture
def client(make_service, monkeypatch):
    """An administrator of a service whose broker takes nothing."""
    monkeypatch.setattr(sending.Sender, "_run", lambda self: None)
    return make_service("", CONF).as_("p1", "admin,member,reader")


def kept(client):
    """The types of the events of each entry, in the order of the entries."""
    (db,) = [layer for layer in client.service.pipeline.layers if layer.name == "db"]
    rows = db.database.read(lambda connection: connection.execute(select(journal).order_by(journal.c.id)).all())
    assert {row.kind for row in rows} <= {"notifier.events"}
    return [[event for _, event, _ in json.loads(row.details)["events"]] for row in rows]


def test_images_and_members(client):
    image = client.active(b"data", visibility="shared")
    path = f"/v2/images/{image['id']}"
    client("PUT", f"{path}/tags/t")
    client("POST", f"{path}/members", document={"member": "p2"})
    client.as_("p2")("PUT", f"{path}/members/p2", document={"status": "accepted"})
    client("DELETE", f"{path}/members/p2")
    client("POST", f"{path}/actions/deactivate")
    assert client("DELETE", path).status == 204
    assert kept(client) == [
        ["image.create"],
        ["image.update"],
        ["image.upload", "image.activate", "image.update"],
        ["image.update"],
        ["image.member.create"],
        ["image.member.update"],
        ["image.member.delete"],
        ["image.update"],
        ["image.delete"],
    ]


def test_metadata_definitions(client):
    at = "/v2/metadefs/namespaces"
    assert client("POST", at, document=SPACE).status == 201
    for method, path, document in (
        ("PUT", "/n", {"namespace": "n", "display_name": "N"}),
        ("POST", "/n/objects", {"name": "o"}),
        ("PUT", "/n/objects/o", {"name": "o2"}),
        ("DELETE", "/n/objects/o2", None),
        ("POST", "/n/tags", {"tags": [{"name": "a"}, {"name": "b"}]}),
        ("DELETE", "/n/tags", None),
        ("DELETE", "/n/resource_types/t", None),
        ("POST", "/n/resource_types", {"name": "t2"}),
        ("DELETE", "/n", None),
    ):
        assert client(method, at + path, document=document).status < 300, path
    assert kept(client) == [
        ["metadef_namespace.create", "metadef_resource_type.create", "metadef_property.create"],
        ["metadef_namespace.update"],
        ["metadef_object.create"],
        ["metadef_object.update"],
        ["metadef_object.delete"],
        ["metadef_tag.create", "metadef_tag.create"],
        ["metadef_namespace.delete_tags"],
        ["metadef_resource_type.delete"],
        ["metadef_resource_type.create"],
        ["metadef_namespace.delete"],
    ]


def test_what_was_sent_is_struck_out(make_service):
    client = make_service("", CONF)
    client.active(b"data")
    client.service.close()  # once all is sent
    client.service.start()
    assert kept(client) == []


def test_what_is_refused_tells_nothing(client):
    image = client.create(protected=True)
    assert client("DELETE", f"/v2/images/{image['id']}").status == 403
    assert client("POST", "/v2/images", document={"id": image["id"]}).status == 409
    assert kept(client) == [["image.create"]]
