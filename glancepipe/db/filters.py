"""Which images a listing contains: its filters and its sights as SQL conditions.

A condition is made from the *shape* of a filter alone; ``parameters`` gives the values that belong to it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, Table, and_, bindparam, exists, false, or_, true

from glancepipe.contract.errors import Invalid
from glancepipe.contract.query import VISIBILITIES, Filter, Relation, Sight
from glancepipe.db.models import image_members, image_properties, image_tags, images
from glancepipe.db.records import BASE
from glancepipe.db.sql import live
from glancepipe.db.values import BIGGEST, obstacle

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    op: getattr(operator, name) for op, name in (("eq", "eq"), ("neq", "ne"), ("gt", "gt"), ("gte", "ge"), ("lt", "lt"), ("lte", "le"))
}
_COMPARE["in"] = lambda column, values: column.in_(values)


RELATIONS: tuple[Relation, ...] = ("own", "member", "other")


class Shape(NamedTuple):
    """A filter without its value. ``attribute`` is empty for custom properties: their names are parameters, too."""

    attribute: str
    op: str
    null: bool


def shape(filter_: Filter) -> Shape:
    """The shape of a filter. Raises Invalid if there is no such attribute or operator."""
    if not filter_.custom and filter_.attribute != "tag" and filter_.attribute not in BASE:
        raise Invalid(f"Images can't be filtered by {filter_.attribute!r}.")
    null = filter_.value is None
    if filter_.op not in _COMPARE or (null and filter_.op not in ("eq", "neq")):
        raise Invalid(f"Filter operator {filter_.op!r} does not fit {filter_.attribute!r}.")
    return Shape("" if filter_.custom else filter_.attribute, filter_.op, null)


def _column(attribute: str) -> Column[Any]:
    if attribute == "":
        return image_properties.c.value
    return image_tags.c.value if attribute == "tag" else images.c[attribute]


def condition(shape: Shape, number: int) -> ColumnElement[bool]:
    """The condition on ``images`` of the filter in the ``number``th place."""
    column = _column(shape.attribute)
    compared = _compared(column, shape, f"value_{number}")
    if column.table is images:
        return compared
    child: Table = column.table
    hangs_on = and_(child.c.image_id == images.c.id, live(child), compared)
    if child is image_properties:
        hangs_on = and_(hangs_on, child.c.name == bindparam(f"name_{number}", type_=child.c.name.type))
    return exists().where(hangs_on)


def _compared(column: Column[Any], shape: Shape, parameter: str) -> ColumnElement[bool]:
    if shape.null:
        return column.is_(None) if shape.op == "eq" else column.is_not(None)
    # Integers are compared as the widest kind: a value beyond a narrow column is no error.
    kind = BigInteger() if isinstance(column.type, Integer) else column.type
    value = bindparam(parameter, type_=kind, expanding=shape.op == "in")
    compared: ColumnElement[bool] = _COMPARE[shape.op](column, value)
    return compared


def parameters(filter_: Filter, number: int) -> dict[str, Any] | None:
    """The values of the filter in the ``number``th place; None if no image can match it, whatever its kind."""
    found: dict[str, Any] = {}
    if filter_.custom:
        if obstacle(image_properties.c.name, filter_.attribute):
            return None
        found[f"name_{number}"] = filter_.attribute
    if filter_.value is None:
        return found
    column = _column("" if filter_.custom else filter_.attribute)
    if filter_.op == "in":
        values = filter_.value if isinstance(filter_.value, (tuple, list)) else (filter_.value,)
        fitting = [value for value in values if not obstacle(column, value)]
        return {**found, f"value_{number}": fitting} if fitting else None
    value: object = filter_.value
    if isinstance(value, datetime) and value.tzinfo:
        value = value.astimezone(UTC).replace(tzinfo=None)
    elif isinstance(value, int) and not isinstance(value, bool) and isinstance(column.type, Integer):
        # No image is that big, so beyond the limit every comparison has the same result as at the limit.
        return {**found, f"value_{number}": max(-BIGGEST, min(BIGGEST, value))}
    if obstacle(column, value):
        return None
    return {**found, f"value_{number}": value}


def seen(sights: frozenset[Sight], *, any_status: bool) -> ColumnElement[bool]:
    """The condition that an image is of one of ``sights``; its parameters are viewer and member_status.

    ``own`` and ``other`` are each other's opposite; ``member`` adds something where ``other`` is not in sight.
    """
    own, member, other = (_visibilities(sights, relation) for relation in RELATIONS)
    viewer = bindparam("viewer", type_=images.c.owner.type)
    owned, foreign = images.c.owner == viewer, images.c.owner.is_distinct_from(viewer)
    hangs_on = [image_members.c.image_id == images.c.id, image_members.c.member == viewer, live(image_members)]
    if not any_status:
        hangs_on.append(image_members.c.status == bindparam("member_status", type_=image_members.c.status.type))
    shared = exists().where(and_(*hangs_on))
    everything = set(VISIBILITIES)
    # Where the caller's own images are in sight whatever their visibility, that is not looked at.
    mine = everything if own >= everything else own - other
    pairs: tuple[tuple[set[str], list[ColumnElement[bool]]], ...] = (
        (own & other, []),
        (set() if own <= other else mine, [owned]),
        (other - own, [foreign]),
        (member & own - other, [shared]),
        (member - own - other, [shared, foreign]),
    )
    return or_(false(), *(and_(_among(visibilities), *conditions) for visibilities, conditions in pairs if visibilities))


def _visibilities(sights: frozenset[Sight], relation: Relation) -> set[str]:
    return {sight.visibility for sight in sights if sight.relation == relation}


def _among(visibilities: set[str]) -> ColumnElement[bool]:
    if visibilities >= set(VISIBILITIES):
        return true()
    wanted = sorted(visibilities)
    return images.c.visibility == wanted[0] if len(wanted) == 1 else images.c.visibility.in_(wanted)
