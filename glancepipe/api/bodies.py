"""Request bodies: read once, never past their end, and nothing left over for the next request to stumble over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.types import WSGIEnvironment

import orjson

from glancepipe.contract import BLOCK
from glancepipe.contract.errors import ClientDisconnected, Invalid, LimitExceeded

DRAINED = 4 * BLOCK
"""Bytes of an unread body that are read and dropped, so that the connection goes on."""
_BODY = "glancepipe.body"
"""The key of the environment under which a body is found that somebody has asked for."""

_SUSPECT = re.compile(rb"[\xf0-\xf4]|\\u(?:0000|[dD][89abAB])")
"""Bytes of JSON without which no string in it can hold what ``_check_characters`` refuses."""


class Body:
    """A request's body. ``length`` is its Content-Length, None if that is not known."""

    __slots__ = ("_ended", "_left", "_over", "_pull", "chunked", "length", "readable")

    def __init__(self, environ: WSGIEnvironment) -> None:
        """Raises Invalid for a Content-Length that is no number."""
        self.chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        self.length = None if self.chunked else _content_length(environ)
        terminated = bool(environ.get("wsgi.input_terminated"))
        uwsgi = self.chunked and "uwsgi.version" in environ
        self.readable = terminated or uwsgi or not self.chunked
        """False if the server hands over a chunked body without telling where it ends."""
        # Without a length a server that marks the end may be read (HTTP/2 has bodies of that kind), others may not.
        self._left = None if self.chunked or (self.length is None and terminated) else self.length or 0
        self._over = not self.readable
        self._ended = False
        self._pull: Callable[[int], bytes] = _uwsgi_chunk if uwsgi else environ["wsgi.input"].read
        environ[_BODY] = self

    @property
    def announced(self) -> bool:
        """Whether the request says that it has a body."""
        return self.chunked or bool(self.length)

    @property
    def ended(self) -> bool:
        """Whether its last byte was read, so that what follows on the connection is the next request."""
        return self._ended or self._left == 0

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes (more only if uWSGI hands over a longer chunk); none at the end.

        Raises ClientDisconnected if the body ends before it should.
        """
        if self._left is not None:
            size = min(size, self._left)
        if self._over or not size:
            return b""
        try:
            data = self._pull(size)
        except Exception as error:
            # Servers differ in what they raise for a body that breaks off or is framed wrongly.
            self._over = True
            raise ClientDisconnected from error
        if not data:
            self._over = True
            if self._left:
                raise ClientDisconnected
            self._ended = True
        elif self._left is not None:
            self._left -= len(data)
        return data

    def blocks(self) -> Iterator[bytes]:
        """All of it in blocks of ``BLOCK`` bytes, however small the pieces in which it arrives."""
        while block := self._block():
            yield block

    def json(self, limit: int) -> Any:
        """The JSON document that it is. Raises Invalid, LimitExceeded (FEATURES 1.2-04, 1.2-07, 12-05)."""
        text = b""
        while len(text) <= limit and (piece := self.read(limit + 1 - len(text))):
            text += piece
        if len(text) > limit:
            raise LimitExceeded(f"A JSON body may have at most {limit} bytes.")
        if not text:
            raise Invalid("The request must have a body.")
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Invalid(f"The body is not valid JSON: {error}.") from None
        if _SUSPECT.search(text):
            _check_characters(document)
        return document

    def drain(self) -> None:
        """Read and drop what nobody wanted, within a bound; what is longer is for the server to cut off."""
        dropped = 0
        try:
            while dropped < DRAINED and (piece := self.read(BLOCK)):
                dropped += len(piece)
        except ClientDisconnected:
            return

    def _block(self) -> bytes:
        pieces: list[bytes] = []
        missing = BLOCK
        while missing > 0 and (piece := self.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def is_left(environ: WSGIEnvironment) -> bool:
    """Whether some of the request's body may not have been read."""
    body: Body | None = environ.get(_BODY)
    if body is None:
        # Whoever answered did not look at it.
        return "HTTP_TRANSFER_ENCODING" in environ or environ.get("CONTENT_LENGTH", "") not in ("", "0")
    return not body.ended


def _content_length(environ: WSGIEnvironment) -> int | None:
    text = environ.get("CONTENT_LENGTH")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise Invalid("Content-Length must be a number of bytes.")
    return int(text)


def _uwsgi_chunk(_size: int) -> bytes:
    # Exists inside of uWSGI only, whose input can't be read when the body is chunked (FEATURES 1.2-17).
    import uwsgi

    chunk: bytes = uwsgi.chunked_read()
    return chunk


def _check_characters(value: Any) -> None:
    """Refuse what not every database can store: NUL, and characters of four bytes in UTF-8 (FEATURES 1.2-14)."""
    if isinstance(value, str):
        if value and (max(value) > "\uffff" or "\0" in value):
            raise Invalid("Strings must not contain NUL or characters beyond U+FFFF.")
    elif isinstance(value, list):
        for each in value:
            _check_characters(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            _check_characters(name)
            _check_characters(each)
