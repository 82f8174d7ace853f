"""The edge of a download: what was sent, and that it ends exactly once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from wsgiref.util import FileWrapper

import pytest

from glancepipe.api.downloads import Blocks, File, stream_of
from glancepipe.contract import Data, Ended
from glancepipe.contract.errors import StoreError


class Watched:
    """Data whose end is noted."""

    def __init__(self, **made: Any) -> None:
        self.ends: list[Ended] = []
        self.closed = 0
        self.data = Data(**made, close=self._close)
        self.data.observe(self.ends.append)

    def _close(self) -> None:
        self.closed += 1


@pytest.fixture
def file(tmp_path: Path) -> Iterator[BinaryIO]:
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        yield file


def test_blocks() -> None:
    watched = Watched(blocks=[b"abc", b"de"], size=5)
    stream: Any = stream_of(watched.data, {})
    assert b"".join(stream) == b"abcde"
    stream.close()
    stream.close()
    assert (watched.ends, watched.closed) == ([Ended(5, True)], 1)


def test_blocks_of_unknown_size() -> None:
    watched = Watched(blocks=[b"abc"])
    stream = Blocks(watched.data)
    assert list(stream) == [b"abc"]
    stream.close()
    assert watched.ends == [Ended(3, True)]


def test_a_client_that_goes_away() -> None:
    """A block counts as sent when the server comes back for the next one."""
    watched = Watched(blocks=[b"abc", b"de", b"f"], size=6)
    stream = Blocks(watched.data)
    blocks = iter(stream)
    next(blocks)
    next(blocks)
    stream.close()
    assert (watched.ends, watched.closed) == ([Ended(3, False)], 1)


def test_nothing_was_sent() -> None:
    watched = Watched(blocks=[b"abc"], size=3)
    Blocks(watched.data).close()
    assert (watched.ends, watched.closed) == ([Ended(0, False)], 1)


def test_a_store_that_delivers_less() -> None:
    """The connection must break, lest the client takes the part for the whole."""
    watched = Watched(blocks=[b"abc"], size=6)
    stream = Blocks(watched.data)
    with pytest.raises(StoreError):
        list(stream)
    stream.close()
    assert watched.ends == [Ended(3, False)]


def test_a_file_goes_to_the_servers_wrapper(file: BinaryIO) -> None:
    file.seek(2)
    watched = Watched(file=file, size=5)
    stream: Any = stream_of(watched.data, {"wsgi.file_wrapper": FileWrapper})
    assert isinstance(stream, FileWrapper)
    assert b"".join(stream) == b"23456"
    stream.close()
    assert (watched.ends, watched.closed) == ([Ended(5, True)], 1)


@pytest.mark.parametrize("environ", [{}, {"wsgi.file_wrapper": FileWrapper, "uwsgi.version": b"2.0"}])
def test_where_the_file_can_not_be_handed_over(file: BinaryIO, environ: dict[str, Any]) -> None:
    """FEASIBILITY e: uWSGI's wrapper ignores the position."""
    file.seek(2)
    stream = stream_of(Watched(file=file, size=5).data, environ)
    assert isinstance(stream, Blocks)
    assert b"".join(stream) == b"23456"


def test_sendfile_tells_how_far_it_came(file: BinaryIO) -> None:
    """What gunicorn does: socket.sendfile from the descriptor's position, which reading ahead must not have moved."""
    file.read(2)
    watched = Watched(file=file, size=6)
    wrapped = File(watched.data, file, 6)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert ours.sendfile(wrapped, offset=wrapped.tell(), count=4) == 4
        assert theirs.recv(100) == b"2345"
    wrapped.close()
    assert watched.ends == [Ended(4, False)]


def test_sendfile_to_the_end(file: BinaryIO) -> None:
    watched = Watched(file=file, size=10)
    wrapped = File(watched.data, file, 10)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendfile(wrapped, offset=0, count=10)
    wrapped.close()
    assert watched.ends == [Ended(10, True)]


def test_an_empty_file(file: BinaryIO) -> None:
    watched = Watched(file=file, size=0)
    wrapped = File(watched.data, file, 0)
    assert wrapped.read() == b""
    wrapped.close()
    assert watched.ends == [Ended(0, True)]


def test_a_wrapper_that_fails(file: BinaryIO) -> None:
    watched = Watched(file=file, size=5)

    def wrapper(*_: Any) -> Any:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        stream_of(watched.data, {"wsgi.file_wrapper": wrapper})
    assert watched.closed == 1
