"""Objects, properties and tags: all of a call or none, each name once, JSON as it came (FEATURES 5.1-06 to 5.1-11)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glancepipe.contract import KINDS, Definition, DefinitionQuery, Namespace, replace
from glancepipe.contract.errors import Duplicate, Invalid, NotFound


def listed(nouns, call, space, kind, **query):
    return [each.name for each in nouns.definitions.list(call, space, kind, DefinitionQuery(**query))]


@pytest.fixture
def filled(nouns, call, space):
    """Besides objects a and b: tags b, c, a, in this order."""
    nouns.definitions.add(call, space, "tag", [Definition("tag", name) for name in "bca"])
    return space


@pytest.mark.parametrize("kind", KINDS)
def test_one_of_each_kind(nouns, call, kind):
    """5.1-07, 5.1-09, 5.1-11."""
    space = nouns.namespaces.add(call, Namespace("n", owner="p1"))
    (added,) = nouns.definitions.add(call, space, kind, [Definition(kind, "x")])
    assert (added.kind, added.name) == (kind, "x")
    assert added.created_at == added.updated_at is not None
    assert nouns.definitions.get(call, space, kind, "x").name == "x"
    saved = nouns.definitions.save(call, space, added, Definition(kind, "y"))
    assert (saved.name, saved.created_at) == ("y", added.created_at)
    with pytest.raises(NotFound):
        nouns.definitions.get(call, space, kind, "x")
    with pytest.raises(NotFound):
        nouns.definitions.save(call, space, added, Definition(kind, "z"))
    assert nouns.definitions.remove(call, space, saved).name == "y"
    with pytest.raises(NotFound):
        nouns.definitions.remove(call, space, saved)


def test_kinds_do_not_meet(nouns, call, filled):
    """The object a is not the tag a."""
    nouns.definitions.remove(call, filled, Definition("tag", "a"))
    assert listed(nouns, call, filled, "object") == ["a", "b"]
    assert nouns.definitions.clear(call, filled, "tag") == 2
    assert listed(nouns, call, filled, "object") == ["a", "b"]
    assert nouns.definitions.clear(call, filled, "tag") == 0


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "bca"),
        ({"ascending": False}, "acb"),
        ({"sort_key": "name"}, "abc"),
        ({"sort_key": "name", "ascending": False, "limit": 2}, "cb"),
        ({"marker": "c"}, "a"),
        ({"marker": "a", "sort_key": "name", "limit": 1}, "b"),
        ({"limit": 0}, ""),
    ],
)
def test_listed(nouns, call, filled, query, expected):
    """5.1-10."""
    assert listed(nouns, call, filled, "tag", **query) == list(expected)


def test_a_marker_that_is_none(nouns, call, filled):
    """5.1-10."""
    with pytest.raises(NotFound):
        listed(nouns, call, filled, "tag", marker="nothing")


def test_a_sort_key_that_is_none(db, call):
    """12-05."""
    with pytest.raises(Invalid):
        listed(db, call, Namespace("n"), "tag", sort_key="namespace_id")


@pytest.mark.parametrize("replacing", [False, True])
def test_all_or_none(nouns, call, filled, replacing):
    """5.1-10: what would be there twice changes nothing."""
    with pytest.raises(Duplicate):
        nouns.definitions.add(call, filled, "tag", [Definition("tag", "d"), Definition("tag", "d")], replacing)
    assert listed(nouns, call, filled, "tag") == ["b", "c", "a"]


def test_instead_of_those_there_are(nouns, call, filled):
    """5.1-10; other kinds stay."""
    added = nouns.definitions.add(call, filled, "tag", [Definition("tag", "a"), Definition("tag", "d")], True)
    assert [each.name for each in added] == ["a", "d"]
    assert listed(nouns, call, filled, "tag") == ["a", "d"]
    assert listed(nouns, call, filled, "object") == ["a", "b"]
    with pytest.raises(Duplicate):
        nouns.definitions.add(call, filled, "tag", [Definition("tag", "a")])


def test_a_name_that_is_taken(nouns, call, filled):
    """5.1-07, 5.1-09: another one's, but not one's own."""
    tag = nouns.definitions.get(call, filled, "tag", "a")
    with pytest.raises(Duplicate):
        nouns.definitions.save(call, filled, tag, Definition("tag", "b"))
    assert nouns.definitions.save(call, filled, tag, Definition("tag", "a")).name == "a"


def test_other_namespaces_are_other_places(nouns, call, filled):
    """The same names are free there, and nothing is found there."""
    other = nouns.namespaces.add(call, Namespace("m", owner="p1"))
    with pytest.raises(NotFound):
        nouns.definitions.get(call, other, "tag", "a")
    nouns.definitions.add(call, other, "tag", [Definition("tag", "a")])
    nouns.definitions.clear(call, other, "tag")
    assert listed(nouns, call, filled, "tag") == ["b", "c", "a"]


def test_a_namespace_that_is_gone(nouns, call, filled):
    nouns.namespaces.remove(call, filled)
    for verb in (
        lambda: nouns.definitions.get(call, filled, "tag", "a"),
        lambda: nouns.definitions.add(call, filled, "tag", [Definition("tag", "z")]),
        lambda: nouns.definitions.save(call, filled, Definition("tag", "a"), Definition("tag", "z")),
        lambda: nouns.definitions.remove(call, filled, Definition("tag", "a")),
        lambda: nouns.definitions.clear(call, filled, "tag"),
    ):
        with pytest.raises(NotFound):
            verb()


def test_an_object_is_replaced_as_a_whole(nouns, call, space):
    """5.1-09."""
    full = Definition("object", "o", {"description": "d", "required": ["x", "y"], "properties": {"x": {"type": "string"}}})
    (added,) = nouns.definitions.add(call, space, "object", [full])
    assert added.schema == full.schema
    saved = nouns.definitions.save(call, space, added, Definition("object", "o", {"properties": {}}))
    assert saved.schema == {"properties": {}}
    assert nouns.definitions.get(call, space, "object", "o").schema == {"properties": {}}


def test_required_is_as_glance_keeps_it(db, call):
    """12-24: one text with commas in it, which Glance reads."""
    space = db.namespaces.add(call, Namespace("n", owner="p1"))
    db.definitions.add(call, space, "object", [Definition("object", "o", {"required": ["x", "y"]})])
    with db.database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT required, json_schema FROM metadef_objects").one() == ("x,y", "{}")


@pytest.mark.parametrize("name", ["x" * 81, "nul\0", "half \ud800"])
def test_names_that_nothing_has(db, call, name):
    space = db.namespaces.add(call, Namespace("n", owner="p1"))
    with pytest.raises(Invalid):
        db.definitions.add(call, space, "tag", [Definition("tag", name)])
    with pytest.raises(NotFound):
        db.definitions.get(call, space, "tag", name)


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        ("property", {"default": "x" * 65536}),
        ("property", {"default": "ü" * 11000}),
        ("object", {"description": "ü" * 32768}),
        ("object", {"required": ["x" * 80] * 1000}),
        ("object", {"properties": {"a": {"enum": ["x" * 70] * 1000}}}),
    ],
)
def test_what_is_too_long_anywhere(db, call, kind, schema):
    """The same limit on every database: MySQL's. What is stored is escaped."""
    space = db.namespaces.add(call, Namespace("n", owner="p1"))
    with pytest.raises(Invalid, match="65535 bytes"):
        db.definitions.add(call, space, kind, [Definition(kind, "x", schema)])
    with pytest.raises(Invalid, match="65535 bytes"):
        db.namespaces.add(call, Namespace("m", owner="p1", definitions=(Definition(kind, "x", schema),)))


