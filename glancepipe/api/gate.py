"""What every request passes before its handler, and what is done after it (FEATURES 1.2-01, 1.2-03, 1.2-07)."""

from __future__ import annotations

from functools import partial
from typing import Any

import falcon

from glancepipe.api.request import Request
from glancepipe.api.routes.route import Route
from glancepipe.api.shared import Shared
from glancepipe.contract.errors import Invalid


class Path:
    """All methods of one path, as Falcon wants them: ``on_get``, ``on_put``..."""

    def __init__(self, shared: Shared, routes: list[Route]) -> None:
        self.routes = {route.method: route for route in routes}
        for route in routes:
            setattr(self, f"on_{route.method.lower()}", partial(route.handler, shared))


class Gate:
    """Falcon middleware."""

    def process_request(self, request: Request, response: falcon.Response) -> None:
        """Refuse a path that is no text (FEATURES 1.2-07, 12-28)."""
        path = request.env["PATH_INFO"]
        if path.isascii() and "\0" not in path:
            return
        try:
            legible = "\0" not in path.encode("latin-1").decode()
        except UnicodeError:
            legible = False
        if not legible:
            raise Invalid("The path is not UTF-8, or contains NUL.")

    def process_resource(self, request: Request, response: falcon.Response, path: Path, params: dict[str, Any]) -> None:
        """Refuse fields that are empty, and methods and bodies that the path does not take (FEATURES 1.2-01, 1.2-03)."""
        if "" in params.values():
            raise falcon.HTTPRouteNotFound
        route = path.routes.get(request.method)
        if route is None:
            # Falcon would allow OPTIONS too, which is the CORS middleware's (FEATURES 1.3-42).
            raise falcon.HTTPMethodNotAllowed(list(path.routes), description=f"The method {request.method} is not allowed here.")
        request.route = route
        body = request.body
        if body.announced and not route.body:
            raise Invalid("This request takes no body.")
        if not body.readable:
            raise falcon.HTTPLengthRequired(description="This server takes no chunked body: send a Content-Length.")

    def process_response(self, request: Request, response: falcon.Response, path: Path | None, succeeded: bool) -> None:
        """Leave nothing of the body that would pass for the next request."""
        try:
            body = request.body
        except Invalid:
            # A wrong Content-Length, which was the answer: where the body ends nobody knows.
            return
        body.drain()
