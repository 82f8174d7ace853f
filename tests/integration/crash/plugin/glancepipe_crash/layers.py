"""Layers with a step before and after every verb that an upload, a deletion or a sweep passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from oslo_config import cfg

from glancepipe.contract import (
    Call,
    ChangeSet,
    Data,
    Image,
    ImageProxy,
    ImageRepoProxy,
    Intent,
    JournalProxy,
    Layer,
    Location,
    Reservation,
    Target,
    Task,
    TaskRepoProxy,
    UsageProxy,
)
from glancepipe_crash.steps import OPTIONS, Steps


class CrashRepo(ImageRepoProxy["Crash"]):
    """Saves are named by the status to which they lead."""

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        with self.layer.steps.around(f"repo.save {changes.new('status', 'as it is')}"):
            return self.inner.save(call, image, changes)

    def remove(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        with self.layer.steps.around("repo.remove"):
            return self.inner.remove(call, image, changes)


class CrashJudgement(ImageProxy["Crash"]):
    """The verbs of an image that travel to the innermost layers."""

    def begin_data(self, call: Call, image: Image, target: Target) -> ChangeSet:
        with self.layer.steps.around("image.begin_data"):
            return self.inner.begin_data(call, image, target)

    def delete(self, call: Call, image: Image) -> ChangeSet:
        with self.layer.steps.around("image.delete"):
            return self.inner.delete(call, image)


class CrashImage(CrashJudgement):
    """The verbs of an image above the layer that stores bytes."""

    def set_data(self, call: Call, image: Image, data: Data, target: Target) -> ChangeSet:
        with self.layer.steps.around("image.set_data"):
            return self.inner.set_data(call, image, data, target)

    def digest_data(self, call: Call, image: Image, location: Location) -> ChangeSet:
        with self.layer.steps.around("image.digest_data"):
            return self.inner.digest_data(call, image, location)


class CrashTasks(TaskRepoProxy["Crash"]):
    """Saves are named by the status to which they lead."""

    def add(self, call: Call, task: Task, begins: tuple[Intent, ...] = ()) -> Task:
        with self.layer.steps.around("tasks.add"):
            return self.inner.add(call, task, begins)

    def save(self, call: Call, task: Task, changed: Task, settles: tuple[str, ...] = ()) -> Task:
        with self.layer.steps.around(f"tasks.save {changed.status}"):
            return self.inner.save(call, task, changed, settles)


class CrashJournal(JournalProxy["Crash"]):
    """What the layers further out note in the journal."""

    def begin(self, call: Call, intent: Intent) -> None:
        with self.layer.steps.around(f"journal.begin {intent.kind}"):
            self.inner.begin(call, intent)

    def settle(self, call: Call, *intent_ids: str) -> None:
        with self.layer.steps.around("journal.settle"):
            self.inner.settle(call, *intent_ids)

    def adopt(self, call: Call, kind: str) -> Sequence[Intent]:
        with self.layer.steps.around(f"journal.adopt {kind}"):
            return self.inner.adopt(call, kind)


class CrashUsage(UsageProxy["Crash"]):
    """What the layers further out hold for owners."""

    def reserve(self, call: Call, owner: str | None, amount: int, limit: int, held: Reservation | None = None, **what: Any) -> Reservation:
        with self.layer.steps.around("usage.reserve"):
            return self.inner.reserve(call, owner, amount, limit, held, **what)

    def release(self, call: Call, held: Reservation) -> None:
        with self.layer.steps.around("usage.release"):
            self.inner.release(call, held)


class Crash(Layer):
    """What the layers of this module have in common; each stands at a place of its own, which names its steps."""

    place: ClassVar[str]
    options = {"crash": OPTIONS}
    repo = CrashRepo

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__(conf)
        self.steps = Steps(conf, self.place)


class Outermost(Crash):
    """What an operation plays, step by step."""

    name = "crash_outermost"
    place = "outermost:"
    before = frozenset({"auth"})
    image = CrashImage
    tasks = CrashTasks


class AboveLocation(Crash):
    """What the layer that stores bytes is asked for."""

    name = "crash_above_location"
    place = "above location:"
    after = frozenset({"quota"})
    before = frozenset({"location"})
    image = CrashImage
    usage = CrashUsage


class AboveDomain(Crash):
    """What the layer that stores bytes asks for."""

    name = "crash_above_domain"
    place = "above domain:"
    after = frozenset({"location"})
    before = frozenset({"domain"})
    image = CrashJudgement
    journal = CrashJournal
