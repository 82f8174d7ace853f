"""Which images a listing contains: its filters and its sights as SQL conditions.

A condition is made from the *shape* of a filter alone; ``parameters`` gives the values that belong to it. Where an index
finds the images that meet it, there is a select of their ids as well.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, Select, Table, and_, bindparam, exists, false, or_, select, true

from glancepipe.contract.errors import Invalid
from glancepipe.contract.query import VISIBILITIES, Filter, Relation, Sight
from glancepipe.db import indexes
from glancepipe.db.models import image_members, image_properties, image_tags, images
from glancepipe.db.records import BASE
from glancepipe.db.sql import by_index, in_order, live, unindexed
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
    if column.table is images:
        return _of_image(column, shape, number)
    return exists().where(and_(column.table.c.image_id == images.c.id, *_of_child(column, shape, number)))


def matches(shape: Shape, number: int) -> Select[Any] | None:
    """The ids of the images that meet the same condition, once or several times; None if no index finds them."""
    column = _column(shape.attribute)
    if shape.null or shape.op == "neq":
        return None
    if column.table is not images:
        return select(column.table.c.image_id.label("id")).where(*_of_child(column, shape, number))
    if shape.attribute not in _INDEXED:
        return None
    found = select(images.c.id).where(live(images), _of_image(column, shape, number))
    if shape.op in ("eq", "in"):
        return found
    # In the order of the index: PostgreSQL thinks that a third of all is on this side of any bound, and would look for it everywhere.
    return found.order_by(in_order(indexes.floored(images, shape.attribute), column))


_INDEXED = frozenset({"id", "checksum", "os_hash_value", *indexes.LEADING})
"""Attributes that an index finds: the last ones by ours, the others by Glance's."""


def _of_image(column: Column[Any], shape: Shape, number: int) -> ColumnElement[bool]:
    compared = _compared(column, shape, number)
    if shape.null or shape.op == "neq" or not (column.nullable and shape.attribute in indexes.LEADING):
        return compared
    return by_index(_compared(indexes.floored(images, shape.attribute), shape, number), compared)


def _of_child(column: Column[Any], shape: Shape, number: int) -> list[ColumnElement[bool]]:
    """The conditions on a child's row."""
    child: Table = column.table
    compared = _compared(column, shape, number)
    if child is not image_properties:
        return [live(child), compared]
    if shape.op == "eq" and not shape.null:
        compared = by_index(indexes.beginning(column) == indexes.beginning(_value(column, shape, number)), compared)
    return [live(child), child.c.name == bindparam(f"name_{number}", type_=child.c.name.type), compared]


def _value(column: ColumnElement[Any], shape: Shape, number: int) -> ColumnElement[Any]:
    # Integers are compared as the widest kind: a value beyond a narrow column is no error.
    kind = BigInteger() if isinstance(column.type, Integer) else column.type
    return bindparam(f"value_{number}", type_=kind, expanding=shape.op == "in")


def _compared(column: ColumnElement[Any], shape: Shape, number: int) -> ColumnElement[bool]:
    if shape.null:
        return column.is_(None) if shape.op == "eq" else column.is_not(None)
    compared: ColumnElement[bool] = _COMPARE[shape.op](column, _value(column, shape, number))
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


def in_sight(sights: frozenset[Sight], *, any_status: bool) -> list[Select[Any]]:
    """The ids of images that contain all those of one of ``sights``, in parts each of which an index finds."""
    own, member, other = (_visibilities(sights, relation) for relation in RELATIONS)
    viewer = bindparam("viewer", type_=images.c.owner.type)
    parts = []
    if own - other:
        mine = by_index(indexes.floored(images, "owner") == viewer, images.c.owner == viewer)
        parts.append(select(images.c.id).where(live(images), mine, unindexed(_among(own - other))))
    if other:
        parts.append(select(images.c.id).where(live(images), images.c.visibility.in_(sorted(other))))
    if member - other:
        shared = [image_members.c.member == viewer, live(image_members)]
        if not any_status:
            shared.append(image_members.c.status == bindparam("member_status", type_=image_members.c.status.type))
        parts.append(select(image_members.c.image_id.label("id")).where(*shared))
    return parts


def _visibilities(sights: frozenset[Sight], relation: Relation) -> set[str]:
    return {sight.visibility for sight in sights if sight.relation == relation}


def _among(visibilities: set[str]) -> ColumnElement[bool]:
    if visibilities >= set(VISIBILITIES):
        return true()
    wanted = sorted(visibilities)
    return images.c.visibility == wanted[0] if len(wanted) == 1 else images.c.visibility.in_(wanted)
