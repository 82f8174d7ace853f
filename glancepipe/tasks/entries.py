"""The journal entry of a task: all that a worker needs to carry the task on."""

from __future__ import annotations

import uuid
from typing import Any

from glancepipe.contract import OPERATIONS, Call, Intent, Task, replace

KIND = "task"

_STORED = ("id", "type", "owner", "input", "image_id", "request_id", "user_id")


def entry_of(call: Call, task: Task) -> Intent:
    """An entry for a new task; whoever asks has it opened by the very commit with which the work begins."""
    details = {"call": call.stored(), "task": {name: getattr(task, name) for name in _STORED}}
    return Intent(str(uuid.uuid4()), KIND, task.image_id or "", details)


def renewed(entry: Intent, **noted: Any) -> Intent:
    """The entry that follows on ``entry``, with what is noted besides."""
    return replace(entry, id=str(uuid.uuid4()), details={**entry.details, **noted})


def task_of(entry: Intent) -> Task:
    """The task as it began."""
    return Task(**entry.details["task"])


def call_of(entry: Intent) -> Call:
    """The call that asked for the task, carried on by the service on the initiator's behalf: as the task's own operation."""
    return Call.restored(entry.details["call"]).as_service(OPERATIONS.get(entry.details["task"]["type"]))
