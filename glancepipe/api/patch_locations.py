"""What a patch does to the locations of a record (FEATURES 1.5-22 to 1.5-25, 1.5-28); what they must be like, layers say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from glancepipe.contract import Change, Digest, Image, Location, Status
from glancepipe.contract.errors import Conflict, Forbidden, Invalid

_HEX = re.compile(r"[0-9a-fA-F]+")


def apply(image: Image, touched: Mapping[str, Change], action: str, place: tuple[str, ...], value: Any) -> dict[str, Change]:
    """The base attributes that one step touches, given those that earlier steps did. Raises Conflict, Forbidden, Invalid."""
    current: tuple[Location, ...] = touched["locations"].new if "locations" in touched else image.locations
    if action == "remove":
        _require(image, Status.ACTIVE)
        return {"locations": Change(image.locations, _without(current, place[0]))}
    _require(image, Status.ACTIVE, Status.QUEUED)
    added = [value] if action == "add" else value
    new = _with(current, place[0], value) if action == "add" else _replaced(current, value)
    changes = {"locations": Change(image.locations, new)}
    for each in added:
        digests = each.get("validation_data")
        if digests is not None:
            changes |= _validated(image, {**touched, **changes}, digests)
    return changes


def _require(image: Image, *statuses: str) -> None:
    if image.status not in statuses:
        raise Conflict(f"The locations of an image in status '{image.status}' can't be changed so.")


def _with(current: tuple[Location, ...], place: str, value: Any) -> tuple[Location, ...]:
    index = len(current) if place == "-" else _index(place)
    return (*current[:index], _location(value), *current[index:])


def _without(current: tuple[Location, ...], place: str) -> tuple[Location, ...]:
    index = _index(place)
    if index >= len(current):
        raise Invalid(f"There is no location {place}.")
    if len(current) == 1:
        raise Forbidden("The last location can't be removed.")
    return (*current[:index], *current[index + 1 :])


def _replaced(current: tuple[Location, ...], value: Any) -> tuple[Location, ...]:
    if not value:
        raise Forbidden("The list of locations can't be replaced by an empty one.")
    if current and sorted(each["url"] for each in value) != sorted(location.url for location in current):
        raise Invalid("The locations that an image has can be given other metadata, but not be replaced by others.")
    # The rows stay the same: only what is said of them changes.
    rows = {location.url: location.id for location in current}
    return tuple(_location(each, rows.get(each["url"])) for each in value)


def _location(value: Any, row: int | None = None) -> Location:
    return Location(value["url"], value["metadata"], row)


def _index(place: str) -> int:
    if not (place.isascii() and place.isdigit() and len(place) < 10):
        raise Invalid("A place among the locations is a number, or '-' for the end when adding.")
    return int(place)


def _validated(image: Image, touched: Mapping[str, Change], digests: Mapping[str, str]) -> dict[str, Change]:
    """Digests of the data that a client vouches for (FEATURES 1.5-28)."""
    try:
        length = len(Digest(digests["os_hash_algo"]).hexdigest)
    except (Invalid, TypeError):
        # A digest without a length of its own (SHAKE) can't be compared either.
        raise Conflict(f"os_hash_algo '{digests['os_hash_algo']}' can't be used.") from None
    if not _HEX.fullmatch(digests["os_hash_value"]) or len(digests["os_hash_value"]) != length:
        raise Conflict(f"os_hash_value must have {length} hexadecimal digits.")
    if not _HEX.fullmatch(digests.get("checksum", "0")):
        raise Conflict("checksum must have 32 hexadecimal digits.")
    changes = {}
    for name, value in digests.items():
        known = touched[name].new if name in touched else getattr(image, name)
        if known == value:
            continue
        if known is not None or image.status != Status.QUEUED:
            raise Conflict(f"{name} can't be changed by validation_data.")
        changes[name] = Change(None, value)
    return changes
