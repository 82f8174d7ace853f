"""How listings are found: along an index, or among few that an index finds (benchmarks/lists.py measures it)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import event, text

from glancepipe.api.queries import SORT_KEYS
from glancepipe.contract import Filter, Image, ImageQuery
from glancepipe.contract.query import Sight
from glancepipe.db import listings

LAST = Image(
    "80000000-0000-4000-8000-000000000000",
    name="2501",
    status="queued",
    disk_format="1",
    container_format="1",
    size=2501,
    created_at=datetime(2025, 4, 15, 5),
    updated_at=datetime(2026, 3, 15, 5),
)
"""The last of a page that is in the midst of them."""
MEMBERS = frozenset(
    {Sight("member", "shared"), Sight("other", "public"), *(Sight("own", each) for each in ("private", "shared", "public", "community"))}
)
PROJECTS = ImageQuery(viewer="p1", sights=MEMBERS)

FEW = {
    "name": Filter("name", "eq", "n"),
    "id": Filter("id", "in", ("x", "y")),
    "status": Filter("status", "eq", "active"),
    "disk_format": Filter("disk_format", "eq", "1"),
    "container_format": Filter("container_format", "in", ("bare", "ova")),
    "size": Filter("size", "eq", 5),
    "size_min": Filter("size", "gte", 240_000),
    "checksum": Filter("checksum", "eq", "c"),
    "os_hash_value": Filter("os_hash_value", "eq", "c"),
    "owner": Filter("owner", "eq", "p1"),
    "visibility": Filter("visibility", "eq", "public"),
    "created_at": Filter("created_at", "gt", datetime(2025, 7, 20)),
    "updated_at": Filter("updated_at", "lte", datetime(2025, 12, 5)),
    "tag": Filter("tag", "eq", "t"),
    "property": Filter("colour", "eq", "red", custom=True),
}
"""Filters of which an index tells how many images meet them."""
MANY = ("name", "status", "disk_format", "size", "owner")
"""Those of them whose index may lead a walk."""


POSTGRESQL = (
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
MARIADB = (
    """
    INSERT INTO images (id, name, size, status, disk_format, container_format, checksum, os_hash_value, owner, visibility,
        min_disk, min_ram, protected, os_hidden, deleted, created_at, updated_at)
    SELECT uuid(), seq, seq % 50 * seq, if(seq % 50, 'queued', 'active'), seq % 50, seq % 50, md5(seq), md5(seq),
        concat('p', seq % 50), if(seq % 50, 'private', 'public'), 0, 0, false, false, false,
        date_add('2025-01-01', interval seq hour), date_add('2025-12-01', interval seq hour)
    FROM seq_1_to_5000
    """,
    *(statement for statement in POSTGRESQL[1:-1]),
    "ANALYZE TABLE images, image_tags, image_properties, image_members",
)
"""A server plans by what there is."""


@pytest.fixture(scope="module")
def engine(apart):
    with apart.begin() as connection:
        for statement in {"postgresql": POSTGRESQL, "mysql": MARIADB}.get(apart.dialect.name, ()):
            connection.execute(text(statement))
    return apart


@pytest.fixture
def kind(engine):
    return engine.dialect.name


@pytest.fixture
def plan(engine, kind):
    """The lines of a statement's plan, without the choices that a database makes for want of rows."""

    def plan_(statement, values, *without):
        lines = []

        def explain(connection, cursor, sql, parameters, context, executemany):
            if kind == "postgresql":
                for choice in ("seqscan", "bitmapscan", *without):
                    cursor.execute(f"SET LOCAL enable_{choice} = off")
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if kind == 'sqlite' else ''}{sql}", parameters)
            if kind == "mysql":
                lines.extend("TABLE {2} BY {3} IN {5}".format(*row) for row in cursor.fetchall())
            else:
                lines.extend(str(row[-1]) for row in cursor.fetchall())

        with engine.begin() as connection:
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
        mariadb = re.match(rf"TABLE {table} BY (\w+) IN (\w+)", line)
        if sqlite:
            found.append((sqlite[2], sqlite[1] == "SEARCH"))
        elif postgresql:
            found.append((postgresql[2], "Index Cond" in "".join(lines[number + 1 : number + 2])))
        elif mariadb:
            found.append((None if mariadb[1] == "ALL" else mariadb[2], mariadb[1] not in ("ALL", "index")))
    return found


@pytest.fixture
def walk(kind, plan):
    """The same where it is known what the database will choose."""
    if kind == "mysql":
        pytest.skip("how MariaDB walks depends on what it estimates: what it reads is counted")
    return plan


@pytest.fixture
def page(kind):
    """The statement that finds a page of a listing: among few, or along an index."""

    def page_(asked, few=None):
        return listings._page(asked.shape, few, plain=kind == "mysql")

    return page_


@pytest.fixture
def read(engine, kind):
    """How many rows MariaDB reads for a statement."""
    if kind != "mysql":
        pytest.skip("the others' plans are looked at")

    def read_(statement, values):
        with engine.begin() as connection:
            connection.execute(text("FLUSH STATUS"))
            connection.execute(statement, values).all()
            counted = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'")).all()
        return sum(int(number) for _, number in counted)

    return read_


