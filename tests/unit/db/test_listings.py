"""Listings: every image exactly once and in order, and only those that are in sight and fit the filters."""

from __future__ import annotations

import uuid
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from glancepipe.contract import Filter, Image, ImageQuery, Sight
from glancepipe.contract.errors import Invalid
from glancepipe.contract.query import EVERYTHING, VISIBILITIES
from glancepipe.db import listings, models

DAY = datetime(2024, 5, 1, 12)
SORTABLE = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def own(owner, **values):
    """A query for everything that ``owner`` owns."""
    return ImageQuery(viewer=owner, sights=frozenset(Sight("own", visibility) for visibility in VISIBILITIES), **values)


def store(world, rows, table=models.images):
    names = {name for row in rows for name in row}
    if rows:
        same = [{name: row.get(name) for name in names} for row in rows]
        world.database.write(lambda connection: connection.execute(insert(table), same))


def row(owner, **values):
    defaults = {"id": str(uuid.uuid4()), "status": "active", "visibility": "shared", "min_disk": 0, "min_ram": 0, "created_at": DAY}
    flags = {"updated_at": DAY, "deleted": False, "os_hidden": False, "protected": False}
    return {**defaults, **flags, "owner": owner, "name": None, "size": None, "disk_format": None, "container_format": None, **values}


def child(image_id, **values):
    return {"image_id": image_id, "created_at": DAY, "deleted": False, **values}


def ids(page):
    return [image.id for image in page.rows]


images = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from([None, "", "a", "b"]),
            "size": st.sampled_from([None, 0, 1, 2**40]),
            "disk_format": st.sampled_from([None, "raw"]),
            "container_format": st.sampled_from([None, "", "bare"]),
            "status": st.sampled_from(["active", "queued"]),
            "created_at": st.sampled_from([DAY, DAY + timedelta(seconds=1)]),
            "updated_at": st.sampled_from([None, DAY, DAY + timedelta(seconds=1)]),
        }
    ),
    max_size=14,
)
sorts = st.lists(st.tuples(st.sampled_from(SORTABLE), st.booleans()), min_size=1, max_size=4).map(tuple)


def in_order(rows, sort, tie_ascending):
    """FEATURES 3-08: created_at and id appended, null like '' or 0."""
    floors = {"size": 0, "updated_at": datetime(1970, 1, 1)}
    for name, ascending in reversed([*sort, ("created_at", tie_ascending), ("id", tie_ascending)]):
        rows = sorted(rows, key=lambda row: row[name] if row[name] is not None else floors.get(name, ""), reverse=not ascending)
    return [row["id"] for row in rows]


@EXAMPLES
@given(values=images, sort=sorts, tie_ascending=st.booleans(), limit=st.integers(1, 5), walk=st.booleans())
@example(values=[{"updated_at": None}] * 2, sort=(("updated_at", False),), tie_ascending=False, limit=1, walk=False)
@example(values=[{"updated_at": None}] * 2, sort=(("updated_at", False),), tie_ascending=False, limit=1, walk=True)
def test_pages_give_every_image_once_and_in_order(shared, values, sort, tie_ascending, limit, walk):
    """3-05 to 3-08, 12-07: whatever the sort, with ties and nulls; ``more`` is exact, also where nobody knows that they are few."""
    owner = uuid.uuid4().hex
    rows = [row(owner, **value) for value in values]
    store(shared, rows)
    query = own(owner, sort=sort, tie_ascending=tie_ascending, limit=limit)
    walked = []
    with patch.object(listings, "_probe", lambda shape: ((), None)) if walk else nullcontext():
        while True:
            page = shared.repo.list(shared.call(), query)
            walked += ids(page)
            assert len(page.rows) <= limit
            assert page.more == (len(walked) < len(rows))
            assert page.last == (page.rows[-1] if page.rows else None)
            if not page.more:
                break
            query = replace(query, after=page.last)
    assert walked == in_order(rows, sort, tie_ascending)


@pytest.mark.parametrize("ascending", [False, True])
def test_names_that_sort_before_none_are_listed(world, monkeypatch, ascending):
    """3-08: to a database that pads texts with blanks a tabulator is less than nothing."""
    monkeypatch.setattr(listings, "_probe", lambda shape: ((), None))
    store(world, [row("me", name=name) for name in ("\t", None, "", " ", "a") for _ in range(3)])
    query = own("me", sort=(("name", ascending),), limit=2)
    walked = []
    while (page := world.repo.list(world.call(), query)).rows:
        walked += ids(page)
        query = replace(query, after=page.last)
    assert len(walked) == len(set(walked)) == 15


sights = st.frozensets(
    st.builds(Sight, st.sampled_from(["own", "member", "other"]), st.sampled_from(VISIBILITIES)),
    max_size=12,
)
kinds = st.lists(
    st.tuples(st.sampled_from(["me", "you", None]), st.sampled_from(VISIBILITIES), st.sampled_from([None, "pending", "accepted"])),
    max_size=12,
)


