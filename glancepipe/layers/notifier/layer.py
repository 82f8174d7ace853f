"""Layer ``notifier``: tells other services what has happened, as oslo.messaging notifications. Outside policy.

Event types, their order and payloads are Glance's (FEATURES 6.3, 12.1-05). An event is sent after what it says was
stored; only ``image.prepare`` says what begins. A thread of its own sends: no request ever waits for a broker.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from oslo_config import cfg

from glancepipe.contract import (
    Call,
    ChangeSet,
    Data,
    Ended,
    Finding,
    Image,
    ImageProxy,
    ImageRepoProxy,
    Layer,
    Member,
    MemberRepoProxy,
    Services,
    Span,
    Status,
    Target,
)
from glancepipe.contract.errors import ImageServiceError
from glancepipe.layers.notifier.metadefs import NotifierDefinitions, NotifierNamespaces, NotifierResourceTypes
from glancepipe.layers.notifier.payloads import Payload, deleted, image_payload, import_lists, member_payload
from glancepipe.layers.notifier.tasks import NotifierTasks

log = logging.getLogger(__name__)

GROUP = "oslo_messaging_notifications"
INFO, ERROR = "info", "error"
CAPACITY = 10_000
"""Events that wait for the broker at most; what comes on top is lost, so that a dead broker doesn't eat the memory."""
PATIENCE = 5.0
"""Seconds that a worker gives its last events to leave when it ends."""


class NotifierRepo(ImageRepoProxy["Notifier"]):
    """Tells of records."""

    def add(self, call: Call, image: Image) -> Image:
        """Sends ``image.create`` (FEATURES 6.3-01)."""
        stored = self.inner.add(call, image)
        self.layer.announce("image.create", lambda: image_payload(stored))
        return stored

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Sends ``image.update``; before it ``image.upload`` and ``image.activate`` if data arrived (FEATURES 6.3-02, 12.1-05)."""
        arrived: list[bool] = call.memo(self.layer).pop(image.id, [])
        try:
            stored = self.inner.save(call, image, changes)
        except Exception as error:
            if arrived:
                self.layer.announce_failure(image, _reason(error))
            raise
        for activates in arrived:
            if stored.status == Status.QUEUED:
                self.layer.announce_failure(image, "The upload was given up.")
                continue
            self.layer.announce("image.upload", lambda: image_payload(stored) | import_lists(stored))
            if activates:
                self.layer.announce("image.activate", lambda: image_payload(stored))
        if changes.base or changes.properties:
            self.layer.announce("image.update", lambda: image_payload(stored))
        return stored

    def remove(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Sends ``image.delete`` (FEATURES 6.3-03)."""
        removed = self.inner.remove(call, image, changes)
        self.layer.announce("image.delete", lambda: image_payload(removed) | deleted(removed))
        return removed


class NotifierImage(ImageProxy["Notifier"]):
    """Tells of data."""

    def set_data(self, call: Call, image: Image, data: Data, target: Target) -> ChangeSet:
        """Sends ``image.prepare``, and ``image.upload`` as an error if it fails (FEATURES 6.3-04, 6.3-06)."""
        return self._transfer(call, image, target, partial(self.inner.set_data, call, image, data, target))

    def add_copy(self, call: Call, image: Image, target: Target) -> ChangeSet:
        """Sends what an upload sends: one more store gets the data."""
        return self._transfer(call, image, target, partial(self.inner.add_copy, call, image, target))

    def get_data(self, call: Call, image: Image, span: Span | None = None, prefer: tuple[str, ...] = ()) -> Data:
        """Sends ``image.send`` when the transfer is over (FEATURES 6.3-08)."""
        data = self.inner.get_data(call, image, span, prefer)
        if self.layer.announces("image.send"):
            data.observe(lambda end: self.layer.announce_sent(call, image, end))
        return data

    def _transfer(self, call: Call, image: Image, target: Target, transfer: Callable[[], ChangeSet]) -> ChangeSet:
        backend = target.store or self.layer.default_store
        prepared = {"backend": backend} if backend else {}
        self.layer.announce("image.prepare", lambda: image_payload(image) | import_lists(image) | prepared)
        try:
            changes = transfer()
        except Exception as error:
            self.layer.announce_failure(image, _reason(error))
            raise
        # What has arrived is told once it is stored: by the save that follows.
        activates = changes.new("status") == Status.ACTIVE and image.status != Status.ACTIVE
        call.memo(self.layer).setdefault(image.id, []).append(activates)
        return changes


