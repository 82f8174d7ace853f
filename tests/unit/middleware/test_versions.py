"""Version discovery and negotiation (FEATURES 1.1)."""

from types import SimpleNamespace

import pytest
from webob import Request, Response

from glancepipe.config import load
from glancepipe.middleware.versions import make


@pytest.fixture
def app():
    def inner(environ, start_response):
        return Response(text=environ["PATH_INFO"])(environ, start_response)

    return make(inner, SimpleNamespace(conf=load([])))


def get(app, path, **kwargs):
    return Request.blank(path, **kwargs).get_response(app)


def test_root_lists_versions(app):
    """FEATURES 1.1-01, 1.1-04."""
    response = get(app, "/", base_url="http://images.example:9292")
    assert response.status_int == 300
    assert response.content_type == "application/json"
    first = response.json["versions"][0]
    assert set(first) == {"id", "status", "links"}
    assert first["links"] == [{"rel": "self", "href": "http://images.example:9292/v2/"}]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/versions", "/versions/", "/versions/v2"])
def test_versions(app, path, method):
    """FEATURES 1.1-02."""
    response = get(app, path, method=method)
    assert response.status_int == 200
    assert any(version["status"] == "CURRENT" for version in response.json["versions"])


@pytest.mark.parametrize("path", ["/v1/images", "/v3/images", "/v2.99/images", "/images", "/v2.14/images"])
def test_unknown_version_gets_the_list(app, path):
    """FEATURES 1.1-03, 1.1-12."""
    assert get(app, path).status_int == 300


def test_slashes_that_were_doubled(app):
    """As Glance has it: an endpoint that ends in one, joined with a path that begins with one."""
    assert get(app, "//v2/images").text == "/v2/images"
    assert get(app, "/v2//images///x").text == "/v2/images/x"


@pytest.mark.parametrize("path", ["/v2/images", "/v2.0/images", "/v2.17/images"])
def test_minor_versions_are_served_alike(app, path):
    """FEATURES 1.1-06."""
    assert get(app, path).text == "/v2/images"


def test_without_slash(app):
    """FEATURES 1.1-05."""
    response = get(app, "/v2", base_url="http://images.example/prefix")
    assert response.status_int == 302
    assert response.location == "http://images.example/prefix/v2/"
    assert get(app, "/v2/").text == "/v2/"


def test_version_in_the_accept_header(app):
    """FEATURES 1.1-07."""
    assert get(app, "/images", headers={"Accept": "application/vnd.openstack.images-v2.5"}).text == "/v2/images"
    assert get(app, "/images", headers={"Accept": "application/vnd.openstack.images-v9"}).status_int == 300


def test_prefix_of_a_proxy_is_in_the_links(app):
    href = get(app, "/versions", base_url="https://cloud.example/image").json["versions"][0]["links"][0]["href"]
    assert href == "https://cloud.example/image/v2/"
