"""How listings are found: along an index, or among few that an index finds (benchmarks/lists.py measures it)."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy import event

from glancepipe.api.queries import SORT_KEYS
from glancepipe.contract import Filter, Image, ImageQuery
from glancepipe.contract.query import Sight
from glancepipe.db import queries

DAY = datetime(2026, 1, 1)
LAST = Image("x", name="n", status="active", disk_format="raw", container_format="bare", size=1, created_at=DAY, updated_at=DAY)
MEMBERS = frozenset(
    {Sight("member", "shared"), Sight("other", "public"), *(Sight("own", each) for each in ("private", "shared", "public", "community"))}
)
PROJECTS = ImageQuery(viewer="p1", sights=MEMBERS)

FEW = {
    "name": Filter("name", "eq", "n"),
    "id": Filter("id", "in", ("x", "y")),
    "status": Filter("status", "eq", "active"),
    "disk_format": Filter("disk_format", "eq", "raw"),
    "container_format": Filter("container_format", "in", ("bare", "ova")),
    "size": Filter("size", "eq", 5),
    "size_min": Filter("size", "gte", 240_000),
    "checksum": Filter("checksum", "eq", "c"),
    "os_hash_value": Filter("os_hash_value", "eq", "c"),
    "owner": Filter("owner", "eq", "p2"),
    "visibility": Filter("visibility", "eq", "public"),
    "created_at": Filter("created_at", "gt", datetime(2025, 7, 20)),
    "updated_at": Filter("updated_at", "lte", datetime(2025, 12, 5)),
    "tag": Filter("tag", "eq", "t"),
    "property": Filter("colour", "eq", "red", custom=True),
}
"""Filters of which an index tells how many images meet them."""


ROWS = (
    """
    INSERT INTO images (id, name, size, status, disk_format, container_format, checksum, os_hash_value, owner, visibility,
        min_disk, min_ram, protected, os_hidden, deleted, created_at, updated_at)
    SELECT md5(n::text)::uuid, n, n % 50 * n, CASE n % 50 WHEN 0 THEN 'active' ELSE 'queued' END, n % 50, n % 50, md5(n::text),
        md5(n::text), 'p' || n % 50, CASE n % 50 WHEN 0 THEN 'public' ELSE 'private' END::image_visibility, 0, 0, false, false, false,
        timestamp '2025-01-01' + n * interval '1 hour', timestamp '2025-12-01' + n * interval '1 hour'
    FROM generate_series(1, 5000) n
    """,
    "INSERT INTO image_tags (image_id, value, created_at, deleted) SELECT id, name, created_at, false FROM images",
    "INSERT INTO image_properties (image_id, name, value, created_at, deleted) SELECT id, 'colour', name, created_at, false FROM images",
    "INSERT INTO image_members (image_id, member, can_share, created_at, deleted) SELECT id, owner, false, created_at, false FROM images",
    "ANALYZE images, image_tags, image_properties, image_members",
)
"""PostgreSQL plans by what there is."""


@pytest.fixture
def plan(world):
    """The lines of a statement's plan, without the choices that a database makes for want of rows."""
    kind = world.database.engine.dialect.name
    if kind == "mysql":
        pytest.skip("MariaDB has no indexes on expressions")
    for statement in ROWS if kind == "postgresql" else ():
        world.sql(statement)

    def plan_(statement, values, *without):
        lines = []

        def explain(connection, cursor, sql, parameters, context, executemany):
            if kind == "postgresql":
                for choice in ("seqscan", "bitmapscan", *without):
                    cursor.execute(f"SET LOCAL enable_{choice} = off")
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if kind == 'sqlite' else ''}{sql}", parameters)
            lines.extend(str(row[-1]) for row in cursor.fetchall())

        with world.database.engine.begin() as connection:
            event.listen(connection, "before_cursor_execute", explain)
            connection.execute(statement, values)
        return lines

    return plan_


