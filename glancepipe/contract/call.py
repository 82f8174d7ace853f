"""One Call per request or per step of background work: who asked for what, and what layers noted about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from glancepipe.contract.operations import OPERATIONS, Operation
from glancepipe.contract.records import Intent


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the identity service says (FEATURES 6.1-01). Roles are lower case.

    ``is_admin`` is what the rule ``context_is_admin`` says of the caller, asked once per request.
    ``scope`` is the token's: ``project``, ``domain`` or ``system`` (FEATURES 7.2-07).
    ``service`` marks the service acting for somebody, which no rule refuses. ``token`` is never stored.
    """

    user_id: str | None = None
    project_id: str | None = None
    roles: frozenset[str] = frozenset()
    service_roles: frozenset[str] = frozenset()
    is_admin: bool = False
    read_only: bool = False
    scope: str = "project"
    user_domain_id: str | None = None
    project_domain_id: str | None = None
    domain_id: str | None = None
    system_scope: str | None = None
    service: bool = False
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What policy decided about a call, kept so that the same call is never judged twice."""

    allowed: bool
    rule: str
    image_id: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A journal entry that is to open in the very transaction in which ``verb`` (``repo.save``) stores something.

    ``make`` gets what the verb answers. It may be asked again, since a transaction may be tried again: the last answer
    counts. ``intent_id`` is the id of the entry that it makes.
    """

    verb: str
    intent_id: str
    make: Callable[[Any], Intent]


class Call:
    """The first argument of every verb. Use it as a context manager: leaving it runs what ``on_end`` collected.

    ``initiator`` asked; ``actor`` acts now: the initiator, or the service on the initiator's behalf.
    """

    __slots__ = ("_ends", "_memos", "_notes", "actor", "initiator", "operation", "request_id", "verdict")

    def __init__(
        self,
        operation: Operation | str,
        initiator: Caller,
        *,
        actor: Caller | None = None,
        request_id: str | None = None,
        verdict: Verdict | None = None,
    ) -> None:
        self.operation = OPERATIONS[operation] if isinstance(operation, str) else operation
        self.initiator = initiator
        self.actor = actor or initiator
        self.request_id = request_id or f"req-{uuid.uuid4()}"
        self.verdict = verdict
        self._memos: dict[object, Any] = {}
        self._notes: list[Note] = []
        self._ends = ExitStack()

    def memo(self, layer: object) -> dict[str, Any]:
        """What ``layer`` noted about this call. Private: hand in ``self.layer`` and nothing else."""
        memo: dict[str, Any] = self._memos.setdefault(layer, {})
        return memo

    def on_end(self, callback: Callable[[], None]) -> None:
        """Run ``callback`` when the operation is over, however it ended; last come, first served."""
        self._ends.callback(callback)

    def note(self, note: Note) -> None:
        """Have the layer that ends ``note.verb`` keep it the next time that it stores something in this call."""
        self._notes.append(note)

    def withdraw(self, note: Note) -> bool:
        """Take back a note; False if it was taken by then: kept with what was stored, or neither of both."""
        there = note in self._notes
        if there:
            self._notes.remove(note)
        return there

    def notes(self, verb: str) -> list[Note]:
        """Take the notes for ``verb``: for the layer that ends it."""
        taken = [note for note in self._notes if note.verb == verb]
        if taken:
            self._notes = [note for note in self._notes if note.verb != verb]
        return taken

    def __enter__(self) -> Call:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ends.__exit__(kind, error, trace)

    def as_service(self, operation: Operation | str | None = None) -> Call:
        """The same call, carried on by the service on the initiator's behalf; the verdict is kept."""
        actor = Caller(project_id=self.initiator.project_id, user_id=self.initiator.user_id, is_admin=True, service=True)
        return Call(operation or self.operation, self.initiator, actor=actor, request_id=self.request_id, verdict=self.verdict)

    def stored(self) -> dict[str, Any]:
        """The call as JSON, to be carried on later by ``restored``: no token, no memo."""
        initiator = {name: getattr(self.initiator, name) for name in _STORED}
        initiator["roles"] = sorted(self.initiator.roles)
        initiator["service_roles"] = sorted(self.initiator.service_roles)
        verdict = self.verdict and [self.verdict.allowed, self.verdict.rule, self.verdict.image_id]
        return {"operation": self.operation.name, "initiator": initiator, "request_id": self.request_id, "verdict": verdict}

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Call:
        """The call that ``stored`` describes, acting as the service on the initiator's behalf."""
        fields = dict(stored["initiator"])
        fields["roles"] = frozenset(fields["roles"])
        fields["service_roles"] = frozenset(fields["service_roles"])
        verdict = Verdict(*stored["verdict"]) if stored["verdict"] else None
        call = cls(stored["operation"], Caller(**fields), request_id=stored["request_id"], verdict=verdict)
        return call.as_service()


_STORED = tuple(name for name in Caller.__dataclass_fields__ if name not in ("token", "roles", "service_roles"))

SERVICE = Caller(roles=frozenset({"admin", "service"}), is_admin=True, service=True)
"""The service itself, when nobody asked: start-up, the sweep."""


def with_admin(caller: Caller, is_admin: bool) -> Caller:
    """The same caller, after the pipeline has said whether it is an administrator."""
    return replace(caller, is_admin=is_admin)
