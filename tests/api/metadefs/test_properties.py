"""The properties of a namespace (FEATURES 5.1-06, 5.1-07, 5.2-03, 5.2-04)."""

from __future__ import annotations

from typing import Any

import pytest

TEXT = {"type": "string", "title": "A text"}
EVERYTHING = {
    "type": "array",
    "title": "Everything",
    "description": "d",
    "operators": ["<or>"],
    "required": ["x"],
    "minimum": -1.5,
    "maximum": 1e300,
    "minLength": 0,
    "maxLength": 9,
    "pattern": "(not closed",
    "enum": [1, 2.5, "three", None, True, {"a": []}],
    "readonly": True,
    "confidential": False,
    "default": {"deep": [1, None]},
    "items": {"type": "string", "enum": ["a", "b"]},
    "minItems": 0,
    "maxItems": 3,
    "uniqueItems": True,
    "additionalItems": False,
}


@pytest.fixture
def properties(make: Any, path: str) -> str:
    """The properties of a new namespace, which applies to OS::Glance::Image."""
    make(resource_type_associations=[{"name": "OS::Glance::Image", "prefix": "hw_"}, {"name": "Plain"}])
    return f"{path}/properties"


def test_life_of_a_property(admin: Any, properties: str) -> None:
    """FEATURES 5.1-06, 5.1-07."""
    created = admin("POST", properties, document={"name": "p", **TEXT})
    assert (created.status, created.json) == (201, {"name": "p", **TEXT})
    assert admin("GET", f"{properties}/p").json == created.json
    assert admin("GET", properties).json == {"properties": {"p": {"name": "p", **TEXT}}}
    assert admin("POST", properties, document={"name": "p", **TEXT}).status == 409
    changed = admin("PUT", f"{properties}/p", document={"name": "q", "type": "integer", "title": "A number"})
    assert (changed.status, changed.json) == (200, {"name": "q", "type": "integer", "title": "A number"})
    assert admin("GET", f"{properties}/p").status == 404
    assert admin("GET", properties).json == {"properties": {"q": changed.json}}
    assert admin("DELETE", f"{properties}/q").status == 204
    assert admin("DELETE", f"{properties}/q").status == 404


def test_nothing_is_lost(admin: Any, properties: str) -> None:
    """FEATURES 5.2-03, 5.2-04, 12-25: every kind of JSON comes back as it was sent."""
    assert admin("POST", properties, document={"name": "p", **EVERYTHING}).json == {"name": "p", **EVERYTHING}
    shown = admin("GET", f"{properties}/p").json
    assert shown == {"name": "p", **EVERYTHING}
    assert [type(each) for each in shown["enum"]] == [int, float, str, type(None), bool, dict]


def test_by_the_name_that_a_resource_type_has(admin: Any, properties: str) -> None:
    """FEATURES 5.1-07: with prefix or not found."""
    admin("POST", properties, document={"name": "p", **TEXT})
    assert admin("GET", f"{properties}/hw_p?resource_type=OS::Glance::Image").json == {"name": "p", **TEXT}
    for wrong in (
        "p?resource_type=OS::Glance::Image",
        "hw_?resource_type=OS::Glance::Image",
        "p?resource_type=Plain",
        "hw_p?resource_type=X",
    ):
        assert admin("GET", f"{properties}/{wrong}").status == 404
    assert admin("GET", f"{properties}/p?resource_type=").status == 200


def test_a_name_that_is_taken(admin: Any, properties: str) -> None:
    """FEATURES 5.1-07."""
    for name in ("p", "q"):
        admin("POST", properties, document={"name": name, **TEXT})
    assert admin("PUT", f"{properties}/p", document={"name": "q", **TEXT}).status == 409
    assert admin("PUT", f"{properties}/r", document={"name": "s", **TEXT}).status == 404


def test_all_deleted(admin: Any, properties: str) -> None:
    """FEATURES 5.1-06."""
    admin("POST", properties, document={"name": "p", **TEXT})
    assert admin("DELETE", properties).status == 204
    assert admin("GET", properties).json == {"properties": {}}


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (TEXT, 400),
        ({"name": "p", "type": "string"}, 400),
        ({"name": "p", "title": "T"}, 400),
        ({"name": "p", "title": "T", "type": "text"}, 400),
        ({"name": "p", "title": "T", "type": None}, 400),
        ({"name": "p", "title": "T", "type": ["string"]}, 400),
        ({"name": "", **TEXT}, 400),
        ({"name": "x" * 81, **TEXT}, 400),
        ({"name": "a/b", **TEXT}, 400),
        ({"name": "..", **TEXT}, 400),
        ({"name": "\U0001f600", **TEXT}, 400),
        ({"name": "p", **TEXT, "other": 1}, 400),
        ({"name": "p", **TEXT, "minLength": -1}, 400),
        ({"name": "p", **TEXT, "maxItems": 1.5}, 400),
        ({"name": "p", **TEXT, "minimum": "1"}, 400),
        ({"name": "p", **TEXT, "enum": "a"}, 400),
        ({"name": "p", **TEXT, "items": []}, 400),
        ({"name": "p", **TEXT, "items": {"type": "text"}}, 400),
        ({"name": "p", **TEXT, "operators": [1]}, 400),
        ({"name": "p", **TEXT, "description": None}, 400),
        ({"name": "p", **TEXT, "created_at": "x"}, 403),
        ({"name": "p", **TEXT, "updated_at": "x"}, 403),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_properties_that_are_none(admin: Any, properties: str, method: str, document: Any, status: int) -> None:
    """FEATURES 5.2-02, 5.2-03, 12-05."""
    admin("POST", properties, document={"name": "there", **TEXT})
    target = f"{properties}/there" if method == "PUT" else properties
    answer = admin(method, target, document=document)
    assert answer.status == status, answer.text
    assert admin("GET", properties).json == {"properties": {"there": {"name": "there", **TEXT}}}
