"""How refusals look, and which of them any route of a kind may answer (FEATURES 1.2-05, 1.2-06)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from glancepipe.api.errors import title_of
from glancepipe.api.routes.route import Route

ANY = (400, 401, 414, 431, 500, 503)
"""Any route: a URL or header that can't be, nobody identified, the service or a store failed, something that it needs is away."""
OPERATION = (403,)
"""Routes of an operation: the caller may not do this."""
FIELDS = (404,)
"""Routes with a field in their path: there is no such thing, or the caller must not know of it."""
TOLERATED = (411,)
"""Routes that may be given a body: it must have a length where the server does not read chunks."""
TAKEN = (413,)
"""Routes that read it: it has a limit."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["message", "code", "title"],
    "properties": {
        "message": {"type": "string", "description": "What is wrong, in one sentence"},
        "code": {"type": "string", "description": "Status and phrase, as in the status line"},
        "title": {"type": "string", "description": "The status's phrase"},
    },
}
"""What a client that accepts JSON is answered."""


def of(route: Route) -> list[int]:
    """The statuses of refusals that ``route`` may answer."""
    found = {*ANY, *route.refuses}
    if route.operation:
        found.update(OPERATION)
    if route.fields:
        found.update(FIELDS)
    if route.body:
        found.update(TOLERATED)
    if route.takes:
        found.update(TAKEN)
    return sorted(found)


def _response(status: int) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    headers: dict[str, Any] = {"x-openstack-request-id": {"$ref": "#/components/headers/request_id"}}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = {"description": "Seconds after which to come back", "schema": {"type": "integer"}}
    return {
        "description": title_of(status),
        "headers": headers,
        "content": {
            "text/plain": text,
            "text/html": text,
            "application/json": {"schema": {"$ref": "#/components/schemas/error"}},
        },
    }


RESPONSES = {str(status.value): _response(status.value) for status in HTTPStatus if 400 <= status < 600}
"""A component for each status, by its number."""
