"""The schemas of bodies, by name: those published under ``/v2/schemas`` as answers, and those that only the description has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from glancepipe.api import locations, patches
from glancepipe.api.openapi import metadefs
from glancepipe.api.openapi.refusals import SCHEMA as ERROR
from glancepipe.api.schemas import MEMBER_STATUSES, Schema, base_properties
from glancepipe.api.uuids import UUID
from glancepipe.api.validation import CHOSEN, LONGEST_NAME, NUMBER, NUMBERS, READ_ONLY, RESERVED, RESERVED_PREFIX

_TEXT: Schema = {"type": "string"}
_SHORT: Schema = {"type": "string", "minLength": 1, "maxLength": 255}

_FIELDS: Mapping[str, Schema] = {
    "image_id": {"type": "string", "pattern": UUID},
    "task_id": {"type": "string", "pattern": UUID},
    **metadefs.FIELDS,
}
"""What the fields of paths look like; others are short texts."""

MEDIA_TYPES: Mapping[str, Mapping[str, str]] = {
    "patch": {media_type: f"patch_draft_{draft}" for media_type, draft in patches.MEDIA_TYPES.items()}
}
"""Bodies that are not ``application/json``: the schema of each media type."""

ALWAYS: Mapping[str, tuple[str, ...]] = {
    "images": ("images", "first", "schema"),
    "member": ("member_id", "image_id", "status", "created_at", "updated_at", "schema"),
    "members": ("members", "schema"),
    "task": ("id", "type", "status", "owner", "created_at", "updated_at", "self", "schema"),
    "tasks": ("tasks", "first", "schema"),
}
"""What a document always has; an image has all base attributes but those of ``SHOWN``."""
SHOWN = frozenset({"direct_url", "locations", "stores"})
"""Attributes that the operator may choose not to show."""


def field(name: str) -> Schema:
    """The schema of a field of a path."""
    return _FIELDS.get(name, _SHORT)


def reference(name: str, schemas: Mapping[str, Any]) -> Schema:
    """A reference to a component. Raises KeyError if there is none of that name."""
    if name not in schemas:
        raise KeyError(f"A route names the schema '{name}', which nobody describes; see glancepipe.api.openapi.components.")
    return {"$ref": f"#/components/schemas/{name}"}


def schemas(conf: cfg.ConfigOpts, published: Mapping[str, Schema]) -> dict[str, Schema]:
    """All schemas by name. ``published`` are the documents that clients fetch, by their names."""
    base = base_properties(conf)
    found = {name: _answered(document, published) for name, document in published.items()}
    found["image"] = _image(published["image"], base)
    return found | _taken(published["image"], base, conf.api.max_patch_operations) | metadefs.components() | _other()


def _answered(document: Schema, published: Mapping[str, Schema]) -> Schema:
    """A published document as the schema of an answer: what is another document in it becomes a reference."""
    properties = {
        name: {**each, "items": reference(each["items"]["name"], published)} if _nested(each) in published else each
        for name, each in document["properties"].items()
    }
    return {"type": "object", "properties": properties, "required": list(ALWAYS.get(document["name"], ()))}


def _nested(schema: Schema) -> Any:
    items = schema.get("items")
    return items.get("name") if isinstance(items, dict) else None


def _image(document: Schema, base: Mapping[str, Schema]) -> Schema:
    # A custom property is a string when it is shown, whatever the operator's schema allows to be sent (FEATURES 2.2-01).
    custom = {
        name: {"type": "string", "description": each.get("description", "")}
        for name, each in document["properties"].items()
        if name not in base
    }
    times = {name: {**base[name], "format": "date-time"} for name in ("created_at", "updated_at")}
    return {
        "type": "object",
        "properties": {**base, **times, **custom},
        "required": sorted(base.keys() - SHOWN),
        "additionalProperties": _TEXT,
    }


def _taken(image: Schema, base: Mapping[str, Schema], most_operations: int) -> dict[str, Schema]:
    """Bodies of requests about images."""
    properties = {name: each for name, each in image["properties"].items() if name in (*CHOSEN, "tags") or name not in base}
    properties |= {name: {**properties[name], **NUMBER} for name in NUMBERS}
    pointer = {"type": "string", "pattern": "^/."}
    step = {
        "anyOf": [
            {
                "type": "object",
                "required": ["op", "path", "value"],
                "properties": {"op": {"enum": ["add", "replace"]}, "path": pointer, "value": {}},
            },
            {"type": "object", "required": ["op", "path"], "properties": {"op": {"const": "remove"}, "path": pointer}},
        ]
    }
    older_step = {
        "oneOf": [
            *({"type": "object", "required": [action, "value"], "properties": {action: pointer}} for action in ("add", "replace")),
            {"type": "object", "required": ["remove"], "properties": {"remove": pointer}},
        ]
    }
    return {
        "new_image": {
            "type": "object",
            "properties": properties,
            "required": image.get("required", []),
            "propertyNames": {
                "minLength": 1,
                "maxLength": LONGEST_NAME,
                "allOf": [
                    {"not": {"enum": sorted(READ_ONLY | RESERVED | {"locations"})}},
                    {"not": {"type": "string", "pattern": f"^{RESERVED_PREFIX}"}},
                ],
            },
            "additionalProperties": _TEXT,
            "examples": [{"name": "An image", "disk_format": "raw", "container_format": "bare"}],
        },
        "patch_draft_10": {
            "type": "array",
            "items": step,
            "maxItems": most_operations,
            "examples": [[{"op": "replace", "path": "/name", "value": "Another name"}]],
        },
        "patch_draft_4": {
            "type": "array",
            "items": older_step,
            "maxItems": most_operations,
            "examples": [[{"replace": "/name", "value": "Another name"}]],
        },
        "new_member": {
            "type": "object",
            "required": ["member"],
            "properties": {
                "member": {**_SHORT, "type": ["string", "integer"], "description": "ID of the project with which the image is shared"},
            },
        },
        "member_status": {"type": "object", "required": ["status"], "properties": {"status": {"enum": MEMBER_STATUSES}}},
    }


def _other() -> dict[str, Schema]:
    """Documents that are about the service."""
    methods = {"description": _TEXT, "type": {"const": "array"}, "value": {"type": "array", "items": _TEXT}}
    store = {"id": _TEXT, "description": _TEXT, "default": {"const": "true"}, "read-only": {"const": "true"}}
    detail = {**store, "type": _TEXT, "weight": {"type": "integer"}, "properties": {"type": "object"}}
    usage = {"type": "object", "required": ["usage", "limit"], "properties": {"usage": {"type": "integer"}, "limit": {"type": "integer"}}}
    return {
        "error": ERROR,
        "import_methods": {
            "type": "object",
            "required": ["import-methods"],
            "properties": {"import-methods": {"type": "object", "required": list(methods), "properties": methods}},
        },
        "stores": {
            "type": "object",
            "required": ["stores"],
            "properties": {
                "stores": {"type": "array", "items": {"type": "object", "required": ["id"], "properties": store}},
            },
        },
        "new_task": {
            "type": "object",
            "required": ["type", "input"],
            "properties": {"type": {"const": "import"}, "input": {"type": "object", "required": ["import_from"]}},
            "examples": [{"type": "import", "input": {"import_from": "https://images.example/an-image"}}],
        },
        "new_location": {
            "type": "object",
            "required": ["url"],
            "properties": {
                "url": {"type": "string", "minLength": 1, "description": "Where the data is"},
                "validation_data": {
                    "type": "object",
                    "description": "What the data's hash is",
                    "additionalProperties": False,
                    "dependentRequired": {"os_hash_algo": ["os_hash_value"], "os_hash_value": ["os_hash_algo"]},
                    "properties": {
                        "os_hash_algo": {"enum": list(locations.ALGORITHMS)},
                        "os_hash_value": {"type": "string", "pattern": "^[0-9a-fA-F]+$", "maxLength": 128},
                    },
                },
            },
            "examples": [{"url": "https://images.example/an-image"}],
        },
        "locations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["url", "metadata"],
                "properties": {"url": _TEXT, "metadata": {"type": "object"}},
            },
        },
        "image_tasks": {
            "type": "object",
            "required": ["tasks"],
            "properties": {"tasks": {"type": "array", "items": {"type": "object", "required": ["id", "type", "status", "message"]}}},
        },
        "stores_in_detail": {
            "type": "object",
            "required": ["stores"],
            "properties": {
                "stores": {
                    "type": "array",
                    "items": {"type": "object", "required": ["id", "type", "weight", "properties"], "properties": detail},
                },
            },
        },
        "usage": {
            "type": "object",
            "required": ["usage"],
            "properties": {"usage": {"type": "object", "additionalProperties": usage}},
        },
        "schema": {"type": "object", "required": ["name", "properties"], "description": "A JSON schema"},
        "description": {"type": "object", "required": ["openapi", "info", "paths"], "description": "This document"},
    }
