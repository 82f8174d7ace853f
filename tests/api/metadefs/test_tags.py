"""The tags of a namespace (FEATURES 5.1-10, 5.1-11, 5.2-09)."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def tags(make: Any, path: str) -> str:
    """The tags of a new namespace."""
    make()
    return f"{path}/tags"


def named(*names: str) -> dict[str, Any]:
    return {"tags": [{"name": name} for name in names]}


def listed(client: Any, tags: str, query: str = "") -> list[str]:
    return [each["name"] for each in client("GET", f"{tags}?{query}").json["tags"]]


def test_life_of_a_tag(admin: Any, tags: str) -> None:
    """FEATURES 5.1-11."""
    created = admin("POST", f"{tags}/t")
    assert created.status == 201
    assert set(created.json) == {"name", "created_at", "updated_at"}
    assert admin("GET", f"{tags}/t").json == created.json
    assert admin("POST", f"{tags}/t").status == 409
    changed = admin("PUT", f"{tags}/t", document={"name": "u"})
    assert (changed.status, changed.json["name"]) == (200, "u")
    assert admin("GET", f"{tags}/t").status == 404
    assert admin("PUT", f"{tags}/t", document={"name": "v"}).status == 404
    admin("POST", f"{tags}/v")
    assert admin("PUT", f"{tags}/u", document={"name": "v"}).status == 409
    assert admin("DELETE", f"{tags}/u").status == 204
    assert admin("DELETE", f"{tags}/u").status == 404
    assert admin("GET", tags).json == named("v")


def test_several_at_once(admin: Any, tags: str) -> None:
    """FEATURES 5.1-10: instead of those that there are, or besides them."""
    answer = admin("POST", tags, document=named("a", "b"))
    assert (answer.status, answer.json) == (201, named("a", "b"))
    assert listed(admin, tags) == ["b", "a"]
    assert admin("POST", tags, document=named("c", "d"), headers={"X-Openstack-Append": "true"}).json == named("c", "d")
    assert listed(admin, tags) == ["d", "c", "b", "a"]
    admin("POST", tags, document=named("a", "e"))
    assert listed(admin, tags) == ["e", "a"]


@pytest.mark.parametrize(("value", "appends"), [("True", True), ("1", True), (" yes ", True), ("false", False), ("0", False), ("", False)])
def test_the_header_that_appends(admin: Any, tags: str, value: str, appends: bool) -> None:
    """FEATURES 5.1-10."""
    admin("POST", f"{tags}/a")
    admin("POST", tags, document=named("b"), headers={"X-Openstack-Append": value})
    assert listed(admin, tags) == (["b", "a"] if appends else ["b"])


def test_twice_is_a_conflict_and_nothing_happens(admin: Any, tags: str) -> None:
    """FEATURES 5.1-10."""
    admin("POST", tags, document=named("a", "b"))
    assert admin("POST", tags, document=named("c", "c")).status == 409
    assert admin("POST", tags, document=named("c", "a"), headers={"X-Openstack-Append": "true"}).status == 409
    assert listed(admin, tags) == ["b", "a"]


def test_no_tags_take_none_away(admin: Any, tags: str) -> None:
    """As with Glance; DELETE is what empties."""
    admin("POST", f"{tags}/a")
    answer = admin("POST", tags, document=named())
    assert (answer.status, answer.json) == (201, {"tags": []})
    assert listed(admin, tags) == ["a"]


def test_a_listing(admin: Any, tags: str) -> None:
    """FEATURES 5.1-10."""
    for name in ("b", "c", "a"):
        admin("POST", f"{tags}/{name}")
    assert listed(admin, tags) == ["a", "c", "b"]
    assert listed(admin, tags, "sort_dir=asc") == ["b", "c", "a"]
    assert listed(admin, tags, "sort_key=name&sort_dir=asc") == ["a", "b", "c"]
    assert listed(admin, tags, "sort_key=name&sort_dir=asc&marker=a&limit=1") == ["b"]
    assert listed(admin, tags, "marker=c") == ["b"]
    assert listed(admin, tags, "marker=") == ["a", "c", "b"]
    assert listed(admin, tags, "limit=0") == []
    assert listed(admin, tags, f"limit={1 << 62}") == ["a", "c", "b"]
    assert admin("GET", f"{tags}?marker=nothing").status == 404


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "sort_key=namespace_id", "sort_key=", "sort_dir=up"])
def test_listings_that_make_no_sense(admin: Any, tags: str, query: str) -> None:
    """FEATURES 12-05."""
    assert admin("GET", f"{tags}?{query}").status == 400


def test_all_deleted(admin: Any, tags: str) -> None:
    """FEATURES 5.1-10."""
    admin("POST", f"{tags}/a")
    assert admin("DELETE", tags).status == 204
    assert listed(admin, tags) == []


@pytest.mark.parametrize("tag", ["x" * 81, "%F0%9F%98%80", ".", ".."])
def test_names_that_no_tag_has(admin: Any, tags: str, tag: str) -> None:
    """FEATURES 5.2-02, 1.2-14."""
    assert admin("POST", f"{tags}/{tag}").status == 400
    assert admin("GET", f"{tags}/{tag}").status == 404


def test_a_tag_has_no_body(admin: Any, tags: str) -> None:
    """FEATURES 1.2-03."""
    assert admin("POST", f"{tags}/a", document={"name": "a"}).status == 400


@pytest.mark.parametrize(
    ("document", "status"),
    [({}, 400), ({"name": 1}, 400), ({"name": "a/b"}, 400), ({"name": "u", "other": 1}, 400), ({"name": "u", "created_at": "x"}, 403)],
)
def test_tags_that_are_none(admin: Any, tags: str, document: Any, status: int) -> None:
    """FEATURES 5.2-01."""
    admin("POST", f"{tags}/t")
    assert admin("PUT", f"{tags}/t", document=document).status == status


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"tags": None},
        {"tags": "a"},
        {"tags": ["a"]},
        {"tags": [{}]},
        {"tags": [{"name": "a", "other": 1}]},
        {"tags": [], "other": 1},
        [],
    ],
)
def test_lists_of_tags_that_are_none(admin: Any, tags: str, document: Any) -> None:
    """FEATURES 5.1-10, 12-05."""
    admin("POST", f"{tags}/t")
    assert admin("POST", tags, document=document).status == 400
    assert listed(admin, tags) == ["t"]
