"""A Glance and a glancepipe, configured alike, that are asked the same.

Needs the environment variable GLANCE_VENV, a virtual environment with glance 33.0.0.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import Any, Protocol

import pytest
from webob import Request

from glancepipe.config.loading import load
from glancepipe.service import make_application

HERE = Path(__file__).parent
PASTE = HERE.parents[1] / "glance-paste.ini"

CONFIGURATION = """\
[DEFAULT]
enabled_backends = fast:file,slow:file,web:http
show_multiple_locations = true
show_image_direct_url = true
state_path = HOME
[glance_store]
default_backend = fast
[fast]
filesystem_store_datadir = HOME/fast
weight = 200
[slow]
filesystem_store_datadir = HOME/slow
weight = 100
[web]
weight = 50
[import_filtering_opts]
allowed_hosts = [127.0.0.1]
allowed_ports = [PORT]
"""
GLANCE = """\
[database]
connection = sqlite:///HOME/glance.sqlite?timeout=60
[os_glance_staging_store]
filesystem_store_datadir = HOME/staging
[os_glance_tasks_store]
filesystem_store_datadir = HOME/tasks
[oslo_concurrency]
lock_path = HOME/lock
[paste_deploy]
config_file = PASTE
"""
IDENTIFIED = {"X-Identity-Status": "Confirmed"}
CALLERS = {
    "member": {"X-Project-Id": "a-project", "X-User-Id": "a-user", "X-Roles": "member,reader"},
    "reader": {"X-Project-Id": "a-project", "X-User-Id": "another-user", "X-Roles": "reader"},
    "stranger": {"X-Project-Id": "another-project", "X-User-Id": "a-stranger", "X-Roles": "member,reader"},
    "admin": {"X-Project-Id": "admins", "X-User-Id": "an-admin", "X-Roles": "admin,member,reader"},
}

COMPARED = ("allow", "accept-patch", "content-range", "content-md5")
"""Headers that clients act on."""

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.headers.get("content-type") == "application/json" else None


def configured(more: str, home: Path, web: int) -> str:
    return (CONFIGURATION + more).replace("HOME", str(home)).replace("PORT", str(web)).replace("PASTE", str(PASTE))


class Server(Protocol):
    """One of the two. ``home`` is its directory, which may show in what it answers."""

    home: Path

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer: ...


class Glance:
    """The one that is right as long as nobody says otherwise."""

    def __init__(self, home: Path, bin_: Path, web: int) -> None:
        self.home = home
        (home / "glance-api.conf").write_text(configured(GLANCE, home, web))
        quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
        with (home / "output").open("wb") as output:
            manage = [bin_ / "glance-manage", f"--config-file={home}/glance-api.conf", "db", "sync"]
            subprocess.run(manage, check=True, stdout=output, stderr=output, timeout=100, env=quiet)
            with socket.create_server(("127.0.0.1", 0)) as listener:
                self.port = listener.getsockname()[1]
                words = [bin_ / "python", HERE / "serve_glance.py", home, str(listener.fileno())]
                # Who asks too early waits until it accepts.
                self.process = subprocess.Popen(words, stdout=output, stderr=output, env=quiet, pass_fds=[listener.fileno()])

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


class Glancepipe:
    """The one that is tested, in this process."""

    def __init__(self, home: Path, web: int) -> None:
        self.home = home
        (home / "glancepipe.conf").write_text(configured("[api]\nauth_strategy = headers\n", home, web))
        self.service = make_application(load(config_files=[str(home / "glancepipe.conf")]))
        self.service.start()

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer:
        answer = Request.blank(path, method=method, headers=headers, body=body or b"").get_response(self.service)
        return Answer(answer.status_int, {name.lower(): value for name, value in answer.headers.items()}, answer.body)

    def close(self) -> None:
        self.service.close()


@dataclass
class Both:
    """Asks both the same. What they answer otherwise is in ``found``, a paragraph for each request."""

    servers: tuple[Server, Server]
    kept: tuple[dict[str, str], dict[str, str]] = field(default_factory=lambda: ({}, {}))
    found: list[str] = field(default_factory=list)

    def __call__(
        self,
        who: str | None,
        method: str,
        path: str,
        document: Any = ...,
        *,
        body: bytes | None = None,
        keep: str | None = None,
        differs: tuple[int, int] | None = None,
        status_only: bool = False,
        **headers: str,
    ) -> None:
        """``$NAME`` in path and document is the id of what was kept under that name. ``differs``: the two statuses that are expected."""
        answers = []
        for server, kept in zip(self.servers, self.kept, strict=True):
            given = IDENTIFIED | CALLERS[who] if who else {}
            given |= {name.replace("_", "-"): value for name, value in headers.items()}
            data = body if document is ... else Template(json.dumps(document)).safe_substitute(kept).encode()
            if document is not ... and "Content-Type" not in given:
                given["Content-Type"] = "application/json"
            answer = server.ask(method, Template(path).safe_substitute(kept), given, data)
            if keep and answer.status == 201:
                kept[keep] = answer.json["id"]
            answers.append(answer)
        if said := self._compare(*answers, differs, status_only):
            self.found.append(f"{who} {method} {path} {headers or ''} {'' if document is ... else document}"[:300] + f"\n    {said}")

    def until(self, name: str, status: str) -> None:
        """Wait until the image that was kept under ``name`` has ``status`` in both."""
        deadline = time.monotonic() + 60
        for server, kept in zip(self.servers, self.kept, strict=True):
            while (found := server.ask("GET", f"/v2/images/{kept[name]}", IDENTIFIED | CALLERS["admin"], None).json["status"]) != status:
                assert time.monotonic() < deadline, f"{server} still says {found}"
                time.sleep(0.1)

    def _compare(self, theirs: Answer, ours: Answer, differs: tuple[int, int] | None, status_only: bool) -> str:
        statuses = (theirs.status, ours.status)
        if statuses != (differs or (theirs.status, theirs.status)):
            return f"Glance {theirs.status}, glancepipe {ours.status} {ours.body[-200:]!r}"
        if differs or status_only:
            return ""
        if theirs.status < 300:
            views = [self._plain(answer.json, server.home) for answer, server in zip((theirs, ours), self.servers, strict=True)]
            if views[0] != views[1]:
                return f"Glance     {views[0]}\n    glancepipe {views[1]}"
        told = [{name: answer.headers.get(name) for name in COMPARED} for answer in (theirs, ours)]
        if theirs.status == 416:
            # Only ours says how much there is (RFC 9110, 15.5.17).
            del told[1]["content-range"], told[0]["content-range"]
        return "" if told[0] == told[1] else f"Glance     {told[0]}\n    glancepipe {told[1]}"

    def _plain(self, value: Any, home: Path) -> Any:
        """The document without what must differ; the order of an image's tags and of a namespace's objects is nobody's promise."""
        if isinstance(value, dict):
            found = {name: self._plain(each, home) for name, each in value.items()}
            for name, kind in (("tags", str), ("objects", dict)):
                if isinstance(found.get(name), list) and all(isinstance(each, kind) for each in found[name]):
                    found[name].sort(key=str)
            return found
        if isinstance(value, list):
            return [self._plain(each, home) for each in value]
        if isinstance(value, str) and value.startswith("/v2/images?"):
            # Glance forgets parameters that are repeated (FEATURES 12-07).
            return "a link"
        if isinstance(value, str):
            return TIME.sub("TIME", UUID.sub("UUID", value)).replace(str(home), "HOME")
        return value


class Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """What was asked does not matter."""


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a web server with the files ``one`` and ``two``."""
    home = tmp_path_factory.mktemp("web")
    (home / "one").write_bytes(b"0123456789")
    (home / "two").write_bytes(b"abcdef")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(home))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory, web: int) -> Iterator[tuple[Server, Server]]:
    venv = os.environ.get("GLANCE_VENV")
    if venv is None:
        message = "GLANCE_VENV does not name an environment with glance 33.0.0"
        pytest.fail(message) if os.environ.get("CI_REQUIRE") == "1" else pytest.skip(message)
    glance = Glance(tmp_path_factory.mktemp("glance"), Path(venv) / "bin", web)
    try:
        glancepipe = Glancepipe(tmp_path_factory.mktemp("glancepipe"), web)
        yield glance, glancepipe
        glancepipe.close()
    finally:
        glance.close()


@pytest.fixture
def both(servers: tuple[Server, Server]) -> Iterator[Both]:
    """At the end the test fails for every difference that it did not announce."""
    both = Both(servers)
    yield both
    assert not both.found, "\n".join(["", *both.found])
