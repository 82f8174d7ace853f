"""The one place where errors become HTTP: status, body, and what is logged (FEATURES 1.2-05 to 1.2-08)."""

from __future__ import annotations

import html
import logging
from http import HTTPStatus
from typing import Any

import falcon
import orjson

from glancepipe.api.calls import REQUEST_ID
from glancepipe.api.request import Request
from glancepipe.contract import errors

log = logging.getLogger(__name__)

STATUS: dict[type[Exception], int] = {
    errors.Invalid: 400,
    errors.ClientDisconnected: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.NoData: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.StoreReadOnly: 410,
    errors.LimitExceeded: 413,
    errors.UnsupportedContent: 415,
    errors.NotSatisfiable: 416,
    errors.ImageServiceError: 500,
    errors.StoreUnavailable: 503,
    errors.DatabaseUnavailable: 503,
    errors.LimitsUnavailable: 503,
}
"""The status of each kind of error; a kind that is not named has its base's."""

SPECIAL: dict[tuple[str, type[Exception]], int] = {
    ("upload_image", errors.InvalidTransition): 409,  # FEATURES 1.6-05
    ("download_image", errors.NoData): 204,  # FEATURES 1.7-02
    ("show_image", errors.Forbidden): 404,  # FEATURES 1.3-03
    ("show_member", errors.Forbidden): 404,  # FEATURES 1.3-19
    ("list_image_tasks", errors.Forbidden): 404,  # FEATURES 1.3-10
}
"""Where an operation answers otherwise."""

RETRY_AFTER = "5"
"""Seconds after which a client may try again what got 503: a server that is started again takes about so long."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})

_TITLES = {413: "Request Entity Too Large", 416: "Requested Range Not Satisfiable"}
"""Phrases that Python has changed over time."""


def add_handlers(app: falcon.App[Any, Any]) -> None:
    """Have every error of ``app`` answered here."""
    app.add_error_handler(errors.ImageServiceError, _on_domain_error)
    app.add_error_handler(falcon.HTTPError, _on_http_error)
    app.add_error_handler(Exception, _on_surprise)


def status_of(error: errors.ImageServiceError, operation: str | None = None) -> int:
    """The status that ``error`` means, in answer to ``operation``."""
    kinds = type(error).__mro__
    if operation is not None:
        for kind in kinds:
            if (operation, kind) in SPECIAL:
                return SPECIAL[operation, kind]
    if isinstance(error, errors.Forbidden) and error.hidden:
        return 404
    return next(STATUS[kind] for kind in kinds if kind in STATUS)


def _on_domain_error(request: Request, response: falcon.Response, error: errors.ImageServiceError, params: dict[str, Any]) -> None:
    status = status_of(error, request.route.operation if request.route else None)
    if status >= 500:
        trace = error if status == 500 else None
        cause = str(error.__cause__ or "").partition("\n")[0]
        log.error("%s %s: %s %s (%s)", request.method, request.path, error.message, cause, _id_of(request), exc_info=trace)
    message = error.message
    if status == 404 and isinstance(error, errors.Forbidden):
        # The refusal would tell that there is something to refuse (FEATURES 6.1-05).
        message = errors.ImageNotFound(params["image_id"]).message if "image_id" in params else errors.NotFound.default
    render(request, response, status, message)


def _on_http_error(request: Request, response: falcon.Response, error: falcon.HTTPError, params: dict[str, Any]) -> None:
    status = error.status_code
    message = error.description or ("The resource could not be found." if status == 404 else error.title or "")
    if status == 404 and request.method not in METHODS:
        status, message = 501, f"The method {request.method} is not implemented."
    if error.headers:
        response.set_headers(error.headers)
    render(request, response, status, message)


def _on_surprise(request: Request, response: falcon.Response, error: Exception, params: dict[str, Any]) -> None:
    log.error("%s %s failed (%s)", request.method, request.path, _id_of(request), exc_info=error)
    render(request, response, 500, "The service failed to answer this request. Its log tells why.")


def title_of(status: int) -> str:
    """The phrase of a status."""
    return _TITLES.get(status) or HTTPStatus(status).phrase


def render(request: falcon.Request, response: falcon.Response, status: int, message: str) -> None:
    """Answer with an error: HTML or JSON if the client accepts it, else plain text (FEATURES 1.2-05, 1.2-06)."""
    response.status = status
    response.data = response.text = response.stream = None
    if status == HTTPStatus.NO_CONTENT:
        return
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.set_header("Retry-After", RETRY_AFTER)
    title = title_of(status)
    # No Accept header means plain text, as does one that names neither of the two.
    accepted = request.client_prefers(("text/html", "application/json")) if request.get_header("Accept") else None
    if accepted == "application/json":
        response.data = orjson.dumps({"message": message, "code": f"{status} {title}", "title": title})
        response.content_type = "application/json"
    elif accepted == "text/html":
        response.text = _PAGE.format(head=f"{status} {title}", message=html.escape(message))
        response.content_type = "text/html; charset=UTF-8"
    else:
        response.text = f"{status} {title}\n\n{message}\n"
        response.content_type = "text/plain; charset=UTF-8"


_PAGE = """<!DOCTYPE html>
<html>
<head><title>{head}</title></head>
<body>
<h1>{head}</h1>
<p>{message}</p>
</body>
</html>
"""
"""One element a line: clients strip the tags and join the lines."""


def _id_of(request: Request) -> str:
    return str(request.env.get(REQUEST_ID, "no request id"))
