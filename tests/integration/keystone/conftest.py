"""A real Keystone, which ``KEYSTONE_URL`` names (http://127.0.0.1:5000/v3); accounts as ``up-keystone.sh`` in ../shared makes them.

The service reaches it through a relay, which is an endpoint of its own in Keystone's catalog: so a test can count what the
service asks, and take Keystone away from it without taking it from anybody else.
"""

import http.client
import os
import shutil
import socket
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests

REGION = "glancepipe-tests"
PASSWORDS = {"admin": "adminpw", "glance": "glancepw"}


class Relay:
    """Keystone at another address."""

    def __init__(self, keystone):
        self.keystone = urlsplit(keystone)
        self.asked = []
        """Method and path of each request, the token that asks and the token that is asked about."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v3"
        self.open()

    def open(self):
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                relay.asked.append((self.command, self.path, self.headers.get("X-Subject-Token")))
                connection = http.client.HTTPConnection(relay.keystone.hostname, relay.keystone.port, timeout=60)
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                text = answer.read()
                connection.close()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_POST(self):
                self.do_GET()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @contextmanager
    def away(self):
        """Nobody listens."""
        self.close()
        try:
            yield
        finally:
            self.open()

    def validated(self, token):
        """How often the service has asked about a token."""
        return sum(asked == "GET" and about == token for asked, _, about in self.asked)


class Keystone:
    """What tests ask of Keystone themselves, as its administrator."""

    def __init__(self, url):
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["X-Auth-Token"] = self.token("admin", {"system": {"all": True}})

    def ask(self, method, path, json=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.session.request(method, self.url + path, json=json, headers=headers, timeout=60)
        assert answer.ok, (method, path, answer.status_code, answer.text)
        return answer

    def token(self, user="demo-member", scope=None, **identity):
        """A token of a user, of the project that is in the user's name unless there is another scope."""
        project = {"glance": "service"}.get(user, user.partition("-")[0])
        scope = scope or {"project": {"name": project, "domain": {"id": "default"}}}
        password = PASSWORDS.get(user, "userpw")
        given = {"methods": ["password"], "password": {"user": {"name": user, "password": password, "domain": {"id": "default"}}}}
        body = {"identity": identity or given}
        if not identity:
            body["scope"] = scope
        answer = requests.post(f"{self.url}/auth/tokens", json={"auth": body}, timeout=60)
        assert answer.status_code == 201, answer.text
        return answer.headers["X-Subject-Token"]

    def of_credential(self, credential):
        """A token of an application credential."""
        return self.token(
            methods=["application_credential"], application_credential={"id": credential["id"], "secret": credential["secret"]}
        )

    def who(self, token):
        """What Keystone knows of a token."""
        return self.ask("GET", "/auth/tokens", X_Subject_Token=token, OpenStack_Identity_Access_Rules="1").json()["token"]

    @contextmanager
    def credential(self, token, lifetime=None, **values):
        """An application credential of the token's user, for so many seconds."""
        path = f"/users/{self.who(token)['user']['id']}/application_credentials"
        for _ in range(5):
            if lifetime:
                values["expires_at"] = f"{datetime.now(UTC) + timedelta(seconds=lifetime):%Y-%m-%dT%H:%M:%S.%f}"
            body = {"application_credential": {"name": os.urandom(8).hex(), **values}}
            answer = self.session.post(self.url + path, json=body, headers={"X-Auth-Token": token}, timeout=60)
            # A Keystone that is asked by many at once now and then looks for the roles of another caller.
            if answer.status_code != 400:
                break
        assert answer.status_code == 201, answer.text
        made = answer.json()["application_credential"]
        yield made
        self.ask("DELETE", f"{path}/{made['id']}", X_Auth_Token=token)


@pytest.fixture(scope="session")
def keystone(lacking):
    url = os.environ.get("KEYSTONE_URL")
    if not url:
        lacking("KEYSTONE_URL does not name a Keystone (http://127.0.0.1:5000/v3, started by up-keystone.sh)")
    keystone = Keystone(url)
    if not keystone.ask("GET", "/services?type=image").json()["services"]:
        keystone.ask("POST", "/services", {"service": {"type": "image", "name": "glance"}})
    return keystone


@pytest.fixture(scope="session")
def relay(keystone):
    """Keystone, as the service reaches it."""
    relay = Relay(keystone.url)
    region = f"{REGION}-{relay.port}"
    service = keystone.ask("GET", "/services?type=identity").json()["services"][0]["id"]
    keystone.ask("POST", "/regions", {"region": {"id": region}})
    made = [
        keystone.ask("POST", "/endpoints", {"endpoint": {"service_id": service, "interface": name, "region_id": region, "url": relay.url}})
        for name in ("internal", "public", "admin")
    ]
    relay.region = region
    yield relay
    for endpoint in made:
        keystone.ask("DELETE", f"/endpoints/{endpoint.json()['endpoint']['id']}")
    keystone.ask("DELETE", f"/regions/{region}")
    relay.close()


@pytest.fixture(scope="session")
def groups(relay):
    """The configuration of a service that validates tokens, with more options for ``[keystone_authtoken]``."""

    def groups(**options):
        account = {"auth_type": "password", "username": "glance", "password": "glancepw", "project_name": "service"}
        domains = {"user_domain_name": "Default", "project_domain_name": "Default"}
        where = {"www_authenticate_uri": "https://identity.example", "auth_url": relay.url, "region_name": relay.region}
        patience = {"http_request_max_retries": 0}
        return {"api": {"auth_strategy": "keystone"}, "keystone_authtoken": {**where, **account, **domains, **patience, **options}}

    return groups


@pytest.fixture(scope="module")
def running(serve, groups, tmp_path_factory):
    """One service for the tests of a module."""
    with serve(tmp_path_factory.mktemp("keystone"), **groups()) as running:
        yield running


@pytest.fixture
def daemon(lacking, wait_until):
    """Run a program until the block ends, and wait until it listens: ``with daemon("memcached", "-p", "{port}") as one``."""

    @contextmanager
    def daemon(program, *words):
        if not (found := shutil.which(program)):
            lacking(f"{program} is not installed")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        def start():
            process = subprocess.Popen([found, *(word.format(port=port) for word in words)], stdout=subprocess.DEVNULL)

            def listens():
                assert process.poll() is None, f"{program} ended"
                with socket.socket() as probe:
                    return probe.connect_ex(("127.0.0.1", port)) == 0

            wait_until(listens, f"{program} listens")
            return process

        one = SimpleNamespace(port=port, process=start())

        @contextmanager
        def away():
            one.process.terminate()
            one.process.wait(10)
            yield
            one.process = start()

        one.away = away
        try:
            yield one
        finally:
            one.process.terminate()
            one.process.wait(10)

    return daemon
