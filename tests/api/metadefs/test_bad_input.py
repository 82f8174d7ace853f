"""Whatever is sent, the answer is a 4xx with one sentence, or it worked: never a 500 (FEATURES 12-05)."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glancepipe.api.metadefs.proposals import BODIES

NAMESPACES = "/v2/metadefs/namespaces"
TAKING = [
    ("POST", "", "namespace"),
    ("PUT", "/{n}", "namespace"),
    ("POST", "/{n}/objects", "object"),
    ("PUT", "/{n}/objects/o", "object"),
    ("POST", "/{n}/properties", "property"),
    ("PUT", "/{n}/properties/p", "property"),
    ("POST", "/{n}/tags", "tags"),
    ("PUT", "/{n}/tags/t", "tag"),
    ("POST", "/{n}/resource_types", "resource type"),
]
"""Every route that takes a body, and the kind of body."""

NO_OBJECTS = ["", "null", "1", "[]", '"x"', "true", "{", "[{}]", "nonsense", '{"namespace": "\\u0000"}', '{"name": "\\ud800"}', "[" * 2000]

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=90)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=8
)
KEYS = sorted({key for body in BODIES.values() for key in body["properties"]} | {"self", "created_at", "other"})
BODY = st.dictionaries(st.sampled_from(KEYS), ANY, max_size=5)


@pytest.fixture(scope="module")
def root(everybody: Any) -> Any:
    """An administrator for all examples."""
    return everybody.as_("admins", "admin")


@pytest.fixture(scope="module")
def there(root: Any) -> str:
    """A namespace with one of each kind."""
    name = f"Bad::{uuid.uuid4().hex}"
    content = {"objects": [{"name": "o"}], "properties": {"p": {"type": "string", "title": "P"}}, "tags": [{"name": "t"}]}
    assert root("POST", NAMESPACES, document={"namespace": name, **content}).status == 201
    return name


@pytest.mark.parametrize(("method", "below", "kind"), TAKING)
@pytest.mark.parametrize("body", NO_OBJECTS)
def test_bodies_that_are_no_documents(root: Any, there: str, method: str, below: str, kind: str, body: str) -> None:
    """FEATURES 1.2-04, 1.2-14."""
    answer = root(method, NAMESPACES + below.format(n=there), body.encode())
    assert answer.status == 400, answer.text
    assert answer.text.count("\n") <= 3


@pytest.mark.parametrize(("method", "below", "kind"), TAKING)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(document=BODY)
def test_documents_of_any_kind(root: Any, there: str, method: str, below: str, kind: str, document: Any) -> None:
    """With the right names of attributes and anything for a value."""
    answer = root(method, NAMESPACES + below.format(n=there), json.dumps(document).encode())
    assert answer.status in (200, 201, 400, 403, 404, 409), answer.text
    if answer.status == 200 and below == "/{n}":
        # It got another name: give it back.
        root("PUT", f"{NAMESPACES}/{answer.json['namespace']}", document={"namespace": there})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    query=st.dictionaries(
        st.sampled_from(["limit", "marker", "sort_key", "sort_dir", "visibility", "resource_types", "resource_type", "x"]),
        st.text(max_size=20) | st.sampled_from(["0", "1", "-1", "99999999999999999999", "id", "name", "asc", "public"]),
        max_size=4,
    )
)
@pytest.mark.parametrize("below", ["", "/{n}", "/{n}/objects", "/{n}/properties", "/{n}/properties/p", "/{n}/tags", "/{n}/resource_types"])
def test_queries_of_any_kind(root: Any, there: str, below: str, query: dict[str, str]) -> None:
    """FEATURES 5.1-01, 12-05."""
    text = urlencode(query, errors="replace")
    answer = root("GET", f"{NAMESPACES}{below.format(n=there)}?{text}")
    assert answer.status in (200, 400, 404), answer.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=x", 400),
        ("limit=-1", 400),
        ("limit=1.5", 400),
        ("limit=", 400),
        ("sort_key=nothing", 400),
        ("sort_key=associations", 400),
        ("sort_dir=up", 400),
        ("visibility=shared", 400),
        ("marker=", 404),
        ("marker=%00", 400),
        ("marker=" + "x" * 300, 404),
        ("marker=%F0%9F%98%80", 404),
        ("resource_types=%F0%9F%98%80," + "x" * 300, 200),
        ("%FF=1", 400),
    ],
)
def test_listings_that_make_no_sense(root: Any, query: str, status: int) -> None:
    """FEATURES 5.1-01, 12-05."""
    assert root("GET", f"{NAMESPACES}?{query}").status == status


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({}, 400),
        ({"namespace": ""}, 400),
        ({"namespace": "a/b"}, 400),
        ({"namespace": ".."}, 400),
        ({"namespace": "x" * 81}, 400),
        ({"namespace": "\U0001f600"}, 400),
        ({"namespace": None}, 400),
        ({"namespace": "n", "display_name": None}, 400),
        ({"namespace": "n", "display_name": "x" * 81}, 400),
        ({"namespace": "n", "description": "x" * 501}, 400),
        ({"namespace": "n", "visibility": "shared"}, 400),
        ({"namespace": "n", "protected": "yes"}, 400),
        ({"namespace": "n", "owner": "x" * 256}, 400),
        ({"namespace": "n", "other": 1}, 400),
        ({"namespace": "n", "self": "x"}, 403),
        ({"namespace": "n", "schema": "x"}, 403),
        ({"namespace": "n", "created_at": "x"}, 403),
        ({"namespace": "n", "updated_at": "x"}, 403),
        ({"namespace": "n", "objects": [{"description": "nameless"}]}, 400),
        ({"namespace": "n", "objects": [{"name": "o", "other": 1}]}, 400),
        ({"namespace": "n", "objects": [{"name": "o", "required": ["a,b"]}]}, 400),
        ({"namespace": "n", "objects": {"o": {}}}, 400),
        ({"namespace": "n", "tags": [{}]}, 400),
        ({"namespace": "n", "tags": [{"name": "a/b"}]}, 400),
        ({"namespace": "n", "tags": ["a"]}, 400),
        ({"namespace": "n", "properties": {"p": {"type": "string"}}}, 400),
        ({"namespace": "n", "properties": {"a/b": {"type": "string", "title": "T"}}}, 400),
        ({"namespace": "n", "properties": {"p": {"type": "string", "title": "T", "other": 1}}}, 400),
        ({"namespace": "n", "properties": {"p": []}}, 400),
        ({"namespace": "n", "resource_type_associations": [{"prefix": "x"}]}, 400),
        ({"namespace": "n", "resource_type_associations": [{"name": "a/b"}]}, 400),
    ],
)
def test_namespaces_that_are_none(root: Any, document: Any, status: int) -> None:
    """FEATURES 5.2-01 to 5.2-03."""
    assert root("POST", NAMESPACES, document=document).status == status
    assert root("GET", f"{NAMESPACES}/n").status == 404


@pytest.mark.parametrize(
    "below", ["/{n}", "/{n}/objects/o", "/{n}/tags/t", "/{n}/resource_types", "/{n}/properties"], ids=lambda below: below[4:] or "namespace"
)
def test_bodies_where_none_belongs(root: Any, there: str, below: str) -> None:
    """FEATURES 1.2-03."""
    assert root("GET", NAMESPACES + below.format(n=there), b"{}").status == 400


@pytest.mark.parametrize("below", ["", "/{n}/objects", "/{n}/tags", "/{n}/properties/p"])
def test_bodies_that_are_ignored(root: Any, there: str, below: str) -> None:
    """FEATURES 1.2-03."""
    assert root("GET", NAMESPACES + below.format(n=there), b"{}").status == 200


@pytest.mark.parametrize("below", ["/{n}/objects", "/{n}/tags", "/{n}/properties"])
def test_emptying_takes_no_body(root: Any, there: str, below: str) -> None:
    """Better than Glance's 500: nothing is deleted by a request that may have meant something else."""
    assert root("DELETE", NAMESPACES + below.format(n=there), b"{}").status == 400