def is_seen(kind, sights, viewer, member_status):
    """The contract's words: own, shared with the viewer, and everything that is not its own."""
    owner, visibility, membership = kind
    if viewer is not None and owner == viewer:
        return Sight("own", visibility) in sights
    shared = viewer is not None and membership is not None and member_status in ("all", membership)
    return Sight("other", visibility) in sights or (shared and Sight("member", visibility) in sights)


@EXAMPLES
@given(kinds=kinds, sights=sights, viewer=st.sampled_from(["me", None]), member_status=st.sampled_from(["accepted", "pending", "all"]))
def test_a_listing_contains_what_is_in_sight(shared, kinds, sights, viewer, member_status):
    """2.4-03, 2.4-04: any set of sights, against their definition."""
    mark = uuid.uuid4().hex

    def name(project):
        return project and f"{project}-{mark}"

    rows = [row(name(owner), visibility=visibility, name=mark) for owner, visibility, _ in kinds]
    members = [
        child(row["id"], member=name("me"), status=membership, can_share=False)
        for row, (_, _, membership) in zip(rows, kinds, strict=True)
        if membership
    ]
    store(shared, rows)
    store(shared, members, models.image_members)
    query = ImageQuery(filters=(Filter("name", "eq", mark),), sights=sights, viewer=name(viewer), member_status=member_status)
    expected = {row["id"] for row, kind in zip(rows, kinds, strict=True) if is_seen(kind, sights, viewer, member_status)}
    assert set(ids(shared.repo.list(shared.call(), query))) == expected


def test_no_sights_at_all_is_everything(world):
    store(world, [row(owner, visibility=visibility) for owner in ("p1", None) for visibility in VISIBILITIES])
    assert len(world.repo.list(world.call(), ImageQuery()).rows) == 8
    assert len(world.repo.list(world.call(), ImageQuery(visibility="all")).rows) == 8
    assert len(world.repo.list(world.call(), ImageQuery(sights=EVERYTHING, viewer="p1")).rows) == 8
    page = world.repo.list(world.call(), ImageQuery(visibility="community"))
    assert [image.visibility for image in page.rows] == ["community"] * 2


def test_what_is_never_listed(world):
    """3-21, 2.4-05: deleted, killed and pending_delete images; hidden ones unless asked for."""
    store(world, [row("p1", status=status) for status in ("killed", "pending_delete", "deleted")])
    store(world, [row("p1", deleted=True, deleted_at=DAY), row("p1", id="hidden", os_hidden=True), row("p1", id="plain")])
    assert ids(world.repo.list(world.call(), ImageQuery())) == ["plain"]
    assert ids(world.repo.list(world.call(), ImageQuery(hidden=True))) == ["hidden"]


def test_an_empty_page(world):
    """3-01: limit 0 is allowed; nothing is examined."""
    store(world, [row("p1")])
    page = world.repo.list(world.call(), ImageQuery(limit=0))
    assert (list(page.rows), page.more, page.last) == ([], False, None)
    page = world.repo.list(world.call(), ImageQuery(sights=frozenset()))
    assert (list(page.rows), page.more, page.last) == ([], False, None)


def test_rows_carry_everything_that_hangs_on_them(world):
    image = world.image(properties={"p": "1"}, tags=frozenset({"t"}), visibility="shared")
    world.members.add(world.call(), image, "p2")
    stored = world.repo.get(world.call("p2"), image.id)
    assert stored.membership == "pending"
    assert list(world.repo.list(world.call("p2"), ImageQuery()).rows) == [stored]


