"""Gives every request an id, tells the log and the client (FEATURES 1.2-11, 12-05)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from oslo_context.context import RequestContext
from webob.exc import HTTPRequestHeaderFieldsTooLarge

from glancepipe.api.calls import REQUEST_ID
from glancepipe.middleware import Host


def make(app: WSGIApplication, service: Host) -> WSGIApplication:
    """Wrap ``app``. A client's own id is honoured; 431 if it is longer than ``max_request_id_length``."""
    longest = service.conf.max_request_id_length

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        chosen = environ.get("HTTP_X_OPENSTACK_REQUEST_ID", "")
        inner = app
        if len(chosen) > longest:
            inner = HTTPRequestHeaderFieldsTooLarge(f"A request id has at most {longest} characters.")
            chosen = ""
        request_id = environ[REQUEST_ID] = chosen or f"req-{uuid.uuid4()}"
        RequestContext(request_id=request_id)  # becomes this thread's context, which oslo.log prints
        return inner(environ, _telling(environ, request_id, start_response))

    return middleware


def _telling(environ: WSGIEnvironment, request_id: str, start_response: StartResponse) -> StartResponse:
    def start(
        status: str,
        headers: list[tuple[str, str]],
        exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None = None,
    ) -> Callable[[bytes], Any]:
        # Only now is it known under which path the request was served: `versions` may have rewritten it.
        if environ["PATH_INFO"].startswith("/v2/"):
            headers = [*headers, ("x-openstack-request-id", request_id)]
        return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

    return start
