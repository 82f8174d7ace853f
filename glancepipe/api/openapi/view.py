"""The description, as clients fetch it."""

from __future__ import annotations

import falcon

from glancepipe.api.calls import caller_of
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared


def show(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/openapi.json. Like the schemas it tells what the operator has configured, so somebody must be asking."""
    caller_of(request)
    response.data = shared.description()
    response.content_type = "application/json"
