"""No output shows a secret: not the log at its most talkative, no command, no answer, whatever goes wrong (FEATURES 8.1-08, 8.1-09)."""

import http.client
import json
import subprocess
import sys
from pathlib import Path

import pytest

GLANCEPIPE = Path(sys.executable).parent / "glancepipe"
NOBODY = "127.0.0.1:1"
"""Where nobody listens."""
DATABASE = {"connection": f"postgresql+psycopg://u:s3cret-db@{NOBODY}/glance", "max_retries": 0}
BROKER = {"driver": "messagingv2", "transport_url": f"rabbit://u:s3cret-broker@{NOBODY}/"}
IDENTITY = {
    "www_authenticate_uri": f"http://{NOBODY}",
    "auth_url": f"http://{NOBODY}",
    "auth_type": "password",
    "username": "glance",
    "password": "s3cret-service",
    "project_name": "service",
    "user_domain_name": "Default",
    "project_domain_name": "Default",
    "memcache_secret_key": "s3cret-cache",
    "memcache_security_strategy": "ENCRYPT",
    "http_request_max_retries": 0,
}


def leaks(*texts):
    """What must not be there."""
    return [line[:300] for text in texts for line in str(text).splitlines() if "s3cret" in line]


def command(conf, *words):
    done = subprocess.run([GLANCEPIPE, *words, "--debug", f"--config-file={conf}"], capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "words", [("pipeline", "check"), ("pipeline", "show"), ("db", "check"), ("db", "upgrade"), ("db", "stats"), ("image", "restore", "x")]
)
def test_commands(tmp_path, words):
    conf = tmp_path / "glancepipe.conf"
    groups = {"DEFAULT": {"debug": True, "metadata_encryption_key": "s3cret-too-short"}, "database": DATABASE}
    groups |= {"oslo_messaging_notifications": BROKER, "api": {"auth_strategy": "keystone"}, "keystone_authtoken": IDENTITY}
    conf.write_text("\n".join(f"[{name}]\n" + "".join(f"{o} = {v}\n" for o, v in options.items()) for name, options in groups.items()))
    told = command(conf, *words)
    assert told
    assert leaks(told) == []


@pytest.mark.parametrize("url", ["postgresql+psycopg://u:s3cret@h:port/x", "nosuch://u:s3cret@h/x", "s3cret"])
def test_a_database_url_with_a_mistake(tmp_path, url):
    conf = tmp_path / "glancepipe.conf"
    conf.write_text(f"[database]\nconnection = {url}\n")
    for words in (("pipeline", "check"), ("db", "upgrade")):
        told = command(conf, *words)
        assert "[database] connection" in told
        assert leaks(told) == []


def test_a_service_whose_identity_service_and_broker_are_away(service, wait_until):
    general = {"debug": True, "show_multiple_locations": True}
    groups = {"oslo_messaging_notifications": BROKER, "api": {"auth_strategy": "keystone"}, "keystone_authtoken": IDENTITY}
    with service(DEFAULT=general, **groups) as running:
        answer = running.get("/v2/images", X_Auth_Token="s3cret-token")
        assert answer.status == 503
        health = running.get("/healthcheck?detailed")
        assert leaks(answer.body, answer.headers, health.body, running.output) == []


def test_a_service_whose_database_is_away(service):
    with service(ready=False, DEFAULT={"debug": True}, database=DATABASE) as running:
        try:
            running.process.wait(3)
        except subprocess.TimeoutExpired:
            try:
                answer = running.get("/v2/images")
                assert leaks(answer.body, answer.headers) == []
            except (OSError, http.client.HTTPException):
                pass  # it does not listen yet
        assert leaks(running.output) == []


def test_locations_with_credentials(service, wait_until):
    """FEATURES 6.3-16, 12-21: where the data of an image is nobody learns but who may see its locations."""
    general = {"debug": True, "show_multiple_locations": True, "enabled_backends": "disk:file, web:http"}
    groups = {"glance_store": {"default_backend": "disk"}, "oslo_messaging_notifications": {"driver": "log"}, "notifier": {"outbox": True}}
    with service(DEFAULT=general, **groups) as running:
        image_id = running.create()
        step = [{"op": "add", "path": "/locations/-", "value": {"url": f"http://u:s3cret@{NOBODY}/image", "metadata": {}}}]
        answer = running.ask(
            "PATCH", f"/v2/images/{image_id}", json.dumps(step), Content_Type="application/openstack-images-v2.1-json-patch"
        )
        assert answer.status in (400, 403, 503)
        wait_until(lambda: "image.create" in running.output, "the notification is logged")
        assert leaks(answer.body, running.get("/healthcheck?detailed").body, running.output) == []