class NotifierMembers(MemberRepoProxy["Notifier"]):
    """Tells of memberships (FEATURES 6.3-09)."""

    def add(self, call: Call, image: Image, member_id: str) -> Member:
        """Sends ``image.member.create``."""
        added = self.inner.add(call, image, member_id)
        self.layer.announce("image.member.create", lambda: member_payload(added))
        return added

    def save(self, call: Call, image: Image, member: Member, status: str) -> Member:
        """Sends ``image.member.update``."""
        saved = self.inner.save(call, image, member, status)
        self.layer.announce("image.member.update", lambda: member_payload(saved))
        return saved

    def remove(self, call: Call, image: Image, member: Member) -> Member:
        """Sends ``image.member.delete``."""
        removed = self.inner.remove(call, image, member)
        self.layer.announce("image.member.delete", lambda: member_payload(removed) | deleted(removed))
        return removed


class DriverOpt(cfg.MultiStrOpt):
    """The option ``driver`` of oslo.messaging, known before that library is.

    It is registered here as well, because importing the library takes a third of a second that nobody should pay who
    sends no events; so the two definitions must pass for the same.
    """

    def __eq__(self, other: object) -> bool:
        return isinstance(other, cfg.MultiStrOpt) and other.name == self.name

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = cfg.MultiStrOpt.__hash__


class Notifier(Layer):
    """Tells other services what has happened."""

    name = "notifier"
    # Outside policy: what policy refuses has not happened. Outside the layers that end the verbs it tells of.
    before = frozenset({"policy", "location", "db"})
    options = {
        "DEFAULT": [
            cfg.StrOpt("default_publisher_id", default="image.localhost", help="Sender of notifications, such as `image.HOSTNAME`."),
            cfg.ListOpt(
                "disabled_notifications",
                default=[],
                help="Notifications that are not sent: event types such as `image.create`, or groups such as `image.member`.",
            ),
        ],
        GROUP: [
            DriverOpt(
                "driver",
                default=[],
                help="How notifications are sent: `messagingv2` for the broker at `transport_url`, `log`, or any other driver "
                "that oslo.messaging knows. May be given several times. Unset: none are sent.",
            )
        ],
    }

    repo = NotifierRepo
    image = NotifierImage
    members = NotifierMembers
    tasks = NotifierTasks
    namespaces = NotifierNamespaces
    definitions = NotifierDefinitions
    resource_types = NotifierResourceTypes

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__(conf)
        self.default_store: str | None = None
        """The backend that takes data if none is named, if there are several."""
        self._disabled: list[str] = conf.disabled_notifications
        self._outbox: Outbox | None = None

    def start(self, services: Services) -> None:
        """Get ready to send if a driver is configured; no connection is made before the first event.

        Raises ValueError if the driver or the transport is not known.
        """
        self.default_store = services.stores.default if services.stores.multiple else None
        drivers = [driver for driver in self.conf[GROUP].driver if driver]
        if drivers:
            _check_drivers(drivers)
            self._outbox = Outbox(*_open(self.conf))

    def check(self) -> Iterable[Finding]:
        """Events that were lost because the broker does not take them."""
        if self._outbox is not None and self._outbox.lost:
            yield Finding(f"{self._outbox.lost} notifications were lost: the broker is down or too slow.")

    def close(self) -> None:
        """Send what is waiting, within a bound."""
        outbox, self._outbox = self._outbox, None
        if outbox is not None:
            outbox.close()

    def announces(self, event: str) -> bool:
        """Whether events of that type are sent: a disabled group contains all that begin with its name."""
        return self._outbox is not None and not any(f"{event}.".startswith(f"{name}.") for name in self._disabled)

    def announce(self, event: str, payload: Callable[[], Payload], priority: str = INFO) -> None:
        """Have an event sent, soon and in order. Never fails, never waits."""
        outbox = self._outbox
        if outbox is not None and self.announces(event):
            outbox.put(priority, event, payload())

    def announce_failure(self, image: Image, reason: str) -> None:
        """Say that an image's data did not arrive (FEATURES 6.3-06)."""
        self.announce("image.upload", lambda: f"Failed to upload image data for image {image.id}: {reason}", ERROR)

    def announce_sent(self, call: Call, image: Image, end: Ended) -> None:
        """Say how a download ended (FEATURES 6.3-08)."""
        caller = call.initiator
        self.announce(
            "image.send",
            lambda: {
                "bytes_sent": end.sent,
                "image_id": image.id,
                "owner_id": image.owner,
                "receiver_tenant_id": caller.project_id,
                "receiver_user_id": caller.user_id,
            },
            INFO if end.complete else ERROR,
        )


