"""What revisions do alike."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op


def make_table(name: str, *columns: sa.Column[Any], indexed: tuple[str, ...] = ()) -> None:
    """Make a table and its indexes, as far as an interrupted upgrade has not: MariaDB and MySQL can't undo that."""
    connection = op.get_bind()
    if not sa.inspect(connection).has_table(name):
        op.create_table(name, *columns, mysql_engine="InnoDB", mysql_charset="utf8mb4")
    present = {index["name"] for index in sa.inspect(connection).get_indexes(name)}
    for column in indexed:
        index = f"ix_{name}_{column}"
        if index not in present:
            op.create_index(index, name, [column])


def add_column(table: str, column: sa.Column[Any]) -> None:
    """Add a column, unless an interrupted upgrade has."""
    if column.name not in {present["name"] for present in sa.inspect(op.get_bind()).get_columns(table)}:
        op.add_column(table, column)
