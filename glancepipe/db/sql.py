"""Three expressions that each kind of database spells in its own way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, DateTime, Table, Text, true
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


class unindexed(FunctionElement[bool]):  # noqa: N801
    """A condition that no index shall be used for.

    SQLite, without statistics, takes any index for better than the one that gives the rows in order, and then
    sorts all images for the sake of a page of 25.
    """

    name = "unindexed"
    inherit_cache = True

    def __init__(self, condition: ColumnElement[bool]) -> None:
        super().__init__(condition)


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


@compiles(unindexed)
def _unindexed(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)})"


@compiles(unindexed, "sqlite")
def _unindexed_sqlite(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"CASE WHEN {compiler.process(element.clauses, **options)} THEN 1 ELSE 0 END"


def live(table: Table) -> ColumnElement[bool]:
    """Not soft-deleted. Spelled so that no database uses its index on ``deleted``, which fits nearly every row."""
    return table.c.deleted.is_not(true())
