"""The shapes that successful answers have."""

from __future__ import annotations

from typing import Any

import falcon
import orjson

_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
"""Times as ``YYYY-MM-DDTHH:MM:SSZ``, formatted while encoding (FEATURES 1.2-15)."""


def encoded(document: Any) -> bytes:
    """The document as JSON; naive times in it are UTC."""
    return orjson.dumps(document, option=_OPTIONS)


def json(response: falcon.Response, document: Any, status: int = 200) -> None:
    """Answer with a JSON document, whatever the client accepts (FEATURES 1.2-05)."""
    response.status = status
    response.data = encoded(document)
    response.content_type = "application/json"


def nothing(response: falcon.Response, status: int = 204) -> None:
    """Answer without a body, with the headers that clients are used to (FEATURES 1.2-09)."""
    response.status = status
    response.content_type = "text/html; charset=UTF-8"
    response.set_header("Content-Length", "0")
