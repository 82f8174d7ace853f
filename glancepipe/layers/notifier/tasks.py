"""Tells of tasks (FEATURES 6.3-10). Part of the layer ``notifier``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from glancepipe.contract import Call, Intent, Task, TaskRepoProxy, TaskStatus
from glancepipe.layers.notifier.payloads import task_payload

if TYPE_CHECKING:
    from glancepipe.layers.notifier.layer import Notifier, Told


class NotifierTasks(TaskRepoProxy["Notifier"]):
    """Tells of tasks."""

    def add(self, call: Call, task: Task, begins: tuple[Intent, ...] = ()) -> Task:
        """Sends ``task.create``."""

        def told(added: Task) -> Iterator[Told]:
            yield "task.create", lambda: task_payload(added)

        return self.layer.telling(call, "tasks.add", task.image_id or "", partial(self.inner.add, call, task, begins), told)

    def save(self, call: Call, task: Task, changed: Task, settles: tuple[str, ...] = ()) -> Task:
        """Sends ``task.run`` and ``task.processing``, ``task.success`` or ``task.failure`` when the status becomes so."""

        def told(saved: Task) -> Iterator[Told]:
            if saved.status != task.status:
                if saved.status == TaskStatus.PROCESSING:
                    yield "task.run", lambda: task_payload(task)
                yield f"task.{saved.status}", lambda: task_payload(saved)

        store = partial(self.inner.save, call, task, changed, settles)
        return self.layer.telling(call, "tasks.save", task.image_id or "", store, told)
