"""Images whose data outlives their deletion for a while (FEATURES 2.3-14 to 2.3-16, 6.4-06)."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from glancepipe.contract import SERVICE, Call
from glancepipe.contract.errors import Conflict, ImageNotFound, InUse
from glancepipe.db.models import image_locations, image_members, images
from glancepipe.operations.restore_image import restore_image


@pytest.fixture
def client(make_service):
    return make_service("delayed_delete = true\nscrub_time = 3600").as_(f"p-{uuid.uuid4().hex}")


def layer(client, name):
    return next(layer for layer in client.service.pipeline.layers if layer.name == name)


def rows(client, statement):
    return layer(client, "db").database.read(lambda connection: connection.execute(statement).all())


def stored(client, image_id):
    (image,) = rows(client, select(images.c.status, images.c.deleted).where(images.c.id == image_id))
    locations = rows(client, select(image_locations.c.status, image_locations.c.deleted).where(image_locations.c.image_id == image_id))
    return tuple(image), [tuple(location) for location in locations]


def files(client):
    return [path for path in Path(client.service.conf.glance_store.filesystem_store_datadir).iterdir() if path.is_file()]


def restore(client, image_id):
    with Call("restore_image", SERVICE) as call:
        return restore_image(client.service.pipeline.nouns, call, image_id)


def let_time_pass(client, image_id):
    long_ago = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
    past = update(images).where(images.c.id == image_id).values(deleted_at=long_ago)
    layer(client, "db").database.write(lambda connection: connection.execute(past))


def test_the_data_of_a_deleted_image_stays_for_a_while(client):
    """2.3-14, 3-21."""
    image = client.active(b"precious")
    assert client("DELETE", f"/v2/images/{image['id']}").status == 204
    assert client("GET", f"/v2/images/{image['id']}").status == 404
    assert client.listed() == client.listed("status=pending_delete") == []
    assert stored(client, image["id"]) == (("pending_delete", True), [("pending_delete", True)])
    client.service.pipeline.sweep()
    assert len(files(client)) == 1


def test_an_image_without_data_goes_at_once(client):
    """2.3-14."""
    image = client.create()
    assert client("DELETE", f"/v2/images/{image['id']}").status == 204
    assert stored(client, image["id"])[0] == ("deleted", True)


def test_a_deactivated_image_with_data_can_not_wait(client):
    """2.3-14: the transition is illegal."""
    image = client.active()
    client("POST", f"/v2/images/{image['id']}/actions/deactivate")
    answer = client.as_("admins", "admin")("DELETE", f"/v2/images/{image['id']}")
    assert answer.status == 400
    assert len(files(client)) == 1


def test_what_has_waited_long_enough_is_erased(client):
    """2.3-15."""
    image = client.active()
    client("DELETE", f"/v2/images/{image['id']}")
    let_time_pass(client, image["id"])
    client.service.pipeline.sweep()
    assert files(client) == []
    assert stored(client, image["id"]) == (("deleted", True), [("deleted", True)])
    with pytest.raises(Conflict, match="erased"):
        restore(client, image["id"])


def test_what_can_not_be_erased_is_tried_again(client, monkeypatch):
    image = client.active()
    client("DELETE", f"/v2/images/{image['id']}")
    let_time_pass(client, image["id"])
    store = client.service.stores[client.service.stores.default]
    with monkeypatch.context() as patched:
        patched.setattr(store, "erase", lambda url: (_ for _ in ()).throw(InUse("A volume needs it.")))
        client.service.pipeline.sweep()
    assert stored(client, image["id"])[0] == ("pending_delete", True)
    client.service.pipeline.sweep()
    assert stored(client, image["id"])[0] == ("deleted", True)
    assert files(client) == []


def test_a_restored_image_is_as_it_was(client):
    """2.3-16; Glance brings back the bare record, without properties, tags, members and data."""
    image = client.active(b"precious", name="kept", tags=["a", "b"], colour="red")
    gone = client.patch(image["id"], {"op": "add", "path": "/passing", "value": "x"})
    assert gone.status == client.patch(image["id"], {"op": "remove", "path": "/passing"}).status == 200
    client("POST", f"/v2/images/{image['id']}/members", document={"member": "friend"})
    before = client.show(image["id"])
    client("DELETE", f"/v2/images/{image['id']}")
    assert restore(client, image["id"]).status == "active"
    after = client.show(image["id"])
    assert {**after, "updated_at": ""} == {**before, "updated_at": ""}
    assert client("GET", f"/v2/images/{image['id']}/file").body == b"precious"
    assert client("GET", f"/v2/images/{image['id']}/members").json["members"][0]["member_id"] == "friend"
    client.service.pipeline.sweep()
    assert len(files(client)) == 1


def test_members_that_left_before_do_not_come_back(client):
    image = client.active()
    client("POST", f"/v2/images/{image['id']}/members", document={"member": "friend"})
    client("DELETE", f"/v2/images/{image['id']}/members/friend")
    client("DELETE", f"/v2/images/{image['id']}")
    restore(client, image["id"])
    assert client("GET", f"/v2/images/{image['id']}/members").json["members"] == []
    assert len(rows(client, select(image_members.c.id).where(image_members.c.image_id == image["id"]))) == 1


def test_only_what_waits_can_be_restored(client):
    image = client.active()
    for image_id in (image["id"], str(uuid.uuid4())):
        with pytest.raises(ImageNotFound):
            restore(client, image_id)
        client.service.pipeline.sweep()


def test_scrubbing_and_restoring_keep_out_of_each_other(client, monkeypatch):
    image = client.active()
    client("DELETE", f"/v2/images/{image['id']}")
    let_time_pass(client, image["id"])
    store = client.service.stores[client.service.stores.default]
    refusals = []

    def erase(url):
        with pytest.raises(Conflict) as refusal:
            restore(client, image["id"])
        refusals.append(str(refusal.value))

    monkeypatch.setattr(store, "erase", erase)
    client.service.pipeline.sweep()
    assert refusals == [f"Image {image['id']} can't be restored: its data is being erased."]


def test_a_restored_image_is_not_scrubbed_by_who_saw_it_waiting(client, monkeypatch):
    image = client.active()
    client("DELETE", f"/v2/images/{image['id']}")
    let_time_pass(client, image["id"])
    location = layer(client, "location")
    seen = location.inner.repo.pending

    def pending(call, before, after=None):
        found = seen(call, before, after)
        if found:
            restore(client, image["id"])
        return found

    monkeypatch.setattr(location.inner.repo, "pending", pending)
    client.service.pipeline.sweep()
    assert client.show(image["id"])["status"] == "active"
    assert len(files(client)) == 1
