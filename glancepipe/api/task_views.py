"""Tasks as clients see them: whole, as a row of a listing, and in the raw shape that an image's tasks have (FEATURES 4.3)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from glancepipe.contract import Task


def task_view(task: Task) -> dict[str, Any]:
    """The whole task; what it hasn't is left out (FEATURES 4.3-02)."""
    optional = {name: getattr(task, name) for name in ("image_id", "request_id", "user_id")}
    said = {"input": task.input, "result": task.result, "message": task.message}
    return {**task_row(task), **said, **{name: value for name, value in optional.items() if value}}


def task_row(task: Task) -> dict[str, Any]:
    """What a listing tells of it (FEATURES 4.3-02)."""
    row = {
        "id": task.id,
        "type": task.type,
        "status": task.status,
        "owner": task.owner,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "self": f"/v2/tasks/{task.id}",
        "schema": "/v2/schemas/task",
    }
    return row if task.expires_at is None else {**row, "expires_at": task.expires_at}


def raw_view(task: Task) -> dict[str, Any]:
    """The record as it is, with times as nowhere else: microseconds and no zone (FEATURES 4.3-01, 12-18)."""
    return {name: _iso(value) if isinstance(value, datetime) else value for name, value in asdict(task).items()}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