@pytest.fixture
def filtered(world):
    """Lists the names of the images that fit filters."""
    a = row("p1", name="a", size=1, min_ram=512, created_at=DAY, checksum="c" * 32, visibility="public", protected=True)
    b = row("p1", name="b:22", size=2, updated_at=None, created_at=DAY + timedelta(hours=1), disk_format="raw")
    c = row(None, name=None, created_at=DAY + timedelta(hours=2), disk_format="iso")
    store(world, [a, b, c])
    store(world, [child(a["id"], value=tag) for tag in ("x", "y")] + [child(b["id"], value="x")], models.image_tags)
    store(world, [child(c["id"], value="x") | {"deleted": True}], models.image_tags)
    properties = [(a, "os", "debian"), (a, "arch", "arm"), (b, "os", "debian"), (b, "name", "a")]
    store(world, [child(image["id"], name=name, value=value) for image, name, value in properties], models.image_properties)
    store(world, [child(c["id"], name="os", value="debian") | {"deleted": True}], models.image_properties)

    def names(*filters):
        page = world.repo.list(world.call(), ImageQuery(filters=filters, sort=(("name", True),)))
        return [(image.name or "-")[0] for image in page.rows]

    return names


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("name", "eq", "b:22")], "b"),
        ([("name", "neq", "a")], "b"),
        ([("name", "in", ("a", "b:22", "z"))], "ab"),
        ([("name", "in", ())], ""),
        ([("name", "eq", None)], "-"),
        ([("name", "neq", None)], "ab"),
        ([("owner", "eq", "p1")], "ab"),
        ([("disk_format", "in", ("raw", "iso"))], "-b"),
        ([("status", "eq", "active")], "-ab"),
        ([("checksum", "eq", "c" * 32)], "a"),
        ([("visibility", "eq", "public")], "a"),
        ([("protected", "eq", True)], "a"),
        ([("size", "eq", 2)], "b"),
        ([("size", "gte", 1), ("size", "lte", 1)], "a"),
        ([("size", "gt", 1)], "b"),
        ([("size", "lt", 2)], "a"),
        ([("min_ram", "eq", 512)], "a"),
        ([("created_at", "gt", DAY)], "-b"),
        ([("created_at", "lte", DAY + timedelta(hours=1))], "ab"),
        ([("created_at", "eq", datetime(2024, 5, 1, 14, tzinfo=timezone(timedelta(hours=2))))], "a"),
        ([("tag", "eq", "x")], "ab"),
        ([("tag", "eq", "x"), ("tag", "eq", "y")], "a"),
        ([("os", "eq", "debian", True)], "ab"),
        ([("os", "eq", "debian", True), ("arch", "eq", "arm", True)], "a"),
        ([("name", "eq", "a", True)], "b"),
        ([("os", "in", ("debian", "suse"), True)], "ab"),
        ([("os", "neq", "debian", True)], ""),
    ],
)
def test_filters(filtered, filters, expected):
    """3-11 to 3-18: all of them at once, each with its own kind of value."""
    assert filtered(*(Filter(*filter_) for filter_ in filters)) == list(expected)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("size", "eq", "abc")], ""),
        ([("size", "eq", "1")], ""),
        ([("size", "eq", True)], ""),
        ([("size", "gt", "0")], ""),
        ([("size", "lt", 10**30)], "ab"),
        ([("size", "gt", -(10**30))], "ab"),
        ([("size", "gte", 10**30)], ""),
        ([("min_ram", "eq", 2**40)], ""),
        ([("min_ram", "lte", 2**40)], "-ab"),
        ([("size", "in", ("1", "x"))], ""),
        ([("size", "in", (1, "x"))], "a"),
        ([("name", "eq", 5)], ""),
        ([("name", "eq", "nul\0")], ""),
        ([("name", "eq", "half \ud800")], ""),
        ([("name", "in", ("a", "nul\0"))], "a"),
        ([("id", "eq", "x" * 5000)], ""),
        ([("visibility", "eq", "secret")], ""),
        ([("protected", "eq", "yes")], ""),
        ([("created_at", "eq", "yesterday")], ""),
        ([("tag", "eq", "t" * 300)], ""),
        ([("os", "eq", 7, True)], ""),
        ([("os", "eq", "nul\0", True)], ""),
        ([("nul\0", "eq", "x", True)], ""),
        ([("p" * 300, "eq", "x", True)], ""),
    ],
)
def test_values_that_no_image_can_have(filtered, filters, expected):
    """3-17: they match nothing (``size=abc`` is an empty list), and no database is asked what it can't be asked."""
    assert filtered(*(Filter(*filter_) for filter_ in filters)) == list(expected)


@pytest.mark.parametrize("filter_", [("nonsense", "eq", "x"), ("properties", "eq", "x"), ("name", "like", "x"), ("size", "gt", None)])
def test_filters_that_make_no_sense(world, filter_):
    """3-19, 12-05: an error, not a 500."""
    with pytest.raises(Invalid):
        world.repo.list(world.call(), ImageQuery(filters=(Filter(*filter_),)))


def test_many_filters(world):
    """Up to the limit every database takes them."""
    image = world.image(tags=frozenset({"t"}))
    filters = (Filter("tag", "eq", "t"),) * listings.MOST_FILTERS
    assert ids(world.repo.list(world.call(), ImageQuery(filters=filters))) == [image.id]
    with pytest.raises(Invalid):
        world.repo.list(world.call(), ImageQuery(filters=(*filters, *filters)))


def test_sorting_by_what_is_no_attribute(world):
    """3-07."""
    with pytest.raises(Invalid, match="checksums"):
        world.repo.list(world.call(), ImageQuery(sort=(("checksums", True),)))


def test_a_shape_is_built_once(world):
    """PERF 6: other values, and other names of custom properties, make the same statement."""
    listings._page.cache_clear()
    for name in ("a", "b"):
        query = own(name, filters=(Filter(name, "eq", name, True), Filter("name", "eq", name)), after=Image(name, created_at=DAY))
        world.repo.list(world.call(), query)
    assert listings._page.cache_info().currsize == 1
