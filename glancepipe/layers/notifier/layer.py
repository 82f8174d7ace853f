"""Layer ``notifier``: tells other services what has happened, as oslo.messaging notifications. Outside policy.

Event types, their order and payloads are Glance's (FEATURES 6.3, 12.1-05). An event is sent after what it says was
stored; only ``image.prepare`` says what begins. With the outbox, what a change has to tell is stored with it, in the same
transaction, so that it is told even if the worker dies before it could (docs/decisions/0004-outbox.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, TypeVar

from oslo_config import cfg

from glancepipe.contract import (
    SERVICE,
    Call,
    ChangeSet,
    Data,
    Ended,
    Finding,
    Image,
    ImageProxy,
    ImageRepoProxy,
    Intent,
    Layer,
    Member,
    MemberRepoProxy,
    Note,
    Services,
    Span,
    Status,
    Target,
)
from glancepipe.contract.errors import ImageServiceError
from glancepipe.layers.notifier.metadefs import NotifierDefinitions, NotifierNamespaces, NotifierResourceTypes
from glancepipe.layers.notifier.payloads import Payload, deleted, image_payload, import_lists, member_payload
from glancepipe.layers.notifier.sending import Event, Letter, Sender, new_entry
from glancepipe.layers.notifier.tasks import NotifierTasks

T = TypeVar("T")
Told = tuple[str, Callable[[], Payload]]
"""An event's type, and what makes its payload."""

GROUP = "oslo_messaging_notifications"
INFO, ERROR = "info", "error"
LONGEST = 65_000
"""Characters of JSON that an entry holds on any database; longer events are only in memory."""
KIND = "notifier.events"
"""Of the journal's entries that keep events until they are sent."""


