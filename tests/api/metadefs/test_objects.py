"""The objects of a namespace (FEATURES 5.1-08, 5.1-09, 5.2-05)."""

from __future__ import annotations

from typing import Any

import pytest

TEXT = {"type": "string", "title": "A text"}


@pytest.fixture
def objects(make: Any, path: str) -> str:
    """The objects of a new namespace."""
    make()
    return f"{path}/objects"


def test_life_of_an_object(admin: Any, objects: str) -> None:
    """FEATURES 5.1-08, 5.1-09."""
    document = {
        "name": "o",
        "description": "d",
        "required": ["b", "a"],
        "properties": {"a": TEXT, "b": {**TEXT, "default": [1, {"x": None}]}},
    }
    answer = admin("POST", objects, document=document)
    assert answer.status == 201
    assert "location" not in answer.headers
    created = answer.json
    assert {name: created[name] for name in document} == document
    assert (created["self"], created["schema"]) == (f"{objects}/o", "/v2/schemas/metadefs/object")
    assert admin("GET", f"{objects}/o").json == created
    assert admin("GET", objects).json == {"objects": [created], "schema": "v2/schemas/metadefs/objects"}
    assert admin("POST", objects, document={"name": "o"}).status == 409
    assert admin("DELETE", f"{objects}/o").status == 204
    assert admin("DELETE", f"{objects}/o").status == 404
    assert admin("GET", f"{objects}/o").status == 404


def test_replaced_as_a_whole(admin: Any, objects: str) -> None:
    """FEATURES 5.1-09: what is left out is cleared."""
    admin("POST", objects, document={"name": "o", "description": "d", "required": ["a"], "properties": {"a": TEXT}})
    changed = admin("PUT", f"{objects}/o", document={"name": "o"})
    assert changed.status == 200
    assert "description" not in changed.json
    assert (changed.json["properties"], changed.json["required"]) == ({}, [])
    assert admin("GET", f"{objects}/o").json == changed.json


def test_renamed(admin: Any, objects: str) -> None:
    """FEATURES 5.1-09; a name that is taken is a conflict."""
    for name in ("o", "p"):
        admin("POST", objects, document={"name": name})
    assert admin("PUT", f"{objects}/o", document={"name": "q"}).json["self"] == f"{objects}/q"
    assert admin("GET", f"{objects}/o").status == 404
    assert admin("PUT", f"{objects}/q", document={"name": "p"}).status == 409
    assert admin("PUT", f"{objects}/o", document={"name": "r"}).status == 404


def test_listed_in_the_order_of_their_arrival(admin: Any, objects: str) -> None:
    """FEATURES 5.1-08: limit, marker and sort have no effect."""
    for name in ("b", "c", "a"):
        admin("POST", objects, document={"name": name})
    for query in ("", "?limit=1", "?marker=c", "?sort_key=name&sort_dir=asc", "?marker=nothing&sort_key=nothing"):
        assert [each["name"] for each in admin("GET", f"{objects}{query}").json["objects"]] == ["b", "c", "a"]


def test_all_deleted(admin: Any, objects: str) -> None:
    """FEATURES 5.1-08."""
    for name in ("a", "b"):
        admin("POST", objects, document={"name": name})
    assert admin("DELETE", objects).status == 204
    assert admin("GET", objects).json["objects"] == []
    assert admin("DELETE", objects).status == 204


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "sort_dir=up"])
def test_queries_that_make_no_sense(admin: Any, objects: str, query: str) -> None:
    """FEATURES 5.1-08."""
    assert admin("GET", f"{objects}?{query}").status == 400


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({}, 400),
        ({"name": None}, 400),
        ({"name": ""}, 400),
        ({"name": "x" * 81}, 400),
        ({"name": "a/b"}, 400),
        ({"name": "."}, 400),
        ({"name": "o", "description": None}, 400),
        ({"name": "o", "other": 1}, 400),
        ({"name": "o", "required": ["a", "a"]}, 400),
        ({"name": "o", "required": ["a,b"]}, 400),
        ({"name": "o", "required": [""]}, 400),
        ({"name": "o", "required": [1]}, 400),
        ({"name": "o", "properties": []}, 400),
        ({"name": "o", "properties": {"a": {"type": "string"}}}, 400),
        ({"name": "o", "properties": {"a": {**TEXT, "other": 1}}}, 400),
        ({"name": "o", "properties": {"a": None}}, 400),
        ({"name": "o", "self": "x"}, 403),
        ({"name": "o", "created_at": "x"}, 403),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_objects_that_are_none(admin: Any, objects: str, method: str, document: Any, status: int) -> None:
    """FEATURES 5.2-01, 5.2-02, 5.2-05; commas in required names would be lost."""
    admin("POST", objects, document={"name": "there"})
    target = f"{objects}/there" if method == "PUT" else objects
    assert admin(method, target, document=document).status == status
    assert [each["name"] for each in admin("GET", objects).json["objects"]] == ["there"]
