"""Expressions in the words of each database, without one."""

from __future__ import annotations

import pytest
from sqlalchemy import func, or_, select
from sqlalchemy.dialects import mysql, postgresql, sqlite

from glancepipe.db.models import images
from glancepipe.db.sql import by_index, json_rows, live, unindexed, utc_now

DIALECTS = {"sqlite": sqlite, "postgresql": postgresql, "mysql": mysql}


def sql(name, expression):
    compiled = expression.compile(dialect=DIALECTS[name].dialect(), compile_kwargs={"literal_binds": True})
    return " ".join(str(compiled).split())


EITHER = or_(images.c.name == "a", images.c.name == "b")


@pytest.mark.parametrize(("name", "yes"), [("sqlite", "1"), ("postgresql", "true"), ("mysql", "1")])
def test_an_unindexed_condition_stays_one_condition(name, yes):
    statement = select(images.c.id).where(unindexed(EITHER), images.c.owner == "p")
    condition = f"CASE WHEN images.name = 'a' OR images.name = 'b' THEN {yes} END"
    assert sql(name, statement).endswith(f"WHERE {condition} AND images.owner = 'p'")


def test_an_expression_that_is_indexed_is_asked_first_where_it_can_be():
    condition = by_index(func.coalesce(images.c.name, "") == "a", images.c.name == "a")
    assert sql("sqlite", condition) == "coalesce(images.name, '') = 'a' AND CASE WHEN images.name = 'a' THEN 1 END"
    assert sql("mysql", condition) == "images.name = 'a'"


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("sqlite", "json_group_array(json_array(images.id, images.name))"),
        ("postgresql", "CAST(json_agg(json_build_array(images.id, images.name)) AS TEXT)"),
        ("mysql", "JSON_ARRAYAGG(JSON_ARRAY(images.id, images.name))"),
    ],
)
def test_rows_as_json(name, rows):
    assert sql(name, json_rows(images.c.id, images.c.name)) == rows


@pytest.mark.parametrize("name", DIALECTS)
def test_the_clock_is_the_databases_and_in_utc(name):
    assert "utc" in sql(name, utc_now()).lower() or "'now'" in sql(name, utc_now())


@pytest.mark.parametrize("name", DIALECTS)
def test_live_rows_are_not_looked_up_by_their_flag(name):
    assert " IS NOT " in sql(name, live(images))
