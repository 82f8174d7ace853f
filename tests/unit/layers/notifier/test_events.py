"""What other services hear of images, and in which order."""

import threading
from datetime import datetime
from types import SimpleNamespace

import pytest

from glancepipe.contract import (
    ABSENT,
    Caller,
    Change,
    ChangeSet,
    Data,
    Ended,
    Image,
    ImageProxy,
    ImageRepoProxy,
    ImageValues,
    Intent,
    Layer,
    Target,
    replace,
)
from glancepipe.contract.errors import ClientDisconnected, DatabaseUnavailable, Forbidden, Gone, LimitExceeded
from glancepipe.layers import notifier
from glancepipe.layers.notifier import Notifier
from glancepipe.operations.add_tag import add_tag
from glancepipe.operations.create_image import create_image
from glancepipe.operations.deactivate import deactivate
from glancepipe.operations.delete_image import delete_image
from glancepipe.operations.download_image import download_image
from glancepipe.operations.modify_image import modify_image
from glancepipe.pipeline.errors import PipelineError
from glancepipe.pipeline.ordering import check_order

BOB = Caller(user_id="bob", project_id="blue", roles=frozenset({"member"}))
ONE_STORE = SimpleNamespace(multiple=False, default="")
TWO_STORES = SimpleNamespace(multiple=True, default="fast")


# Records (FEATURES 6.3-01 to 6.3-03, 6.3-16)

PAYLOAD = {
    "name": "n",
    "status": "queued",
    "min_disk": 1,
    "min_ram": 2,
    "protected": False,
    "checksum": None,
    "owner": "red",
    "disk_format": "raw",
    "container_format": "bare",
    "size": None,
    "virtual_size": None,
    "is_public": False,
    "visibility": "shared",
    "properties": {"os_glance_stage_host": "http://127.0.0.1", "p": "v"},
    "tags": ["a", "b"],
    "deleted": False,
    "deleted_at": None,
}


def test_create_update_delete(service):
    """FEATURES 6.3-01, 6.3-02, 6.3-03, 6.3-16: no locations, no os_hash_*, no os_hidden; hidden properties are in."""
    service = service()
    base = {"name": "n", "owner": "red", "disk_format": "raw", "container_format": "bare", "min_disk": 1, "min_ram": 2}
    values = ImageValues(base, {"p": "v", "os_glance_stage_host": "http://127.0.0.1"}, frozenset("ba"))
    image = create_image(service.nouns, service.call("create_image"), values)
    changed = modify_image(service.nouns, service.call("modify_image"), image.id, lambda record: ChangeSet.of(record, visibility="public"))
    delete_image(service.nouns, service.call("delete_image"), image.id)
    created, updated, deleted = service.heard()
    times = {"id": image.id, "created_at": iso(image.created_at), "updated_at": iso(image.updated_at)}
    assert created == ("INFO", "image.create", PAYLOAD | times)
    times["updated_at"] = iso(changed.updated_at)
    assert updated == ("INFO", "image.update", PAYLOAD | times | {"visibility": "public", "is_public": True})
    priority, event, payload = deleted
    assert (priority, event, payload["status"], payload["deleted"]) == ("INFO", "image.delete", "deleted", True)
    assert datetime.strptime(payload["deleted_at"], "%Y-%m-%dT%H:%M:%SZ")
    assert payload.keys() == created[2].keys()


def iso(at):
    return at.isoformat(timespec="seconds") + "Z"


def test_the_envelope(service):
    """FEATURES 6.3: publisher id, event type and priority as Glance's listeners expect them."""
    service = service(default_publisher_id="image.host1")
    service.new()
    (message,) = service.messages()
    assert (message["publisher_id"], message["event_type"], message["priority"]) == ("image.host1", "image.create", "INFO")
    assert message.keys() == {"message_id", "publisher_id", "event_type", "priority", "payload", "timestamp"}


