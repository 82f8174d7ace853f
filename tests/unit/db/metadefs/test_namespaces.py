"""Namespaces: kept whole, found by name, listed in pages (FEATURES 5.1-01 to 5.1-05)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glancepipe.contract import Association, Definition, DefinitionQuery, Namespace, NamespaceQuery, replace
from glancepipe.contract.errors import Duplicate, Invalid, NotFound

WHOLE = Namespace(
    "n",
    "Displayed",
    "Described",
    "public",
    True,
    "p1",
    associations=(Association("T1", "p_", "image"), Association("T2")),
    definitions=(
        Definition("object", "o", {"description": "d", "required": ["a"], "properties": {"a": {"type": "string"}}}),
        Definition("tag", "t"),
        Definition("property", "p", {"type": "integer", "default": 1, "minimum": 0.5}),
    ),
)
EVERYTHING = NamespaceQuery(limit=100, everything=True)


def names(page):
    return [each.namespace for each in page.rows]


def test_kept_with_all_that_it_carries(nouns, call):
    """5.1-02."""
    added = nouns.namespaces.add(call, WHOLE)
    assert added.created_at == added.updated_at is not None
    for field in ("namespace", "display_name", "description", "visibility", "protected", "owner"):
        assert getattr(added, field) == getattr(WHOLE, field)
    assert [(each.name, each.prefix, each.properties_target) for each in added.associations] == [("T1", "p_", "image"), ("T2", None, None)]
    assert [(each.kind, each.name, each.schema) for each in added.definitions] == [
        (each.kind, each.name, each.schema) for each in WHOLE.definitions
    ]
    assert all(each.created_at for each in (*added.associations, *added.definitions))
    assert nouns.namespaces.get(call, "n") == replace(added, definitions=())
    for definition in added.definitions:
        assert nouns.definitions.get(call, added, definition.kind, definition.name).schema == definition.schema
    assert [each.name for each in nouns.resource_types.list(call)] == ["T1", "T2"]


def test_a_name_is_given_once(nouns, call):
    """5.1-02, 5.1-04."""
    first = nouns.namespaces.add(call, Namespace("n", owner="p1"))
    with pytest.raises(Duplicate):
        nouns.namespaces.add(call, Namespace("n", owner="p2"))
    nouns.namespaces.add(call, Namespace("m", owner="p1"))
    with pytest.raises(Duplicate):
        nouns.namespaces.save(call, first, replace(first, namespace="m"))
    assert nouns.namespaces.get(call, "n").owner == "p1"


def test_changed_and_renamed(nouns, call):
    """5.1-04: the fields alone; what is inside stays."""
    added = nouns.namespaces.add(call, WHOLE)
    saved = nouns.namespaces.save(call, added, Namespace("m", owner="p2"))
    assert (saved.namespace, saved.display_name, saved.visibility, saved.protected, saved.owner) == ("m", None, "private", False, "p2")
    assert saved.created_at == added.created_at
    assert [each.name for each in saved.associations] == ["T1", "T2"]
    assert nouns.definitions.get(call, saved, "tag", "t").name == "t"
    with pytest.raises(NotFound):
        nouns.namespaces.get(call, "n")
    with pytest.raises(NotFound):
        nouns.namespaces.save(call, added, Namespace("k"))


def test_removed_with_all_that_is_in_it(nouns, call):
    """5.1-05, 5.2-10: types of resources stay."""
    added = nouns.namespaces.add(call, WHOLE)
    assert nouns.namespaces.remove(call, added).associations == added.associations
    with pytest.raises(NotFound):
        nouns.namespaces.remove(call, added)
    with pytest.raises(NotFound):
        nouns.definitions.add(call, added, "tag", [Definition("tag", "u")])
    again = nouns.namespaces.add(call, Namespace("n", owner="p1"))
    assert again.associations == ()
    assert list(nouns.definitions.list(call, again, "object", DefinitionQuery())) == []
    assert len(nouns.resource_types.list(call)) == 2


@pytest.mark.parametrize("kind", ["object", "property", "tag"])
def test_what_would_be_there_twice(db, call, kind):
    """5.1-02: nothing of it is kept, types of resources neither."""
    twice = (Definition(kind, "a"), Definition(kind, "a"))
    with pytest.raises(Duplicate):
        db.namespaces.add(call, Namespace("n", owner="p1", associations=(Association("T"),), definitions=twice))
    with pytest.raises(NotFound):
        db.namespaces.get(call, "n")
    assert list(db.resource_types.list(call)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        Namespace("x" * 81),
        Namespace("n", "x" * 81),
        Namespace("n", owner="x" * 256),
        Namespace("n", description="\0"),
        Namespace("n", associations=(Association("x" * 81),)),
        Namespace("n", associations=(Association("T", "x" * 81),)),
        Namespace("n", definitions=(Definition("tag", "x" * 81),)),
        Namespace("n", definitions=(Definition("property", "p", {"default": object()}),)),
    ],
)
def test_what_no_column_can_hold(db, call, wrong):
    with pytest.raises(Invalid):
        db.namespaces.add(call, wrong)
    assert db.namespaces.list(call, EVERYTHING).rows == []


def test_nobody_owns_it(db, call):
    """9-18: the column must have an owner; what has none is shown without."""
    assert db.namespaces.add(call, Namespace("n")).owner is None
    assert db.namespaces.get(call, "n").owner is None


@pytest.fixture
def several(nouns, call):
    """Namespaces b, c, a, made in this order: public of p1, private of p1, private of p2, which apply to T, T and U."""
    for name, visibility, owner, applies in (("b", "public", "p1", "T"), ("c", "private", "p1", "T"), ("a", "private", "p2", "U")):
        nouns.namespaces.add(call, Namespace(name, visibility=visibility, owner=owner, associations=(Association(applies),)))
    return nouns.namespaces


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (NamespaceQuery(everything=True), "acb"),
        (NamespaceQuery(everything=True, ascending=True), "bca"),
        (NamespaceQuery(everything=True, sort_key="namespace", ascending=True), "abc"),
        (NamespaceQuery(viewer="p1"), "cb"),
        (NamespaceQuery(viewer="p2"), "ab"),
        (NamespaceQuery(), "b"),
        (NamespaceQuery(viewer="p1", visibility="private"), "c"),
        (NamespaceQuery(everything=True, visibility="public"), "b"),
        (NamespaceQuery(everything=True, resource_types=("T",)), "cb"),
        (NamespaceQuery(everything=True, resource_types=("U", "V", "x" * 300)), "a"),
        (NamespaceQuery(everything=True, resource_types=("V",)), ""),
        (NamespaceQuery(everything=True, marker="c"), "b"),
        (NamespaceQuery(everything=True, limit=0), ""),
    ],
)
def test_listed(several, call, query, expected):
    """5.1-01, 5.2-06."""
    page = several.list(call, query)
    assert names(page) == list(expected)
    assert not page.more


def test_a_page_says_whether_more_follow(several, call):
    """12-07."""
    page = several.list(call, NamespaceQuery(everything=True, limit=2))
    assert (names(page), page.more, page.last.namespace) == (["a", "c"], True, "c")
    page = several.list(call, NamespaceQuery(everything=True, limit=2, marker="c"))
    assert (names(page), page.more) == (["b"], False)
    page = several.list(call, NamespaceQuery(everything=True, limit=3))
    assert page.more is False


@pytest.mark.parametrize("marker", ["nothing", "a", "x" * 300])
def test_a_marker_that_the_viewer_does_not_see(several, call, marker):
    """5.1-01: not found, whether it exists or not."""
    with pytest.raises(NotFound):
        several.list(call, NamespaceQuery(viewer="p1", marker=marker))


def test_a_sort_key_that_is_none(db, call):
    """12-05."""
    with pytest.raises(Invalid):
        db.namespaces.list(call, replace(EVERYTHING, sort_key="associations"))


FIELDS = st.sampled_from([None, "", "a", "B", "b", "é"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    described=st.lists(st.tuples(FIELDS, st.booleans()), min_size=1, max_size=6),
    key=st.sampled_from(["display_name", "description", "protected", "created_at", "namespace", "owner", "visibility"]),
    ascending=st.booleans(),
    limit=st.integers(1, 3),
)
def test_pages_lead_through_all(db, call, described, key, ascending, limit):
    """5.1-01: whatever the values are, null included, each is listed once and in the order of the whole."""
    for each in db.namespaces.list(call, EVERYTHING).rows:
        db.namespaces.remove(call, each)
    for number, (text, protected) in enumerate(described):
        db.namespaces.add(call, Namespace(f"n{number}", text, text, protected=protected, owner="p1"))
    query = NamespaceQuery(limit=100, everything=True, sort_key=key, ascending=ascending)
    whole = names(db.namespaces.list(call, query))
    assert sorted(whole) == sorted(f"n{number}" for number in range(len(described)))
    found, marker, more = [], None, True
    while more:
        page = db.namespaces.list(call, replace(query, limit=limit, marker=marker))
        found += names(page)
        marker, more = page.last and page.last.namespace, page.more
    assert found == whole


def test_what_glance_left(db, call):
    """5.3: files that Glance loaded may say nothing of visibility and protection, and nobody ever changed them."""
    time = "2020-01-01 00:00:00"
    with db.database.engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO metadef_namespaces (namespace, owner, created_at) VALUES ('n', 'admin', '{time}')")
    found = db.namespaces.get(call, "n")
    assert (found.visibility, found.protected, found.updated_at) == ("private", False, None)
    assert names(db.namespaces.list(call, replace(EVERYTHING, visibility="private"))) == ["n"]
    assert names(db.namespaces.list(call, replace(EVERYTHING, visibility="public"))) == []
