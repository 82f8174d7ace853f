"""The real command-line clients, and the WSGI servers that run the service.

``CLIENTS_VENV`` names a virtual environment with python-openstackclient and python-glanceclient. What a machine lacks
skips the tests that need it, and fails them where ``CI_REQUIRE=1`` says that the machine must have it.
"""

import http.client
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

MIB = 1 << 20
PROGRAMS = Path(sys.executable).parent


def lacking(what):
    """The machine lacks something: that's a failure where it must not."""
    if os.environ.get("CI_REQUIRE") == "1":
        pytest.fail(what)
    pytest.skip(what)


def wait_for(condition, timeout=30.0):
    """The first true value of ``condition``, asked again and again: what is awaited happens in another process."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still waiting for {condition.__name__} after {timeout} s"
        time.sleep(0.05)
    return value


def without_openstack(environment):
    return {name: value for name, value in environment.items() if not name.startswith("OS_")}


# ---- the service ----------------------------------------------------------------------------------------------------


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Service:
    """A running service: two workers, two file stores (``disk`` is the default), every caller an administrator."""

    server: str
    port: int
    root: Path
    store: Path
    options: dict[str, object] = field(default_factory=dict)
    groups: dict[str, dict[str, object]] = field(default_factory=dict)
    process: subprocess.Popen | None = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self):
        return self.root / "log"

    def start(self):
        configuration = self._configure()
        with self.log.open("ab") as log:
            # uWSGI as a Python module sets variables too late for the application: they come from outside.
            environment = {**without_openstack(os.environ), "OS_GLANCEPIPE_CONFIG_FILES": str(configuration)}
            self.process = subprocess.Popen(self._command(configuration), stdout=log, stderr=log, env=environment)
        wait_for(self.answers)

    def answers(self):
        """Whether the service is there yet; an early death is not waited out."""
        assert self.process.poll() is None, f"the service ended:\n{self.log.read_text()[-4000:]}"
        try:
            return self.request("GET", "/v2/images?limit=1").status in (200, 401)
        except OSError:
            return False

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                for process in [self.process, *self.workers()]:
                    process.kill()
                self.process.wait()
                raise

    def workers(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def left(self):
        """Every file in the default store: images, parts of images, anything."""
        return [path for path in self.store.rglob("*") if path.is_file()]

    def request(self, method, path, body=None, headers=()):
        with self.connection() as connection:
            return self.ask(connection, method, path, body, headers)

    @staticmethod
    def ask(connection, method, path, body=None, headers=()):
        """One request. An answer that comes before the body was sent counts, as it does for the clients' own library."""
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())

    @contextmanager
    def connection(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            yield connection
        finally:
            connection.close()

    def create(self, **values):
        """The id of a new image without data."""
        values = {"disk_format": "raw", "container_format": "bare", **values}
        answer = self.request("POST", "/v2/images", json.dumps(values), {"Content-Type": "application/json"})
        assert answer.status == 201, answer
        return answer.json["id"]

    def show(self, image_id):
        answer = self.request("GET", f"/v2/images/{image_id}")
        assert answer.status == 200, answer
        return answer.json

    def upload(self, image_id, body, *, chunked=False, **headers):
        """PUT ``body``, announced or in chunks of 1 MiB as python-glanceclient sends them."""
        headers = {"Content-Type": "application/octet-stream", **{name.replace("_", "-"): value for name, value in headers.items()}}
        blocks = (body[start : start + MIB] for start in range(0, len(body), MIB))
        return self.request("PUT", f"/v2/images/{image_id}/file", blocks if chunked else body, headers)

    def download(self, image_id):
        return self.request("GET", f"/v2/images/{image_id}/file")

    def delete(self, image_id):
        assert self.request("DELETE", f"/v2/images/{image_id}").status == 204

    def _configure(self):
        path = self.root / "glancepipe.conf"
        options = "\n".join(f"{name} = {value}" for name, value in self.options.items())
        groups = "\n".join(f"[{group}]\n" + "\n".join(f"{n} = {v}" for n, v in more.items()) for group, more in self.groups.items())
        path.write_text(f"""\
[DEFAULT]
state_path = {self.root}/state
enabled_backends = disk:file, spare:file
{options}
[glance_store]
default_backend = disk
[disk]
filesystem_store_datadir = {self.store}
[spare]
filesystem_store_datadir = {self.root}/spare
{groups}
""")
        return path

    def _command(self, configuration):
        if self.server == "embedded":
            return [PROGRAMS / "glancepipe", "serve", "--config-file", configuration, "--bind", f"127.0.0.1:{self.port}", "--workers", "2"]
        uwsgi = PROGRAMS / "uwsgi"
        if not uwsgi.exists():
            lacking("uWSGI is not installed (pip install pyuwsgi)")
        # The options of Glance's own documentation. The chunk's header counts too, so that uWSGI's limit of 1 MiB is
        # a few bytes short for python-glanceclient.
        path = self.root / "uwsgi.ini"
        path.write_text(f"""\
[uwsgi]
module = glancepipe.wsgi:application
http-socket = 127.0.0.1:{self.port}
virtualenv = {sys.prefix}
http-auto-chunked = true
http-chunked-input = true
http-raw-body = true
chunked-input-limit = {16 * MIB}
socket-timeout = 10
buffer-size = 65535
lazy-apps = true
add-header = Connection: close
thunder-lock = true
enable-threads = true
exit-on-reload = true
die-on-term = true
need-app = true
master = true
processes = 2
disable-logging = true
""")
        return [uwsgi, "--ini", path]


@pytest.fixture(scope="session")
def serving(tmp_path_factory):
    """Run one more service: ``with serving("embedded", image_size_cap=...) as service``."""

    @contextmanager
    def run(server, store=None, groups=(), **options):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        root = tmp_path_factory.mktemp(server)
        service = Service(server, port, root, store or root / "disk", options, dict(groups))
        try:
            service.start()
            yield service
        finally:
            try:
                service.stop()
            finally:
                shutil.rmtree(service.root, ignore_errors=True)

    return run


@pytest.fixture(scope="session")
def embedded(serving):
    with serving("embedded") as service:
        yield service


@pytest.fixture(scope="session")
def uwsgi(serving):
    with serving("uwsgi") as service:
        yield service


@pytest.fixture(params=["embedded", "uwsgi"])
def service(request):
    """The shared service, under one server after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session", name="wait_for")
def _wait_for():
    return wait_for


@pytest.fixture(scope="session", name="lacking")
def _lacking():
    return lacking


# ---- the clients ----------------------------------------------------------------------------------------------------


class Clients:
    """``openstack`` and ``glance``, without a token."""

    def __init__(self, programs, home, identity):
        self.programs = programs
        self.home = home
        self.environment = {
            **without_openstack(os.environ),
            "HOME": str(home),
            "OS_IDENTITY_API_VERSION": "3",
            "OS_IDENTITY_ENDPOINT_OVERRIDE": f"{identity}/v3",
        }

    def openstack(self, service, *words, **how):
        return self.run(*self.openstack_command(service, *words), **how)

    def openstack_json(self, service, *words, **how):
        return json.loads(self.openstack(service, *words, "-f", "json", **how))

    def glance(self, service, *words, **how):
        return self.run(*self.glance_command(service, *words), **how)

    def glance_table(self, service, *words, **how):
        """The cells of the table that ``glance`` prints, its heading left out."""
        lines = [line for line in self.glance(service, *words, **how).splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]

    def glance_image(self, service, *words, **how):
        """The image that ``glance`` prints, as text by attribute."""
        return dict(self.glance_table(service, *words, **how))

    def openstack_command(self, service, *words):
        return [self.programs / "openstack", "--os-auth-type", "none", "--os-endpoint", service.url, *words]

    def glance_command(self, service, *words):
        return [self.programs / "glance", "--os-image-url", service.url, "--os-auth-token", "any", *words]

    @contextmanager
    def driven(self):
        """Keep a process that has imported the clients: starting one takes them longer than what they do."""
        words = [self.programs / "python", Path(__file__).with_name("driver.py")]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.environment) as self.driver:
            yield self
            self.driver.stdin.close()

    def run(self, program, *words, stdin=subprocess.DEVNULL, fails=False, environment=()):
        """Standard output; with ``fails`` the command must fail, and standard error is answered too."""
        source = os.devnull
        if stdin != subprocess.DEVNULL:
            source = f"/proc/{os.getpid()}/fd/{stdin if isinstance(stdin, int) else stdin.fileno()}"
        out, err = self.home / "out", self.home / "err"
        streams = {"stdin": source, "stdout": str(out), "stderr": str(err)}
        order = {"program": program.name, "words": [str(word) for word in words], "environment": dict(environment), **streams}
        self.driver.stdin.write(json.dumps(order) + "\n")
        self.driver.stdin.flush()
        status = int(self.driver.stdout.readline())
        assert bool(status) == fails, f"{[program.name, *words]} ended with {status}:\n{out.read_text()}{err.read_text()}"
        return out.read_text() + err.read_text() if fails else out.read_text()

    @contextmanager
    def output(self, command):
        """Standard output as it comes. The command must succeed."""
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=self.environment) as process:
            yield process.stdout
            process.stdout.close()
            assert process.wait(60) == 0

    def create(self, service, way, name, path, *, disk_format="raw"):
        """Upload a file in one of the three ways in which images arrive; answers the image's id."""
        formats = ("--disk-format", disk_format, "--container-format", "bare")
        if way == "length":
            return self.openstack_json(service, "image", "create", name, *formats, "--file", path)["id"]
        if way == "chunked":
            return self.glance_image(service, "image-create", "--name", name, *formats, "--file", path)["id"]
        with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as source:
            return self.openstack_json(service, "image", "create", name, *formats, stdin=source.stdout)["id"]

    def saving(self, service, client, image_id):
        """The output of ``openstack image save`` or ``glance image-download``, both of which check the digest too."""
        if client == "openstack":
            # It reads and writes KiB by KiB otherwise.
            return self.output(self.openstack_command(service, "image", "save", "--chunk-size", str(MIB), image_id))
        return self.output(self.glance_command(service, "image-download", image_id))


class Reticent(http.server.BaseHTTPRequestHandler):
    """An identity service that tells nobody about projects, as real ones don't tell most users."""

    def do_GET(self):
        if self.path != "/v3":
            self.send_error(403)
            return
        link = {"rel": "self", "href": f"http://{self.headers['Host']}/v3/"}
        body = json.dumps({"version": {"id": "v3.14", "status": "stable", "links": [link]}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def identity():
    """Where ``openstack image add project`` asks for the project's id; refused, it takes the word as the id."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Reticent) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def clients(tmp_path_factory, identity):
    venv = os.environ.get("CLIENTS_VENV")
    if not venv:
        lacking("CLIENTS_VENV does not name an environment with python-openstackclient and python-glanceclient")
    programs = Path(venv).expanduser() / "bin"
    for program in ("openstack", "glance"):
        if not (programs / program).exists():
            lacking(f"CLIENTS_VENV has no {program}")
    with Clients(programs, tmp_path_factory.mktemp("home"), identity).driven() as clients:
        yield clients
