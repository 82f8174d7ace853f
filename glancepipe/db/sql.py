"""Expressions that each kind of database spells in its own way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, DateTime, Table, Text, and_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class json_rows(FunctionElement[str]):  # noqa: N801 - reads as the SQL function that it is
    """Aggregates rows into the text of one JSON array of arrays; null or [] if there are no rows."""

    type = Text()
    name = "json_rows"
    inherit_cache = True


class utc_now(FunctionElement[Any]):  # noqa: N801
    """The database's clock, in UTC: the one clock that all workers share."""

    type = DateTime()
    name = "utc_now"
    inherit_cache = True


class epoch(FunctionElement[Any]):  # noqa: N801
    """1970-01-01, spelled as each database keeps a time. MariaDB would take a mere string for one, also in a comparison."""

    type = DateTime()
    name = "epoch"
    inherit_cache = True


class unindexed(FunctionElement[bool]):  # noqa: N801
    """A condition that is asked of each row, and that no index shall be used for.

    SQLite, without statistics, takes any index for better than the one that gives the rows in order, and then sorts
    all images for the sake of a page of 25; PostgreSQL tries to join what many conditions look up, and thinks for a minute.
    """

    name = "unindexed"
    inherit_cache = True

    def __init__(self, condition: ColumnElement[bool]) -> None:
        super().__init__(condition)


class by_index(FunctionElement[bool]):  # noqa: N801
    """``condition``, found by an index as it is ``expressed`` on SQLite and PostgreSQL, and as it is itself on MariaDB.

    If SQLite sees both at once it puts a value of the one into the other, and then has no use for the index.
    """

    name = "by_index"
    inherit_cache = True

    def __init__(self, expressed: ColumnElement[bool], condition: ColumnElement[bool]) -> None:
        super().__init__(expressed, condition)


class in_order(FunctionElement[Any]):  # noqa: N801
    """What to sort by to follow an index: as it is ``expressed`` on SQLite and PostgreSQL, the column itself on MariaDB."""

    name = "in_order"
    inherit_cache = True

    def __init__(self, expressed: ColumnElement[Any], column: ColumnElement[Any]) -> None:
        super().__init__(expressed, column)


@compiles(json_rows, "sqlite")
def _json_rows_sqlite(element: json_rows, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(json_rows, "postgresql")
def _json_rows_postgresql(element: json_rows, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses, **options)})) AS TEXT)"


@compiles(json_rows, "mysql")
def _json_rows_mysql(element: json_rows, compiler: SQLCompiler, **options: Any) -> str:
    return f"JSON_ARRAYAGG(JSON_ARRAY({compiler.process(element.clauses, **options)}))"


@compiles(utc_now, "sqlite")
def _utc_now_sqlite(element: utc_now, compiler: SQLCompiler, **options: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiles(utc_now, "postgresql")
def _utc_now_postgresql(element: utc_now, compiler: SQLCompiler, **options: Any) -> str:
    return "timezone('utc', clock_timestamp())"


@compiles(utc_now, "mysql")
def _utc_now_mysql(element: utc_now, compiler: SQLCompiler, **options: Any) -> str:
    return "UTC_TIMESTAMP()"


@compiles(epoch)
def _epoch(element: epoch, compiler: SQLCompiler, **options: Any) -> str:
    return "'1970-01-01 00:00:00.000000'"


@compiles(epoch, "mysql")
def _epoch_mysql(element: epoch, compiler: SQLCompiler, **options: Any) -> str:
    return "TIMESTAMP'1970-01-01 00:00:00'"


@compiles(unindexed)
def _unindexed(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"CASE WHEN {compiler.process(element.clauses, **options)} THEN {_YES[compiler.dialect.name]} END"


@compiles(by_index)
def _by_index(element: by_index, compiler: SQLCompiler, **options: Any) -> str:
    expressed, condition = element.clauses
    return compiler.process(and_(expressed, unindexed(condition)), **options)


@compiles(by_index, "mysql")
def _by_index_mysql(element: by_index, compiler: SQLCompiler, **options: Any) -> str:
    _, condition = element.clauses
    return compiler.process(condition, **options)


@compiles(in_order)
def _in_order(element: in_order, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(list(element.clauses)[compiler.dialect.name == "mysql"], **options)


_YES = {"sqlite": "1", "postgresql": "true", "mysql": "1"}


def live(table: Table) -> ColumnElement[bool]:
    """Not soft-deleted. Spelled so that no database uses its index on ``deleted``, which fits nearly every row."""
    return table.c.deleted.is_not(true())
