"""The select statements: one for an image, one for a page, whatever hangs on the images included.

A page's statement depends on the *shape* of its query only. Values are parameters, and so are the names of custom
properties, which clients choose freely: each shape is built once in a process (PERF 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Enum,
    FromClause,
    Integer,
    Select,
    String,
    Table,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
)

from glancepipe.contract.errors import Invalid
from glancepipe.contract.query import EVERYTHING, ImageQuery, Relation, Sight
from glancepipe.contract.records import Image, Status
from glancepipe.db import filters
from glancepipe.db.models import image_locations, image_members, image_properties, image_tags, images
from glancepipe.db.records import BASE
from glancepipe.db.sql import json_rows, live, unindexed

MOST_FILTERS = 100
"""A listing takes no more of them: SQLite has a limit to the depth of a condition, and nobody has a use for so many."""
_OWN_AND_OTHER: tuple[Relation, ...] = ("own", "other")
_UNLISTED = (Status.KILLED, Status.PENDING_DELETE, Status.DELETED)


def _with_children(parent: FromClause, location_status: str = "active") -> Select[Any]:
    """Everything that ``records.image`` needs of the images in ``parent``; the parameter is caller."""

    def rows(child: Table, *columns: str, condition: ColumnElement[bool] | None = None) -> ColumnElement[str]:
        gathered = select(json_rows(*(child.c[name] for name in columns)))
        which = live(child) if condition is None else condition
        return gathered.where(child.c.image_id == parent.c.id, which).correlate(parent).scalar_subquery()

    located = image_locations.c.status == location_status
    if location_status == "active":
        located = live(image_locations) & located

    membership = select(image_members.c.status).where(
        image_members.c.image_id == parent.c.id,
        image_members.c.member == bindparam("caller", type_=image_members.c.member.type),
        live(image_members),
    )
    return select(
        # An enumeration's values are checked when they are written; that is enough.
        *(type_coerce(column, String) if isinstance(column.type, Enum) else column for column in (parent.c[name] for name in BASE)),
        rows(image_properties, "name", "value"),
        rows(image_tags, "value"),
        rows(image_locations, "id", "value", "meta_data", condition=located),
        membership.limit(1).correlate(parent).scalar_subquery(),
    )


STORED = _with_children(images).where(images.c.id == bindparam("id", type_=String()))
"""An image by its id, deleted or not."""

PENDING = (
    _with_children(images, location_status=Status.PENDING_DELETE)
    .where(images.c.deleted, images.c.status == Status.PENDING_DELETE)
    .where(images.c.deleted_at <= bindparam("before", type_=DateTime()), images.c.id > bindparam("after", type_=String()))
    .order_by(images.c.id)
    .limit(100)
)
"""Deleted images whose bytes wait to be erased, with the locations that wait."""

PRESENT = STORED.where(live(images))
"""An image by its id, if it is not deleted."""


class _Shape(NamedTuple):
    filters: tuple[filters.Shape, ...]
    sights: frozenset[Sight] | None
    any_status: bool
    hidden: bool
    keys: tuple[tuple[str, bool], ...]
    resumes: bool


def page(query: ImageQuery, caller: str | None) -> tuple[Select[Any], dict[str, Any]] | None:
    """The statement for a page and one more row, and its parameters; None if no image can match.

    Raises Invalid if it filters or sorts by something that is no attribute, or has too many filters.
    """
    if len(query.filters) > MOST_FILTERS:
        raise Invalid(f"A listing takes no more than {MOST_FILTERS} filters.")
    shapes = tuple(map(filters.shape, query.filters))
    values: dict[str, Any] = {"caller": caller, "limit": query.limit + 1}
    for number, filter_ in enumerate(query.filters):
        found = filters.parameters(filter_, number)
        if found is None:
            return None
        values |= found
    sights = _sights(query)
    if sights is not None:
        if not sights:
            return None
        values |= {"viewer": query.viewer, "member_status": query.member_status}
    keys = _keys(query)
    if query.after is not None:
        values |= {f"after_{number}": _sorted_as(query.after, name) for number, (name, _) in enumerate(keys)}
    statement = _page(_Shape(shapes, sights, query.member_status == "all", query.hidden, keys, query.after is not None))
    return statement, values


def _sights(query: ImageQuery) -> frozenset[Sight] | None:
    sights = query.sights
    if sights is None and query.visibility not in (None, "all"):
        sights = frozenset(sight for sight in EVERYTHING if sight.visibility == query.visibility)
    if sights is not None and query.viewer is None:
        # Nothing is nobody's own, so another's is all there is; which is what own and other say together.
        others = {sight.visibility for sight in sights if sight.relation == "other"}
        sights = frozenset(Sight(relation, visibility) for visibility in others for relation in _OWN_AND_OTHER)
    return sights


def _keys(query: ImageQuery) -> tuple[tuple[str, bool], ...]:
    """What to sort by: each attribute once, and nothing behind the id, which has no ties (FEATURES 3-08)."""
    keys: dict[str, bool] = {}
    for name, ascending in (*query.sort, ("created_at", query.tie_ascending), ("id", query.tie_ascending)):
        if name not in BASE:
            raise Invalid(f"Images can't be sorted by {name!r}.")
        keys.setdefault(name, ascending)
        if name == "id":
            break
    return tuple(keys.items())


def _floor(name: str) -> Any:
    """What null counts as when an attribute is sorted by (FEATURES 3-08)."""
    kind = images.c[name].type
    if isinstance(kind, Integer):
        return 0
    return datetime(1970, 1, 1) if isinstance(kind, DateTime) else ""


def _sorted_as(image: Image, name: str) -> Any:
    value = getattr(image, name)
    return _floor(name) if value is None else value


def _sort_expression(source: FromClause, name: str) -> ColumnElement[Any]:
    column = source.c[name]
    return func.coalesce(column, literal(_floor(name), column.type)) if images.c[name].nullable else column


@lru_cache(maxsize=200)
def _page(shape: _Shape) -> Select[Any]:
    conditions = [live(images), images.c.os_hidden.is_(true()) if shape.hidden else images.c.os_hidden.is_not(true())]
    conditions.append(images.c.status.not_in(_UNLISTED))
    conditions += [filters.condition(filter_, number) for number, filter_ in enumerate(shape.filters)]
    if shape.sights is not None:
        conditions.append(unindexed(filters.seen(shape.sights, any_status=shape.any_status)))
    if shape.resumes:
        conditions.append(_behind(shape.keys))

    def order(source: FromClause) -> list[ColumnElement[Any]]:
        expressions = ((_sort_expression(source, name), ascending) for name, ascending in shape.keys)
        return [expression.asc() if ascending else expression.desc() for expression, ascending in expressions]

    # First the page, then what hangs on its images: else some databases gather that for every image that they sort.
    rows = select(*(images.c[name] for name in BASE)).where(and_(*conditions)).order_by(*order(images))
    found = rows.limit(bindparam("limit", type_=Integer())).subquery("page")
    return _with_children(found).order_by(*order(found))


def _behind(keys: Sequence[tuple[str, bool]], number: int = 0) -> ColumnElement[bool]:
    """Behind the row whose keys are the parameters after_0, after_1, ...

    It reads "not before in the first key, and either behind in it or behind in the others": the first part is what
    lets an index start at the right place.
    """
    name, ascending = keys[number]
    key = _sort_expression(images, name)
    value = bindparam(f"after_{number}", type_=images.c[name].type)
    behind, not_before = (key > value, key >= value) if ascending else (key < value, key <= value)
    if number == len(keys) - 1:
        return behind
    return and_(not_before, or_(behind, _behind(keys, number + 1)))
