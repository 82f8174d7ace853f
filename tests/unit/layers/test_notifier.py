"""What other services hear, in which order, and that nobody has to wait for it."""

import contextlib
import socket
import threading
import time
from datetime import datetime
from importlib import import_module
from types import SimpleNamespace

import pytest
from oslo_config import cfg

from glancepipe.contract import (
    ABSENT,
    Call,
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
    Services,
    Target,
    replace,
)
from glancepipe.contract.errors import ClientDisconnected, DatabaseUnavailable, Forbidden, Gone, LimitExceeded
from glancepipe.layers import notifier
from glancepipe.layers.notifier import Notifier
from glancepipe.layers.notifier.layer import GROUP, DriverOpt
from glancepipe.operations.add_tag import add_tag
from glancepipe.operations.create_image import create_image
from glancepipe.operations.deactivate import deactivate
from glancepipe.operations.delete_image import delete_image
from glancepipe.operations.download_image import download_image
from glancepipe.operations.modify_image import modify_image
from glancepipe.operations.upload_image import upload_image
from glancepipe.pipeline.builder import register_options
from glancepipe.pipeline.errors import PipelineError
from glancepipe.pipeline.ordering import check_order
from glancepipe.testing import linked

ALICE = Caller(user_id="alice", project_id="red", roles=frozenset({"member"}))
BOB = Caller(user_id="bob", project_id="blue", roles=frozenset({"member"}))
ONE_STORE = SimpleNamespace(multiple=False, default="")
TWO_STORES = SimpleNamespace(multiple=True, default="fast")


def configuration(driver=("test",), **options):
    conf = cfg.ConfigOpts()
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    register_options(Notifier, conf)
    if not options.keys() <= {"default_publisher_id", "disabled_notifications"}:
        conf.register_opts(dict(import_module("oslo_messaging.opts").list_opts())[None])  # those of the library
    conf.set_override("driver", list(driver), group=GROUP)
    for name, value in options.items():
        conf.set_override(name, value)
    return conf


def eventually(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Service:
    """A started pipeline of the notifier, the inner layers given and ``Ends``; ``heard`` is what arrives at the driver."""

    def __init__(self, *inner, stores=ONE_STORE, **options):
        self._driver = import_module("oslo_messaging.notify._impl_test")
        self._driver.reset()
        self.pipeline = linked(Notifier, *inner, conf=configuration(**options))
        self.pipeline.start(Services(stores))
        self.nouns, self.ends = self.pipeline.nouns, self.pipeline.layers[-1]

    def call(self, operation, caller=ALICE):
        return Call(operation, caller)

    def new(self, **base):
        base = {"owner": "red", "disk_format": "raw", "container_format": "bare", **base}
        return create_image(self.nouns, self.call("create_image"), ImageValues(base))

    def upload(self, image, blocks=(b"data",), size=None, target=Target()):  # noqa: B008 - a Target never changes
        with self.call("upload_image") as call:
            return upload_image(self.nouns, call, image.id, Data(blocks, size), target)

    def heard(self):
        """Every event so far, as (priority, type, payload), after the layer was closed and had to deliver."""
        self.pipeline.close()
        return [(priority, message["event_type"], message["payload"]) for _, message, priority, _ in self._driver.NOTIFICATIONS]

    def messages(self):
        self.pipeline.close()
        return [message for _, message, _, _ in self._driver.NOTIFICATIONS]

    def types(self):
        return [event for _, event, _ in self.heard()]


@pytest.fixture
def service():
    with running() as make:
        yield make


@contextlib.contextmanager
def running():
    made = []

    def make(*inner, **options):
        made.append(Service(*inner, **options))
        return made[-1]

    try:
        yield make
    finally:
        for one in made:
            one.pipeline.close()


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


# The transport


def test_two_applications_have_a_transport_each(service):
    """DESIGN: no global configuration; the exchange is Glance's in ours alone."""
    one, other = service(transport_url="fake://one"), service(transport_url="fake://other")
    for made in (one, other):
        assert made.pipeline.layers[0].conf.control_exchange == "glance"
        assert made.pipeline.layers[0]._sender._transport._driver._default_exchange == "glance"
    options = import_module("oslo_messaging.transport")._transport_opts
    assert {option.name: option.default for option in options}["control_exchange"] == "openstack"


def test_the_operator_s_exchange_counts(service):
    assert service(control_exchange="mine").pipeline.layers[0]._sender._transport._driver._default_exchange == "mine"


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_the_driver_option_and_that_of_the_library_pass_for_one(first):
    conf = cfg.ConfigOpts()
    ours, theirs = [DriverOpt("driver", default=[])], import_module("oslo_messaging.notify.notifier")._notifier_opts
    for options in (ours, theirs) if first == "ours" else (theirs, ours):
        conf.register_opts(options, group=GROUP)
    conf([], project="glancepipe", default_config_files=[])
    assert (conf[GROUP].driver, conf[GROUP].topics) == ([], ["notifications"])
    with pytest.raises(cfg.DuplicateOptError):
        conf.register_opt(cfg.StrOpt("driver"), group=GROUP)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"driver": ["messagingv3"]}, r"driver = messagingv3: there is no such driver; choose from .*messagingv2"),
        ({"transport_url": "nosuch://user:secret@127.0.0.1/"}, "transport_url of .* can't be used: DriverLoadFailure"),
        ({"transport_url": "rabbit://user:secret@127.0.0.1:port/"}, "transport_url of .* can't be used: ValueError"),
    ],
)
def test_a_mistake_in_the_configuration_stops_the_start(options, sentence):
    """One sentence that names the line, and no password."""
    pipeline = linked(Notifier, conf=configuration(**options))
    with pytest.raises(PipelineError, match=sentence) as stopped:
        pipeline.start(Services(ONE_STORE))
    assert "secret" not in str(stopped.value)


