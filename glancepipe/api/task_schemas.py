"""The JSON schemas of tasks, as clients fetch them (FEATURES 1.3-38, 2.6-03)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from glancepipe.api.uuids import UUID

Schema = dict[str, Any]

TYPES = ("import", "api_image_import", "location_import")
STATUSES = ("pending", "processing", "success", "failure")

_SAID: Schema = {
    "input": {"type": ["null", "object"], "description": "What the task is to do"},
    "result": {"type": ["null", "object"], "description": "What came of it"},
    "message": {"type": "string", "description": "Why it failed, in one sentence"},
}
"""What a listing leaves out."""

_ROW: Schema = {
    "id": {"type": "string", "description": "UUID of the task", "pattern": UUID},
    "type": {"type": "string", "description": "What kind of work it is", "enum": list(TYPES)},
    "status": {"type": "string", "description": "Where the task is in its life", "enum": list(STATUSES)},
    "owner": {"type": "string", "description": "Project whose task it is"},
    "image_id": {"type": "string", "description": "UUID of the image on which it works"},
    "request_id": {"type": "string", "description": "ID of the request that asked for it"},
    "user_id": {"type": "string", "description": "User who asked for it"},
    "expires_at": {"type": ["null", "string"], "description": "When the task is forgotten, known once it has ended"},
    "created_at": {"type": "string", "description": "When the task was made"},
    "updated_at": {"type": "string", "description": "When the task was last changed"},
    "self": {"type": "string", "readOnly": True},
    "schema": {"type": "string", "readOnly": True},
}


def documents() -> Iterator[Schema]:
    """The schemas ``task`` and ``tasks``."""
    yield {"name": "task", "properties": {**_ROW, **_SAID}}
    yield {
        "name": "tasks",
        "properties": {"tasks": {"type": "array", "items": {"name": "task", "properties": _ROW}}, "schema": {"type": "string"}},
        "links": [{"rel": "describedby", "href": "{schema}"}],
    }
