"""The database server stops and starts under load: 503 meanwhile, nothing that was acknowledged is lost, nobody restarts anything.

Needs PostgreSQL's initdb and pg_ctl; the server is this test's own.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.integration

BYTES = b"precious" * 4096


def program(name):
    """Where one of PostgreSQL's programs is; Debian keeps them out of the way."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or next(map(str, installed), None)
    if found is None:
        message = f"PostgreSQL's {name} is not installed"
        pytest.fail(message) if os.environ.get("CI_REQUIRE") == "1" else pytest.skip(message)
    return found


class Server:
    """A PostgreSQL in a directory of its own. It refuses to be root's."""

    def __init__(self, home):
        self.pg_ctl, initdb = program("pg_ctl"), program("initdb")
        self.home = home
        self.user = "postgres" if os.getuid() == 0 else None
        if self.user:
            shutil.chown(home, self.user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"postgresql+psycopg://images@127.0.0.1:{self.port}/postgres"
        self.run(initdb, "--pgdata", f"{home}/data", "--username", "images", "--auth", "trust", "--no-sync")

    def run(self, *command):
        done = subprocess.run(command, user=self.user, cwd=self.home, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self):
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=40"
        # Its output goes to a file: it would keep a pipe open.
        self.run(self.pg_ctl, "--pgdata", f"{self.home}/data", "--log", f"{self.home}/log", "-w", "-t", "30", "-o", settings, "start")

    def stop(self, mode):
        self.run(self.pg_ctl, "--pgdata", f"{self.home}/data", "-w", "-t", "30", "-m", mode, "stop")


@pytest.fixture
def server():
    # Not below pytest's directory, which nobody else may enter.
    home = tempfile.mkdtemp(prefix="glancepipe-outage-")
    server = Server(home)
    server.start()
    yield server
    with suppress(AssertionError):
        server.stop("immediate")
    shutil.rmtree(home)


class Load:
    """Clients that go on whatever they are answered, and note it."""

    def __init__(self, running):
        self.running = running
        self.answers = []
        self.since = 0
        self.acknowledged = {}
        self.over = threading.Event()
        works = self._create, self._create, self._upload, self._read
        self.clients = [threading.Thread(target=self._go_on, args=(work,)) for work in works]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *exception):
        self.over.set()
        for client in self.clients:
            client.join(30)

    def mark(self):
        """From now on: what is answered after this."""
        self.since = len(self.answers)
        return self

    def all_served(self):
        return {answer.status for _, answer in self.answers[self.since :]} >= {200, 201, 204}

    def refused(self):
        return any(answer.status == 503 for _, answer in self.answers[self.since :])

    def _go_on(self, work):
        while not self.over.is_set():
            work()

    def _note(self, method, path, *body, **headers):
        answer = self.running.ask(method, path, *body, **headers)
        self.answers.append((f"{method} {path}", answer))
        return answer

    def _create(self):
        answer = self._note("POST", "/v2/images", b'{"name": "x", "tags": ["t"], "p": "1"}', Content_Type="application/json")
        if answer.status == 201:
            self.acknowledged[answer.body["id"]] = None
        return answer

    def _upload(self):
        body = b'{"disk_format": "raw", "container_format": "bare"}'
        created = self._note("POST", "/v2/images", body, Content_Type="application/json")
        if created.status == 201:
            path = f"/v2/images/{created.body['id']}/file"
            stored = self._note("PUT", path, BYTES, Content_Type="application/octet-stream")
            self.acknowledged[created.body["id"]] = BYTES if stored.status == 204 else None

    def _read(self):
        self._note("GET", "/v2/images?limit=5")
        for image_id in list(self.acknowledged)[-1:]:
            self._note("GET", f"/v2/images/{image_id}")


def test_the_database_server_stops_and_starts(server, service, tmp_path, wait_until):
    (tmp_path / "upgrade.conf").write_text(f"[DEFAULT]\nstate_path = {tmp_path}\n[database]\nconnection = {server.url}\n")
    glancepipe = Path(sys.executable).parent / "glancepipe"
    subprocess.run([glancepipe, "--config-file", tmp_path / "upgrade.conf", "db", "upgrade"], check=True, timeout=60, capture_output=True)
    with service(workers=2, api={"auth_strategy": "none"}, database={"connection": server.url}) as running:
        workers = children(running)
        with Load(running) as load:
            for mode in ("fast", "immediate"):
                wait_until(load.mark().all_served, "all are served")
                server.stop(mode)
                wait_until(load.mark().refused, "the outage is noticed")
                assert running.get("/healthcheck").status == 503
                server.start()
                wait_until(load.mark().all_served, "all are served again")
        assert children(running) == workers
        wrong = [(what, answer) for what, answer in load.answers if answer.status not in (200, 201, 204, 503)]
        assert not wrong
        assert not [(what, answer) for what, answer in load.answers if answer.status == 503 and "Retry-After" not in answer.headers]
        for image_id, data in load.acknowledged.items():
            assert running.get(f"/v2/images/{image_id}").status == 200
            if data is not None:
                assert running.get(f"/v2/images/{image_id}/file").body == data


def children(running):
    return {child.pid for child in psutil.Process(running.process.pid).children()}
