"""The API's description, made of the routes' tables."""

from __future__ import annotations

from typing import Any, cast

import falcon.inspect
import orjson
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from oslo_config import cfg

from glancepipe.api import schemas
from glancepipe.api.application import make_api
from glancepipe.api.openapi import describe, page
from glancepipe.api.routes import ROUTES
from glancepipe.api.routes.route import Parameter, Route
from glancepipe.api.schemas import Custom
from glancepipe.contract import OPERATIONS, Nouns
from glancepipe.tasks.runner import Runner


def described(conf: cfg.ConfigOpts, custom: Custom | None = None, routes: Any = ROUTES) -> dict[str, Any]:
    """The description, as clients read it."""
    published = schemas.documents(schemas.image_schema(conf, custom or Custom()))
    return cast(dict[str, Any], orjson.loads(orjson.dumps(describe(conf, routes, published))))


def test_it_is_valid(conf: cfg.ConfigOpts) -> None:
    OpenAPIV31SpecValidator(described(conf)).validate()


def test_it_is_valid_whatever_is_configured(conf: cfg.ConfigOpts) -> None:
    conf.set_override("public_endpoint", "https://images.example/")
    conf.set_override("auth_strategy", "keystone", group="api")
    custom = Custom({"purpose": {"type": "string", "enum": ["a", "b"]}, "count": {"type": "integer"}}, required=("purpose",))
    document = described(conf, custom)
    OpenAPIV31SpecValidator(document).validate()
    assert document["servers"] == [{"url": "https://images.example"}]
    assert document["security"] == [{"token": []}]
    assert document["components"]["schemas"]["new_image"]["required"] == ["purpose"]
    assert document["components"]["schemas"]["image"]["properties"]["purpose"]["type"] == "string"


def test_every_route_is_in_it_and_nothing_else(conf: cfg.ConfigOpts, single: Any) -> None:
    """By what the application routes, not by the table from which both are made."""
    app = make_api(conf, cast(Nouns, None), single, Runner(cast(Nouns, None), 1))
    routed = {
        (method.method, route.path) for route in falcon.inspect.inspect_routes(app) for method in route.methods if not method.internal
    }
    document = described(conf)
    assert {(method.upper(), path) for path, methods in document["paths"].items() for method in methods} == routed


def test_operations_are_named_as_everywhere(conf: cfg.ConfigOpts) -> None:
    """An operation's id is its name in the table of operations, or made of its path; each is there once."""
    found = [operation["operationId"] for methods in described(conf)["paths"].values() for operation in methods.values()]
    assert len(set(found)) == len(found)
    assert {"create_image", "show_image", "get_schemas_image", "get_openapi_json"} <= set(found)


def test_fields_of_paths_and_tables_agree() -> None:
    """What a row says of its operation's path is what the table of operations says."""
    for route in ROUTES:
        if route.operation:
            assert (route.method, route.path) == (OPERATIONS[route.operation].method, OPERATIONS[route.operation].path)
        assert route.summary, route
        assert all(200 <= status < 300 or status == 304 for status in route.answers), route
        assert all(400 <= status < 600 for status in route.refuses), route


def test_answers_lead_on(conf: cfg.ConfigOpts) -> None:
    """Links take what an answer says to the paths that need it."""
    created = described(conf)["paths"]["/v2/images"]["post"]["responses"]["201"]
    assert created["links"]["upload_image"] == {"operationId": "upload_image", "parameters": {"image_id": "$response.body#/id"}}
    # A link is only made where the whole path can be filled.
    assert "show_member" not in created["links"]
    shared = described(conf)["paths"]["/v2/images/{image_id}/members"]["post"]["responses"]["200"]
    assert shared["links"]["modify_member"]["parameters"] == {
        "image_id": "$response.body#/image_id",
        "member_id": "$response.body#/member_id",
    }


def test_a_route_that_names_what_nobody_describes(conf: cfg.ConfigOpts) -> None:
    route = Route("GET", "/v2/new", lambda *_: None, summary="New", answers={200: "nonsense"})
    with pytest.raises(KeyError, match="'nonsense', which nobody describes"):
        described(conf, routes=(route,))


def test_parameters(conf: cfg.ConfigOpts) -> None:
    route = Route("GET", "/v2/new/{id}", lambda *_: None, parameters=(Parameter("limit", {"type": "integer"}, "How many"),))
    (operation,) = described(conf, routes=(route,))["paths"]["/v2/new/{id}"].values()
    assert [each.get("name", "$ref") for each in operation["parameters"]] == ["id", "limit", "$ref"]
    assert "404" in operation["responses"]
    assert "403" not in operation["responses"]


def test_refusals(conf: cfg.ConfigOpts) -> None:
    """Which statuses any route of a kind may answer."""
    plain = Route("GET", "/v2/plain", lambda *_: None)
    tolerant = Route("GET", "/v2/tolerant/{id}", lambda *_: None, body=True)
    taking = Route("POST", "/v2/taking", lambda *_: None, "create_image", body=True, takes="new_image", refuses=(409,))
    paths = described(conf, routes=(plain, tolerant, taking))["paths"]
    found = [[int(status) for status in each["responses"]] for methods in paths.values() for each in methods.values()]
    always = {400, 401, 414, 431, 500, 503}
    assert [set(statuses) - {200} for statuses in found] == [always, always | {404, 411}, always | {403, 409, 411, 413}]


def test_page() -> None:
    """Every route has a row, with what guards it and what it sends."""
    lines = list(page(ROUTES))
    assert sum(line.startswith("| `") for line in lines) == len(ROUTES)
    assert "| `POST /v2/images` | Create an image record | `add_image` | `image.create` |" in lines
    assert "| `GET /v2/openapi.json` | Describe this API |  |  |" in lines
