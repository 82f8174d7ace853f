"""Every request has an id; clients and the log learn it (FEATURES 1.2-11, 12-05)."""

from types import SimpleNamespace

import pytest
from oslo_context.context import get_current
from webob import Request, Response

from glancepipe.config import load
from glancepipe.middleware.request_id import make


@pytest.fixture
def seen():
    return {}


@pytest.fixture
def app(seen):
    def inner(environ, start_response):
        seen["id"] = environ["glancepipe.request_id"]
        seen["logged"] = get_current().request_id
        environ["PATH_INFO"] = environ["PATH_INFO"].replace("/v2.5/", "/v2/")
        return Response(text="served")(environ, start_response)

    return make(inner, SimpleNamespace(conf=load([])))


def test_new_id(app, seen):
    response = Request.blank("/v2/images").get_response(app)
    assert response.headers["x-openstack-request-id"] == seen["id"] == seen["logged"]
    assert seen["id"].startswith("req-")


def test_ids_differ(app):
    ids = {Request.blank("/v2/images").get_response(app).headers["x-openstack-request-id"] for _ in range(3)}
    assert len(ids) == 3


def test_own_id_is_honoured_as_it_is(app, seen):
    own = "x" * 64
    response = Request.blank("/v2/images", headers={"X-OpenStack-Request-ID": own}).get_response(app)
    assert response.headers["x-openstack-request-id"] == seen["id"] == own


def test_longer_id_is_refused(app, seen):
    """431 and not Glance's 500 (FEATURES 12-05)."""
    response = Request.blank("/v2/images", headers={"X-OpenStack-Request-ID": "x" * 65}).get_response(app)
    assert response.status_int == 431
    assert response.headers["x-openstack-request-id"].startswith("req-")
    assert not seen


@pytest.mark.parametrize(
    ("path", "told"), [("/v2/images", True), ("/v2.5/images", True), ("/", False), ("/versions", False), ("/healthcheck", False)]
)
def test_only_the_api_tells_it(app, path, told):
    assert ("x-openstack-request-id" in Request.blank(path).get_response(app).headers) is told
