"""Expressions in the words of each database, without one."""

from __future__ import annotations

import pytest
from sqlalchemy import or_, select
from sqlalchemy.dialects import mysql, postgresql, sqlite

from glancepipe.db.models import images
from glancepipe.db.sql import json_rows, live, unindexed, utc_now

DIALECTS = {"sqlite": sqlite, "postgresql": postgresql, "mysql": mysql}


def sql(name, expression):
    compiled = expression.compile(dialect=DIALECTS[name].dialect(), compile_kwargs={"literal_binds": True})
    return " ".join(str(compiled).split())


EITHER = or_(images.c.name == "a", images.c.name == "b")


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("sqlite", "CASE WHEN images.name = 'a' OR images.name = 'b' THEN 1 ELSE 0 END"),
        ("postgresql", "(images.name = 'a' OR images.name = 'b')"),
        ("mysql", "(images.name = 'a' OR images.name = 'b')"),
    ],
)
def test_an_unindexed_condition_stays_one_condition(name, condition):
    statement = select(images.c.id).where(unindexed(EITHER), images.c.owner == "p")
    assert sql(name, statement).endswith(f"WHERE {condition} AND images.owner = 'p'")


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
