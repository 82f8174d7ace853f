"""The same requests about metadata definitions, the same answers (FEATURES 5.1, 5.2)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

NAMESPACES = "/v2/metadefs/namespaces"
A_PROPERTY = {"type": "string", "title": "A property"}


@pytest.fixture
def name() -> str:
    return f"a-{uuid.uuid4().hex}"


@pytest.fixture
def space(both: Any, name: str) -> str:
    """The path of a public namespace that has one of everything."""
    content = {
        "objects": [{"name": "o", "description": "x", "required": ["a"], "properties": {"a": A_PROPERTY}}],
        "properties": {"p": {"type": "integer", "title": "P", "minimum": 1, "maximum": 5}},
        "tags": [{"name": "t"}],
        "resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "hw_"}, {"name": "My::Type"}],
    }
    # What is answered to the creation of what is inside differs: it is shown as any other time.
    both("admin", "POST", NAMESPACES, {"namespace": name, "visibility": "public", **content}, status_only=True)
    return f"{NAMESPACES}/{name}"


def test_namespaces(both: Any, name: str) -> None:
    """FEATURES 5.1-01 to 5.1-05, 5.2-01, 5.2-06 to 5.2-08."""
    path = f"{NAMESPACES}/{name}"
    for document in (
        *({}, 5, {"namespace": 5}, {"namespace": "x" * 81}, {"namespace": name, "visibility": "x"}, {"namespace": name, "more": "x"}),
        *({"namespace": name, "self": "x"}, {"namespace": name, "schema": "x"}, {"namespace": name, "created_at": "x"}),
        *({"namespace": name, "display_name": None}, {"namespace": name, "description": "x" * 501}, {"namespace": name, "protected": "x"}),
        *({"namespace": name, "display_name": "D", "description": "d"}, {"namespace": name}),
    ):
        both("admin", "POST", NAMESPACES, document)
    both("admin", "POST", NAMESPACES, [], differs=(500, 400))
    both("member", "POST", NAMESPACES, {"namespace": f"{name}-of-a-member"})
    for who in ("admin", "member", "reader", "stranger"):
        both(who, "GET", path)
    for document in ({"namespace": name}, {"namespace": name, "display_name": "E", "visibility": "public", "protected": True}, {}):
        for who in ("member", "admin"):
            both(who, "PUT", path, document)
    for who in ("member", "admin"):
        both(who, "DELETE", path)
    both("admin", "PUT", f"{path}-that-is-not-there", {"namespace": "x"})
    both("admin", "GET", f"{path}-that-is-not-there")
    both("admin", "PUT", path, {"namespace": name, "protected": False})
    for _ in range(2):
        both("admin", "DELETE", path)


def test_whole_namespaces(both: Any, space: str) -> None:
    """FEATURES 5.1-03."""
    for query in ("", "?resource_type=OS::Glance::Image", "?resource_type=nope"):
        both("member", "GET", f"{space}{query}")
    for query in ("limit=0", "limit=-1", "marker=nope", "sort_dir=x", "visibility=x"):
        both("admin", "GET", f"{NAMESPACES}?{query}", status_only=True)
    for query in ("limit=x", "sort_key=x"):
        both("admin", "GET", f"{NAMESPACES}?{query}", differs=(500, 400))


def test_properties(both: Any, space: str) -> None:
    """FEATURES 5.1-06, 5.1-07, 5.2-03."""
    path = f"{space}/properties"
    good = {"name": "x", **A_PROPERTY}
    for document in (
        *({}, {"name": "x"}, {"name": "x", "type": "string"}, {**good, "type": "nope"}, {**good, "more": 1}, {**good, "name": "x" * 81}),
        *({**good, "minLength": -1}, {**good, "required": "x"}, {**good, "enum": ["a"], "readonly": True, "minLength": 1, "pattern": "^a"}),
        *(good, {**good, "name": "list", "type": "array", "items": {"type": "string", "enum": ["a"]}, "uniqueItems": True}, 5),
    ):
        both("admin", "POST", path, document)
    for who in ("admin", "member"):
        for which in ("", "/x", "/nope", "/p?resource_type=OS::Glance::Image", "/hw_p?resource_type=OS::Glance::Image"):
            both(who, "GET", path + which)
        both(who, "PUT", f"{path}/x", {**good, "title": "Another"})
        both(who, "PUT", f"{path}/nope", {**good, "name": "nope"})
        both(who, "DELETE", f"{path}/nope")
    both("admin", "DELETE", f"{path}/x")
    both("admin", "DELETE", path)
    both("admin", "GET", path)


def test_objects(both: Any, space: str) -> None:
    """FEATURES 5.1-08, 5.1-09, 5.2-05."""
    path = f"{space}/objects"
    for document in (
        *({}, {"name": 5}, {"name": "n", "properties": {"a": {}}}, {"name": "n", "properties": []}, {"name": "n", "required": ["a", "a"]}),
        *(
            {"name": "n", "more": 1},
            {"name": "n", "self": "x"},
            {"name": "n", "required": ["a"], "properties": {"a": A_PROPERTY}},
            {"name": "n"},
        ),
    ):
        both("admin", "POST", path, document)
    for who in ("admin", "member"):
        for which in ("", "/n", "/nope"):
            both(who, "GET", path + which)
        both(who, "PUT", f"{path}/n", {"name": "n", "description": "e", "required": ["b"], "properties": {"b": A_PROPERTY}})
        both(who, "DELETE", f"{path}/nope")
    for query in ("limit=0", "limit=x", "limit=-1", "sort_dir=x"):
        both("admin", "GET", f"{path}?{query}", status_only=True)
    both("admin", "DELETE", f"{path}/n")
    both("admin", "DELETE", path)


def test_tags(both: Any, space: str) -> None:
    """FEATURES 5.1-10, 5.1-11."""
    path = f"{space}/tags"
    for document in ({"tags": [{}]}, {"tags": [{"name": "a"}, {"name": "a"}]}, {"tags": [{"name": "a"}, {"name": "b"}]}, {"tags": "x"}):
        both("admin", "POST", path, document)
    both("admin", "POST", path, {}, differs=(500, 400))
    for _ in range(2):
        both("admin", "POST", path, {"tags": [{"name": "c"}]}, X_Openstack_Append="true")
    for which in ("/d", "/d"):
        both("admin", "POST", path + which)
    both("admin", "PUT", f"{path}/d", {"name": "e"})
    both("admin", "PUT", f"{path}/e", {})
    both("admin", "PUT", f"{path}/nope", {"name": "z"})
    for query in (
        "sort_key=name&sort_dir=asc",
        "sort_key=name&sort_dir=asc&limit=1",
        "limit=0",
        "limit=x",
        "limit=-1",
        "marker=nope",
        "sort_dir=x",
    ):
        both("member", "GET", f"{path}?{query}")
    for who, method, which in (
        ("member", "POST", "/x"),
        ("member", "DELETE", ""),
        ("admin", "GET", "/nope"),
        ("admin", "DELETE", "/a"),
        ("admin", "DELETE", ""),
    ):
        both(who, method, path + which)


def test_resource_types(both: Any, space: str) -> None:
    """FEATURES 5.1-12 to 5.1-14."""
    path = f"{space}/resource_types"
    for document in (
        {},
        {"name": 5},
        {"name": "x" * 81},
        {"name": "q", "prefix": 5},
        {"name": "q", "more": 1},
        {"name": "q", "properties_target": "image"},
    ):
        both("admin", "POST", path, document)
    for who in ("member", "admin"):
        both(who, "GET", path)
        both(who, "POST", path, {"name": "A::Type", "prefix": "p_"})
        both(who, "POST", path, {"name": "A::Type"})
        both(who, "DELETE", f"{path}/nope")
    both("admin", "DELETE", f"{path}/q")
