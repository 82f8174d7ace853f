"""What a listing is sorted by: the order, what comes behind the last of a page, and along which runs of an index it is walked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, and_, bindparam, or_, tuple_

from glancepipe.db import indexes
from glancepipe.db.models import images
from glancepipe.db.sql import by_index

Keys = Sequence[tuple[str, bool]]
"""Attributes of images, and whether each ascends."""


class Run(NamedTuple):
    """Images that an index holds one after the other: those that meet ``conditions``, in that ``order``."""

    conditions: Sequence[ColumnElement[bool]]
    order: Sequence[ColumnElement[Any]]


def whole(keys: Keys, *, resumes: bool) -> Run:
    """All in one: if it resumes, what is behind the row whose keys are the parameters after_0, after_1, ..."""
    return Run([behind(keys)] if resumes else [], order(images, keys))


def runs(keys: Keys, *, resumes: bool, plain: bool) -> list[Run]:
    """The same, in runs; ``plain``: indexes are on columns, not on what null counts as."""
    nullable = images.c[keys[0][0]].nullable
    if plain and len(keys) > 1 and (resumes or nullable):
        return _plain_runs(keys, resumes=resumes)
    if resumes and nullable and not plain:
        # SQLite can't start within what is equal in an expression, unless it is told that this is equal.
        name = keys[0][0]
        equal = indexes.floored(images, name) == _after(name, 0)
        return [Run([equal, behind(keys, 1)], order(images, keys[1:])), Run([_beyond(keys, 0)], order(images, keys))]
    return [whole(keys, resumes=resumes)]


def _plain_runs(keys: Keys, *, resumes: bool) -> list[Run]:
    """Null is a run of its own: who sorts all runs together puts it where it counts."""
    name, ascending = keys[0]
    column, after, others = images.c[name], _after(name, 0), order(images, keys[1:])
    along = [directed(column, ascending), *others]
    if not resumes:
        return [Run([column.is_(None)], others), Run([column.is_not(None)], along)]
    rest = behind(keys, 1)
    # Spelled like this MariaDB uses more of the index than the column that is equal.
    found = [Run([column >= after, column <= after, rest], others), Run([_further(column, after, ascending)], along)]
    if column.nullable:
        least = indexes.least(column)
        left = or_(_further(least, after, ascending), and_(least == after, rest))
        found.append(Run([column.is_(None), left], others))
    return found


def order(source: FromClause, keys: Keys) -> list[ColumnElement[Any]]:
    """The images in ``source`` by these keys."""
    return [directed(indexes.floored(source, name), ascending) for name, ascending in keys]


def directed(expression: ColumnElement[Any], ascending: bool) -> ColumnElement[Any]:
    """Upwards or downwards."""
    return expression.asc() if ascending else expression.desc()


def behind(keys: Keys, number: int = 0) -> ColumnElement[bool]:
    """Behind the row whose keys are the parameters after_0, after_1, ..., by those from ``number`` on."""
    stepwise = _stepwise(keys, number)
    rest = keys[number:]
    if len({ascending for _, ascending in rest}) > 1:
        return stepwise
    mine = tuple_(*(indexes.floored(images, name) for name, _ in rest))
    theirs = tuple_(*(_after(name, number + place) for place, (name, _) in enumerate(rest)))
    return by_index(mine > theirs if rest[0][1] else mine < theirs, stepwise)


def _stepwise(keys: Keys, number: int) -> ColumnElement[bool]:
    """Not before in the first key, and either behind in it or behind in the others.

    The first part is what lets an index start at the right place.
    """
    beyond = _beyond(keys, number)
    if number == len(keys) - 1:
        return beyond
    name, ascending = keys[number]
    key, value = indexes.floored(images, name), _after(name, number)
    return and_(key >= value if ascending else key <= value, or_(beyond, _stepwise(keys, number + 1)))


def _beyond(keys: Keys, number: int) -> ColumnElement[bool]:
    name, ascending = keys[number]
    return _further(indexes.floored(images, name), _after(name, number), ascending)


def _further(key: ColumnElement[Any], value: ColumnElement[Any], ascending: bool) -> ColumnElement[bool]:
    return key > value if ascending else key < value


def _after(name: str, number: int) -> ColumnElement[Any]:
    return bindparam(f"after_{number}", type_=images.c[name].type)
