"""The end of the noun ``tasks`` in memory. Part of the layer ``ends``."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from glancepipe.contract import Call, Image, Intent, Task, TaskPage, TaskQuery, TaskRepoProxy, replace
from glancepipe.contract.errors import Duplicate, Invalid, NotFound, StatusChanged

if TYPE_CHECKING:
    from glancepipe.testing.ends import Ends


class EndsTasks(TaskRepoProxy["Ends"]):
    """Keeps tasks in a dictionary."""

    def new_task(self, call: Call, type: str, input: Mapping[str, Any], image: Image | None = None) -> Task:
        task_id = f"00000000-0000-4000-9000-{next(self.layer.numbers):012}"
        return Task(task_id, type, owner=call.initiator.project_id, input=input, image_id=image.id if image else None)

    def list(self, call: Call, query: TaskQuery) -> TaskPage:
        narrowing = {name: value for name in ("type", "status", "image_id") if (value := getattr(query, name)) is not None}
        rows = [
            task
            for task in self.layer.kept_tasks.values()
            if (query.everything or task.owner == query.viewer) and all(getattr(task, name) == value for name, value in narrowing.items())
        ]
        rows.sort(key=lambda task: (getattr(task, query.sort_key), task.id), reverse=not query.ascending)
        if query.marker is not None:
            if query.marker not in self.layer.kept_tasks:
                raise Invalid(f"The marker {query.marker} is not the ID of a task.")
            rows = list(itertools.dropwhile(lambda task: task.id != query.marker, rows))[1:]
        return TaskPage(rows[: query.limit], query.limit is not None and len(rows) > query.limit)

    def get(self, call: Call, task_id: str) -> Task:
        try:
            return self.layer.kept_tasks[task_id]
        except KeyError:
            raise NotFound(f"No task found with ID {task_id}") from None

    def add(self, call: Call, task: Task, begins: tuple[Intent, ...] = ()) -> Task:
        if task.id in self.layer.kept_tasks:
            raise Duplicate(f"There is a task {task.id} already.")
        self.layer.intents |= {intent.id: intent for intent in begins}
        added = self.layer.kept_tasks[task.id] = replace(task, created_at=_now(), updated_at=_now())
        return added

    def save(self, call: Call, task: Task, changed: Task, settles: tuple[str, ...] = ()) -> Task:
        if self.get(call, task.id).status != task.status or not self.layer.intents.keys() >= set(settles):
            raise StatusChanged
        for intent_id in settles:
            del self.layer.intents[intent_id]
        saved = self.layer.kept_tasks[task.id] = replace(changed, updated_at=_now())
        return saved


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
