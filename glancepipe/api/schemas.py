"""The JSON schemas that clients fetch, and from which their proposals are checked (FEATURES 2.6)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from oslo_config import cfg

from glancepipe.api import task_schemas
from glancepipe.api.answers import encoded
from glancepipe.api.uuids import UUID
from glancepipe.contract.query import VISIBILITIES

log = logging.getLogger(__name__)

Schema = dict[str, Any]

CUSTOM_FILE = "schema-image.json"
"""Describes custom properties; looked for where the configuration is (FEATURES 2.6-02)."""

MEMBER_STATUSES = ["pending", "accepted", "rejected"]

_STATUSES = ["queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete", "deactivated"]
_LOCATION: Schema = {
    "type": "object",
    "required": ["url", "metadata"],
    "properties": {
        "url": {"type": "string", "maxLength": 255},
        "metadata": {"type": "object"},
        "validation_data": {
            "type": "object",
            "description": "What the data's digests are; accepted while the image is queued, later only if nothing changes.",
            "writeOnly": True,
            "additionalProperties": False,
            "required": ["os_hash_algo", "os_hash_value"],
            "properties": {
                "checksum": {"type": "string", "minLength": 32, "maxLength": 32},
                "os_hash_algo": {"type": "string", "maxLength": 64},
                "os_hash_value": {"type": "string", "maxLength": 128},
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class Custom:
    """What the operator says of custom properties: their schemas, and which of them every new image must have."""

    properties: dict[str, Schema] = field(default_factory=dict)
    required: tuple[str, ...] = ()


def base_properties(conf: cfg.ConfigOpts) -> dict[str, Schema]:
    """The base attributes of an image (FEATURES 2.1, 2.6-01)."""
    return {
        "id": _text("UUID of the image", pattern=UUID),
        "name": _text("What the image is called; need not be unique", null=True, maxLength=255),
        "status": _text("Where the image is in its life", readOnly=True, enum=_STATUSES),
        "visibility": _text("Who may see the image", enum=sorted(VISIBILITIES)),
        "protected": {"type": "boolean", "description": "Whether the image is safe from being deleted"},
        "os_hidden": {"type": "boolean", "description": "Whether listings leave the image out unless they ask for hidden ones"},
        "checksum": _text("The data's md5", null=True, readOnly=True, maxLength=32),
        "os_hash_algo": _text("Algorithm of os_hash_value", null=True, readOnly=True, maxLength=64),
        "os_hash_value": _text("The data's digest by os_hash_algo, in hexadecimal", null=True, readOnly=True, maxLength=128),
        "owner": _text("Project that owns the image", null=True, maxLength=255),
        "size": _whole("Bytes of data", null=True, readOnly=True),
        "virtual_size": _whole("Bytes of the disk that the data describes", null=True, readOnly=True),
        "container_format": _text("What wraps the disk", null=True, enum=[None, *conf.image_format.container_formats]),
        "disk_format": _text("How the disk is encoded", null=True, enum=[None, *conf.image_format.disk_formats]),
        "created_at": _text("When the record was made", readOnly=True),
        "updated_at": _text("When the record was last changed", readOnly=True),
        "tags": {"type": "array", "description": "Words by which the image is found", "items": {"type": "string", "maxLength": 255}},
        "direct_url": _text("Where the data is kept, if the operator shows it", readOnly=True),
        "min_ram": _whole("MiB of memory that booting takes at least"),
        "min_disk": _whole("GiB of disk that booting takes at least"),
        "self": _text("Path of the image", readOnly=True),
        "file": _text("Path of the image's data", readOnly=True),
        "stores": _text("Stores that hold the data, separated by commas; only where several stores are enabled", readOnly=True),
        "schema": _text("Path of this schema", readOnly=True),
        "locations": {"type": "array", "description": "All places where the data is kept, if the operator shows them", "items": _LOCATION},
    }


def image_schema(conf: cfg.ConfigOpts, custom: Custom) -> Schema:
    """The schema of an image. Raises ValueError if a custom property contradicts a base attribute."""
    properties = base_properties(conf)
    for name, described in custom.properties.items():
        if name not in properties:
            properties[name] = {**described, "is_base": False}
        elif properties[name] != described:
            raise ValueError(f"{CUSTOM_FILE} describes '{name}' otherwise than the image schema does: rename or remove it there.")
    schema: Schema = {
        "name": "image",
        "properties": properties,
        "additionalProperties": {"type": "string"},
        "links": [_link("self"), _link("enclosure", "file"), _link("describedby", "schema")],
    }
    return {**schema, "required": list(custom.required)} if custom.required else schema


def documents(image: Schema) -> dict[str, bytes]:
    """Everything under ``/v2/schemas``, by name and encoded (FEATURES 1.3-37, 2.6-03)."""
    member: Schema = {
        "name": "member",
        "properties": {
            "member_id": _text("Project with which the image is shared"),
            "image_id": _text("UUID of the image", pattern=UUID),
            "created_at": _text("When the image was shared"),
            "updated_at": _text("When the membership was last changed"),
            "status": _text("What the project makes of it", enum=MEMBER_STATUSES),
            "schema": {"type": "string", "readOnly": True},
        },
    }
    images: Schema = {
        "name": "images",
        "properties": {"images": {"type": "array", "items": image}} | {name: {"type": "string"} for name in ("first", "next", "schema")},
        "links": [_link("first"), _link("next"), _link("describedby", "schema")],
    }
    members: Schema = {
        "name": "members",
        "properties": {"members": {"type": "array", "items": member}, "schema": {"type": "string"}},
        "links": [_link("describedby", "schema")],
    }
    return {str(schema["name"]): encoded(schema) for schema in (image, images, member, members, *task_schemas.documents())}


def custom_properties(conf: cfg.ConfigOpts) -> Custom:
    """What the operator's file says of custom properties (FEATURES 2.6-02). Raises ValueError if it can't be understood."""
    path = conf.find_file(CUSTOM_FILE)
    if path is None:
        log.debug("There is no %s beside the configuration: custom properties are any strings.", CUSTOM_FILE)
        return Custom()
    try:
        content = orjson.loads(Path(path).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ValueError(f"{path} can't be read as JSON: {error}.") from error
    wrapped = isinstance(content, dict) and isinstance(content.get("properties"), dict)
    properties = content["properties"] if wrapped else content
    required = content.get("required", []) if wrapped else []
    if not isinstance(properties, dict) or not all(isinstance(schema, dict) for schema in properties.values()):
        raise ValueError(f"{path} must be an object of schemas by property name, or of these as 'properties' and a list 'required'.")
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise ValueError(f"{path}: 'required' must be a list of property names.")
    return Custom(properties, tuple(required))


def _text(description: str, *, null: bool = False, **more: Any) -> Schema:
    return {"type": ["null", "string"] if null else "string", "description": description, **more}


def _whole(description: str, *, null: bool = False, **more: Any) -> Schema:
    return {"type": ["null", "integer"] if null else "integer", "description": description, **more}


def _link(relation: str, attribute: str | None = None) -> Schema:
    return {"rel": relation, "href": f"{{{attribute or relation}}}"}