def test_what_is_just_short_enough(db, call):
    space = db.namespaces.add(call, Namespace("n", owner="p1"))
    (added,) = db.definitions.add(call, space, "property", [Definition("property", "x", {"default": "x" * 65500})])
    assert len(added.schema["default"]) == 65500


SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6
)
SCHEMA = st.dictionaries(st.text(max_size=8), JSON, max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schema=SCHEMA, properties=st.dictionaries(st.text(max_size=8), SCHEMA, max_size=3))
def test_json_comes_back_as_it_was(db, call, schema, properties):
    """12-25: types, nulls, odd characters, half surrogates."""
    name = "n"
    try:
        space = db.namespaces.get(call, name)
        db.definitions.clear(call, space, "property")
        db.definitions.clear(call, space, "object")
    except NotFound:
        space = db.namespaces.add(call, Namespace(name, owner="p1"))
    (added,) = db.definitions.add(call, space, "property", [Definition("property", "p", schema)])
    assert repr(added.schema) == repr(schema)
    (added,) = db.definitions.add(call, space, "object", [Definition("object", "o", {"properties": properties})])
    assert repr(added.schema) == repr({"properties": properties})
    saved = db.definitions.save(call, space, added, replace(added, schema={"properties": {"x": schema}}))
    assert repr(saved.schema) == repr({"properties": {"x": schema}})
