"""A whole service in this process, and clients that call it as somebody; on SQLite, or on TEST_DATABASE_URL."""

from __future__ import annotations

import io
import json
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from sqlalchemy import Connection, create_engine, make_url, text

from glancepipe.api.openapi import refusals
from glancepipe.api.routes import ROUTES
from glancepipe.config.loading import load
from glancepipe.db import models, schema
from glancepipe.service import Service, make_application

SERVER = os.environ.get("TEST_DATABASE_URL", "")
"""A database server on which databases may be made; SQLite if it names none."""

PATCH = "application/openstack-images-v2.1-json-patch"


@dataclass
class Answer:
    """What the service answered."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Client:
    """Somebody who calls the service. Without a project nobody is identified."""

    service: Callable[..., Iterable[bytes]]
    project: str | None
    roles: str = "member,reader"
    environ: dict[str, Any] = field(default_factory=dict)

    def as_(self, project: str | None, roles: str = "member,reader") -> Client:
        return Client(self.service, project, roles, self.environ)

    def finish_tasks(self) -> None:
        """Wait for all tasks of this worker; closing it would leave those that have not begun to another one."""
        runner: Any = self.service.runner
        runner._pool.shutdown()
        runner.start()

    def __call__(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        *,
        document: Any = None,
        headers: dict[str, str] | None = None,
        **environ: Any,
    ) -> Answer:
        """One request; a body that is not bytes goes chunked."""
        path, _, query = path.partition("?")
        given = {"Host": "images.example:9292"} | (headers or {})
        if document is not None:
            body = json.dumps(document).encode()
        request = {
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SCRIPT_NAME": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "9292",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if body is None or isinstance(body, bytes):
            request["wsgi.input"] = io.BytesIO(body or b"")
            if body is not None:
                request["CONTENT_LENGTH"] = str(len(body))
        else:
            request |= {"wsgi.input": _Chunks(iter(body)), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        if self.project is not None:
            given |= {"X-Identity-Status": "Confirmed", "X-User-Id": f"user-of-{self.project}", "X-Project-Id": self.project}
            given["X-Roles"] = self.roles
        for name, value in given.items():
            key = name.upper().replace("-", "_")
            request[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        started: list[Any] = []
        answer = self.service({**request, **self.environ, **environ}, lambda *args: started.extend(args))
        try:
            received = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        status, _, reason = started[0].partition(" ")
        _assert_documented(method, request["PATH_INFO"], int(status))
        return Answer(int(status), reason, {name.lower(): value for name, value in started[1]}, received)

    def create(self, **values: Any) -> dict[str, Any]:
        """A new image record."""
        answer = self("POST", "/v2/images", document=values)
        assert answer.status == 201, answer.text
        return answer.json  # type: ignore[no-any-return]

    def upload(self, image_id: str, data: bytes | Iterable[bytes], **headers: str) -> Answer:
        """Put an image's data."""
        given = {"Content-Type": "application/octet-stream"} | {name.replace("_", "-"): value for name, value in headers.items()}
        return self("PUT", f"/v2/images/{image_id}/file", data, headers=given)

    def active(self, data: bytes = b"0123456789", **values: Any) -> dict[str, Any]:
        """A new image with data."""
        image = self.create(**{"disk_format": "raw", "container_format": "bare", **values})
        answer = self.upload(image["id"], data)
        assert answer.status == 204, answer.text
        return self.show(image["id"])

    def show(self, image_id: str) -> dict[str, Any]:
        """An image's record."""
        answer = self("GET", f"/v2/images/{image_id}")
        assert answer.status == 200, answer.text
        return answer.json  # type: ignore[no-any-return]

    def patch(self, image_id: str, *steps: dict[str, Any], media_type: str = PATCH) -> Answer:
        """Change an image's record."""
        return self("PATCH", f"/v2/images/{image_id}", document=list(steps), headers={"Content-Type": media_type})

    def listed(self, query: str = "") -> list[str]:
        """The ids that a listing answers, in its order."""
        answer = self("GET", f"/v2/images?{query}")
        assert answer.status == 200, answer.text
        return [image["id"] for image in answer.json["images"]]