class Outbox:
    """Events on their way to the broker: taken at once, sent in order by one thread."""

    def __init__(self, notifier: Any, transport: Any) -> None:
        self.lost = 0
        """Events that were not even taken, since too many are waiting."""
        self._notifier = notifier
        self._transport = transport
        self._events: queue.Queue[tuple[str, str, Payload] | None] = queue.Queue(CAPACITY)
        self._thread = threading.Thread(target=self._send, name="notifier", daemon=True)
        self._thread.start()

    def put(self, priority: str, event: str, payload: Payload) -> None:
        """Take an event, or drop it if too many are waiting."""
        try:
            self._events.put_nowait((priority, event, payload))
        except queue.Full:
            if not self.lost:
                log.error("Notifications are being lost: %d are waiting for the broker already.", CAPACITY)
            self.lost += 1

    def close(self) -> None:
        """Send what is waiting, then stop; gives up after PATIENCE."""
        try:
            self._events.put(None, timeout=PATIENCE)
            self._thread.join(PATIENCE)
        except queue.Full:
            pass
        if self._thread.is_alive():
            log.error("The broker did not take the last %d notifications.", self._events.qsize())
        else:
            self._transport.cleanup()

    def _send(self) -> None:
        while (event := self._events.get()) is not None:
            priority, event_type, payload = event
            try:
                getattr(self._notifier, priority)({}, event_type, payload)
            except Exception:
                log.exception("The notification %s could not be sent.", event_type)


def _reason(error: Exception) -> str:
    # Only domain errors promise to carry no secrets.
    return error.message if isinstance(error, ImageServiceError) else "Internal error."


def _check_drivers(drivers: Iterable[str]) -> None:
    # oslo.messaging would only log it, and every event would be lost.
    known = entry_points(group="oslo.messaging.notify.drivers").names
    for driver in drivers:
        if driver not in known:
            raise ValueError(f"[{GROUP}] driver = {driver}: there is no such driver; choose from {', '.join(sorted(known))}.")


def _open(conf: cfg.ConfigOpts) -> tuple[Any, Any]:
    messaging = import_module("oslo_messaging")
    conf.register_opts(next(options for group, options in import_module("oslo_messaging.opts").list_opts() if group is None))
    # Only this configuration's default: oslo.messaging's own way sets it for the whole process.
    conf.set_default("control_exchange", "glance")
    try:
        transport = messaging.get_notification_transport(conf)
    except (messaging.MessagingException, ValueError) as error:
        # Not its text: the URL may contain a password.
        raise ValueError(f"transport_url of [{GROUP}] or of [DEFAULT] can't be used: {type(error).__name__}.") from None
    return messaging.Notifier(transport, publisher_id=conf.default_publisher_id), transport
