"""A web server for all tests that fetch: files, redirects, and whatever else a test has it answer."""

import re
import threading
from collections.abc import Callable, Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class Web:
    """``files`` are served by path, ``answers`` are called instead; ``requests`` lists what was asked."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.port: int = server.server_address[1]
        self.files: dict[str, bytes] = {}
        self.answers: dict[str, Callable[[Any], None]] = {}
        self.requests: list[tuple[str, str, Message]] = []
        self.ranges = True

    def url(self, path: str = "/image", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        """The URL of a path that leads elsewhere."""
        self.answers[path] = lambda handler: _answer(handler, status, b"", {"Location": to})
        return self.url(path)

    def refuse(self, path: str, status: int) -> str:
        """The URL of a path that answers with an error."""
        self.answers[path] = lambda handler: _answer(handler, status, b"no", {})
        return self.url(path)

    def asked(self, name: str) -> list[str | None]:
        """A header of each request."""
        return [headers.get(name) for _, _, headers in self.requests]

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("User-Agent") == "glancepipe":
            # Whoever had this port before may still be knocked at.
            self.requests.append((handler.command, handler.path, handler.headers))
        answer, content = self.answers.get(handler.path), self.files.get(handler.path)
        wanted = re.fullmatch("bytes=([0-9]+)-([0-9]+)", handler.headers.get("Range", "")) if self.ranges else None
        if answer is not None:
            answer(handler)
        elif content is None:
            _answer(handler, 404, b"", {})
        elif wanted is None:
            _answer(handler, 200, content, {})
        else:
            first, last = int(wanted[1]), min(int(wanted[2]), len(content) - 1)
            _answer(handler, 206, content[first : last + 1], {"Content-Range": f"bytes {first}-{last}/{len(content)}"})


def _answer(handler: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(content)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(content)


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server on 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found.serve(self)

        def do_HEAD(self) -> None:
            found.serve(self)

        def log_message(self, *args: object) -> None:
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Web(server)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()