def test_every_save_is_an_update_even_if_nothing_differs(service):
    """FEATURES 6.3-02, 4.2-01."""
    service = service()
    image = service.new()
    add_tag(service.nouns, service.call("add_tag"), image.id, "t")
    add_tag(service.nouns, service.call("add_tag"), image.id, "t")
    deactivate(service.nouns, service.call("deactivate"), image.id)
    service.nouns.repo.save(service.call("modify_image"), image, ChangeSet(properties={"p": Change(ABSENT, "v")}))
    assert service.types() == ["image.create"] + ["image.update"] * 4


def test_a_save_that_touches_no_field_is_no_event(service):
    """FEATURES 1.5-02; the journal is nobody else's business."""
    service = service()
    image = service.new()
    modify_image(service.nouns, service.call("modify_image"), image.id, lambda _: ChangeSet())
    service.nouns.repo.save(service.call("modify_image"), image, ChangeSet().beginning(Intent("i", "k", image.id)))
    assert service.types() == ["image.create"]


class BrokenRepo(ImageRepoProxy["Broken"]):
    def add(self, call, image):
        raise Forbidden

    def save(self, call, image, changes):
        if changes.new("status") == self.layer.at or changes.empty:
            raise DatabaseUnavailable
        return self.inner.save(call, image, changes)

    def remove(self, call, image, changes):
        raise Forbidden


class Broken(Layer):
    name = "broken"
    repo = BrokenRepo
    at = "active"


def test_what_was_refused_has_not_happened(service):
    """DESIGN: an event says what has happened."""
    service = service(Broken)
    service.ends.images["i"] = image = Image("i")
    for refused in (
        lambda call: service.nouns.repo.add(call, image),
        lambda call: service.nouns.repo.save(call, image, ChangeSet()),
        lambda call: service.nouns.repo.remove(call, image, ChangeSet()),
    ):
        with pytest.raises((Forbidden, DatabaseUnavailable)):
            refused(service.call("modify_image"))
    assert service.heard() == []


# Data (FEATURES 6.3-04 to 6.3-07, 12.1-05)


def test_the_order_of_an_upload(service):
    """FEATURES 12.1-05: update (saving), prepare, upload, activate, update."""
    service = service()
    image = service.upload(service.new())
    heard = [(priority, event, payload["status"], payload["size"]) for priority, event, payload in service.heard()]
    assert heard == [
        ("INFO", "image.create", "queued", None),
        ("INFO", "image.update", "saving", None),
        ("INFO", "image.prepare", "saving", None),
        ("INFO", "image.upload", "active", 4),
        ("INFO", "image.activate", "active", 4),
        ("INFO", "image.update", "active", 4),
    ]
    assert image.status == "active"


def test_payloads_of_an_upload(service):
    """FEATURES 6.3-04, 6.3-05: the two import lists; a backend only in prepare."""
    service = service(stores=TWO_STORES)
    image = service.new()
    lists = {"os_glance_importing_to_stores": "slow,far", "os_glance_failed_import": ""}
    service.ends.images[image.id] = replace(image, properties=lists)
    service.upload(image, target=Target("slow"))
    by_type = {event: payload for _, event, payload in service.heard()}
    plain = by_type["image.activate"].keys()
    assert plain == PAYLOAD.keys() | {"id", "created_at", "updated_at"}
    assert by_type["image.upload"].keys() == plain | lists.keys()
    assert by_type["image.prepare"].keys() == plain | lists.keys() | {"backend"}
    assert by_type["image.prepare"]["backend"] == "slow"
    for event in ("image.prepare", "image.upload"):
        assert (by_type[event]["os_glance_importing_to_stores"], by_type[event]["os_glance_failed_import"]) == (["slow", "far"], [])


@pytest.mark.parametrize(("stores", "backend"), [(ONE_STORE, None), (TWO_STORES, "fast")])
def test_the_default_backend_is_named_if_there_are_several(service, stores, backend):
    """FEATURES 6.3-04."""
    service = service(stores=stores)
    service.upload(service.new())
    (prepared,) = (payload for _, event, payload in service.heard() if event == "image.prepare")
    assert prepared.get("backend") == backend


class FailingImage(ImageProxy["Failing"]):
    def set_data(self, call, image, data, target):
        raise self.layer.error

    add_copy = get_data = lambda self, call, image, *_: self.set_data(call, image, None, None)


