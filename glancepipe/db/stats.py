"""Counts what the database holds, for who operates it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select

from glancepipe.db.models import (
    image_locations,
    image_members,
    image_properties,
    image_tags,
    images,
    journal,
    reservations,
    tasks,
    tombstones,
    workers,
)
from glancepipe.db.sql import live

Count = tuple[str, int, int | None]
"""What, how many, and bytes where that means something."""

_SIZE = func.coalesce(func.sum(images.c.size), 0)


def stats(connection: Connection) -> Iterator[Count]:
    """The counts, in the order in which they are told. They are of one moment only where nobody writes."""
    yield from _by(connection, "images", images.c.status, live(images), size=_SIZE)
    yield from _by(connection, "deleted images", images.c.status, ~live(images), size=_SIZE)
    there = live(images) & live(image_locations)
    copies = select(func.count(), _SIZE).join_from(images, image_locations, image_locations.c.image_id == images.c.id).where(there)
    count, size = connection.execute(copies).one()
    yield "locations", count, int(size)
    for name, table in (("properties", image_properties), ("tags", image_tags), ("members", image_members)):
        yield name, _count(connection, table, live(table)), None
        yield f"deleted {name}", _count(connection, table, ~live(table)), None
    yield from _by(connection, "tasks", tasks.c.status, live(tasks))
    yield from _by(connection, "journal", journal.c.kind)
    bytes_ = reservations.c.counts_for.in_(("stored", "staged"))
    held = connection.execute(select(func.count(), func.coalesce(func.sum(reservations.c.amount), 0)).where(bytes_)).one()
    yield "reservations", held[0], int(held[1])
    yield "workers", _count(connection, workers), None
    yield "purged images", _count(connection, tombstones), None


def _count(connection: Connection, table: Table, *which: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(*which)) or 0


def _by(
    connection: Connection, name: str, column: ColumnElement[Any], *which: ColumnElement[bool], size: ColumnElement[Any] | None = None
) -> Iterator[Count]:
    counted = [func.count()] if size is None else [func.count(), size]
    for value, count, *total in connection.execute(select(column, *counted).where(*which).group_by(column).order_by(column)):
        yield f"{name} {value}", count, int(total[0]) if total else None
