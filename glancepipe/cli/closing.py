"""Has gunicorn say that it closes a connection on which some of a request's body was left (RFC 9112, 9.6).

It closes it anyway, since the rest would pass for the next request; a client that was not told may send one meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from wsgiref.types import WSGIEnvironment

from glancepipe.api.bodies import is_left

if TYPE_CHECKING:
    from glancepipe.service import Service


class Closing:
    """WSGI: ``service``, whose connections are closed in time."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def __call__(self, environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        def start(*answer: Any) -> Any:
            if is_left(environ):
                # The method of gunicorn's response, which alone decides of the connection: it drops such headers.
                start_response.__self__.force_close()
            return start_response(*answer)

        return self.service(environ, start)
