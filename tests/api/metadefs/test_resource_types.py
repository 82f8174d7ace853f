"""Types of resources, and what namespaces apply to (FEATURES 5.1-12 to 5.1-14)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest


@pytest.fixture
def types(make: Any, path: str) -> str:
    """The associations of a new namespace."""
    make()
    return f"{path}/resource_types"


def test_life_of_an_association(admin: Any, types: str) -> None:
    """FEATURES 5.1-12 to 5.1-14: a type that nobody knew is known afterwards, and stays."""
    name = f"Type::{uuid.uuid4().hex}"
    document = {"name": name, "prefix": "p_", "properties_target": "image"}
    answer = admin("POST", types, document=document)
    assert answer.status == 201
    assert {key: answer.json[key] for key in document} == document
    assert set(answer.json) == {*document, "created_at", "updated_at"}
    assert admin("GET", types).json == {"resource_type_associations": [answer.json]}
    assert admin("POST", types, document={"name": name}).status == 409
    assert admin("DELETE", f"{types}/{name}").status == 204
    assert admin("DELETE", f"{types}/{name}").status == 404
    assert admin("GET", types).json == {"resource_type_associations": []}
    known = {each["name"]: each for each in admin("GET", "/v2/metadefs/resource_types").json["resource_types"]}
    assert set(known[name]) == {"name", "created_at", "updated_at"}


def test_what_is_not_given_is_not_shown(admin: Any, types: str) -> None:
    """FEATURES 5.2-01."""
    assert set(admin("POST", types, document={"name": "OS::Nova::Flavor"}).json) == {"name", "created_at", "updated_at"}


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({}, 400),
        ({"name": ""}, 400),
        ({"name": "a/b"}, 400),
        ({"name": "x" * 81}, 400),
        ({"name": "a", "prefix": None}, 400),
        ({"name": "a", "prefix": "x" * 81}, 400),
        ({"name": "a", "protected": True}, 400),
        ({"name": "a", "created_at": "x"}, 403),
    ],
)
def test_associations_that_are_none(admin: Any, types: str, document: Any, status: int) -> None:
    """FEATURES 5.1-13."""
    assert admin("POST", types, document=document).status == status
    assert admin("GET", types).json == {"resource_type_associations": []}


def test_methods(admin: Any, types: str) -> None:
    """FEATURES 1.2-01."""
    for target, allowed in (("/v2/metadefs/resource_types", "GET"), (types, "GET, POST"), (f"{types}/x", "DELETE")):
        answer = admin("PATCH", target)
        assert (answer.status, answer.headers["allow"]) == (405, allowed)
