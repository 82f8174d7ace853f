"""How long URLs and headers may be, whatever server is in front."""

from types import SimpleNamespace

import pytest
from webob import Request, Response

from glancepipe.config import load
from glancepipe.middleware.limits import make


@pytest.fixture
def app():
    conf = load([])
    for option, value in (("max_url_length", 300), ("max_headers", 16), ("max_header_size", 1024)):
        conf.set_override(option, value, group="api")
    return make(Response(text="served"), SimpleNamespace(conf=conf))


def get(app, path="/", **headers):
    return Request.blank(path, headers={name.replace("_", "-"): value for name, value in headers.items()}).get_response(app)


@pytest.mark.parametrize(
    ("path", "status"), [("/" + "x" * 299, 200), ("/" + "x" * 300, 414), ("/a?" + "x" * 298, 200), ("/a?" + "x" * 299, 414)]
)
def test_urls(app, path, status):
    """Path and query string count together."""
    answer = get(app, path)
    assert answer.status_int == status
    assert ("at most 300 bytes" in answer.text) is (status == 414)


@pytest.mark.parametrize(("count", "status"), [(15, 200), (16, 431)])
def test_how_many_headers(app, count, status):
    """With ``Host`` there is one more."""
    answer = get(app, **{f"X_{number}": "x" for number in range(count)})
    assert answer.status_int == status
    assert ("at most 16 headers" in answer.text) is (status == 431)


@pytest.mark.parametrize(("size", "status"), [(1018, 200), (1019, 431)])
def test_how_long_a_header_is(app, size, status):
    """Name and value count together."""
    answer = get(app, X_Long="x" * size)
    assert answer.status_int == status
    assert ("at most 1024 bytes" in answer.text) is (status == 431)


def test_what_is_added_further_in_is_not_counted():
    """A catalog of services may be longer than any header of a client."""
    conf = load([])

    def adding(environ, start_response):
        environ["HTTP_X_SERVICE_CATALOG"] = "x" * 100_000
        return Response(text="served")(environ, start_response)

    assert get(make(adding, SimpleNamespace(conf=conf))).status_int == 200
