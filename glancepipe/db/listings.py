"""Listings of images: how a page is found, and the select statement that finds it.

A page's statement depends on the *shape* of its query only. Values are parameters, and so are the names of custom
properties, which clients choose freely: each shape is built once in a process (PERF 6).

A page is found in one of two ways. If an index finds *few* images among which all of the listing's must be (those with a
tag, those that the caller can see, ...), these are gathered and sorted; a probe, whose cost is bounded, tells before. Else
the images are walked in the order of the listing, along an index, until the page is full. So neither what is rare nor
what is common takes long, and no database needs statistics to choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    true,
    union_all,
)

from glancepipe.contract.errors import Invalid
from glancepipe.contract.query import EVERYTHING, ImageQuery, Relation, Sight
from glancepipe.contract.records import Image, Status
from glancepipe.db import filters, indexes
from glancepipe.db.engine import VARIES
from glancepipe.db.models import images
from glancepipe.db.order import Run, directed, order, runs, whole
from glancepipe.db.records import BASE
from glancepipe.db.selects import with_children
from glancepipe.db.sql import live, unindexed

MOST_FILTERS = 100
"""A listing takes no more of them: SQLite has a limit to the depth of a condition, and nobody has a use for so many."""
FEW = 500
"""So many images are gathered and sorted rather than walked past."""
MOST_PROBED = 4
"""A listing's filters that are probed; nobody's fifth one is the first that is rare."""
_SIGHTS, _HIDDEN = -1, -2
"""Beside the numbers of filters: what else may be met by few images."""
_OWN_AND_OTHER: tuple[Relation, ...] = ("own", "other")
_UNLISTED = (Status.KILLED, Status.PENDING_DELETE, Status.DELETED)


class _Shape(NamedTuple):
    filters: tuple[filters.Shape, ...]
    sights: frozenset[Sight] | None
    any_status: bool
    hidden: bool
    keys: tuple[tuple[str, bool], ...]
    resumes: bool


class Asked(NamedTuple):
    """A listing, as statements and their parameters."""

    shape: _Shape
    values: Mapping[str, Any]

    def rows(self, connection: Connection) -> Sequence[Row[Any]]:
        """The rows of a page and one more."""
        probed, probe = _probe(self.shape)
        few = None
        if probe is not None:
            found = min(zip(connection.execute(probe, self.values).one(), probed, strict=True))
            few = found[1] if found[0] <= FEW else None
        plain = connection.dialect.name == "mysql"
        return connection.execute(_page(self.shape, few, plain=plain), self.values).all()


def page(query: ImageQuery, caller: str | None) -> Asked | None:
    """How to find a page; None if no image can match.

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
    return Asked(_Shape(shapes, sights, query.member_status == "all", query.hidden, keys, query.after is not None), values)


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


def _sorted_as(image: Image, name: str) -> Any:
    value = getattr(image, name)
    return indexes.floor(images.c[name]) if value is None else value


def _few(shape: _Shape) -> dict[int, list[Select[Any]]]:
    """The ids of images among which all of the listing's must be, by what they are found by; each in parts."""
    found = {number: [ids] for number, each in enumerate(shape.filters) if (ids := filters.matches(each, number)) is not None}
    found = dict(list(found.items())[:MOST_PROBED])
    if shape.sights is not None:
        found[_SIGHTS] = filters.in_sight(shape.sights, any_status=shape.any_status)
    if shape.hidden:
        found[_HIDDEN] = [select(images.c.id).where(images.c.os_hidden.is_(true()))]
    return found


@lru_cache(maxsize=200)
def _probe(shape: _Shape) -> tuple[tuple[int, ...], Select[Any] | None]:
    """What may be few, and the statement that counts them, each up to where it is more than few."""
    few = _few(shape)

    def count(parts: list[Select[Any]]) -> ColumnElement[int]:
        counted = [_some(part, FEW + 1) for part in parts]
        return select(func.count()).select_from(union_all(*counted).subquery()).scalar_subquery()

    if not few:
        return (), None
    counted = select(*[count(parts) for parts in few.values()])
    return tuple(few), counted.execution_options(**{VARIES: True})  # type: ignore[return-value]  # SQLAlchemy types it by its columns


def _some(ids: Select[Any], most: int) -> Select[Any]:
    """Not more of them; as a subquery, since not every database takes a limit within a union."""
    return select(ids.limit(literal_column(str(most))).subquery().c.id)


@lru_cache(maxsize=200)
def _page(shape: _Shape, few: int | None, plain: bool) -> Select[Any]:
    # What an index can answer first, then what is cheap, then what is looked up elsewhere.
    conditions = [live(images), images.c.os_hidden.is_(true()) if shape.hidden else images.c.os_hidden.is_not(true())]
    conditions.append(images.c.status.not_in(_UNLISTED))
    if shape.sights is not None:
        conditions.append(unindexed(filters.seen(shape.sights, any_status=shape.any_status)))
    leading, prefix = _leading(shape), []
    for number, each in enumerate(shape.filters):
        condition = filters.condition(each, number)
        if number == leading and plain:
            # MariaDB would use no more of the index than the column that is equal: it is not told that it is.
            condition = and_(*(filters.condition(each._replace(op=op), number) for op in ("gte", "lte")))
            prefix = [directed(images.c[each.attribute], shape.keys[0][1])]
        # A bound of what is walked along is where to start or end.
        conditions.append(condition if each.attribute == shape.keys[0][0] or number == leading else unindexed(condition))

    def rows(run: Run) -> Select[Any]:
        chosen = select(*(images.c[name] for name in BASE)).where(*run.conditions, *conditions)
        return chosen.order_by(*prefix, *run.order).limit(bindparam("limit", type_=Integer()))

    if few is not None:
        # The limits are never reached. They say that these are few, and keep the database from thinking otherwise.
        most = FEW + 100
        ids = union_all(*(_some(part, most) for part in _few(shape)[few])).subquery()
        gathered = select(ids.c.id).distinct().limit(literal_column(str(most))).subquery("few")
        found = rows(whole(shape.keys, resumes=shape.resumes)).join_from(gathered, images, images.c.id == gathered.c.id)
    else:
        found, *others = [rows(run) for run in runs(shape.keys, resumes=shape.resumes, plain=plain)]
        if others:
            together = union_all(*(select(part.subquery()) for part in (found, *others))).subquery()
            found = select(together).order_by(*order(together, shape.keys)).limit(bindparam("limit", type_=Integer()))
    # First the page, then what hangs on its images: else some databases gather that for every image that they sort.
    page = found.subquery("page")
    return with_children(page).order_by(*order(page, shape.keys)).execution_options(**{VARIES: True})


def _leading(shape: _Shape) -> int | None:
    """The filter whose index holds those that meet it in order of time, if that is the listing's."""
    if [name for name, _ in shape.keys] != list(indexes.BY_TIME) or len({ascending for _, ascending in shape.keys}) > 1:
        return None
    equal = (number for number, each in enumerate(shape.filters) if each.attribute in indexes.LEADING and each.op == "eq" and not each.null)
    return next(equal, None)
