"""One condition of a listing, from one parameter of the query string (FEATURES 3-11 to 3-19)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal, cast

from glancepipe.contract import Filter
from glancepipe.contract.errors import Invalid

LISTED = frozenset({"name", "id", "status", "container_format", "disk_format"})
"""Attributes that take ``in:`` (FEATURES 3-11)."""
TIMES = frozenset({"created_at", "updated_at"})
NUMBERS = frozenset({"size", "virtual_size", "min_disk", "min_ram"})
TEXTS = frozenset({"owner", "checksum", "os_hash_algo", "os_hash_value"})
REFUSED = frozenset({"locations", "properties", "members", "tags", "changes-since"})
"""Names of what can't be filtered by; an answer that ignored them would mislead (FEATURES 3-19, 12-05)."""

_BOUNDS: dict[str, Literal["gte", "lte"]] = {"_min": "gte", "_max": "lte"}
_COMPARISONS = ("eq", "neq", "gt", "gte", "lt", "lte")
_OPERATOR = re.compile(r"([a-z]+):(.*)", re.DOTALL)
_ITEM = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|([^",]*))(,|$)', re.DOTALL)
_INT64 = 1 << 63

NOTHING = Filter("id", "in", ())
"""A condition that no image meets."""


def filter_of(name: str, value: str) -> Filter | None:
    """The condition that ``name=value`` means, None if it means none. Raises Invalid."""
    if name in LISTED:
        return _listed(name, value)
    if name == "tag":
        return Filter("tag", "eq", value.strip())
    if name in TIMES:
        return _time(name, value)
    if name in TEXTS:
        return Filter(name, "eq", value)
    if name == "protected":
        if value not in ("true", "false"):
            raise Invalid("protected must be true or false.")
        return Filter(name, "eq", value == "true")
    if name in NUMBERS:
        # What is no number equals none (FEATURES 3-17).
        number = _number(value)
        return NOTHING if number is None else Filter(name, "eq", number)
    if name[-4:] in _BOUNDS:
        return _bound(name, value)
    if name in REFUSED:
        raise Invalid(f"Images can't be filtered by '{name}'." + (" Use 'tag' for each tag." if name == "tags" else ""))
    if name == "deleted":
        # Deleted images are never listed, whatever is asked (FEATURES 3-19).
        return None
    if name == "deleted_at":
        return NOTHING
    return Filter(name, "eq", value, custom=True)


def _listed(name: str, value: str) -> Filter:
    operator, operand = _split(value)
    if operator is None or operator == "eq":
        return Filter(name, "eq", operand)
    if operator == "in":
        return Filter(name, "in", _items(operand))
    raise Invalid(f"'{operator}' is no operator for {name}; use eq or in. A value with a colon is written {name}=eq:VALUE.")


def _split(value: str) -> tuple[str | None, str]:
    operator, colon, operand = value.partition(":")
    return (operator, operand) if colon else (None, value)


def _items(text: str) -> tuple[str, ...]:
    """The values of a comma-separated list, of which any may be quoted."""
    found = []
    position = 0
    while True:
        item = _ITEM.match(text, position)
        if item is None:
            raise Invalid(f'The quotes in {text} do not match: quote a whole value, and write \\" for a quote in it.')
        quoted, plain, comma = item.groups()
        found.append(plain if quoted is None else quoted.replace('\\"', '"'))
        position = item.end()
        if not comma:
            return tuple(found)


def _time(name: str, value: str) -> Filter:
    operator = _OPERATOR.fullmatch(value)
    op, text = operator.groups() if operator else ("eq", value)
    if op not in _COMPARISONS:
        raise Invalid(f"'{op}' is no operator for {name}; use one of {', '.join(_COMPARISONS)}.")
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise Invalid(f"{name} must be a time as ISO 8601 writes it.") from None
    return Filter(name, cast(Literal["eq", "neq", "gt", "gte", "lt", "lte"], op), moment)


def _bound(name: str, value: str) -> Filter:
    attribute, bound = name[:-4], _BOUNDS[name[-4:]]
    if attribute not in NUMBERS:
        raise Invalid(f"'{name}' bounds nothing: only {', '.join(sorted(NUMBERS))} have a minimum and a maximum.")
    number = _number(value)
    if number is None:
        raise Invalid(f"{name} must be a number that fits into 64 bits.")
    return Filter(attribute, bound, number)


def _number(text: str) -> int | None:
    found = re.fullmatch(r"\s*(-?[0-9]{1,19})\s*", text)
    number = int(found[1]) if found else None
    return number if number is not None and -_INT64 <= number < _INT64 else None
