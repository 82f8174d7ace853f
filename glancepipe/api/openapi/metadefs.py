"""The schemas of bodies about metadata definitions (FEATURES 5.1): what is taken as it is checked, what is answered as it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glancepipe.api.metadefs.proposals import BODIES, DEFINITIONS
from glancepipe.api.metadefs.schemas import LONGEST_NAME, VISIBILITIES, Schema

NAME: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": "^[^/]*$", "not": {"enum": [".", ".."]}}
"""A name that a path can hold."""
FIELDS: Mapping[str, Schema] = dict.fromkeys(("namespace", "object_name", "property_name", "tag_name", "resource_type"), NAME)
"""The fields of paths."""

_REQUIRED: Schema = {"type": "array", "uniqueItems": True, "items": {"type": "string", "minLength": 1, "pattern": "^[^,]*$"}}
_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_TIMES: Schema = {"created_at": _TIME, "updated_at": _TIME}
_PROPERTY: Schema = {"type": "object", "description": "What the values of a property may be, as JSON Schema says it"}
_PROPERTIES: Schema = {"type": "object", "additionalProperties": _PROPERTY}


def components() -> dict[str, Schema]:
    """The schemas by name."""
    definitions = {f"metadef_definition_{name}": _referring(each) for name, each in DEFINITIONS.items()}
    return definitions | _taken() | _answered()


def _taken() -> dict[str, Schema]:
    bodies = {what: _referring(body) for what, body in BODIES.items()}
    namespace, content = bodies["namespace"], bodies["namespace"]["properties"]
    content["namespace"] = NAME
    content["properties"] = {"allOf": [content["properties"], {"propertyNames": NAME}]}
    for kind in ("objects", "tags", "resource_type_associations"):
        content[kind]["items"]["properties"]["name"] = NAME
    content["objects"]["items"]["properties"]["required"] = _REQUIRED
    for what in ("object", "property", "tag", "resource type"):
        bodies[what]["properties"]["name"] = NAME
    bodies["object"]["properties"]["required"] = _REQUIRED
    bodies["tags"]["properties"]["tags"]["items"]["properties"]["name"] = NAME
    example = {"name": "size", "type": "integer", "title": "Size", "minimum": 1}
    return {
        "new_namespace": {**namespace, "examples": [{"namespace": "OS::My::Namespace", "visibility": "public"}]},
        "new_metadef_object": bodies["object"],
        "new_metadef_property": {**bodies["property"], "examples": [example]},
        "new_metadef_tag": bodies["tag"],
        "new_metadef_tags": bodies["tags"],
        "new_association": bodies["resource type"],
    }


def _answered() -> dict[str, Schema]:
    one_object = {"name": _TEXT, "description": _TEXT, "required": _list(_TEXT), "properties": _PROPERTIES, "self": _TEXT, "schema": _TEXT}
    association = {"name": _TEXT, "prefix": _TEXT, "properties_target": _TEXT}
    namespace = {
        **dict.fromkeys(("namespace", "display_name", "description", "owner", "self", "schema"), _TEXT),
        "visibility": {"enum": list(VISIBILITIES)},
        "protected": {"type": "boolean"},
        **_TIMES,
        "resource_type_associations": _list(_component("association")),
        "properties": _PROPERTIES,
        "objects": _list(_component("metadef_object")),
        "tags": _list(_component("metadef_tag")),
    }
    return {
        "namespace": _object(namespace, "namespace", "visibility", "protected", "created_at", "self", "schema"),
        "namespaces": _object(
            {"namespaces": _list(_component("namespace")), "first": _TEXT, "next": _TEXT, "schema": _TEXT}, "namespaces", "first", "schema"
        ),
        "metadef_object": _object(one_object | _TIMES, "name", "required", "properties", "created_at", "self", "schema"),
        "metadef_objects": _object({"objects": _list(_component("metadef_object")), "schema": _TEXT}, "objects", "schema"),
        "metadef_property": {**_PROPERTY, "properties": {"name": _TEXT}, "required": ["name"]},
        "metadef_properties": _object({"properties": _PROPERTIES}, "properties"),
        "metadef_tag": _object({"name": _TEXT} | _TIMES, "name"),
        "metadef_tags": _object({"tags": _list(_component("metadef_tag"))}, "tags"),
        "association": _object(association | _TIMES, "name", "created_at"),
        "associations": _object({"resource_type_associations": _list(_component("association"))}, "resource_type_associations"),
        "resource_types": _object({"resource_types": _list(_object({"name": _TEXT} | _TIMES, "name", "created_at"))}, "resource_types"),
    }


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _component(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _referring(schema: Any) -> Any:
    """A copy that refers to components instead of its own definitions."""
    if isinstance(schema, dict):
        return {
            name: value.replace("#/definitions/", "#/components/schemas/metadef_definition_") if name == "$ref" else _referring(value)
            for name, value in schema.items()
        }
    return [_referring(each) for each in schema] if isinstance(schema, list) else schema
