"""The indexes on Glance's tables that listings need. Glance makes no use of them, and starts with them and without.

On SQLite and PostgreSQL they leave out what is deleted, and sort null as listings do. MariaDB can do neither: there a
listing is put together from runs of an index (order.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, DateTime, FromClause, Index, Integer, MetaData, Table, func, literal_column, text
from sqlalchemy.schema import CreateIndex, DropIndex

from glancepipe.db import models
from glancepipe.db.sql import epoch, live

LOG = logging.getLogger(__name__)

PREFIX = "ix_glancepipe_"
"""Of the names of all of them, on tables that are Glance's."""

LONGEST = 64
"""So many characters of a property's value are in the index: some databases have a limit to the length of a key."""

BY_TIME = ("created_at", "id")
"""What listings sort by in the end."""

LEADING = ("created_at", "updated_at", "name", "status", "container_format", "disk_format", "size", "owner", "visibility")
"""Attributes of images that lead an index, to be sorted by or to be looked up."""


def floor(column: Column[Any]) -> Any:
    """What null counts as when an attribute is sorted by (FEATURES 3-08)."""
    if isinstance(column.type, Integer):
        return 0
    return datetime(1970, 1, 1) if isinstance(column.type, DateTime) else ""


def least(column: Column[Any]) -> ColumnElement[Any]:
    """The same, spelled out in a statement: a parameter would keep some databases from using an index."""
    value = floor(column)
    if isinstance(value, datetime):
        return epoch()
    return literal_column(f"{value:d}" if isinstance(value, int) else f"'{value}'", column.type)


def floored(source: FromClause, name: str) -> ColumnElement[Any]:
    """An attribute of the images in ``source`` as it is sorted by."""
    column = models.images.c[name]
    return func.coalesce(source.c[name], least(column)) if column.nullable else source.c[name]


def beginning(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """The part of a property's value that is in the index."""
    return func.substr(value, literal_column("1"), literal_column(str(LONGEST)))


def missing(connection: Connection) -> list[str]:
    """The names of those that the database does not have."""
    present = _present(connection)
    return [str(index.name) for index in _wanted(connection) if index.name not in present]


def create(connection: Connection, say: Callable[[str], None] = LOG.info) -> None:
    """Make those that are missing; ``say`` is told of each before, since it takes a while on a large table."""
    present = _present(connection)
    made = [index for index in _wanted(connection) if index.name not in present]
    for index in made:
        say(f"Making index {index.name}.")
        connection.execute(CreateIndex(index))
    if connection.dialect.name == "postgresql":
        # Else it knows nothing of the expressions, until enough rows have changed.
        for name in sorted({index.table.name for index in made if index.table is not None}):
            connection.execute(text(f"ANALYZE {name}"))


def drop(connection: Connection) -> list[str]:
    """Remove all of them; answers their names."""
    present = _present(connection)
    there = [index for index in _wanted(connection) if index.name in present]
    for index in there:
        connection.execute(DropIndex(index))
    return [str(index.name) for index in there]


def _present(connection: Connection) -> set[str]:
    # SQLAlchemy's inspector leaves out indexes on expressions on SQLite.
    return set(connection.scalars(text(_NAMES[connection.dialect.name])))


_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
    "mysql": "SELECT index_name FROM information_schema.statistics WHERE table_schema = database()",
}


def _wanted(connection: Connection) -> Sequence[Index]:
    plain = connection.dialect.name == "mysql"
    tables = MetaData()
    images, properties, tags, members = (
        table.to_metadata(tables) for table in (models.images, models.image_properties, models.image_tags, models.image_members)
    )

    def index(table: Table, name: str, *keys: Any, **options: Any) -> Index:
        where = None if plain else live(table)
        return Index(f"{PREFIX}{table.name}_{name}", *keys, sqlite_where=where, postgresql_where=where, _table=table, **options)

    value = properties.c.value if plain else beginning(properties.c.value)
    return [
        *(
            index(images, name, images.c[name] if plain else floored(images, name), *(images.c[key] for key in BY_TIME if key != name))
            for name in LEADING
        ),
        index(properties, "value", properties.c.name, value, mysql_length={"value": LONGEST}),
        index(tags, "value", tags.c.value),
        index(members, "member", members.c.member),
    ]
