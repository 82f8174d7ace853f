"""The schemas that clients fetch (FEATURES 1.3-39)."""

from __future__ import annotations

from typing import Any

import pytest

TIMES = {"created_at", "updated_at"}
LINKS = [{"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"}, {"rel": "describedby", "href": "{schema}"}]
NAMES = {
    "namespace": (
        {
            *("namespace", "display_name", "description", "visibility", "protected", "owner", "schema", "self", *TIMES),
            *("resource_type_associations", "properties", "objects", "tags"),
        },
        ["namespace"],
    ),
    "object": ({"name", "description", "required", "properties", "schema", "self", *TIMES}, ["name"]),
    "property": (
        {
            *("name", "title", "description", "operators", "type", "required", "minimum", "maximum", "maxLength", "minLength", "pattern"),
            *("enum", "readonly", "default", "items", "maxItems", "minItems", "uniqueItems", "additionalItems"),
        },
        ["type", "title", "name"],
    ),
    "tag": ({"name", *TIMES}, ["name"]),
    "resource_type": ({"name", "prefix", "properties_target", *TIMES}, ["name"]),
}
COLLECTIONS = {
    "namespaces": ("namespaces", "namespace"),
    "objects": ("objects", "object"),
    "properties": ("properties", "property"),
    "tags": ("tags", "tag"),
    "resource_types": ("resource_type_associations", "resource_type"),
}


def document(client: Any, name: str) -> dict[str, Any]:
    answer = client("GET", f"/v2/schemas/metadefs/{name}")
    assert answer.status == 200, answer.text
    return answer.json  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", NAMES)
def test_of_one(client: Any, name: str) -> None:
    """Anybody may fetch them; clients check what they send."""
    found = document(client, name)
    properties, required = NAMES[name]
    assert found["name"] == ("resource_type_association" if name == "resource_type" else name)
    assert set(found["properties"]) == properties
    assert found["required"] == required
    assert found["additionalProperties"] is False


@pytest.mark.parametrize("name", COLLECTIONS)
def test_of_several(client: Any, name: str) -> None:
    """What is in a collection is what is there alone, but for the names of properties, which are keys."""
    found = document(client, name)
    collection, one = COLLECTIONS[name]
    assert found["name"] == collection
    assert set(found["properties"]) == {collection, "first", "next", "schema"}
    assert found["links"] == LINKS
    item = found["properties"][collection]["additionalProperties" if name == "properties" else "items"]
    alone = document(client, one)
    assert found.get("definitions") == alone.pop("definitions", None)
    if name == "properties":
        alone["required"] = ["type", "title"]
    assert item == alone


def test_references_lead_somewhere(client: Any) -> None:
    """A client resolves them in the document itself."""

    def check(schema: Any, known: Any) -> None:
        if isinstance(schema, dict):
            if "$ref" in schema:
                assert schema["$ref"].removeprefix("#/definitions/") in known
            for each in schema.values():
                check(each, known)
        elif isinstance(schema, list):
            for each in schema:
                check(each, known)

    for name in (*NAMES, *COLLECTIONS):
        found = document(client, name)
        check(found, found.get("definitions", {}))


def test_nobody_is_told(client: Any) -> None:
    """FEATURES 1.2-13."""
    assert client.as_(None)("GET", "/v2/schemas/metadefs/namespace").status == 401
    assert client("GET", "/v2/schemas/metadefs/image").status == 404