class Failing(Layer):
    name = "failing"
    image = FailingImage
    error: Exception


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (LimitExceeded("Too much."), "Too much."),
        (ClientDisconnected(), ClientDisconnected.default),
        (OSError("secret password"), "Internal error."),
    ],
)
def test_a_failed_upload(service, error, words):
    """FEATURES 6.3-06: ERROR, with a plain string; the image is queued again."""
    service = service(Failing)
    service.pipeline.layers[1].error = error
    image = service.new()
    with pytest.raises(type(error)):
        service.upload(image)
    heard = service.heard()
    assert [(priority, event) for priority, event, _ in heard] == [
        ("INFO", "image.create"),
        ("INFO", "image.update"),
        ("INFO", "image.prepare"),
        ("ERROR", "image.upload"),
        ("INFO", "image.update"),
    ]
    assert heard[3][2] == f"Failed to upload image data for image {image.id}: {words}"
    assert heard[4][2]["status"] == "queued"


def test_data_that_arrived_but_was_not_recorded(service):
    """DESIGN: uploaded is what was committed; a failing save is a failed upload."""
    service = service(Broken)
    image = service.ends.images["i"] = Image("i", disk_format="raw", container_format="bare")
    with pytest.raises(DatabaseUnavailable):
        service.upload(image)
    heard = [(priority, event) for priority, event, _ in service.heard()]
    assert heard == [("INFO", "image.update"), ("INFO", "image.prepare"), ("ERROR", "image.upload"), ("INFO", "image.update")]


def test_an_image_that_vanished_during_its_upload(service):
    """FEATURES 1.6-06."""
    service = service()
    image = service.new()

    def vanishing():
        yield b"data"
        del service.ends.images[image.id]

    with pytest.raises(Gone):
        service.upload(image, vanishing())
    assert service.types() == ["image.create", "image.update", "image.prepare", "image.upload"]
    assert service.heard()[-1][0] == "ERROR"


def test_an_upload_that_a_layer_further_out_gave_up(service):
    service = service()
    image = service.new()
    call = service.call("upload_image")
    service.nouns.image.set_data(call, image, Data([b"x"]), Target())
    service.nouns.repo.save(call, image, ChangeSet.of(image, status="queued"))
    heard = [(priority, event) for priority, event, _ in service.heard()]
    assert heard[1:] == [("INFO", "image.prepare"), ("ERROR", "image.upload"), ("INFO", "image.update")]


def test_an_image_is_activated_once_however_many_stores_it_goes_to(service):
    """FEATURES 6.3-07: only data that turned the image active."""
    service = service()
    image = service.new()
    call = service.call("modify_image")
    for store, activate in (("a", False), ("b", True)):
        image = service.nouns.repo.save(call, image, service.nouns.image.set_data(call, image, Data([b"x"]), Target(store, activate)))
    image = service.nouns.repo.save(call, image, service.nouns.image.add_copy(call, image, Target("c")))
    copy = ["image.prepare", "image.upload", "image.update"]
    assert service.types() == ["image.create", *copy, *copy[:2], "image.activate", "image.update", *copy]


# Downloads (FEATURES 6.3-08, 1.7-11)


@pytest.mark.parametrize(("end", "priority"), [(Ended(4, True), "INFO"), (Ended(3, False), "ERROR"), (Ended(0, False), "ERROR")])
def test_the_end_of_a_download(service, end, priority):
    service = service()
    image = service.upload(service.new())
    _, data = download_image(service.nouns, service.call("download_image", BOB), image.id, lambda _: None)
    data.ended(end)
    data.ended(Ended(9, True))  # only the first one counts
    data.close()
    sent = {"bytes_sent": end.sent, "image_id": image.id, "owner_id": "red", "receiver_tenant_id": "blue", "receiver_user_id": "bob"}
    assert service.heard()[-1] == (priority, "image.send", sent)
    assert service.types().count("image.send") == 1


class FileImage(ImageProxy["File"]):
    def get_data(self, call, image, span=None, prefer=()):
        return Data(size=4, file=self.layer.file)


