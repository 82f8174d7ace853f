"""What clients propose, checked and made into records: the schemas, and names that a path can hold (FEATURES 5.2, 12-05, 12-25)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import fastjsonschema

from glancepipe.api.metadefs import schemas
from glancepipe.api.metadefs.schemas import LONGEST_NAME, Schema
from glancepipe.contract import Association, Definition, Namespace
from glancepipe.contract.errors import Forbidden, Invalid

ATTRIBUTES = ("namespace", "display_name", "description", "visibility", "protected", "owner")
"""Of a namespace, those that a client may choose."""
CONTENT = ("resource_type_associations", "objects", "properties", "tags")
"""What a namespace may bring with it when it is made (FEATURES 5.1-02)."""
TIMES = ("created_at", "updated_at")
READ_ONLY = ("self", "schema", *TIMES)
"""What only the service says (FEATURES 5.2-01). In what a namespace brings with it, it is passed over: it may have been shown before."""


def _told(document: Schema, *names: str) -> Schema:
    return {name: document["properties"][name] for name in names}


def _body(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


_PROPERTY = {**schemas.PROPERTY, "confidential": {"type": "boolean"}}
_PASSED_OVER: Schema = {name: {} for name in READ_ONLY}
_OBJECT = _told(schemas.OBJECT, "name", "description", "required", "properties")
_TAG = _told(schemas.TAG, "name")
_ASSOCIATION = _told(schemas.ASSOCIATION, "name", "prefix", "properties_target")
_CONTENT: Schema = {
    "resource_type_associations": {"type": "array", "items": _body(_ASSOCIATION | _PASSED_OVER, "name")},
    "objects": {"type": "array", "items": _body(_OBJECT | _PASSED_OVER, "name")},
    "properties": schemas.NAMESPACE["properties"]["properties"],
    "tags": {"type": "array", "items": _body(_TAG | _PASSED_OVER, "name")},
}

BODIES: Mapping[str, Schema] = {
    "namespace": _body(_told(schemas.NAMESPACE, *ATTRIBUTES) | _CONTENT, "namespace"),
    "object": _body(_OBJECT, "name"),
    "property": _body(_PROPERTY, "name", "title", "type"),
    "tag": _body(_TAG, "name"),
    "tags": _body({"tags": {"type": "array", "items": _body(_TAG, "name")}}, "tags"),
    "resource type": _body(_ASSOCIATION, "name"),
}
"""The schemas of bodies. Stricter than the published ones where those leave open what is inside."""
DEFINITIONS: Schema = {
    **schemas.IN_NAMESPACE,
    "property": {"type": "object", "additionalProperties": _body(_PROPERTY, "title", "type")},
}
"""That to which they refer."""


def new_namespace(document: Any) -> Namespace:
    """A namespace with what it brings with it. Raises Invalid, Forbidden."""
    proposed = _conforming("namespace", document, READ_ONLY)
    record = _namespace(proposed)
    record.associations = tuple(_association(each) for each in proposed.get("resource_type_associations", ()))
    record.definitions = tuple(_definitions(proposed))
    return record


def changed_namespace(document: Any) -> Namespace:
    """The attributes of a namespace; whatever else it has is passed over (FEATURES 5.1-04). Raises Invalid, Forbidden."""
    if isinstance(document, dict):
        document = {name: value for name, value in document.items() if name not in CONTENT}
    return _namespace(_conforming("namespace", document, READ_ONLY))


def one_object(document: Any) -> Definition:
    """An object. Raises Invalid, Forbidden."""
    return _object(_conforming("object", document, READ_ONLY))


def one_property(document: Any) -> Definition:
    """A property; its schema goes on saying its name, as Glance's does. Raises Invalid, Forbidden."""
    proposed = _conforming("property", document, TIMES)
    return Definition("property", check_name("property", proposed["name"]), proposed)


def one_tag(document: Any) -> Definition:
    """A tag. Raises Invalid, Forbidden."""
    return tag_named(_conforming("tag", document, TIMES)["name"])


def several_tags(document: Any) -> tuple[Definition, ...]:
    """Tags. Raises Invalid, Forbidden."""
    return tuple(tag_named(each["name"]) for each in _conforming("tags", document, TIMES)["tags"])


def association(document: Any) -> Association:
    """An association of a namespace. Raises Invalid, Forbidden."""
    return _association(_conforming("resource type", document, TIMES))


def tag_named(name: str) -> Definition:
    """The tag of that name. Raises Invalid."""
    return Definition("tag", check_name("tag", name))


def check_name(what: str, name: str) -> str:
    """The name, if a path can hold it. Raises Invalid (FEATURES 5.2-02, 12-25)."""
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(f"The name of a {what} must have 1 to {LONGEST_NAME} characters.")
    if "/" in name or name in (".", ".."):
        raise Invalid(f"The name of a {what} must not contain a slash, nor be . or ..: no path could lead to it.")
    if max(name) > "\uffff":
        raise Invalid(f"The name of a {what} must not contain characters beyond U+FFFF.")
    return name


def _namespace(proposed: Mapping[str, Any]) -> Namespace:
    attributes = {name: proposed[name] for name in ATTRIBUTES if name in proposed}
    check_name("namespace", attributes["namespace"])
    return Namespace(**attributes | {"owner": proposed.get("owner") or None})


def _definitions(proposed: Mapping[str, Any]) -> Iterator[Definition]:
    for each in proposed.get("objects", ()):
        yield _object({name: value for name, value in each.items() if name not in READ_ONLY})
    for each in proposed.get("tags", ()):
        yield tag_named(each["name"])
    for name, schema in proposed.get("properties", {}).items():
        yield Definition("property", check_name("property", name), schema)


def _object(proposed: Mapping[str, Any]) -> Definition:
    for name in proposed.get("required", ()):
        if not name or "," in name:
            # They are stored as Glance stores them: in one text, with commas between them.
            raise Invalid("The names of required properties must not be empty or contain commas.")
    schema = {name: value for name, value in proposed.items() if name != "name"}
    return Definition("object", check_name("object", proposed["name"]), schema)


def _association(proposed: Mapping[str, Any]) -> Association:
    return Association(check_name("resource type", proposed["name"]), proposed.get("prefix"), proposed.get("properties_target"))


@cache
def _check(what: str) -> Callable[[Any], Any]:
    # Compiled when first needed. Formats are for clients to know; values are checked, never filled in.
    document = {**BODIES[what], "definitions": DEFINITIONS}
    check: Callable[[Any], Any] = fastjsonschema.compile(document, use_default=False, use_formats=False)
    return check


def _conforming(what: str, document: Any, read_only: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise Invalid("The body must be a JSON object.")
    for name in read_only:
        if name in document:
            raise Forbidden(f"Attribute '{name}' is read-only.")
    try:
        _check(what)(document)
    except fastjsonschema.JsonSchemaValueException as error:
        # The message begins with the name of the checked value, which means nothing to a client.
        told = error.message.removeprefix("data").removeprefix(".").strip()
        raise Invalid(f"The {what} does not match the schema: {told}.") from None
    return document
