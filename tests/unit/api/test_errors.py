"""Errors as HTTP."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import falcon
import pytest
from falcon import testing

from glancepipe.api import errors as api_errors
from glancepipe.api.request import Request
from glancepipe.api.routes import ROUTES
from glancepipe.contract import errors


@pytest.mark.parametrize(
    ("error", "operation", "status"),
    [
        (errors.Invalid(), None, 400),
        (errors.InvalidTransition(), "delete_image", 400),
        (errors.InvalidTransition(), "upload_image", 409),
        (errors.RangeUnsupported(), "download_image", 400),
        (errors.ClientDisconnected(), "upload_image", 400),
        (errors.Unauthenticated(), None, 401),
        (errors.Forbidden(), "modify_image", 403),
        (errors.Forbidden(hidden=True), "modify_image", 404),
        (errors.Forbidden(), "show_image", 404),
        (errors.Forbidden(), "show_member", 404),
        (errors.ImageNotFound("i"), None, 404),
        (errors.NoData(), "download_image", 204),
        (errors.NoData(), None, 404),
        (errors.StatusChanged(), None, 409),
        (errors.Duplicate(), None, 409),
        (errors.InUse(), None, 409),
        (errors.Gone(), None, 410),
        (errors.StoreReadOnly(), "upload_image", 410),
        (errors.LimitExceeded(), None, 413),
        (errors.StoreFull(), None, 413),
        (errors.UnsupportedContent(), None, 415),
        (errors.NotSatisfiable(), None, 416),
        (errors.StoreError(), None, 500),
        (errors.StoreUnavailable(), None, 503),
        (errors.DatabaseUnavailable(), None, 503),
        (errors.ImageServiceError(), None, 500),
    ],
)
def test_status(error: errors.ImageServiceError, operation: str | None, status: int) -> None:
    """The docstrings of contract/errors.py; FEATURES 1.3-03, 1.3-19, 1.6-05, 1.7-02."""
    assert api_errors.status_of(error, operation) == status


def test_every_error_has_a_status() -> None:
    """A new kind of error is at least what its base is."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ImageServiceError)]
    assert len(kinds) > 20
    for kind in kinds:
        error = kind("x") if kind is errors.ImageNotFound else kind()
        assert 400 <= api_errors.status_of(error) < 600


@pytest.fixture
def answer() -> Callable[..., testing.Result]:
    """What a client gets if its request to show an image raises that error."""

    def ask(error: Exception, **headers: str) -> testing.Result:
        route = next(route for route in ROUTES if route.operation == "modify_image")

        class Resource:
            def on_get(self, request: Request, response: falcon.Response, image_id: str) -> None:
                request.route = route
                response.stream = iter([b"half an answer"])
                raise error

        app: falcon.App[Any, Any] = falcon.App(request_type=Request)
        api_errors.add_handlers(app)
        app.add_route("/{image_id}", Resource())
        # falcon.testing sends Accept: */* of itself, which is not the same as none.
        return testing.simulate_get(app, "/i", headers=headers or {"Accept": ""}, extras={"glancepipe.request_id": "req-1"})

    return ask


def test_plain_text_by_default(answer: Callable[..., testing.Result]) -> None:
    """FEATURES 1.2-05, 1.2-06."""
    for accept in ("", "text/plain", "garbage", "application/octet-stream"):
        found = answer(errors.ImageNotFound("<i>"), Accept=accept)
        assert found.status_code == 404
        assert found.headers["content-type"] == "text/plain; charset=UTF-8"
        assert found.text == "404 Not Found\n\nNo image found with ID <i>\n"


def test_html(answer: Callable[..., testing.Result]) -> None:
    """FEATURES 1.2-05."""
    for accept in ("*/*", "text/html", "text/html, application/json;q=0.5"):
        found = answer(errors.ImageNotFound("<i>"), Accept=accept)
        assert found.headers["content-type"] == "text/html; charset=UTF-8"
        assert "<h1>404 Not Found</h1>" in found.text
        assert "No image found with ID &lt;i&gt;" in found.text


def test_json(answer: Callable[..., testing.Result]) -> None:
    """FEATURES 1.2-05."""
    found = answer(errors.LimitExceeded("Too much."), Accept="application/json")
    assert found.headers["content-type"] == "application/json"
    assert found.json == {
        "message": "Too much.",
        "code": "413 Request Entity Too Large",
        "title": "Request Entity Too Large",
    }


def test_a_hidden_refusal_looks_like_nothing_there(answer: Callable[..., testing.Result]) -> None:
    """FEATURES 6.1-05."""
    hidden = answer(errors.Forbidden("You may not see this secret.", hidden=True))
    assert (hidden.status_code, hidden.text) == (404, answer(errors.ImageNotFound("i")).text)


def test_a_surprise_tells_the_client_nothing(answer: Callable[..., testing.Result], caplog: pytest.LogCaptureFixture) -> None:
    """FEATURES 1.2-08."""
    with caplog.at_level(logging.ERROR):
        found = answer(RuntimeError("password=secret"))
    assert found.status_code == 500
    assert "secret" not in found.text
    assert "password=secret" in caplog.text
    assert "req-1" in caplog.text


def test_a_store_that_is_down_is_logged_without_a_trace(answer: Callable[..., testing.Result], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert answer(errors.StoreUnavailable()).status_code == 503
    assert "Traceback" not in caplog.text
    assert "req-1" in caplog.text


@pytest.mark.parametrize("error", [errors.StoreUnavailable(), errors.DatabaseUnavailable()])
def test_what_is_away_may_be_back_soon(answer: Callable[..., testing.Result], error: errors.ImageServiceError) -> None:
    assert answer(error).headers["retry-after"] == api_errors.RETRY_AFTER
    assert "retry-after" not in answer(errors.StoreError()).headers
