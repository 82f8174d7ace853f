"""One route as the description's operation: parameters, body, answers, and links to what its answer leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from glancepipe.api.openapi import refusals
from glancepipe.api.openapi.components import MEDIA_TYPES, field, reference
from glancepipe.api.routes.route import BYTES, Parameter, Route

_ID = {"description": "By which the request is found in the logs", "schema": {"type": "string"}}
REQUEST_ID = {**_ID, "name": "x-openstack-request-id", "in": "header", "required": False}
"""A client may choose it (FEATURES 1.2-11)."""
REQUEST_ID_SENT = _ID

_BYTES: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def operation(route: Route, routes: Sequence[Route], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The operation object of ``route``. Raises KeyError for a schema that is not among ``schemas``."""
    found: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [tag(route)],
        "parameters": [
            *(_field(name) for name in route.fields),
            *(_parameter(parameter) for parameter in route.parameters),
            {"$ref": "#/components/parameters/request_id"},
        ],
    }
    if route.takes:
        found["requestBody"] = {"required": True, "content": _contents(route.takes, schemas)}
    links = _links(route, routes)
    found["responses"] = {
        **{str(status): _answer(status, name, route, links, schemas) for status, name in route.answers.items()},
        **{str(status): {"$ref": f"#/components/responses/{status}"} for status in refusals.of(route)},
    }
    return found


def tag(route: Route) -> str:
    """The kind of resource that ``route`` is about: the first part of its path."""
    return route.path.split("/")[2].partition(".")[0]


def _field(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": field(name)}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required,
        "description": parameter.summary,
        "schema": parameter.schema,
    }


def _contents(name: str, schemas: Mapping[str, Any]) -> dict[str, Any]:
    if name == BYTES:
        return _BYTES
    by_media_type = MEDIA_TYPES.get(name, {"application/json": name})
    return {media_type: {"schema": reference(each, schemas)} for media_type, each in by_media_type.items()}


def _answer(status: int, name: str | None, route: Route, links: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    headers = {header.name: {"description": header.summary, "required": header.required, "schema": header.schema} for header in route.sends}
    found: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "headers": {**headers, "x-openstack-request-id": {"$ref": "#/components/headers/request_id"}},
    }
    if name:
        found["content"] = _contents(name, schemas)
    if links:
        found["links"] = links
    return found


def _links(route: Route, routes: Sequence[Route]) -> dict[str, Any]:
    """Every route whose path the answer can fill, with what of its own path the request knew."""
    known = {name: f"$request.path.{name}" for name in route.fields}
    known |= {name: f"$response.body#{pointer}" for name, pointer in route.yields.items()}
    return {
        other.name: {"operationId": other.name, "parameters": {name: known[name] for name in other.fields}}
        for other in routes
        if set(other.fields) & set(route.yields) and set(other.fields) <= set(known)
    }
