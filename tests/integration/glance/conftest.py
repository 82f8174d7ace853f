"""A real Glance and a glancepipe around one database and one set of stores, asked the same things in the same words.

Needs the environment variable GLANCE_VENV, a virtual environment with glance 33.0.0 (and psycopg, PyMySQL).
"""

from __future__ import annotations

import base64
import json
import logging
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text
from webob import Request

from glancepipe.cli.main import main
from glancepipe.config.loading import load
from glancepipe.service import make_application

SERVE = Path(__file__).with_name("serve_glance.py")
PASTE = Path(__file__).parents[2] / "glance-paste.ini"


@dataclass
class Answer:
    """What either service answered."""

    status: int
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """Somebody who asks a service."""

    def __init__(self, service: Any, project: str, roles: str) -> None:
        self.service, self.project = service, project
        self.identity = {
            "X-Identity-Status": "Confirmed",
            "X-User-Id": f"user-of-{project}",
            "X-Project-Id": project,
            "X-Roles": roles,
        }

    def __call__(self, method: str, path: str, document: Any = None, data: bytes | None = None, **headers: str) -> Answer:
        given = {**self.identity, **{name.replace("_", "-"): value for name, value in headers.items()}}
        body = b""
        if document is not None:
            body = json.dumps(document).encode()
            given.setdefault("Content-Type", "application/json")
        if data is not None:
            body = data
            given["Content-Type"] = "application/octet-stream"
        return self.service.ask(method, path, given, body)

    def do(self, method: str, path: str, document: Any = None, data: bytes | None = None, **headers: str) -> Any:
        """What must succeed; its JSON, if there is some."""
        answer = self(method, path, document, data, **headers)
        assert answer.status < 300, (method, path, answer.status, answer.body[:500])
        return answer.json if answer.body and answer.headers.get("content-type", "").startswith("application/json") else answer

    def patch(self, path: str, *steps: dict[str, Any]) -> Any:
        return self.do("PATCH", path, list(steps), Content_Type="application/openstack-images-v2.1-json-patch")


class Service:
    """What both have in common."""

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        raise NotImplementedError

    def as_(self, project: str, roles: str = "member,reader") -> Caller:
        return Caller(self, project, roles)


class Glance(Service):
    """A process with a Glance in it."""

    def __init__(self, bin_: Path, home: Path) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        environ |= {"OS_GLANCE_CONFIG_DIR": str(home), "PYTHONWARNINGS": "ignore"}
        self.log = (home / "glance.log").open("ab")
        words = [bin_ / "python", SERVE]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, env=environ)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n", (home / "glance.log").read_text()[-3000:]

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"method": method, "path": path, "headers": headers, "body": base64.b64encode(body).decode()}
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        return Answer(told["status"], {name.lower(): value for name, value in told["headers"].items()}, base64.b64decode(told["body"]))

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()
        self.log.close()


class Glancepipe(Service):
    """A glancepipe in this process."""

    def __init__(self, config: Path) -> None:
        self.service = make_application(load(config_files=[str(config)]))
        self.service.start()

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        request = Request.blank(path, base_url="http://images.example:9292", method=method, headers=headers, body=body)
        answer = request.get_response(self.service)
        return Answer(answer.status_int, {name.lower(): value for name, value in answer.headers.items()}, answer.body)

    def close(self) -> None:
        self.service.close()


class Home:
    """A site: database, stores, and the configuration of either service."""

    def __init__(self, directory: Path, bin_: Path, url: str, blank: Path) -> None:
        self.directory, self.bin, self.url, self.blank = directory, bin_, url, blank
        for name in ("fast", "slow", "staging", "tasks", "work"):
            (directory / name).mkdir()
        shutil.copy(PASTE, directory / "paste.ini")
        self.glance_conf, self.own_conf = directory / "glance-api.conf", directory / "glancepipe.conf"
        shared = f"""
[DEFAULT]
enabled_backends = fast:file, slow:file
enabled_import_methods = [glance-direct, copy-image]
show_multiple_locations = true
show_image_direct_url = true
node_staging_uri = file://{directory}/staging
state_path = {directory}
[glance_store]
default_backend = fast
[fast]
filesystem_store_datadir = {directory}/fast
weight = 200
store_description = quick
[slow]
filesystem_store_datadir = {directory}/slow
[os_glance_staging_store]
filesystem_store_datadir = {directory}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {directory}/tasks
"""
        database = f"[database]\nconnection = {url}\n"
        self.glance_conf.write_text(
            f"{shared}{database}[paste_deploy]\nconfig_file = {directory}/paste.ini\n[oslo_concurrency]\nlock_path = {directory}/work\n"
        )
        self.own_conf.write_text(f"{shared}{database}[api]\nauth_strategy = headers\n")

    def manage(self, *command: str) -> str:
        words = [self.bin / "glance-manage", "--config-file", self.glance_conf, *command]
        done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "PYTHONWARNINGS": "ignore"})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sync(self) -> None:
        """Make the database as Glance makes it; one in a file only once for all tests."""
        database = self.directory / "images.sqlite"
        if not self.url.startswith("sqlite"):
            self.manage("db", "sync")
        elif self.blank.exists():
            shutil.copy(self.blank, database)
        else:
            self.manage("db", "sync")
            shutil.copy(database, self.blank)

    def own(self, *command: str) -> None:
        """A command of glancepipe, as an operator types it; logging stays as it was."""
        root = logging.getLogger()
        level, handlers = root.level, list(root.handlers)
        try:
            assert main([*command, f"--config-file={self.own_conf}"]) == 0
        finally:
            root.setLevel(level)
            root.handlers[:] = handlers

    @contextmanager
    def glance(self) -> Iterator[Glance]:
        running = Glance(self.bin, self.directory)
        try:
            yield running
        finally:
            running.close()

    @contextmanager
    def glancepipe(self) -> Iterator[Glancepipe]:
        running = Glancepipe(self.own_conf)
        try:
            yield running
        finally:
            running.close()


@pytest.fixture(scope="session")
def glance_bin() -> Path:
    home = os.environ.get("GLANCE_VENV")
    if home is None:
        message = "GLANCE_VENV does not name an environment with glance 33.0.0"
        pytest.fail(message) if os.environ.get("CI_REQUIRE") == "1" else pytest.skip(message)
    return Path(home, "bin")


SERVERS = {"postgresql": "TEST_POSTGRESQL_URL", "mariadb": "TEST_MYSQL_URL"}
"""The environment variable that names each server."""


@pytest.fixture(params=["sqlite", *SERVERS])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/images.sqlite?timeout=60"
        return
    server = os.environ.get(SERVERS[request.param])
    if server is None:
        message = f"{SERVERS[request.param]} does not name a database"
        pytest.fail(message) if os.environ.get("CI_REQUIRE") == "1" else pytest.skip(message)
    name = f"glancepipe_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        engine.dispose()


@pytest.fixture
def life(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What users do, and what can be asked about it."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return import_module("life")


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a database is kept that Glance has made."""
    return tmp_path_factory.mktemp("blank") / "images.sqlite"


@pytest.fixture
def home(tmp_path: Path, glance_bin: Path, url: str, blank: Path) -> Home:
    return Home(tmp_path, glance_bin, url, blank)
