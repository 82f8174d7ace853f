"""Real ``glancepipe serve`` processes: ``with service(api={"auth_strategy": "headers"}) as running``."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

GLANCEPIPE = Path(sys.executable).parent / "glancepipe"


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30):
    """The first true value of ``condition``; what is awaited happens in another process."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return value


class Running:
    """A service that listens; ``output`` is what it has printed and logged."""

    def __init__(self, root, port, workers, groups):
        self.root, self.port, self.workers = root, port, workers
        self.conf, self.log = root / "glancepipe.conf", root / "output"
        self.configure(**groups)
        self.process = None

    def configure(self, **groups):
        """Write the configuration file, as an operator would who edits it."""
        groups = {**groups, "DEFAULT": {"state_path": self.root / "state", **groups.get("DEFAULT", {})}}
        lines = [f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()) for group, options in groups.items()]
        self.conf.write_text("\n".join(lines))

    def start(self):
        words = [GLANCEPIPE, "serve", f"--config-file={self.conf}", f"--bind=127.0.0.1:{self.port}", f"--workers={self.workers}"]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, env=environ)

    @property
    def output(self):
        return self.log.read_text()

    def listens(self):
        assert self.process.poll() is None, f"the service ended:\n{self.output}"
        try:
            return self.get("/v2/images?limit=1") is not None
        except OSError:
            return False

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        found = json.loads(text) if answer.headers.get_content_type() == "application/json" else text
        return SimpleNamespace(status=answer.status, headers=answer.headers, body=found)

    def create(self, **values):
        """The id of a new image without data."""
        values = {"disk_format": "raw", "container_format": "bare", **values}
        answer = self.ask("POST", "/v2/images", json.dumps(values), Content_Type="application/json")
        assert answer.status == 201, answer
        return answer.body["id"]

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM, and what it takes; answers the exit status."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


@pytest.fixture(scope="session")
def serve():
    """Serve from a directory with options by group, or with a file that is there; ready when it answers, stopped when the block ends."""

    @contextmanager
    def serve(root, *, workers=1, ready=True, conf=None, **groups):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        running = Running(root, port, workers, groups)
        running.conf = conf or running.conf
        running.start()
        try:
            if ready:
                wait_until(running.listens, "the service answers")
            yield running
        finally:
            running.stop()

    return serve


@pytest.fixture
def service(serve, tmp_path):
    """Serve from the test's own directory."""
    return partial(serve, tmp_path)


@pytest.fixture(scope="session")
def lacking():
    """The machine lacks something: that skips a test, and fails it where the machine must not."""

    def lacking(what):
        if os.environ.get("CI_REQUIRE") == "1":
            pytest.fail(what)
        pytest.skip(what)

    return lacking


@pytest.fixture(name="wait_until", scope="session")
def _wait_until():
    return wait_until
