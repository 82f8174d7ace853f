"""Tasks: work that goes on after its request was answered. Their record, query and noun (FEATURES 4.3).

They pass ``auth`` (who may see a task), ``notifier``, ``policy``, ``domain`` (their life) and ``db``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from glancepipe.contract.call import Call
from glancepipe.contract.proxy import L, Proxy
from glancepipe.contract.records import Image, Intent


class TaskStatus:
    """The states of a task's life (FEATURES 4.3-05)."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(slots=True)
class Task:
    """A task's record. Times are naive UTC; ``input`` and ``result`` are JSON. It expires a while after it has ended."""

    id: str
    type: str
    status: str = TaskStatus.PENDING
    owner: str | None = None
    input: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None
    message: str = ""
    image_id: str | None = None
    request_id: str | None = None
    user_id: str | None = None
    expires_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """A listing of tasks (FEATURES 4.3-04). ``marker`` is an id. Expired tasks are never listed.

    ``viewer`` is set by auth: only tasks of this project are listed, all if ``everything``.
    """

    type: str | None = None
    status: str | None = None
    image_id: str | None = None
    limit: int | None = 25
    marker: str | None = None
    sort_key: str = "created_at"
    ascending: bool = False
    viewer: str | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A part of a listing; ``more``: rows follow."""

    rows: Sequence[Task] = ()
    more: bool = False


class TaskRepoProxy(Proxy[L]):
    """Makes and keeps tasks."""

    def new_task(self, call: Call, type: str, input: Mapping[str, Any], image: Image | None = None) -> Task:
        """A pending task in memory, of the actor's project. Raises Invalid (type), Forbidden."""
        return self.inner.new_task(call, type, input, image)

    def list(self, call: Call, query: TaskQuery) -> TaskPage:
        """A page of tasks. Raises Invalid (marker), Forbidden."""
        return self.inner.list(call, query)

    def get(self, call: Call, task_id: str) -> Task:
        """One task. Raises NotFound, Forbidden."""
        return self.inner.get(call, task_id)

    def add(self, call: Call, task: Task, begins: tuple[Intent, ...] = ()) -> Task:
        """Keep a new task; ``begins`` are journal entries that open with this very commit. Raises Duplicate."""
        return self.inner.add(call, task, begins)

    def save(self, call: Call, task: Task, changed: Task, settles: tuple[str, ...] = ()) -> Task:
        """Store ``changed`` if the stored status is still that of ``task``; ``settles`` are journal entries that it closes.

        Raises StatusChanged, InvalidTransition, NotFound.
        """
        return self.inner.save(call, task, changed, settles)
