"""Browsers of other origins (FEATURES 1.3-42, 8.2-05)."""

from types import SimpleNamespace

import pytest
from webob import Request, Response

from glancepipe.config import load
from glancepipe.middleware.cors import make


@pytest.fixture
def app():
    conf = load([])
    app = make(Response(text="inner", status=401), SimpleNamespace(conf=conf))
    conf.set_override("allowed_origin", ["https://dashboard.example"], group="cors")
    allowed = make(Response(text="inner"), SimpleNamespace(conf=conf))
    return SimpleNamespace(unset=app, allowed=allowed)


def test_options_is_answered_before_auth(app):
    response = Request.blank("/v2/images", method="OPTIONS").get_response(app.unset)
    assert response.status_int == 200


def test_other_methods_pass(app):
    assert Request.blank("/v2/images").get_response(app.unset).status_int == 401


def test_preflight_of_an_allowed_origin_has_glances_defaults(app):
    headers = {
        "Origin": "https://dashboard.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "X-Auth-Token",
    }
    response = Request.blank("/v2/images", method="OPTIONS", headers=headers).get_response(app.allowed)
    assert response.headers["Access-Control-Allow-Origin"] == "https://dashboard.example"
    assert response.headers["Access-Control-Allow-Methods"] == "PATCH"


@pytest.mark.parametrize(("origin", "allowed"), [("https://dashboard.example", True), ("https://evil.example", False)])
def test_origin(app, origin, allowed):
    response = Request.blank("/v2/images", headers={"Origin": origin}).get_response(app.allowed)
    assert response.text == "inner"
    assert ("Access-Control-Allow-Origin" in response.headers) is allowed
    if allowed:
        assert "X-OpenStack-Request-ID" in response.headers["Access-Control-Expose-Headers"]
