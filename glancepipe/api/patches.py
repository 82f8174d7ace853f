"""From a JSON patch to the edit of a record: draft 10 and draft 4 syntax, one rule for both (FEATURES 1.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from glancepipe.api import patch_locations
from glancepipe.api.validation import CHOSEN, READ_ONLY, Checks, base_value, check_name, property_value, refuse_reserved
from glancepipe.contract import ABSENT, Change, ChangeSet, Image
from glancepipe.contract.errors import Conflict, Forbidden, Invalid

MEDIA_TYPES = {
    "application/openstack-images-v2.0-json-patch": 4,
    "application/openstack-images-v2.1-json-patch": 10,
}
"""The draft whose syntax each media type stands for (FEATURES 1.5-01)."""

ACTIONS = ("add", "replace", "remove")
BASE = frozenset({*CHOSEN, "tags"}) - {"id"}
"""Base attributes that may be changed (FEATURES 1.5-12); whatever else is not read-only is a custom property (1.5-19)."""

_DEPTHS = {"add": 2, "replace": 1, "remove": 2}
"""Segments of a pointer into ``locations`` (FEATURES 1.5-06)."""
_BAD_ESCAPE = re.compile(r"~(?![01])")


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a patch. ``strict``: adding what is there already is a conflict (draft 4)."""

    action: str
    path: tuple[str, ...]
    value: Any = None
    strict: bool = False


def edit_of(document: Any, draft: int, checks: Checks, locations_shown: bool) -> Callable[[Image], ChangeSet]:
    """The edit that a patch describes. Raises Invalid or Forbidden for what no record could make right.

    The edit itself raises Conflict, Forbidden and Invalid (FEATURES 1.5-10, 1.5-11). All steps apply or none (1.5-16).
    """
    steps = parse(document, draft)
    for step in steps:
        _check(step, checks)

    def edit(image: Image) -> ChangeSet:
        editing = _Editing(image, locations_shown)
        for step in steps:
            editing.apply(step)
        return ChangeSet(editing.base, editing.properties)

    return edit


def parse(document: Any, draft: int) -> list[Step]:
    """The steps of a patch. Raises Invalid (FEATURES 1.5-02 to 1.5-05)."""
    if not isinstance(document, list):
        raise Invalid("The body must be a JSON array of operations.")
    return [_step(operation, draft) for operation in document]


def _step(operation: Any, draft: int) -> Step:
    if not isinstance(operation, dict):
        raise Invalid("An operation must be a JSON object.")
    if draft == 4:
        named = [action for action in ACTIONS if action in operation]
        if len(named) != 1:
            raise Invalid("An operation must have exactly one of the members add, replace and remove.")
        action: Any = named[0]
        pointer = operation[action]
    else:
        action, pointer = operation.get("op"), operation.get("path")
        if action not in ACTIONS:
            raise Invalid(f"The member op of an operation must be one of {', '.join(ACTIONS)}.")
    if not isinstance(pointer, str):
        raise Invalid("The path of an operation must be a string.")
    if action != "remove" and "value" not in operation:
        raise Invalid(f"The operation {action} needs a value.")
    return Step(action, _segments(pointer), operation.get("value"), strict=draft == 4)


def _segments(pointer: str) -> tuple[str, ...]:
    if not pointer.startswith("/"):
        raise Invalid(f"The path '{pointer}' does not begin with '/'.")
    if _BAD_ESCAPE.search(pointer):
        raise Invalid(f"The path '{pointer}' contains '~' that is not part of '~0' or '~1'.")
    # Blanks around a name do not belong to it (FEATURES 1.5-05).
    segments = tuple(part.strip().replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    if "" in segments:
        raise Invalid(f"The path '{pointer}' has an empty part.")
    return segments


def _check(step: Step, checks: Checks) -> None:
    """What can be said of a step without the record (FEATURES 1.5-06 to 1.5-09)."""
    name = step.path[0]
    if len(step.path) != (_DEPTHS[step.action] if name == "locations" else 1):
        raise Invalid(f"There is nothing to {step.action} at '/{'/'.join(step.path)}'.")
    if name in READ_ONLY or name == "id":
        raise Forbidden(f"Attribute '{name}' is read-only.")
    refuse_reserved(name)
    check_name(name)
    if step.action != "remove":
        checks.one(name, [step.value] if len(step.path) == 2 else step.value)


class _Editing:
    """A record being edited in memory: what was touched, as it is now."""

    def __init__(self, image: Image, locations_shown: bool) -> None:
        self.image = image
        self.locations_shown = locations_shown
        self.base: dict[str, Change] = {}
        self.properties: dict[str, Change] = {}

    def apply(self, step: Step) -> None:
        name = step.path[0]
        if name == "locations":
            if not self.locations_shown:
                raise Forbidden("Locations can't be changed where they are not shown.")
            self.base.update(patch_locations.apply(self.image, self.base, step.action, step.path[1:], step.value))
        elif name in BASE:
            self._apply_to_base(name, step)
        else:
            self._apply_to_property(name, step)

    def _apply_to_base(self, name: str, step: Step) -> None:
        if step.action == "remove":
            raise Forbidden(f"Attribute '{name}' can't be removed.")
        if step.action == "add" and step.strict:
            raise Conflict(f"Attribute '{name}' is there already.")
        value = frozenset(step.value) if name == "tags" else base_value(name, step.value)
        self.base[name] = Change(getattr(self.image, name), value)

    def _apply_to_property(self, name: str, step: Step) -> None:
        stored = self.image.properties.get(name, ABSENT)
        current = self.properties[name].new if name in self.properties else stored
        if current is ABSENT and step.action != "add":
            raise Conflict(f"Property '{name}' does not exist.")
        if current is not ABSENT and step.action == "add" and step.strict:
            raise Conflict(f"Property '{name}' is there already.")
        new = ABSENT if step.action == "remove" else property_value(name, step.value)
        if new is stored is ABSENT:
            # Added and removed again: there is nothing to save.
            del self.properties[name]
        else:
            self.properties[name] = Change(stored, new)