class File(Layer):
    name = "file"
    image = FileImage


def test_a_download_keeps_its_file(service, tmp_path):
    """DESIGN 6: sendfile stays possible."""
    service = service(File)
    path = tmp_path / "data"
    path.write_bytes(b"data")
    with path.open("rb") as file:
        service.pipeline.layers[1].file = file
        _, data = download_image(service.nouns, service.call("download_image"), service.new().id, lambda _: None)
        assert data.file is file


def test_a_download_that_did_not_begin_has_no_end(service):
    service = service(Failing)
    service.pipeline.layers[1].error = Forbidden()
    with pytest.raises(Forbidden):
        download_image(service.nouns, service.call("download_image"), service.new().id, lambda _: None)
    assert service.types() == ["image.create"]


# Members (FEATURES 6.3-09)


def test_members(service):
    service = service()
    image, call = service.new(), service.call("add_member")
    members = service.nouns.members
    at = datetime(2026, 1, 2, 3, 4, 5, 678901)
    member = members.add(call, image, "blue")
    member = members.save(call, image, replace(member, created_at=at, updated_at=at), "accepted")
    members.remove(call, image, member)
    created, updated, deleted = service.heard()[1:]
    payload = {"image_id": image.id, "member_id": "blue", "status": "accepted", "deleted": False, "deleted_at": None}
    payload |= {"created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"}
    assert created[:2] == ("INFO", "image.member.create")
    assert (created[2]["status"], created[2].keys()) == ("pending", payload.keys())
    assert updated == ("INFO", "image.member.update", payload)
    assert deleted[:2] == ("INFO", "image.member.delete")
    assert deleted[2] == payload | {"deleted": True, "deleted_at": deleted[2]["deleted_at"]}
    assert deleted[2]["deleted_at"].endswith("Z")


# What is not sent (FEATURES 6.3, 8.1-31)


@pytest.mark.parametrize(
    ("disabled", "left"),
    [
        (["image.create"], ["image.update", "image.member.create"]),
        (["image.member"], ["image.create", "image.update"]),
        (["image"], []),
        (["image.creat", "ima", "task"], ["image.create", "image.update", "image.member.create"]),
        (["image.update", "image.member.create"], ["image.create"]),
    ],
)
def test_disabled_notifications(service, disabled, left):
    """An exact type, or a group: everything that begins with its name."""
    service = service(disabled_notifications=disabled)
    image = service.new()
    add_tag(service.nouns, service.call("add_tag"), image.id, "t")
    service.nouns.members.add(service.call("add_member"), image, "blue")
    assert service.types() == left


def test_downloads_are_not_even_watched_if_nobody_hears_of_them(service):
    service = service(disabled_notifications=["image.send"])
    image = service.upload(service.new())
    data = service.nouns.image.get_data(service.call("download_image"), image)
    assert data._observers == []


@pytest.mark.parametrize("driver", [[], [""]])
def test_without_a_driver_there_is_no_transport(service, driver, monkeypatch):
    """FEATURES 8.1-31; nothing is imported either."""
    monkeypatch.setattr(notifier.layer, "import_module", lambda name: pytest.fail(f"{name} is imported"))
    monkeypatch.setattr(notifier.layer, "image_payload", lambda image: pytest.fail("a payload is made"))
    threads = threading.active_count()
    service = service(driver=driver)
    image = service.upload(service.new())
    service.nouns.image.get_data(service.call("download_image"), image).ended(Ended(1, True))
    assert threading.active_count() == threads
    assert service.heard() == []
    assert list(service.pipeline.check()) == []


# Its place


def named(name):
    return type(name, (Layer,), {"name": name})


@pytest.mark.parametrize("position", [1, 2, 3])
def test_its_place_is_outside_policy_and_what_it_tells_of(position):
    """DESIGN: notifier outside policy; FEATURES 12.1-09."""
    line = [named(name) for name in ("policy", "location", "db")]
    check_order([Notifier, *line], "line")
    line.insert(position, Notifier)
    with pytest.raises(PipelineError, match="'notifier' must stand before"):
        check_order(line, "line")