class NotifierRepo(ImageRepoProxy["Notifier"]):
    """Tells of records."""

    def add(self, call: Call, image: Image) -> Image:
        """Sends ``image.create`` (FEATURES 6.3-01)."""

        def told(stored: Image) -> Iterator[Told]:
            yield "image.create", lambda: image_payload(stored)

        return self.layer.telling(call, "repo.add", image.id, partial(self.inner.add, call, image), told)

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Sends ``image.update``; before it ``image.upload`` and ``image.activate`` if data arrived (FEATURES 6.3-02, 12.1-05)."""
        arrived: list[bool] = call.memo(self.layer).pop(image.id, [])

        def told(stored: Image) -> Iterator[Told]:
            for activates in arrived if stored.status != Status.QUEUED else ():
                yield "image.upload", lambda: image_payload(stored) | import_lists(stored)
                if activates:
                    yield "image.activate", lambda: image_payload(stored)
            if changes.base or changes.properties:
                yield "image.update", lambda: image_payload(stored)

        save = partial(self.inner.save, call, image, changes)

        def store() -> Image:
            stored = save()
            if stored.status == Status.QUEUED:
                for _ in arrived:
                    self.layer.announce_failure(image, "The upload was given up.")
            return stored

        try:
            return self.layer.telling(call, "repo.save", image.id, store, told)
        except Exception as error:
            if arrived:
                self.layer.announce_failure(image, _reason(error))
            raise

    def remove(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Sends ``image.delete`` (FEATURES 6.3-03)."""

        def told(removed: Image) -> Iterator[Told]:
            yield "image.delete", lambda: image_payload(removed) | deleted(removed)

        return self.layer.telling(call, "repo.remove", image.id, partial(self.inner.remove, call, image, changes), told)


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

        def told(added: Member) -> Iterator[Told]:
            yield "image.member.create", lambda: member_payload(added)

        return self.layer.telling(call, "members.add", image.id, partial(self.inner.add, call, image, member_id), told)

    def save(self, call: Call, image: Image, member: Member, status: str) -> Member:
        """Sends ``image.member.update``."""

        def told(saved: Member) -> Iterator[Told]:
            yield "image.member.update", lambda: member_payload(saved)

        return self.layer.telling(call, "members.save", image.id, partial(self.inner.save, call, image, member, status), told)

    def remove(self, call: Call, image: Image, member: Member) -> Member:
        """Sends ``image.member.delete``."""

        def told(removed: Member) -> Iterator[Told]:
            yield "image.member.delete", lambda: member_payload(removed) | deleted(removed)

        return self.layer.telling(call, "members.remove", image.id, partial(self.inner.remove, call, image, member), told)


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
        "notifier": [
            cfg.BoolOpt(
                "outbox",
                default=False,
                help="Store what a change has to tell in the same transaction, until the broker has taken it: then no such "
                "notification is lost, whenever a worker dies.",
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
        self._sender: Sender | None = None

    def start(self, services: Services) -> None:
        """Get ready to send if a driver is configured; no connection is made before the first event.

        Raises ValueError if the driver or the transport is not known.
        """
        self.default_store = services.stores.default if services.stores.multiple else None
        drivers = [driver for driver in self.conf[GROUP].driver if driver]
        if drivers:
            _check_drivers(drivers)
            self._sender = Sender(*_open(self.conf), self._settle)

    def sweep(self, call: Call) -> None:
        """Send what dead workers left in the outbox; also if this one has none, since it may have been turned off."""
        sender = self._sender
        if sender is None:
            return
        journal = self.inner.journal
        taken = True
        for intent in journal.adopt(call, KIND):
            letter = Letter([Event(*event) for event in intent.details["events"]], intent.id, redelivered=True)
            # In order: behind one that finds no room the others wait as well.
            taken = taken and sender.put(letter)
            if not taken:
                journal.let_go(call, intent.id)

    def check(self) -> Iterable[Finding]:
        """Events that wait for the broker, or were lost because too many wait."""
        sender = self._sender
        if sender is not None and sender.waiting:
            yield Finding(f"Notifications of {sender.waiting} changes wait: the broker is down or too slow.")
        if sender is not None and sender.lost:
            yield Finding(f"{sender.lost} notifications were lost: the broker is down or too slow.")

    def close(self) -> None:
        """Send what is waiting, within a bound."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()

    def announces(self, event: str) -> bool:
        """Whether events of that type are sent: a disabled group contains all that begin with its name."""
        return self._sender is not None and not any(f"{event}.".startswith(f"{name}.") for name in self._disabled)

    def announce(self, event: str, payload: Callable[[], Payload], priority: str = INFO) -> None:
        """Have an event sent, soon and in order. Never fails, never waits."""
        if self.announces(event):
            self._post(Letter([Event(priority, event, payload())]))

    def telling(self, call: Call, verb: str, image_id: str, store: Callable[[], T], tell: Callable[[T], Iterable[Told]]) -> T:
        """Do ``store``, which ends at ``verb``, and have the events sent that ``tell`` makes of its answer.

        ``image_id`` is that of the image with which it has to do, empty if there is none.
        With the outbox they are stored by the same transaction, if the layer that ends the verb keeps notes.
        """
        sender = self._sender
        if sender is None:
            return store()
        if not (self.conf.notifier.outbox and sender.room):
            stored = store()
            self._post(Letter(self._events(tell(stored))))
            return stored
        entry = new_entry()
        letter = Letter(entry=entry)

        def keep(stored: T) -> Intent:
            letter.events = self._events(tell(stored))
            details = {"events": letter.events}
            return Intent(entry, KIND, image_id, details if len(json.dumps(details)) <= LONGEST else {"events": []})

        note = Note(verb, entry, keep)
        call.note(note)
        try:
            stored = store()
        finally:
            kept = not call.withdraw(note)
        self._post(letter if kept else Letter(self._events(tell(stored))))
        return stored

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

    def _events(self, told: Iterable[Told]) -> list[Event]:
        return [Event(INFO, event, payload()) for event, payload in told if self.announces(event)]

    def _post(self, letter: Letter) -> None:
        sender = self._sender
        if sender is not None and (letter.events or letter.entry) and not sender.put(letter):
            sender.lose(letter)

    def _settle(self, entries: Sequence[str]) -> None:
        with Call("sweep", SERVICE) as call:
            self.inner.journal.settle(call, *entries)


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
