"""What holds for every request (FEATURES 1.2)."""

from __future__ import annotations

from typing import Any

import pytest


def test_wrong_method(client: Any) -> None:
    """FEATURES 1.2-01, 12-15: HEAD is not GET."""
    for method in ("HEAD", "PUT", "FOO", "OPTIONS"):
        answer = client("GET" if method == "OPTIONS" else method, "/v2/images/x/actions/deactivate")
        assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert client("HEAD", "/v2/images/x").headers["allow"] == "GET, PATCH, DELETE"
    assert client("DELETE", "/v2/images").headers["allow"] == "GET, POST"


def test_unknown_path(client: Any) -> None:
    """FEATURES 1.2-02."""
    for path in ("/v2/nothing", "/v2/", "/v2/images/", "/v2/images/x/tags/", "/v2/images/x/tags/a%2Fb", "/v2/images/x/members//"):
        assert client("GET", path).status == 404
    assert client("FOO", "/v2/nothing").status == 501


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/images/x"),
        ("DELETE", "/v2/images/x"),
        ("GET", "/v2/images/x/file"),
        ("POST", "/v2/images/x/actions/deactivate"),
        ("POST", "/v2/images/x/actions/reactivate"),
        ("PUT", "/v2/images/x/tags/a"),
        ("DELETE", "/v2/images/x/tags/a"),
        ("GET", "/v2/images/x/members"),
        ("DELETE", "/v2/images/x/members/m"),
        ("GET", "/v2/schemas/image"),
        ("GET", "/v2/info/stores"),
    ],
)
def test_unexpected_body(client: Any, method: str, path: str) -> None:
    """FEATURES 1.2-03."""
    assert client(method, path, b"{}").status == 400
    assert client(method, path, [b"{}"]).status == 400
    assert client(method, path, b"").status != 400


def test_bodies_that_are_tolerated(client: Any) -> None:
    """FEATURES 1.2-03."""
    assert client("GET", "/v2/images", b"{}").status == 200
    assert client("GET", "/v2/info/usage", b"{}").status == 200


@pytest.mark.parametrize(("method", "path"), [("POST", "/v2/images"), ("POST", "/v2/images/x/members"), ("PUT", "/v2/images/x/members/m")])
@pytest.mark.parametrize("body", [b"", b"{", b"5", b"[]", b"\xff", b"null", b'"x"'])
def test_json_bodies(client: Any, method: str, path: str, body: bytes) -> None:
    """FEATURES 1.2-04, 12-05: whatever the Content-Type says, and never a 500."""
    answer = client(method, path, body, headers={"Content-Type": "text/plain"})
    assert answer.status == 400
    assert len(answer.text.splitlines()) > 2


def test_json_body_too_long(make_service: Any) -> None:
    client = make_service(more="[api]\nmax_json_body_size = 2000")
    assert client("POST", "/v2/images", document={"name": "x" * 3000}).status == 413
    assert client("POST", "/v2/images", document={"name": "x"}).status == 201


def test_accept_is_ignored_where_all_went_well(client: Any) -> None:
    """FEATURES 1.2-05."""
    answer = client("GET", "/v2/images", headers={"Accept": "application/xml"})
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")


def test_form_of_errors(client: Any) -> None:
    """FEATURES 1.2-05, 1.2-06."""
    text = client("GET", "/v2/images/x")
    assert (text.headers["content-type"], text.text.splitlines()[0]) == ("text/plain; charset=UTF-8", "404 Not Found")
    html = client("GET", "/v2/images/x", headers={"Accept": "*/*"})
    assert html.headers["content-type"] == "text/html; charset=UTF-8"
    json = client("GET", "/v2/images/x", headers={"Accept": "application/json"}).json
    assert json == {"message": "No image found with ID x", "code": "404 Not Found", "title": "Not Found"}


@pytest.mark.parametrize(
    "path", ["/v2/images/%ff", "/v2/images?name=%ff", "/v2/images/%00", "/v2/images?name=%00", "/v2/images/x/tags/%ff"]
)
def test_urls_that_are_no_text(client: Any, path: str) -> None:
    """FEATURES 1.2-07, 12-28."""
    assert client("PUT" if "tags" in path else "GET", path).status == 400


def test_success_without_body(client: Any) -> None:
    """FEATURES 1.2-09."""
    image = client.create()
    answer = client("DELETE", f"/v2/images/{image['id']}")
    assert (answer.status, answer.body) == (204, b"")
    assert (answer.headers["content-type"], answer.headers["content-length"]) == ("text/html; charset=UTF-8", "0")


def test_request_id(client: Any) -> None:
    """FEATURES 1.2-11: also on errors."""
    for path in ("/v2/images", "/v2/images/x", "/v2/nothing"):
        assert client("GET", path).headers["x-openstack-request-id"].startswith("req-")
    answer = client("GET", "/v2/images", headers={"X-OpenStack-Request-ID": "req-mine"})
    assert answer.headers["x-openstack-request-id"] == "req-mine"


def test_nobody(client: Any) -> None:
    """FEATURES 1.2-13."""
    for path in ("/v2/images", "/v2/images/x/file", "/v2/schemas/image", "/v2/info/import", "/v2/info/usage"):
        assert client.as_(None)("GET", path).status == 401


def test_anonymous(make_service: Any) -> None:
    """FEATURES 1.2-12: nobody may only read, and the roles of policy count."""
    client = make_service("allow_anonymous_access = true")
    anonymous = client.as_(None)
    assert anonymous("POST", "/v2/images", document={}).status == 403
    assert anonymous("GET", "/v2/images").status == 403
    assert anonymous("GET", "/v2/info/import").status == 200


@pytest.mark.parametrize(
    "values", [{"name": "\U0001f600"}, {"foo": "\U0001f600"}, {"\U0001f600": "x"}, {"tags": ["\U0001f600"]}, {"name": "\0"}]
)
def test_characters_that_are_refused(client: Any, values: dict[str, Any]) -> None:
    """FEATURES 1.2-14."""
    assert client("POST", "/v2/images", document=values).status == 400


def test_chunked_json(client: Any) -> None:
    """FEATURES 1.2-17."""
    assert client("POST", "/v2/images", [b'{"na', b'me": "x"}']).json["name"] == "x"


def test_chunked_where_the_server_does_not_tell_the_end(client: Any) -> None:
    answer = client("POST", "/v2/images", [b"{}"], **{"wsgi.input_terminated": False})
    assert answer.status == 411


def test_wrong_content_length(client: Any) -> None:
    assert client("POST", "/v2/images", b"{}", CONTENT_LENGTH="x").status == 400
    assert client("POST", "/v2/images", b"{}", CONTENT_LENGTH="10").status == 400