def test_a_broker_that_is_down_costs_nothing_but_log_lines(caplog, monkeypatch):
    """Requests neither fail nor wait."""
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0.1)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but nobody listens
        with running() as make:
            url = f"rabbit://guest:guest@127.0.0.1:{nobody.getsockname()[1]}/"
            assert make(driver=["messagingv2"], transport_url=url).new().status == "queued"
            eventually(lambda: "Could not send notification" in caplog.text)
    assert "did not take the last" in caplog.text


def test_a_broker_that_does_not_answer_holds_nobody_up(caplog, monkeypatch):
    """The library waits 5 seconds for each event; requests don't, and neither does the end of the worker."""
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with running() as make:
            service = make(driver=["messagingv2"], transport_url=f"rabbit://guest:guest@127.0.0.1:{silent.getsockname()[1]}/")
            thread = service.pipeline.layers[0]._sender._thread
            began = time.monotonic()
            for _ in range(20):
                service.new()
        assert time.monotonic() - began < 3
        assert "did not take the last" in caplog.text
    thread.join(60)


class Stuck:
    """A driver that sends nothing until it is let go, and breaks on the first event."""

    _send_notification = None

    def __init__(self):
        self.go = threading.Event()
        self.stuck = threading.Event()
        self.sent = []

    def info(self, context, event, payload):
        self.stuck.set()
        self.go.wait(60)
        if not self.sent:
            self.sent.append("broken")
            raise OSError("broken")
        self.sent.append(payload)

    def cleanup(self):
        self.sent.append("cleaned up")


def test_events_that_nobody_takes_are_dropped_and_reported(monkeypatch, caplog):
    """Memory stays bounded, the health check knows, and what was taken is sent in order."""
    monkeypatch.setattr(notifier.sending, "CAPACITY", 2)
    driver = Stuck()
    monkeypatch.setattr(notifier.layer, "_open", lambda conf: (driver, driver))
    layer = Notifier(configuration())
    layer.start(Services(ONE_STORE))
    layer.announce("image.update", lambda: "0")
    assert driver.stuck.wait(60)
    for number in range(1, 6):
        layer.announce("image.update", str(number).format)
    assert [finding.down for finding in layer.check()] == [False]
    assert "3 notifications were lost" in next(iter(layer.check())).sentence
    assert caplog.text.count("Notifications are being lost") == 1
    driver.go.set()
    layer.close()
    assert driver.sent == ["broken", "1", "2", "cleaned up"]
    assert "image.update could not be sent" in caplog.text


def test_closing_gives_up_on_a_full_queue_too(monkeypatch, caplog):
    monkeypatch.setattr(notifier.sending, "CAPACITY", 1)
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0.05)
    driver = Stuck()
    monkeypatch.setattr(notifier.layer, "_open", lambda conf: (driver, driver))
    layer = Notifier(configuration())
    layer.start(Services(ONE_STORE))
    thread = layer._sender._thread
    layer.announce("image.update", lambda: "0")
    assert driver.stuck.wait(60)
    layer.announce("image.update", lambda: "1")
    layer.close()
    layer.close()
    assert "did not take the last 1 notifications" in caplog.text
    assert thread.daemon  # the process can end all the same
    driver.go.set()


# The outbox


