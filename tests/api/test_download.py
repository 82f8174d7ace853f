"""Downloads (FEATURES 1.7)."""

from __future__ import annotations

import hashlib
from typing import Any
from wsgiref.util import FileWrapper

import pytest

DATA = b"0123456789"


@pytest.fixture(params=["blocks", "file"])
def image(request: pytest.FixtureRequest, client: Any) -> Any:
    """Read an image of ten bytes, in both ways in which a server can be given it."""
    environ = {"wsgi.file_wrapper": FileWrapper} if request.param == "file" else {}
    found = client.active(DATA)

    def read(**headers: str) -> Any:
        return client("GET", f"/v2/images/{found['id']}/file", headers={n.replace("_", "-"): v for n, v in headers.items()}, **environ)

    return read


def test_everything(image: Any) -> None:
    """FEATURES 1.3-07, 1.7-01."""
    answer = image()
    assert (answer.status, answer.body) == (200, DATA)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-length"] == "10"
    assert answer.headers["content-md5"] == hashlib.md5(DATA).hexdigest()
    assert "content-range" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "part", "said"),
    [
        ({"Range": "bytes=2-4"}, b"234", "bytes 2-4/10"),
        ({"Range": "bytes=7-"}, b"789", "bytes 7-9/10"),
        ({"Range": "bytes=7-100"}, b"789", "bytes 7-9/10"),
        ({"Range": "bytes=-3"}, b"789", "bytes 7-9/10"),
        ({"Range": "bytes=-100"}, DATA, "bytes 0-9/10"),
        ({"Range": "bytes=0-0"}, b"0", "bytes 0-0/10"),
        ({"Content_Range": "bytes 2-4/*"}, b"234", "bytes 2-4/10"),
    ],
)
def test_a_part(image: Any, headers: dict[str, str], part: bytes, said: str) -> None:
    """FEATURES 1.7-05, 1.7-06; 12-15: the answer says that there can be parts."""
    answer = image(**headers)
    assert answer.headers["accept-ranges"] == "bytes"
    assert (answer.status, answer.body, answer.headers["content-range"]) == (206, part, said)
    assert answer.headers["content-length"] == str(len(part))
    assert answer.headers["content-md5"] == hashlib.md5(DATA).hexdigest()


@pytest.mark.parametrize(
    "headers", [{"Range": "bytes=10-"}, {"Range": "bytes=5-2"}, {"Range": "lines=1-2"}, {"Content_Range": "bytes 0-10/*"}]
)
def test_outside(image: Any, headers: dict[str, str]) -> None:
    """FEATURES 1.7-05, 1.7-06."""
    answer = image(**headers)
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */10")


def test_what_a_client_has_is_not_sent_again(image: Any) -> None:
    """FEATURES 12-15."""
    answer = image()
    assert (answer.headers["accept-ranges"], answer.headers["etag"]) == ("bytes", f'"{hashlib.sha512(DATA).hexdigest()}"')
    again = image(If_None_Match=answer.headers["etag"])
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert image(If_None_Match='"other"').body == DATA


def test_a_part_of_other_data_is_not_sent(image: Any) -> None:
    """FEATURES 12-15."""
    tag = image().headers["etag"]
    assert image(Range="bytes=2-4", If_Range=tag).status == 206
    answer = image(Range="bytes=2-4", If_Range='"other"')
    assert (answer.status, answer.body) == (200, DATA)


def test_who_may_not_read_does_not_learn_whether_it_has_the_data(client: Any, other: Any) -> None:
    found = client.active()
    path, tag = f"/v2/images/{found['id']}/file", {"If-None-Match": f'"{found["os_hash_value"]}"'}
    assert client("GET", path, headers=tag).status == 304
    assert other("GET", path, headers=tag).status == 404
    client("POST", f"/v2/images/{found['id']}/actions/deactivate")
    assert client("GET", path, headers=tag).status == 403


def test_there_is_no_head(image: Any, client: Any) -> None:
    """FEATURES 1.2-01."""
    assert client("HEAD", f"/v2/images/{client.create()['id']}/file").status == 405


def test_several_ranges(image: Any) -> None:
    """FEATURES 1.7-05."""
    assert image(Range="bytes=0-1,3-4").status == 400


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-1"}, {"Range": "nonsense"}])
def test_no_data(client: Any, headers: dict[str, str]) -> None:
    """FEATURES 1.7-02, 12-28."""
    answer = client("GET", f"/v2/images/{client.create()['id']}/file", headers=headers)
    assert (answer.status, answer.body) == (204, b"")


def test_an_empty_image(client: Any) -> None:
    path = f"/v2/images/{client.active(b'')['id']}/file"
    answer = client("GET", path)
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    assert client("GET", path, headers={"Range": "bytes=0-"}).status == 416


def test_who_may_read(client: Any, other: Any) -> None:
    """FEATURES 1.7-04, 7.2-03."""
    path = f"/v2/images/{client.active()['id']}/file"
    assert other("GET", path).status == 404
    assert client.as_(client.project, "reader")("GET", path).status == 403
    public = client.active(visibility="community")
    assert other("GET", f"/v2/images/{public['id']}/file").status == 200


def test_a_client_that_goes_away(client: Any) -> None:
    """Closing the answer early gives back everything (an open file would be an error)."""
    image = client.active(b"x" * 3000000)
    begun: list[Any] = []

    def server(environ: Any, start_response: Any) -> list[bytes]:
        answer = client.service(environ, start_response)
        begun.append(len(next(iter(answer))))
        answer.close()
        return []

    Gone = type(client)
    assert Gone(server, client.project)("GET", f"/v2/images/{image['id']}/file").status == 200
    assert begun == [1 << 20]
