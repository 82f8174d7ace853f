"""Tells of tasks (FEATURES 6.3-10). Part of the layer ``notifier``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glancepipe.contract import Call, Intent, Task, TaskRepoProxy, TaskStatus
from glancepipe.layers.notifier.payloads import task_payload

if TYPE_CHECKING:
    from glancepipe.layers.notifier.layer import Notifier


class NotifierTasks(TaskRepoProxy["Notifier"]):
    """Tells of tasks."""

    def add(self, call: Call, task: Task, begins: tuple[Intent, ...] = ()) -> Task:
        """Sends ``task.create``."""
        added = self.inner.add(call, task, begins)
        self.layer.announce("task.create", lambda: task_payload(added))
        return added

    def save(self, call: Call, task: Task, changed: Task, settles: tuple[str, ...] = ()) -> Task:
        """Sends ``task.run`` and ``task.processing``, ``task.success`` or ``task.failure`` when the status becomes so."""
        saved = self.inner.save(call, task, changed, settles)
        if saved.status != task.status:
            if saved.status == TaskStatus.PROCESSING:
                self.layer.announce("task.run", lambda: task_payload(task))
            self.layer.announce(f"task.{saved.status}", lambda: task_payload(saved))
        return saved
