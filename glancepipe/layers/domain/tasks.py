"""The rules of a task's life (FEATURES 4.3-05, 6.5-04). Part of the layer ``domain``."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from oslo_config import cfg

from glancepipe.contract import Call, Image, Task, TaskRepoProxy, TaskStatus, replace
from glancepipe.contract.errors import Invalid, InvalidTransition

if TYPE_CHECKING:
    from glancepipe.layers.domain.layer import Domain


TYPES = ("import", "api_image_import", "location_import")
BY_REQUEST = frozenset({"import"})
"""Types that the tasks API may start; the others begin with what is asked of an image."""
REQUEST_ID = 64
"""Characters of a request's id that a task keeps."""

TRANSITIONS: Mapping[str, frozenset[str]] = {
    TaskStatus.PENDING: frozenset({TaskStatus.PROCESSING, TaskStatus.FAILURE}),
    TaskStatus.PROCESSING: frozenset({TaskStatus.SUCCESS, TaskStatus.FAILURE}),
    TaskStatus.SUCCESS: frozenset(),
    TaskStatus.FAILURE: frozenset(),
}
"""Where each status may lead."""

OPTIONS = [
    cfg.IntOpt("task_time_to_live", default=48, min=0, help="Hours for which a task can be looked at after it has ended."),
]


class DomainTasks(TaskRepoProxy["Domain"]):
    """Makes tasks, and judges how they go on."""

    def new_task(self, call: Call, type: str, input: Mapping[str, Any], image: Image | None = None) -> Task:
        """Ends the verb: a pending task of the caller's project."""
        if type not in TYPES:
            raise Invalid(f"There is no task of the type {type!r}.")
        if call.operation.name == "create_task":
            _check_request(type, input)
        asked = call.initiator
        return Task(
            str(uuid.uuid4()),
            type,
            owner=asked.project_id or "",
            input=input,
            image_id=image.id if image else None,
            request_id=call.request_id[:REQUEST_ID],
            user_id=asked.user_id,
        )

    def save(self, call: Call, task: Task, changed: Task, settles: tuple[str, ...] = ()) -> Task:
        """Judges the transition; a task that has ended expires."""
        if changed.status != task.status:
            if changed.status not in TRANSITIONS[task.status]:
                raise InvalidTransition(f"Task {task.id} is {task.status!r} and can't become {changed.status!r}.")
            if not TRANSITIONS[changed.status]:
                end = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=self.layer.conf.task.task_time_to_live)
                changed = replace(changed, expires_at=end)
        return self.inner.save(call, task, changed, settles)


def _check_request(type: str, input: Mapping[str, Any]) -> None:
    """What a client may ask of the tasks API (FEATURES 4.3-03)."""
    if type not in BY_REQUEST:
        raise Invalid(f"Tasks of the type {type!r} are started by what is asked of an image, not here.")
    source = input.get("import_from")
    if not isinstance(source, str) or not source.lower().startswith(("http://", "https://")):
        raise Invalid("import_from must be a URL that begins with http:// or https://.")
