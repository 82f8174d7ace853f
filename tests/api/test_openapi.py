"""The description as it is served."""

from __future__ import annotations

from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator


def test_any_caller_may_have_it(client: Any) -> None:
    """Like the schemas: whoever is identified, no policy."""
    answer = client.as_("p", "")("GET", "/v2/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    OpenAPIV31SpecValidator(answer.json).validate()
    assert client.as_(None)("GET", "/v2/openapi.json").status == 401


def test_it_follows_the_configuration(make_service: Any) -> None:
    client = make_service("public_endpoint = https://images.example/", "[image_format]\ndisk_formats = raw,qcow2")
    document = client("GET", "/v2/openapi.json").json
    assert document["servers"] == [{"url": "https://images.example"}]
    assert document["components"]["schemas"]["image"]["properties"]["disk_format"]["enum"] == [None, "raw", "qcow2"]


def test_it_is_made_once(make_service: Any, monkeypatch: Any) -> None:
    """On demand, and never again."""
    made: list[int] = []
    monkeypatch.setattr("glancepipe.api.openapi.describe", lambda *_: made.append(1) or {"openapi": "3.1.0"})
    client = make_service()
    assert made == []
    for _ in range(3):
        assert client("GET", "/v2/openapi.json").json == {"openapi": "3.1.0"}
    assert made == [1]
