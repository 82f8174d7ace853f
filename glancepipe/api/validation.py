"""Checks what clients propose, against the schema and the names that are not theirs (FEATURES 1.4-01 to 1.4-06, 1.5-09)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import fastjsonschema
import orjson

from glancepipe.api.schemas import Custom, Schema
from glancepipe.contract import ImageValues
from glancepipe.contract.errors import Forbidden, Invalid

CHOSEN = (
    *("id", "name", "visibility", "protected", "os_hidden", "owner"),
    *("disk_format", "container_format", "min_disk", "min_ram"),
)
"""Base attributes that a client may give a new image; all but ``id`` may be changed later (FEATURES 1.5-12)."""

VIEW_ONLY = frozenset({"direct_url", "self", "file", "schema", "stores"})
"""Names that exist only in the view that clients get (FEATURES 1.4-04)."""
READ_ONLY = VIEW_ONLY | {"created_at", "updated_at", "status", "checksum", "size", "virtual_size", "os_hash_algo", "os_hash_value"}
"""Names of the view that only the service fills in (FEATURES 1.4-04, 1.5-07, 12-06)."""

RESERVED = frozenset({"location", "deleted", "deleted_at"})
"""Names that no property may have (FEATURES 1.4-05, 1.5-08)."""
RESERVED_PREFIX = "os_glance"

LONGEST_NAME = 255
"""Characters in a property's name."""
LONGEST_VALUE = 65535
"""Bytes in a property's value: what MySQL's TEXT holds."""

NUMBERS = ("min_disk", "min_ram")
"""Base attributes that are numbers."""
NUMBER = {"minimum": 0, "maximum": (1 << 31) - 1}
"""Their range, which the published schema leaves out (FEATURES 1.4-09)."""


class Checks:
    """The checks of one service: its formats, its custom properties."""

    def __init__(self, schema: Schema, custom: Custom) -> None:
        """Raises ValueError if a custom property's schema is none."""
        properties = {name: {**each, **NUMBER} if name in NUMBERS else each for name, each in schema["properties"].items()}
        document = {"type": "object", "properties": properties, "additionalProperties": schema["additionalProperties"]}
        try:
            self._partial = _compiled(document)
            self._complete = _compiled({**document, "required": list(custom.required)}) if custom.required else self._partial
        except fastjsonschema.JsonSchemaDefinitionException as error:
            raise ValueError(f"A custom property's schema can't be used: {error}.") from error

    def new_image(self, document: Any) -> ImageValues:
        """What a body proposes for a new image. Raises Invalid, Forbidden, in the order of FEATURES 1.4-06."""
        if not isinstance(document, dict):
            raise Invalid("The body must be a JSON object.")
        _refuse_read_only(document, VIEW_ONLY)
        _conforming(self._complete, document)
        _refuse_read_only(document, READ_ONLY)
        own = {name: value for name, value in document.items() if name not in CHOSEN and name != "tags"}
        for name in own:
            check_name(name)
        for name in own:
            if name == "locations":
                raise Forbidden("Attribute 'locations' is reserved.")
            refuse_reserved(name)
        return ImageValues(
            base={name: base_value(name, document[name]) for name in CHOSEN if name in document},
            properties={name: property_value(name, value) for name, value in own.items()},
            tags=frozenset(document.get("tags", ())),
        )

    def one(self, name: str, value: Any) -> None:
        """Check the value that a change gives to one attribute or property. Raises Invalid.

        Required properties are not asked for here: they were given on creation (FEATURES 2.6-02).
        """
        _conforming(self._partial, {name: value})


def check_name(name: str) -> None:
    """Raises Invalid for a property's name that is empty or too long (FEATURES 1.4-06, 12-06)."""
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(f"The name of a property must have 1 to {LONGEST_NAME} characters.")


def refuse_reserved(name: str) -> None:
    """Raises Forbidden for names that belong to the service (FEATURES 1.4-05, 1.5-08)."""
    if name in RESERVED or name.startswith(RESERVED_PREFIX):
        raise Forbidden(f"Attribute '{name}' is reserved.")


def _refuse_read_only(document: Mapping[str, Any], names: frozenset[str]) -> None:
    for name in document:
        if name in names:
            raise Forbidden(f"Attribute '{name}' is read-only.")


def base_value(name: str, value: Any) -> Any:
    """A base attribute's value in the record's type: JSON writes a whole number also as 1.0."""
    return int(value) if name in NUMBERS else value


def property_value(name: str, value: Any) -> str:
    """A custom property's value as it is stored: a string, also where the operator's schema allows more (FEATURES 2.2-01).

    Raises Invalid if it is too long.
    """
    text = value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()
    if len(text) > LONGEST_VALUE // 4 and len(text.encode()) > LONGEST_VALUE:
        raise Invalid(f"The value of property '{name}' has more than {LONGEST_VALUE} bytes.")
    return text


def _compiled(schema: Schema) -> Callable[[Any], Any]:
    # Values are checked, never filled in.
    check: Callable[[Any], Any] = fastjsonschema.compile(schema, use_default=False)
    return check


def _conforming(check: Callable[[Any], Any], document: Mapping[str, Any]) -> None:
    try:
        check(document)
    except fastjsonschema.JsonSchemaValueException as error:
        # The message begins with the name of the checked value, which means nothing to a client.
        told = error.message.removeprefix("data").removeprefix(".").strip()
        raise Invalid(f"The image does not match the schema: {told}.") from None
