"""What it costs to know a token again: the cache of ``glancepipe.middleware.tokens`` beside keystonemiddleware's own.

Run it: ``python benchmarks/token_cost.py``. Keystone is played by a function, so that only the service's own work is measured; CPU time
of one thread, with few and with many tokens remembered, each with a catalog of twelve services.
"""

import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from keystonemiddleware.auth_token import AuthProtocol

from glancepipe.config import load
from glancepipe.middleware import keystone

REQUESTS = 1000
ENDPOINTS = [{"id": "e" * 32, "interface": kind, "region": "R", "url": "https://service.example/v3"} for kind in ("a", "b", "c")]
CATALOG = [{"id": "s" * 32, "name": "name", "type": "image", "endpoints": ENDPOINTS}] * 12
DOMAIN = {"id": "default", "name": "Default"}
SAID = {
    "methods": ["password"],
    "issued_at": "2026-01-01T00:00:00.000000Z",
    "expires_at": "2099-01-01T00:00:00.000000Z",
    "user": {"id": "u" * 32, "name": "user", "domain": DOMAIN},
    "project": {"id": "p" * 32, "name": "demo", "domain": DOMAIN},
    "roles": [{"id": "r" * 32, "name": "member"}, {"id": "q" * 32, "name": "reader"}],
    "catalog": CATALOG,
}
OPTIONS = "www_authenticate_uri = http://a\nauth_type = password\nauth_url = http://127.0.0.1:1/v3\nusername = glance\n"


def app(environ, start_response):
    start_response("200 OK", [])
    return [b""]


def configuration():
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "glancepipe.conf")
        file.write_text(f"[keystone_authtoken]\n{OPTIONS}")
        return load(config_files=[str(file)])


def ours():
    return keystone.validated(app, configuration())


def theirs():
    return AuthProtocol(app, {"oslo_config_config": configuration(), "delay_auth_decision": True})


def cost(make, tokens):
    """Microseconds a request."""
    identity = SimpleNamespace(verify_token=lambda token, **_: {"token": SAID})
    with mock.patch.object(AuthProtocol, "_create_identity_server", return_value=identity):
        stack = make()

    def ask(token):
        request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/v2/images", "SERVER_NAME": "x", "SERVER_PORT": "80", "wsgi.url_scheme": "http"}
        b"".join(stack({**request, "HTTP_X_AUTH_TOKEN": str(token)}, lambda *_: None))

    for token in range(tokens):
        ask(token)
    begun = time.thread_time()
    for number in range(REQUESTS):
        ask(number % tokens)
    return (time.thread_time() - begun) / REQUESTS * 1e6


def main():
    for tokens in (1, 100, 1000, 5000):
        print(f"{tokens:5} tokens: {cost(ours, tokens):5.0f} us; keystonemiddleware's own cache {cost(theirs, tokens):5.0f} us")


if __name__ == "__main__":
    main()
