"""Rows as the contract's records, and the JSON that is kept inside of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Row

from glancepipe.contract.errors import Invalid
from glancepipe.contract.records import Image, Intent, Location, Member
from glancepipe.db.models import images

BASE = tuple(name for name in Image.__dataclass_fields__ if name in images.c)
"""The attributes of an image that are columns of its own row, in the order of ``Image``."""


def image(row: Sequence[Any]) -> Image:
    """An image, out of what ``selects`` asks for: the columns of ``BASE``, properties, tags, locations, membership."""
    *base, properties, tags, locations, membership = row
    children: tuple[Any, ...] = (
        # Glance may have stored null; the API knows strings only (FEATURES 2.2-01).
        {name: value or "" for name, value in orjson.loads(properties)} if properties else {},
        frozenset(value for (value,) in orjson.loads(tags)) if tags else frozenset(),
        _locations(locations) if locations else (),
        membership,
    )
    return Image(*base, *children)


def _locations(rows: str) -> tuple[Location, ...]:
    return tuple(Location(url, from_json(metadata), id) for id, url, metadata in sorted(orjson.loads(rows)))


def member(row: Row[Any]) -> Member:
    """A membership, out of a row of ``image_members``."""
    return Member(row.image_id, row.member, row.status, row.created_at, row.updated_at, row.deleted_at, row.deleted)


def intent(row: Row[Any]) -> Intent:
    """An open entry, out of a row of the journal."""
    return Intent(row.id, row.kind, row.image_id, from_json(row.details))


def to_json(document: Mapping[str, Any]) -> str:
    """``document`` as text that any column of text can hold, NUL and half surrogate pairs included. Raises Invalid."""
    try:
        return json.dumps(dict(document))
    except (TypeError, ValueError, RecursionError):
        raise Invalid("Metadata must be a JSON object.") from None


def from_json(text: str | None) -> dict[str, Any]:
    """What ``to_json``, or Glance, wrote."""
    document = json.loads(text) if text else {}
    return document if isinstance(document, dict) else {}