_PATHS = [(route, re.compile(re.sub(r"{\w+}", "[^/]+", route.path))) for route in ROUTES]


def _assert_documented(method: str, path: str, status: int) -> None:
    """Whatever a test asks for, the description says that this may be the answer."""
    for route, pattern in _PATHS:
        if route.method == method and pattern.fullmatch(path):
            assert status in {*route.answers, *refusals.of(route)}, f"{method} {route.path} answered {status}: its row must say so"


class _Chunks(io.RawIOBase):
    """A chunked body as a server hands it over: to its end, in whatever pieces arrive."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = iter(chunks)
        self.rest = b""

    def read(self, size: int = -1) -> bytes:
        if not self.rest:
            self.rest = next(self.chunks, b"")
        piece, self.rest = self.rest[:size], self.rest[size:]
        return piece


class Databases:
    """Databases on SERVER, with the schema in them. They are used again: emptying one takes less time than making it."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.free: list[str] = []

    def take(self) -> str:
        """The URL of one that is empty."""
        return self.free.pop() if self.free else self._make()

    def give_back(self, url: str) -> None:
        """Empty one."""
        tables = [*reversed(models.own.sorted_tables), *reversed(models.glance.sorted_tables)]
        with _connected(url) as connection:
            for table in tables:
                connection.execute(table.delete())
        self.free.append(url)

    def drop_all(self) -> None:
        for name in self.made:
            _on_server(f"DROP DATABASE {name}")

    def _make(self) -> str:
        name = f"glancepipe_{uuid.uuid4().hex}"
        _on_server(f"CREATE DATABASE {name}")
        self.made.append(name)
        url = make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        with _connected(url) as connection:
            schema.upgrade(connection)
        return url


DATABASES = Databases()


class House:
    """Makes services, each with its own database and directory, and closes them all."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.made: list[Service] = []
        self.taken: list[str] = []

    def make(self, general: str = "", more: str = "", **environ: Any) -> Client:
        """A client of a new service; ``HOME`` in the configuration is the service's directory."""
        home = self.home / f"service{len(self.made)}"
        (home / "images").mkdir(parents=True)
        url = self._database()
        stores = "" if "enabled_backends" in general else "[glance_store]\nfilesystem_store_datadir = HOME/images\n"
        sections = f"[DEFAULT]\nstate_path = HOME\n{general}\n[api]\nauth_strategy = headers\n{stores}{more}\n"
        (home / "glancepipe.conf").write_text(sections.replace("HOME", str(home)) + (f"[database]\nconnection = {url}\n" if url else ""))
        conf = load(config_files=[str(home / "glancepipe.conf")])
        service = make_application(conf)
        self.made.append(service)
        service.start()
        return Client(service, "p1", environ=environ)

    def close(self) -> None:
        for service in self.made:
            service.close()
        for url in self.taken:
            DATABASES.give_back(url)

    def _database(self) -> str:
        if not SERVER:
            return ""
        self.taken.append(DATABASES.take())
        return self.taken[-1]


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _on_server(statement: str) -> None:
    engine = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def _databases() -> Iterator[None]:
    yield
    DATABASES.drop_all()


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Make a service with a configuration of its own, and get a client of it: a member of project p1."""
    house = House(tmp_path)
    yield house.make
    house.close()


@pytest.fixture(scope="session")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the service that tests share, with its defaults; every test has projects of its own."""
    house = House(tmp_path_factory.mktemp("api"))
    yield house.make()
    house.close()


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a service that has two stores, and shows where images are."""
    house = House(tmp_path_factory.mktemp("several"))
    shown = "show_multiple_locations = true\nshow_image_direct_url = true"
    yield house.make(f"enabled_backends = fast:memory,slow:memory\n{shown}", "[glance_store]\ndefault_backend = fast")
    house.close()


@pytest.fixture
def client(everybody: Client) -> Client:
    """A member of a project of its own."""
    return everybody.as_(f"p-{uuid.uuid4().hex}")


@pytest.fixture
def other(everybody: Client) -> Client:
    """A member of another project."""
    return everybody.as_(f"q-{uuid.uuid4().hex}")


@pytest.fixture
def admin(everybody: Client) -> Client:
    """An administrator."""
    return everybody.as_("admins", "admin")
