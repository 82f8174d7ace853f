"""Request bodies: framing, limits, characters."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from glancepipe.api.bodies import DRAINED, Body, is_left
from glancepipe.contract import BLOCK
from glancepipe.contract.errors import ClientDisconnected, Invalid, LimitExceeded

Environ = Callable[..., dict[str, Any]]


class Pieces:
    """An input that hands over what arrived, in pieces; an exception among them is raised."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces: Iterator[bytes | Exception] = iter(pieces)
        self.asked: list[int] = []

    def read(self, size: int) -> bytes:
        self.asked.append(size)
        piece = next(self.pieces, b"")
        if isinstance(piece, Exception):
            raise piece
        assert len(piece) <= size
        return piece


def test_reads_no_further_than_the_content_length(environ: Environ) -> None:
    source = io.BytesIO(b"0123456789 next request")
    body = Body(environ(source, CONTENT_LENGTH="10"))
    assert b"".join(body.blocks()) == b"0123456789"
    assert source.read() == b" next request"


def test_small_pieces_become_blocks(environ: Environ) -> None:
    """Memory stays bounded and stores see blocks of 1 MiB, whatever the client's chunks are like."""
    piece = b"x" * (BLOCK // 4)
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    body = Body(environ(Pieces(*[piece] * 6), **chunked))
    assert [len(block) for block in body.blocks()] == [BLOCK, BLOCK // 2]


def test_a_short_body_is_no_body(environ: Environ) -> None:
    """FEATURES 1.6-03: gunicorn ends a body that breaks off with a clean short read."""
    body = Body(environ(b"01234", CONTENT_LENGTH="10"))
    with pytest.raises(ClientDisconnected):
        list(body.blocks())
    assert body.read(1) == b""


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("bad chunk")])
def test_servers_differ_in_what_they_raise(environ: Environ, error: Exception) -> None:
    body = Body(environ(Pieces(b"abc", error), HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True}))
    with pytest.raises(ClientDisconnected):
        list(body.blocks())
    body.drain()


def test_chunked_under_uwsgi(environ: Environ, monkeypatch: pytest.MonkeyPatch) -> None:
    """FEATURES 1.2-17: uWSGI's input can't be read then, its own function must be called."""
    chunks = iter([b"ab", b"c" * (BLOCK + 5), b"d"])
    module = ModuleType("uwsgi")
    module.chunked_read = lambda: next(chunks, b"")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "uwsgi", module)
    body = Body(environ(HTTP_TRANSFER_ENCODING="Chunked", **{"uwsgi.version": b"2.0"}))
    assert body.readable
    assert b"".join(body.blocks()) == b"ab" + b"c" * (BLOCK + 5) + b"d"


def test_chunked_where_nobody_tells_the_end(environ: Environ) -> None:
    body = Body(environ(b"abc", HTTP_TRANSFER_ENCODING="chunked"))
    assert not body.readable
    assert body.read(10) == b""


def test_no_length_no_body(environ: Environ) -> None:
    source = io.BytesIO(b"next request")
    body = Body(environ(source))
    assert not body.announced
    assert body.read(10) == b""
    assert source.read() == b"next request"


def test_a_server_that_marks_the_end_needs_no_length(environ: Environ) -> None:
    """HTTP/2 has bodies with neither a length nor chunks."""
    assert Body(environ(b"abc", **{"wsgi.input_terminated": True})).read(10) == b"abc"


@pytest.mark.parametrize("length", ["x", "-1", "1.5", "1_0", "９", "1" * 30])
def test_a_length_that_is_no_number(environ: Environ, length: str) -> None:
    with pytest.raises(Invalid, match="Content-Length"):
        Body(environ(CONTENT_LENGTH=length))


def test_drain_is_bounded(environ: Environ) -> None:
    source = io.BytesIO(b"x" * (2 * DRAINED))
    Body(environ(source, CONTENT_LENGTH=str(2 * DRAINED))).drain()
    assert source.tell() == DRAINED


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize(("read", "left"), [(0, True), (5, True), (10, False)])
def test_what_is_left(environ: Environ, read: int, left: bool, chunked: bool) -> None:
    framing = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True} if chunked else {"CONTENT_LENGTH": "10"}
    request = environ(b"0123456789", **framing)
    assert is_left(request)
    body = Body(request)
    body.read(read)
    # Only its end tells that a chunked body is over.
    assert is_left(request) is (left or chunked)
    body.drain()
    assert not is_left(request)


def test_a_broken_body_is_left(environ: Environ) -> None:
    """Where the next request begins nobody knows."""
    request = environ(Pieces(b"abc", ValueError("bad chunk")), HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True})
    Body(request).drain()
    assert is_left(request)


def test_without_a_body_nothing_is_left(environ: Environ) -> None:
    assert not is_left(environ())
    assert not is_left(environ(CONTENT_LENGTH="0"))


def json_of(environ: Environ, text: bytes, limit: int = 1000) -> Any:
    return Body(environ(text, CONTENT_LENGTH=str(len(text)))).json(limit)


def test_json(environ: Environ) -> None:
    assert json_of(environ, b'{"a": [1, "\xc3\xa9"]}') == {"a": [1, "é"]}


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"\xff", b'"\\ud800"', b'"\xff"', b"[" * 900, b"1e999", b"NaN", b"{'a': 1}"],
)
def test_what_is_no_json(environ: Environ, text: bytes) -> None:
    """FEATURES 1.2-04, 1.2-07."""
    with pytest.raises(Invalid):
        json_of(environ, text)


@pytest.mark.parametrize("text", [b'"\\u0000"', b'{"a\\u0000": 1}', b'[["\xf0\x9f\x98\x80"]]', b'"\\ud83d\\ude00"'])
def test_characters_that_not_every_database_stores(environ: Environ, text: bytes) -> None:
    """FEATURES 1.2-14, and NUL, which PostgreSQL refuses."""
    with pytest.raises(Invalid, match="NUL"):
        json_of(environ, text)


def test_an_escaped_backslash_is_harmless(environ: Environ) -> None:
    assert json_of(environ, b'"\\\\u0000"') == "\\u0000"


@pytest.mark.parametrize("chunked", [False, True])
def test_json_too_long(environ: Environ, chunked: bool) -> None:
    text = b'"' + b"x" * 1000 + b'"'
    framing: dict[str, Any] = {"CONTENT_LENGTH": str(len(text))}
    if chunked:
        framing = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    with pytest.raises(LimitExceeded, match="1000 bytes"):
        Body(environ(text, **framing)).json(1000)