class Broker:
    """A driver and its transport: takes what it can while it is up, and says nothing of what it can't."""

    def __init__(self, monkeypatch, up=True):
        self.up, self.tried, self.heard, self.contexts = up, 0, [], []
        monkeypatch.setattr(notifier.layer, "_open", lambda conf: (self, self))
        monkeypatch.setattr(notifier.sending, "PAUSE", 0.01)

    def info(self, context, event, payload):
        with contextlib.suppress(ConnectionError):
            self._send_notification(context.redacted_copy(), event, payload)

    error = info

    def _send_notification(self, context, event, payload):
        self.tried += 1
        if not self.up:
            raise ConnectionRefusedError
        self.heard.append(event)
        self.contexts.append(context)

    def cleanup(self):
        pass


@pytest.fixture
def worker(monkeypatch):
    """A worker with an outbox and ``broker``; ``entries`` are what its journal keeps."""
    made = []

    def make(*inner, up=True, outbox=True, ends=None):
        conf = configuration()
        conf.set_override("outbox", outbox, group="notifier")
        pipeline = linked(Notifier, *inner, conf=conf)
        broker = Broker(monkeypatch, up)
        if ends is not None:
            pipeline.layers[-1].intents = ends.intents
            pipeline.layers[-1].abandoned = ends.abandoned
        pipeline.start(Services(ONE_STORE))
        made.append(pipeline)
        return SimpleNamespace(pipeline=pipeline, nouns=pipeline.nouns, broker=broker, ends=pipeline.layers[-1], layer=pipeline.layers[0])

    yield make
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0.01)
    for pipeline in made:
        pipeline.close()


def live(nouns):
    """All that changes records, once."""
    image = create_image(
        nouns, Call("create_image", ALICE), ImageValues({"owner": "red", "disk_format": "raw", "container_format": "bare"})
    )
    with Call("upload_image", ALICE) as call:
        upload_image(nouns, call, image.id, Data([b"data"]), Target())
    add_tag(nouns, Call("add_tag", ALICE), image.id, "t")
    member = nouns.members.add(Call("add_member", ALICE), image, "blue")
    nouns.members.remove(Call("delete_member", ALICE), image, nouns.members.save(Call("modify_member", BOB), image, member, "accepted"))
    delete_image(nouns, Call("delete_image", ALICE), image.id)
    return image


TOLD = [
    ["image.create"],
    ["image.update"],
    ["image.upload", "image.activate", "image.update"],
    ["image.update"],
    ["image.member.create"],
    ["image.member.update"],
    ["image.member.delete"],
    ["image.delete"],
]
"""The events of each change of that life."""


def test_what_changes_have_to_tell_is_kept_until_it_is_sent(worker):
    """In the order of the changes, each with a payload of its own moment (DESIGN 5)."""
    one = worker(up=False)
    image = live(one.nouns)
    entries = sorted(one.ends.intents.values(), key=lambda entry: entry.id)
    assert [[event for _, event, _ in entry.details["events"]] for entry in entries] == TOLD
    assert {(entry.kind, entry.image_id) for entry in entries} == {("notifier.events", image.id)}
    assert [entry.details["events"][0].payload["status"] for entry in entries[:4]] == ["queued", "saving", "active", "active"]
    assert entries[-1].details["events"][0].payload["deleted"] is True
    one.broker.up = True
    eventually(lambda: one.ends.intents == {})
    told = [event for events in TOLD for event in events]
    assert [event for event in one.broker.heard if event != "image.prepare"] == told


def test_events_can_be_told_from_their_repetitions(worker):
    one = worker()
    live(one.nouns)
    eventually(lambda: one.ends.intents == {})
    ids = [context["event_id"] for context in one.broker.contexts if context]
    assert len(set(ids)) == len(ids) == sum(map(len, TOLD))
    assert ids == sorted(ids)
    assert {context["redelivered"] for context in one.broker.contexts if context} == {False}
    assert [event for event, context in zip(one.broker.heard, one.broker.contexts, strict=True) if not context] == ["image.prepare"]


def test_what_a_dead_worker_left_is_sent_by_another(worker, monkeypatch):
    """In order, and marked, since nobody knows how far it came."""
    dead = worker(up=False)
    live(dead.nouns)
    ids = sorted(dead.ends.intents)
    dead.ends.abandoned |= dead.ends.intents.keys()
    other = worker(ends=dead.ends)
    other.pipeline.sweep()
    eventually(lambda: other.ends.intents == {})
    assert other.broker.heard == [event for events in TOLD for event in events]
    assert [context["event_id"] for context in other.broker.contexts][:3] == [f"{ids[0]}/0", f"{ids[1]}/0", f"{ids[2]}/0"]
    assert {context["redelivered"] for context in other.broker.contexts} == {True}


def test_an_event_that_was_tried_before_says_so(worker):
    one = worker(up=False)
    create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
    eventually(lambda: one.broker.tried)
    one.broker.up = True
    eventually(lambda: one.ends.intents == {})
    assert [context["redelivered"] for context in one.broker.contexts] == [True]


