"""What the service tells of itself (FEATURES 1.1, 1.3-23 to 1.3-26, 1.3-37, 2.6)."""

from __future__ import annotations

from typing import Any

import pytest


def test_versions(client: Any) -> None:
    """FEATURES 1.1-01, 1.1-02, 1.1-11: before anybody is identified."""
    nobody = client.as_(None)
    listed = nobody("GET", "/versions")
    assert (listed.status, nobody("GET", "/").status) == (200, 300)
    assert listed.json == nobody("GET", "/").json
    assert [version["id"] for version in listed.json["versions"]][:4] == ["v2.15", "v2.9", "v2.17", "v2.7"]
    assert listed.json["versions"][0]["links"] == [{"rel": "self", "href": "http://images.example:9292/v2/"}]


def test_minor_versions(client: Any) -> None:
    """FEATURES 1.1-06."""
    assert client("GET", "/v2.5/images").status == 200
    assert client("GET", "/v2.99/images").status == 300


def test_import_methods(make_service: Any, monkeypatch: Any) -> None:
    """FEATURES 1.3-23, 1.4-02: only what an installed importer can do is offered."""
    monkeypatch.setattr("glancepipe.api.application.installed", lambda group: ["copy-image", "other", "web-download"])
    client = make_service()
    found = client("GET", "/v2/info/import").json["import-methods"]
    assert (found["type"], found["value"]) == ("array", ["web-download", "copy-image"])
    assert client("POST", "/v2/images", document={}).headers["openstack-image-import-methods"] == "web-download,copy-image"


def test_usage(client: Any) -> None:
    """FEATURES 1.3-26."""
    assert client("GET", "/v2/info/usage").json == {"usage": {}}


@pytest.mark.parametrize("name", ["image", "images", "member", "members"])
def test_schemas(client: Any, name: str) -> None:
    """FEATURES 1.3-37, 2.6: for any caller."""
    answer = client.as_("p", "")("GET", f"/v2/schemas/{name}")
    assert (answer.status, answer.headers["content-type"], answer.json["name"]) == (200, "application/json", name)


def test_the_schema_describes_what_is_shown(client: Any) -> None:
    schema = client("GET", "/v2/schemas/image").json
    assert set(client.create()) <= set(schema["properties"])
