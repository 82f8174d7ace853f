"""Judges who may use the tasks API (FEATURES 7.1-16); an image's own tasks are shown to who may see the image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from glancepipe.contract import Call, Image, Task, TaskPage, TaskQuery, TaskRepoProxy

if TYPE_CHECKING:
    from glancepipe.layers.policy.layer import Policy

TASKS_API = "tasks_api_access"


class PolicyTasks(TaskRepoProxy["Policy"]):
    """Asks ``tasks_api_access`` where the tasks API is what the caller used."""

    def new_task(self, call: Call, type: str, input: Mapping[str, Any], image: Image | None = None) -> Task:
        """A task for something else that was asked for is judged with that."""
        self._admit(call)
        return self.inner.new_task(call, type, input, image)

    def list(self, call: Call, query: TaskQuery) -> TaskPage:
        """The listing of an image's tasks was judged when the image was seen."""
        self._admit(call)
        return self.inner.list(call, query)

    def get(self, call: Call, task_id: str) -> Task:
        """Before the task is looked up, so that nobody learns whether it is there."""
        self._admit(call)
        return self.inner.get(call, task_id)

    def _admit(self, call: Call) -> None:
        if call.operation.rule == TASKS_API and not call.actor.service:
            self.layer.admit(call)
