"""Removes what was deleted long ago, in batches; of an image its id stays, so that it is never used again (FEATURES 8.4-05, 8.4-06)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, delete, insert, select

from glancepipe.contract.records import Status
from glancepipe.db.database import Database, now
from glancepipe.db.models import (
    cached_images,
    image_locations,
    image_members,
    image_properties,
    image_tags,
    images,
    task_info,
    tasks,
    tombstones,
)

BATCH = 1000
"""Rows that one transaction removes at most, so that nobody waits long for its locks."""

CHILDREN = (image_properties, image_tags, image_locations, image_members)


def purge(database: Database, before: datetime) -> Iterator[tuple[str, int]]:
    """Remove rows that were deleted before that time; yields table and number of rows after each batch.

    Images whose data still waits to be erased stay whole. It can be interrupted, and run on several nodes at once.
    """
    waiting = select(images.c.id).where(images.c.deleted, images.c.status == Status.PENDING_DELETE)
    for table in CHILDREN:
        old = select(table.c.id).where(_gone(table, before), table.c.image_id.not_in(waiting))
        yield from _batches(database, old, partial(_remove, column=table.c.id))
    yield from _batches(database, select(tasks.c.id).where(_gone(tasks, before)), _remove_tasks)
    dead = select(images.c.id).where(_gone(images, before), images.c.status != Status.PENDING_DELETE)
    yield from _batches(database, dead, _bury)


def _gone(table: Table, before: datetime) -> ColumnElement[bool]:
    return table.c.deleted & (table.c.deleted_at < before)


def _batches(database: Database, which: Select[Any], remove: Callable[[Connection, Sequence[Any]], None]) -> Iterator[tuple[str, int]]:
    def batch(connection: Connection) -> int:
        # Locked, so that what comes back meanwhile (a removed property that is set again) is not removed.
        ids = connection.scalars(which.limit(BATCH).with_for_update(skip_locked=True)).all()
        if ids:
            remove(connection, ids)
        return len(ids)

    (name,) = {column.table.name for column in which.selected_columns}
    while count := database.write(batch):
        yield name, count


def _remove(connection: Connection, values: Sequence[Any], column: Column[Any]) -> None:
    connection.execute(delete(column.table).where(column.in_(values)))


def _remove_tasks(connection: Connection, ids: Sequence[Any]) -> None:
    _remove(connection, ids, task_info.c.task_id)
    _remove(connection, ids, tasks.c.id)


def _bury(connection: Connection, ids: Sequence[Any]) -> None:
    for table in (*CHILDREN, cached_images):
        # What is left of an image: younger than its deletion, or no longer of use.
        _remove(connection, ids, table.c.image_id)
    known = set(connection.scalars(select(tombstones.c.id).where(tombstones.c.id.in_(ids))))
    time = now()
    fresh = [{"id": image_id, "purged_at": time} for image_id in ids if image_id not in known]
    if fresh:
        connection.execute(insert(tombstones), fresh)
    _remove(connection, ids, images.c.id)
