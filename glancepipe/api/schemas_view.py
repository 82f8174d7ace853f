"""The schemas that clients fetch: any caller may (FEATURES 1.3-37)."""

from __future__ import annotations

import falcon

from glancepipe.api.calls import caller_of
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared

PREFIX = "/v2/schemas/"


def show(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/schemas/{name} for each of the documents."""
    caller_of(request)
    response.data = shared.schemas[request.path.removeprefix(PREFIX)]
    response.content_type = "application/json"