def scanned(lines, table):
    """How each reading of a table is done: the index, or nothing, and whether it is looked up in it."""
    found = []
    for number, line in enumerate(lines):
        sqlite = re.match(rf"(SCAN|SEARCH) {table}(?: USING (?:COVERING )?INDEX (\w+))?", line)
        postgresql = re.search(rf"(Seq|Index|Index Only) Scan (?:Backward )?(?:using (\w+) )?on {table}\b", line)
        if sqlite:
            found.append((sqlite[2], sqlite[1] == "SEARCH"))
        elif postgresql:
            found.append((postgresql[2], "Index Cond" in "".join(lines[number + 1 : number + 2])))
    return found


@pytest.mark.parametrize("resumes", [False, True])
@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("key", SORT_KEYS)
def test_a_listing_is_walked_along_an_index(world, plan, key, ascending, resumes):
    """3-07: whatever it is sorted by; the 500th page starts where the 499th ended."""
    query = ImageQuery(viewer="p1", sights=MEMBERS, sort=((key, ascending),), tie_ascending=ascending, after=LAST if resumes else None)
    asked = queries.page(query, "p1")
    walked = scanned(plan(queries._page(asked.shape, None, plain=False), asked.values, "sort"), "images")
    along = {f"ix_glancepipe_images_{key}", *(("images_pkey", "sqlite_autoindex_images_1") if key == "id" else ())}
    if key == "created_at" or (resumes and world.database.engine.dialect.name == "postgresql"):
        # What is equal in the key may be walked in order of time.
        along.add("created_at_image_idx")
    assert walked
    assert {index for index, _ in walked} <= along
    assert all(searched for _, searched in walked) or not resumes


@pytest.mark.parametrize("name", FEW)
def test_what_meets_a_filter_is_counted_and_found_by_an_index(plan, name):
    """3-11 to 3-16."""
    asked = queries.page(ImageQuery(filters=(FEW[name],)), None)
    few, probe = queries._probe(asked.shape)
    assert few == (0,)
    lines = plan(probe, asked.values)
    read = [each for table in ("images", "image_tags", "image_properties") for each in scanned(lines, table)]
    assert read
    assert all(index and searched for index, searched in read), lines
    assert all(index for index, _ in scanned(plan(queries._page(asked.shape, 0, plain=False), asked.values), "images"))


def test_what_a_project_sees_is_counted_by_indexes(plan):
    asked = queries.page(PROJECTS, "p1")
    few, probe = queries._probe(asked.shape)
    assert few == (queries._SIGHTS,)
    lines = plan(probe, asked.values)
    (owner, _), (visibility, _) = sorted(each for each in scanned(lines, "images") if each[1])
    assert owner == "ix_glancepipe_images_owner"
    assert visibility in ("ix_glancepipe_images_visibility", "visibility_image_idx")
    assert scanned(lines, "image_members") == [("ix_glancepipe_image_members_member", True)]


def test_few_are_gathered_and_many_are_walked(world, monkeypatch):
    """The same images in the same order, whichever way."""
    for number in range(6):
        world.image(name=str(number), tags=frozenset({"t"}), status="active")
    ways = []
    page = queries._page
    monkeypatch.setattr(queries, "_page", lambda shape, few, plain: ways.append(few) or page(shape, few, plain=plain))
    listed = []
    for most in (3, 100):
        monkeypatch.setattr(queries, "FEW", most)
        queries._probe.cache_clear()
        after = None
        for _ in range(2):
            query = ImageQuery(filters=(FEW["tag"],), sort=(("name", True),), tie_ascending=True, limit=3, after=after)
            listed.append(list(world.repo.list(world.call(), query).rows))
            after = listed[-1][-1]
    queries._probe.cache_clear()
    assert ways == [None, None, 0, 0]
    assert [[image.name for image in page] for page in listed] == [["0", "1", "2"], ["3", "4", "5"]] * 2


def test_an_image_that_is_found_twice_is_listed_once(world):
    """9-03: nothing keeps Glance from storing a tag twice."""
    image = world.image(tags=frozenset({"t"}))
    world.sql("insert into image_tags (image_id, value, created_at, deleted) select image_id, value, created_at, deleted from image_tags")
    assert [found.id for found in world.repo.list(world.call(), ImageQuery(filters=(FEW["tag"],))).rows] == [image.id]
