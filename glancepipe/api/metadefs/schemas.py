"""The schemas of metadata definitions that clients fetch (FEATURES 1.3-39, 5.2). Clients check what they send against them."""

from __future__ import annotations

from typing import Any

from glancepipe.api.answers import encoded

Schema = dict[str, Any]

LONGEST_NAME = 80
"""Characters in the name of anything."""
LONGEST_DESCRIPTION = 500
"""Characters in a namespace's description."""
VISIBILITIES = ("public", "private")
TYPES = ("array", "boolean", "integer", "number", "object", "string", None)
"""What the value of a property may be."""

_TEXT: Schema = {"type": "string"}
_NAME: Schema = {"type": "string", "maxLength": LONGEST_NAME}
_TRUTH: Schema = {"type": "boolean"}
_WHOLE: Schema = {"$ref": "#/definitions/positiveInteger"}
_WHOLE_OR_0: Schema = {"$ref": "#/definitions/positiveIntegerDefault0"}
_STRINGS: Schema = {"$ref": "#/definitions/stringArray"}
_PROPERTIES: Schema = {"$ref": "#/definitions/property"}
_TYPE: Schema = {"type": "string", "enum": list(TYPES)}
_OURS: Schema = {"type": "string", "readOnly": True}

PROPERTY: Schema = {
    "name": _NAME,
    "title": _TEXT,
    "description": _TEXT,
    "operators": {"type": "array", "items": _TEXT},
    "type": _TYPE,
    "required": _STRINGS,
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "maxLength": _WHOLE,
    "minLength": _WHOLE_OR_0,
    "pattern": {"type": "string", "format": "regex"},
    "enum": {"type": "array"},
    "readonly": _TRUTH,
    "default": {},
    "items": {"type": "object", "properties": {"type": _TYPE, "enum": {"type": "array"}}},
    "maxItems": _WHOLE,
    "minItems": _WHOLE_OR_0,
    "uniqueItems": {"type": "boolean", "default": False},
    "additionalItems": _TRUTH,
}
"""What a property's schema may say (FEATURES 5.2-03)."""

_NUMBERS: Schema = {
    "positiveInteger": {"type": "integer", "minimum": 0},
    "positiveIntegerDefault0": {"allOf": [_WHOLE, {"default": 0}]},
}
_UNIQUE: Schema = {"type": "array", "items": _TEXT, "uniqueItems": True}

IN_PROPERTY: Schema = {**_NUMBERS, "stringArray": {**_UNIQUE, "minItems": 1}}
"""The definitions to which a property on its own refers."""
IN_NAMESPACE: Schema = {
    **_NUMBERS,
    "stringArray": _UNIQUE,
    "property": {
        "type": "object",
        "additionalProperties": {"type": "object", "required": ["title", "type"], "properties": PROPERTY},
    },
}
"""Those to which a namespace and an object refer."""


def _times(what: str) -> Schema:
    return {
        "created_at": {**_OURS, "format": "date-time", "description": f"When the {what} was made"},
        "updated_at": {**_OURS, "format": "date-time", "description": f"When the {what} was last changed"},
    }


def _described(length: int, description: str) -> Schema:
    return {"type": "string", "maxLength": length, "description": description}


def _document(name: str, properties: Schema, required: list[str], definitions: Schema | None = None) -> Schema:
    document: Schema = {"name": name, "properties": properties, "additionalProperties": False, "required": required}
    return {**document, "definitions": definitions} if definitions else document


NAMESPACE = _document(
    "namespace",
    {
        "namespace": _described(LONGEST_NAME, "The namespace's name, of which there is one"),
        "display_name": _described(LONGEST_NAME, "The name that people are shown"),
        "description": _described(LONGEST_DESCRIPTION, "What the namespace is about"),
        "visibility": {"type": "string", "enum": list(VISIBILITIES), "description": "Who may see the namespace"},
        "protected": {"type": "boolean", "description": "Whether the namespace, and what is in it, is safe from being deleted"},
        "owner": _described(255, "Project that owns the namespace"),
        **_times("namespace"),
        "schema": _OURS,
        "self": _OURS,
        "resource_type_associations": {
            "type": "array",
            "items": {"type": "object", "properties": {"name": _TEXT, "prefix": _TEXT, "properties_target": _TEXT}},
        },
        "properties": _PROPERTIES,
        "objects": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": _TEXT, "description": _TEXT, "required": _STRINGS, "properties": _PROPERTIES},
            },
        },
        "tags": {"type": "array", "items": {"type": "object", "properties": {"name": _TEXT}}},
    },
    ["namespace"],
    IN_NAMESPACE,
)

OBJECT = _document(
    "object",
    {
        "name": _NAME,
        "description": _TEXT,
        "required": _STRINGS,
        "properties": _PROPERTIES,
        "schema": _OURS,
        "self": _OURS,
        **_times("object"),
    },
    ["name"],
    IN_NAMESPACE,
)

PROPERTY_ALONE = _document("property", PROPERTY, ["type", "title", "name"], IN_PROPERTY)

TAG = _document("tag", {"name": _NAME, **_times("tag")}, ["name"])

ASSOCIATION = _document(
    "resource_type_association",
    {
        "name": _described(LONGEST_NAME, "The type of resource, as Heat calls it if it knows it"),
        "prefix": _described(LONGEST_NAME, "Stands before the properties' names on such resources, its separator included"),
        "properties_target": _described(
            LONGEST_NAME, "Which of several kinds of metadata of such a resource is meant, `image` of a volume"
        ),
        **_times("association"),
    },
    ["name"],
)


def _collection(name: str, item: Schema, kind: str = "array") -> Schema:
    inside = "items" if kind == "array" else "additionalProperties"
    one = {key: value for key, value in item.items() if key != "definitions"}
    document: Schema = {
        "name": name,
        "properties": {name: {"type": kind, inside: one}, "first": _TEXT, "next": _TEXT, "schema": _TEXT},
        "links": [{"rel": rel, "href": f"{{{href}}}"} for rel, href in (("first", "first"), ("next", "next"), ("describedby", "schema"))],
    }
    return {**document, "definitions": item["definitions"]} if "definitions" in item else document


DOCUMENTS: dict[str, Schema] = {
    "namespace": NAMESPACE,
    "namespaces": _collection("namespaces", NAMESPACE),
    "resource_type": ASSOCIATION,
    "resource_types": _collection("resource_type_associations", ASSOCIATION),
    "property": PROPERTY_ALONE,
    # The name is the key there.
    "properties": _collection("properties", {**PROPERTY_ALONE, "required": ["type", "title"]}, "object"),
    "object": OBJECT,
    "objects": _collection("objects", OBJECT),
    "tag": TAG,
    "tags": _collection("tags", TAG),
}
"""The documents under ``/v2/schemas/metadefs``, by the last part of their path."""


def documents() -> dict[str, bytes]:
    """The documents, encoded, by what follows ``/v2/schemas/``."""
    return {f"metadefs/{name}": encoded(document) for name, document in DOCUMENTS.items()}
