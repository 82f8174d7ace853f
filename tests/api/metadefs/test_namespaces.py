"""Namespaces: their life, their listing, what they bring with them (FEATURES 5.1-01 to 5.1-05, 5.2)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

NAMESPACES = "/v2/metadefs/namespaces"
TEXT = {"type": "string", "title": "A text"}
FULL = {
    "display_name": "Displayed",
    "description": "Described",
    "visibility": "public",
    "protected": False,
    "owner": "somebody",
    "resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "hw_"}, {"name": "My::Type", "properties_target": "image"}],
    "properties": {"one": {"type": "integer", "title": "One", "minimum": 1.5, "default": 3, "enum": [1, 2.5, None]}, "two": TEXT},
    "objects": [{"name": "o1", "description": "d", "required": ["a"], "properties": {"a": TEXT, "b": TEXT}}, {"name": "o2"}],
    "tags": [{"name": "t1"}, {"name": "t2"}],
}
TIMES = ("created_at", "updated_at")


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in TIMES}


def test_a_new_one(admin: Any, name: str) -> None:
    """FEATURES 5.1-02, 5.2-01: defaults, no nulls; the link in the header is absolute, those in the body are not (1.2-10)."""
    answer = admin("POST", NAMESPACES, document={"namespace": name})
    assert answer.status == 201
    assert answer.headers["location"] == f"http://images.example:9292{NAMESPACES}/{name}"
    assert without_times(answer.json) == {
        "namespace": name,
        "visibility": "private",
        "protected": False,
        "owner": admin.project,
        "self": f"{NAMESPACES}/{name}",
        "schema": "/v2/schemas/metadefs/namespace",
    }
    assert answer.json["created_at"] == answer.json["updated_at"]
    assert admin("GET", f"{NAMESPACES}/{name}").json == answer.json


def test_a_name_with_more_than_letters(admin: Any, path: str, name: str) -> None:
    """Links are quoted, but for what a path may contain: OS::Compute stays as it is."""
    answer = admin("POST", NAMESPACES, document={"namespace": f"{name} ü?#%"})
    assert answer.json["self"] == f"{path}%20%C3%BC%3F%23%25"
    assert answer.headers["location"].endswith(answer.json["self"])
    assert admin("GET", answer.json["self"]).json["namespace"] == f"{name} ü?#%"


def test_all_that_it_brings_with_it(admin: Any, make: Any, path: str) -> None:
    """FEATURES 5.1-02, 5.1-03, 12-25: stored and shown, JSON types kept."""
    created = make(**FULL)
    shown = admin("GET", path).json
    assert {**created, "tags": created["tags"][::-1]} == shown
    for attribute in ("display_name", "description", "visibility", "protected", "owner", "properties"):
        assert shown[attribute] == FULL[attribute]
    assert [without_times(each) for each in shown["resource_type_associations"]] == FULL["resource_type_associations"]
    first, second = shown["objects"]
    assert without_times(first) == {
        "name": "o1",
        "description": "d",
        "required": ["a"],
        "properties": {"a": TEXT, "b": TEXT},
        "self": f"{path}/objects/o1",
        "schema": "/v2/schemas/metadefs/object",
    }
    assert (second["name"], second["required"], second["properties"]) == ("o2", [], {})
    # The newest tag first.
    assert shown["tags"] == [{"name": "t2"}, {"name": "t1"}]
    assert type(shown["properties"]["one"]["default"]) is int


def test_what_was_shown_can_be_sent(admin: Any, make: Any, path: str) -> None:
    """Read-only attributes of what is inside are passed over, so a namespace can be copied."""
    make(**FULL)
    shown = admin("GET", path).json
    copied = {key: value for key, value in shown.items() if key not in (*TIMES, "self", "schema")}
    admin("DELETE", path)
    answer = admin("POST", NAMESPACES, document=copied)
    assert answer.status == 201, answer.text
    assert answer.json["properties"] == shown["properties"]


def test_names_as_a_resource_type_has_them(admin: Any, make: Any, path: str) -> None:
    """FEATURES 5.1-03: properties, properties of objects, and what is required of them."""
    make(**FULL)
    shown = admin("GET", f"{path}?resource_type=OS::Glance::Image").json
    assert list(shown["properties"]) == ["hw_one", "hw_two"]
    assert list(shown["objects"][0]["properties"]) == ["hw_a", "hw_b"]
    assert shown["objects"][0]["required"] == ["hw_a"]
    assert shown["objects"][0]["name"] == "o1"


@pytest.mark.parametrize("resource_type", ["My::Type", "Unknown", ""])
def test_a_type_without_prefix_changes_nothing(admin: Any, make: Any, path: str, resource_type: str) -> None:
    """FEATURES 5.1-03."""
    make(**FULL)
    assert admin("GET", f"{path}?resource_type={resource_type}").json == admin("GET", path).json


def test_all_or_nothing(admin: Any, path: str, name: str) -> None:
    """FEATURES 5.1-02: what fails later leaves nothing behind."""
    answer = admin("POST", NAMESPACES, document={"namespace": name, "tags": [{"name": "t"}, {"name": "t"}]})
    assert answer.status == 409
    assert admin("GET", path).status == 404
    types = [each["name"] for each in admin("GET", "/v2/metadefs/resource_types").json["resource_types"]]
    fresh = f"Type::{uuid.uuid4().hex}"
    document = {"namespace": name, "resource_type_associations": [{"name": fresh}], "objects": [{"name": "o"}, {"name": "o"}]}
    assert admin("POST", NAMESPACES, document=document).status == 409
    assert [each["name"] for each in admin("GET", "/v2/metadefs/resource_types").json["resource_types"]] == types


def test_a_name_is_given_once(admin: Any, make: Any, name: str) -> None:
    """FEATURES 5.1-02."""
    make()
    assert admin("POST", NAMESPACES, document={"namespace": name}).status == 409


def test_replaced_as_a_whole(admin: Any, make: Any, path: str, name: str) -> None:
    """FEATURES 5.1-04: what is left out has its default; what is inside stays, whatever is said of it."""
    make(**FULL)
    before = admin("GET", path).json
    changed = admin("PUT", path, document={"namespace": name, "tags": [{"name": "t3"}], "objects": "anything"})
    assert changed.status == 200
    assert without_times(changed.json) == {
        "namespace": name,
        "visibility": "private",
        "protected": False,
        "owner": admin.project,
        "self": path,
        "schema": "/v2/schemas/metadefs/namespace",
    }
    after = admin("GET", path).json
    for content in ("objects", "properties", "tags", "resource_type_associations"):
        assert after[content] == before[content]


def test_renamed(admin: Any, make: Any, path: str, name: str) -> None:
    """FEATURES 5.1-04."""
    make(objects=[{"name": "o"}])
    assert admin("PUT", path, document={"namespace": f"{name}-2"}).json["self"] == f"{path}-2"
    assert admin("GET", path).status == 404
    assert admin("GET", f"{path}-2").json["objects"][0]["self"] == f"{path}-2/objects/o"
    admin("POST", NAMESPACES, document={"namespace": name})
    assert admin("PUT", path, document={"namespace": f"{name}-2"}).status == 409


def test_deleted_with_all_that_is_in_it(admin: Any, make: Any, path: str, name: str) -> None:
    """FEATURES 5.1-05, 5.2-10; the type of resource stays (5.1-14)."""
    kept = f"Type::{uuid.uuid4().hex}"
    make(**FULL | {"resource_type_associations": [{"name": kept}]})
    answer = admin("DELETE", path)
    assert (answer.status, answer.body) == (204, b"")
    for below in ("", "/objects", "/properties", "/tags", "/resource_types", "/objects/o1", "/properties/one", "/tags/t1"):
        assert admin("GET", f"{path}{below}").status == 404
    assert admin("DELETE", path).status == 404
    make()
    assert "tags" not in admin("GET", path).json
    assert kept in [each["name"] for each in admin("GET", "/v2/metadefs/resource_types").json["resource_types"]]


def test_protected(admin: Any, make: Any, path: str, name: str) -> None:
    """FEATURES 5.2-08: nothing can be deleted; it can be changed, and more can come."""
    make(**FULL | {"protected": True})
    for below in ("", "/objects", "/properties", "/tags", "/objects/o1", "/properties/one", "/tags/t1", "/resource_types/My::Type"):
        assert admin("DELETE", f"{path}{below}").status == 403, below
    assert admin("POST", f"{path}/objects", document={"name": "more"}).status == 201
    assert admin("PUT", f"{path}/tags/t1", document={"name": "t9"}).status == 200
    assert admin("PUT", path, document={"namespace": name, "protected": False}).status == 200
    assert admin("DELETE", path).status == 204


@pytest.fixture
def three(admin: Any, name: str) -> tuple[str, list[str]]:
    """A type of resource to which three namespaces apply, and their names in the order of their making."""
    resource_type = f"Type::{uuid.uuid4().hex}"
    names = [f"{name}-{each}" for each in "bca"]
    for each, visibility in zip(names, ("public", "private", "public"), strict=True):
        document = {"namespace": each, "visibility": visibility, "resource_type_associations": [{"name": resource_type}]}
        admin("POST", NAMESPACES, document=document)
    return resource_type, names


def listed(client: Any, query: str) -> list[str]:
    answer = client("GET", f"{NAMESPACES}?{query}")
    assert answer.status == 200, answer.text
    return [each["namespace"] for each in answer.json["namespaces"]]


def test_a_listing(admin: Any, three: Any) -> None:
    """FEATURES 5.1-01: newest first; of what is inside only the types."""
    resource_type, names = three
    document = admin("GET", f"{NAMESPACES}?resource_types={resource_type}").json
    assert set(document) == {"namespaces", "first", "schema"}
    assert document["schema"] == "/v2/schemas/metadefs/namespaces"
    assert document["first"] == f"{NAMESPACES}?resource_types={resource_type.replace(':', '%3A')}"
    assert [each["namespace"] for each in document["namespaces"]] == names[::-1]
    assert [each["name"] for each in document["namespaces"][0]["resource_type_associations"]] == [resource_type]
    assert not {"objects", "properties", "tags"} & set(document["namespaces"][0])


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("sort_key=namespace&sort_dir=asc", "abc"),
        ("sort_key=namespace", "cba"),
        ("sort_dir=asc", "bca"),
        ("sort_key=created_at&sort_dir=desc", "acb"),
        ("sort_key=display_name&sort_dir=asc", "bca"),
        ("sort_key=visibility&sort_dir=asc", "cba"),
        ("sort_key=protected&sort_dir=asc", "bca"),
        ("visibility=public", "ab"),
        ("visibility=private", "c"),
        ("anything=else", "acb"),
    ],
)
def test_sorted_and_chosen(admin: Any, three: Any, query: str, order: str) -> None:
    """FEATURES 5.1-01."""
    resource_type, _ = three
    assert [each[-1] for each in listed(admin, f"resource_types=Unknown,{resource_type}&{query}")] == list(order)


@pytest.mark.parametrize("sort_key", ["namespace", "display_name", "description", "protected", "created_at", "owner", "id", "updated_at"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_page_by_page(admin: Any, three: Any, sort_key: str, direction: str) -> None:
    """FEATURES 5.1-01, 12-07: links lead to every namespace once, and the last page has none."""
    resource_type, names = three
    whole = listed(admin, f"resource_types={resource_type}&sort_key={sort_key}&sort_dir={direction}")
    assert sorted(whole) == sorted(names)
    found, pages = [], 0
    link = f"{NAMESPACES}?resource_types={resource_type}&sort_key={sort_key}&sort_dir={direction}&limit=1"
    while link:
        document = admin("GET", link).json
        found += [each["namespace"] for each in document["namespaces"]]
        pages += 1
        link = document.get("next")
    assert (found, pages) == (whole, 3)


def test_the_length_of_a_page(admin: Any, three: Any) -> None:
    """FEATURES 5.1-01: no limit is the default one, none at all is allowed, too long is cut."""
    assert listed(admin, "limit=0") == []
    assert "next" not in admin("GET", f"{NAMESPACES}?limit=0").json
    assert len(listed(admin, f"limit={1 << 62}&resource_types={three[0]}")) == 3


def test_a_marker_that_is_none(admin: Any, client: Any, three: Any) -> None:
    """FEATURES 5.1-01: not found, as is one that the caller may not see."""
    assert admin("GET", f"{NAMESPACES}?marker=nothing").status == 404
    assert admin("GET", f"{NAMESPACES}?marker={three[1][1]}").status == 200
    assert client("GET", f"{NAMESPACES}?marker={three[1][1]}").status == 404
