"""A task is its project's own business (FEATURES 4.3-01). Part of the layer ``auth``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glancepipe.contract import Call, Task, TaskPage, TaskQuery, TaskRepoProxy, replace
from glancepipe.contract.errors import NotFound
from glancepipe.layers.auth.relations import administers

if TYPE_CHECKING:
    from glancepipe.layers.auth.layer import Auth


class AuthTasks(TaskRepoProxy["Auth"]):
    """Hides the tasks of other projects."""

    def list(self, call: Call, query: TaskQuery) -> TaskPage:
        """Those of the caller's project; an administrator sees all."""
        return self.inner.list(call, replace(query, viewer=call.actor.project_id, everything=administers(call.actor)))

    def get(self, call: Call, task_id: str) -> Task:
        """Another project's task is not found."""
        task = self.inner.get(call, task_id)
        if not administers(call.actor) and task.owner != call.actor.project_id:
            raise NotFound(f"No task found with ID {task_id}")
        return task
