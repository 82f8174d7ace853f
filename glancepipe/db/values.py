"""Whether a column can hold a value: asked before the database is, since each kind of database answers differently."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Enum, Integer, String, Table

from glancepipe.contract.errors import Invalid

BIGGEST = 2**63 - 1
"""The greatest integer that any column takes."""


def obstacle(column: Column[Any], value: object) -> str | None:
    """Why ``column`` can't hold ``value``, None if it can."""
    if value is None:
        return None if column.nullable else "must not be null"
    kind = column.type
    if isinstance(kind, Enum):
        return None if value in kind.enums else f"must be one of {', '.join(kind.enums)}"
    if isinstance(kind, String):
        return _obstacle_to_text(value, kind.length)
    if isinstance(kind, Boolean):
        return None if isinstance(value, bool) else "must be a boolean"
    if isinstance(kind, Integer):
        if not isinstance(value, int) or isinstance(value, bool):
            return "must be an integer"
        limit = BIGGEST if isinstance(kind, BigInteger) else 2**31 - 1
        return None if -limit <= value <= limit else "is out of range"
    assert isinstance(kind, DateTime)
    return None if isinstance(value, datetime) else "must be a time"


def _obstacle_to_text(value: object, length: int | None) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    if length is not None and len(value) > length:
        return f"is longer than {length} characters"
    if "\0" in value:
        return "contains a NUL character"
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return "contains half of a surrogate pair"
    return None


def checked(table: Table, of: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` of a row by column name, if the table can hold them; else raises Invalid, saying that ``of`` has them."""
    for name, value in values.items():
        hindrance = obstacle(table.c[name], value)
        if hindrance:
            raise Invalid(f"The {name} of {of} {hindrance}.")
    return dict(values)