def test_the_outbox_of_another_worker_is_sent_without_having_one(worker):
    """It was turned off meanwhile."""
    dead = worker(up=False)
    live(dead.nouns)
    dead.ends.abandoned |= dead.ends.intents.keys()
    other = worker(ends=dead.ends, outbox=False)
    other.pipeline.sweep()
    eventually(lambda: other.ends.intents == {})


def test_what_is_not_stored_is_not_told(worker):
    class Broken(ImageRepoProxy):
        def save(self, call, image, changes):
            raise DatabaseUnavailable

    one = worker(_named("broken", repo=Broken))
    image = create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
    with Call("add_tag", ALICE) as call:
        with pytest.raises(DatabaseUnavailable):
            add_tag(one.nouns, call, image.id, "t")
        assert call._notes == []
    eventually(lambda: one.ends.intents == {})
    assert one.broker.heard == ["image.create"]


def test_a_layer_that_keeps_no_notes_costs_only_the_promise(worker):
    class Forgetful(ImageRepoProxy):
        def add(self, call, image):
            return self.inner.add(Call(call.operation, ALICE), image)

    one = worker(_named("forgetful", repo=Forgetful))
    create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
    eventually(lambda: one.broker.heard == ["image.create"])
    assert one.broker.contexts == [{}]


def test_events_that_are_too_long_for_the_journal_are_sent_all_the_same(worker):
    one = worker(up=False)
    properties = {f"p{number}": "x" * 1000 for number in range(70)}
    create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}, properties))
    (entry,) = one.ends.intents.values()
    assert entry.details == {"events": []}
    one.broker.up = True
    eventually(lambda: one.ends.intents == {})
    assert one.broker.heard == ["image.create"]


def test_waiting_events_are_bounded_and_reported(worker, monkeypatch):
    """What does not fit is not kept either, so that a broker that is away fills no database."""
    monkeypatch.setattr(notifier.sending, "CAPACITY", 3)
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0)
    one = worker(up=False)
    for number in range(9):
        create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
        if not number:
            eventually(lambda: one.broker.tried)
    assert len(one.ends.intents) == 4  # one is under way
    findings = [finding.sentence for finding in one.layer.check()]
    assert [finding.split(":")[0] for finding in findings] == ["Notifications of 4 changes wait", "5 notifications were lost"]
    one.broker.up = True
    eventually(lambda: one.ends.intents == {})
    assert [finding.sentence for finding in one.layer.check()] == findings[1:]


def test_a_sweep_takes_no_more_than_there_is_room_for(worker, monkeypatch):
    dead = worker(up=False)
    live(dead.nouns)
    dead.ends.abandoned |= dead.ends.intents.keys()
    monkeypatch.setattr(notifier.sending, "CAPACITY", 2)
    other = worker(ends=dead.ends, up=False)
    other.pipeline.sweep()
    assert other.ends.abandoned
    other.broker.up = True

    def swept():
        other.pipeline.sweep()
        return other.ends.intents == {}

    eventually(swept)
    assert other.broker.heard == [event for events in TOLD for event in events]


def test_an_end_leaves_to_others_what_the_broker_did_not_take(worker, monkeypatch, caplog):
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0.05)
    one = worker(up=False)
    live(one.nouns)
    one.pipeline.close()
    assert len(one.ends.intents) == len(TOLD)
    assert "did not take the last" in caplog.text


def test_an_event_that_no_broker_could_take_holds_up_nothing(worker, monkeypatch):
    one = worker()
    monkeypatch.setattr(one.broker, "info", lambda context, event, payload: {}["x"], raising=False)
    create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
    eventually(lambda: one.ends.intents == {})


def test_a_journal_that_is_away_is_told_later(worker, monkeypatch):
    one = worker()
    settle = one.layer.inner.journal.settle
    failures = iter([DatabaseUnavailable("away")])

    def flaky(call, *intent_ids):
        for error in failures:
            raise error
        settle(call, *intent_ids)

    monkeypatch.setattr(one.layer.inner.journal, "settle", flaky)
    create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
    eventually(lambda: one.ends.intents == {})
    assert one.broker.heard == ["image.create"]


# Its place


def _named(name, **nouns):
    return type(name, (Layer,), {"name": name, **nouns})


@pytest.mark.parametrize("position", [1, 2, 3])
def test_its_place_is_outside_policy_and_what_it_tells_of(position):
    """DESIGN: notifier outside policy; FEATURES 12.1-09."""
    line = [_named(name) for name in ("policy", "location", "db")]
    check_order([Notifier, *line], "line")
    line.insert(position, Notifier)
    with pytest.raises(PipelineError, match="'notifier' must stand before"):
        check_order(line, "line")