@pytest.mark.parametrize("resumes", [False, True])
@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("key", SORT_KEYS)
def test_a_listing_is_walked_along_an_index(kind, walk, page, key, ascending, resumes):
    """3-07: whatever it is sorted by; the 500th page starts where the 499th ended."""
    query = ImageQuery(viewer="p1", sights=MEMBERS, sort=((key, ascending),), tie_ascending=ascending, after=LAST if resumes else None)
    asked = listings.page(query, "p1")
    lines = walk(page(asked), asked.values, "sort")
    walked = scanned(lines, "images")
    along = {f"ix_glancepipe_images_{key}", *(("images_pkey", "sqlite_autoindex_images_1") if key == "id" else ())}
    if key == "created_at" or (resumes and kind == "postgresql"):
        # What is equal in the key may be walked in order of time.
        along.add("created_at_image_idx")
    assert walked
    assert {index for index, _ in walked} <= along, lines
    assert all(searched for _, searched in walked) or not resumes, lines


@pytest.mark.parametrize("resumes", [False, True])
@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("name", MANY)
def test_the_newest_of_many_that_meet_a_filter_are_walked(walk, page, name, ascending, resumes):
    """3-11: along that filter's index, in which they are in order of time."""
    after = LAST if resumes else None
    asked = listings.page(ImageQuery(filters=(FEW[name],), sort=(("created_at", ascending),), tie_ascending=ascending, after=after), None)
    lines = walk(page(asked), asked.values, "sort")
    assert scanned(lines, "images") == [(f"ix_glancepipe_images_{name}", True)], lines


@pytest.mark.parametrize("resumes", [False, True])
@pytest.mark.parametrize("ascending", [False, True])
def test_a_page_is_read_without_the_others(read, page, ascending, resumes):
    sorts = {key: ImageQuery(sort=((key, ascending),), tie_ascending=ascending) for key in SORT_KEYS}
    newest = {f"{name}=": ImageQuery(filters=(FEW[name],), sort=(("created_at", ascending),), tie_ascending=ascending) for name in MANY}
    counted = {}
    for name, query in (sorts | newest).items():
        asked = listings.page(replace(query, after=LAST if resumes else None, limit=25), None)
        counted[name] = read(page(asked), asked.values)
    assert max(counted.values()) < 1_000, counted


@pytest.mark.parametrize("name", FEW)
def test_what_meets_a_filter_is_counted_and_found_by_an_index(plan, page, name):
    """3-11 to 3-16."""
    asked = listings.page(ImageQuery(filters=(FEW[name],)), None)
    few, probe = listings._probe(asked.shape)
    assert few == (0,)
    lines = plan(probe, asked.values)
    read = [each for table in ("images", "image_tags", "image_properties") for each in scanned(lines, table)]
    assert read
    assert all(index and searched for index, searched in read), lines
    assert all(index for index, _ in scanned(plan(page(asked, 0), asked.values), "images"))


def test_what_a_project_sees_is_counted_by_indexes(plan):
    asked = listings.page(PROJECTS, "p1")
    few, probe = listings._probe(asked.shape)
    assert few == (listings._SIGHTS,)
    lines = plan(probe, asked.values)
    (owner, _), (visibility, _) = sorted(each for each in scanned(lines, "images") if each[1])
    assert owner in ("ix_glancepipe_images_owner", "owner_image_idx")
    assert visibility in ("ix_glancepipe_images_visibility", "visibility_image_idx")
    assert scanned(lines, "image_members") == [("ix_glancepipe_image_members_member", True)]


def test_few_are_gathered_and_many_are_walked(world, monkeypatch):
    """The same images in the same order, whichever way."""
    for number in range(6):
        world.image(name=str(number), tags=frozenset({"t"}), status="active")
    ways = []
    page = listings._page
    monkeypatch.setattr(listings, "_page", lambda shape, few, plain: ways.append(few) or page(shape, few, plain=plain))
    listed = []
    for most in (3, 100):
        monkeypatch.setattr(listings, "FEW", most)
        listings._probe.cache_clear()
        after = None
        for _ in range(2):
            query = ImageQuery(filters=(FEW["tag"],), sort=(("name", True),), tie_ascending=True, limit=3, after=after)
            listed.append(list(world.repo.list(world.call(), query).rows))
            after = listed[-1][-1]
    listings._probe.cache_clear()
    assert ways == [None, None, 0, 0]
    assert [[image.name for image in page] for page in listed] == [["0", "1", "2"], ["3", "4", "5"]] * 2


def test_an_image_that_is_found_twice_is_listed_once(world):
    """9-03: nothing keeps Glance from storing a tag twice."""
    image = world.image(tags=frozenset({"t"}))
    world.sql("insert into image_tags (image_id, value, created_at, deleted) select image_id, value, created_at, deleted from image_tags")
    assert [found.id for found in world.repo.list(world.call(), ImageQuery(filters=(FEW["tag"],))).rows] == [image.id]
