"""The request as handlers get it: Falcon's, with its body and the route that it took."""

from __future__ import annotations

from typing import TYPE_CHECKING
from wsgiref.types import WSGIEnvironment

import falcon

from glancepipe.api.bodies import Body

if TYPE_CHECKING:
    from glancepipe.api.routes.route import Route


class Request(falcon.Request):
    """A request. ``route`` is None until one was found, ``body`` until somebody asked for it."""

    __slots__ = ("_body", "route")

    def __init__(self, env: WSGIEnvironment, options: falcon.RequestOptions | None = None) -> None:
        super().__init__(env, options=options)
        self.route: Route | None = None
        self._body: Body | None = None

    @property
    def body(self) -> Body:
        """The request's body. Raises Invalid for a wrong Content-Length."""
        if self._body is None:
            self._body = Body(self.env)
        return self._body

    @property
    def media_type(self) -> str:
        """The body's media type without parameters, in lower case; empty if the request names none."""
        return (self.content_type or "").partition(";")[0].strip().lower()
