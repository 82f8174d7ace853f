"""A proxy in front is believed only if the operator says so (FEATURES 8.2-07)."""

from types import SimpleNamespace

import pytest
from webob import Request, Response

from glancepipe.config import load
from glancepipe.middleware.http_proxy_to_wsgi import make


@pytest.fixture
def url():
    def url(enabled, **headers):
        def inner(environ, start_response):
            return Response(text=Request(environ).application_url)(environ, start_response)

        conf = load([])
        make(inner, SimpleNamespace(conf=conf))
        conf.set_override("enable_proxy_headers_parsing", enabled, group="oslo_middleware")
        return Request.blank("/v2/images", headers=headers).get_response(make(inner, SimpleNamespace(conf=conf))).text

    return url


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "images.example", "X-Forwarded-Prefix": "/image"}


def test_not_believed_by_default(url):
    assert url(False, **FORWARDED) == "http://localhost"


def test_believed(url):
    assert url(True, **FORWARDED) == "https://images.example/image"
    assert url(True, Forwarded="proto=https;host=images.example") == "https://images.example"
