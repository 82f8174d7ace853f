"""The identity service's verdict, and what is said while it gives none. The real one: ``tests/integration/keystone``."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from webob import Request, Response

from glancepipe.config import load
from glancepipe.middleware import keystone
from glancepipe.middleware.keystone import validated


class Identity(BaseHTTPRequestHandler):
    """Says what the test wants it to say of the token that the service gets for itself."""

    says = 500

    def do_POST(self):
        self.answer(self.says)

    def do_GET(self):
        link = {"rel": "self", "href": f"http://{self.headers['Host']}/v3/"}
        self.answer(200, {"version": {"id": "v3.14", "status": "stable", "links": [link]}})

    def answer(self, status, found=None):
        body = json.dumps(found or {}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def identity(monkeypatch):
    with ThreadingHTTPServer(("127.0.0.1", 0), Identity) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v3"
        server.shutdown()
        thread.join()


@pytest.fixture
def configured(tmp_path):
    def configured(auth_url, **options):
        options = {"www_authenticate_uri": "http://identity.example", "auth_type": "password", "auth_url": auth_url, **options}
        options = {"username": "glance", "password": "x", "project_name": "service", "http_request_max_retries": 0, **options}
        file = tmp_path / "a.conf"
        file.write_text("[keystone_authtoken]\n" + "\n".join(f"{name} = {value}" for name, value in options.items()))
        return load(config_files=[str(file)])

    return configured


def seen(environ, start_response):
    return Response(text=environ["HTTP_X_IDENTITY_STATUS"])(environ, start_response)


def ask(conf, token=None):
    return Request.blank("/v2/images", headers={"X-Auth-Token": token} if token else {}).get_response(validated(seen, conf))


def test_it_is_away(configured):
    """A client that is told 401 would take its token for invalid, and ask for another one."""
    conf = configured("http://127.0.0.1:1/v3")
    answer = ask(conf, "token")
    assert (answer.status_int, "try again later" in answer.text) == (503, True)
    assert "WWW-Authenticate" not in answer.headers
    # Who brings no token is not a case for it.
    assert (ask(conf).status_int, ask(conf).text) == (200, "Invalid")


@pytest.mark.parametrize("says", [401, 500, 503])
def test_it_refuses_the_service_itself(configured, identity, monkeypatch, says):
    """A wrong password in the configuration is not the client's fault."""
    monkeypatch.setattr(Identity, "says", says)
    assert ask(configured(identity), "token").status_int == 503


def test_it_is_not_waited_for_without_end(configured):
    conf = configured("http://127.0.0.1:1/v3")
    validated(seen, conf)
    assert conf.keystone_authtoken.http_connect_timeout == keystone.CONNECT_TIMEOUT
    conf = configured("http://127.0.0.1:1/v3", http_connect_timeout=2)
    validated(seen, conf)
    assert conf.keystone_authtoken.http_connect_timeout == 2
