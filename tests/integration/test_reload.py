"""SIGHUP: a good configuration takes over without losing a request; a mistake is refused and the service goes on."""

import http.client
import signal
from contextlib import suppress

import psutil
import pytest

MIB = 1 << 20
LINE = "auth, notifier, policy, quota, location, domain, db"
NEW = {"DEFAULT": {"public_endpoint": "http://new.example"}}


def endpoint(running):
    return running.get("/versions").body["versions"][0]["links"][0]["href"]


def workers(running):
    """The worker processes, without the child that checks a configuration."""
    found = set()
    for process in psutil.Process(running.process.pid).children():
        with suppress(psutil.Error):  # it ended meanwhile
            if "glancepipe.cli.server" in process.cmdline():
                found.add(process.pid)
    return found


def test_good_configuration_takes_over(service, wait_until):
    with service(workers=2) as running:
        before = workers(running)
        running.configure(**NEW)
        running.signal(signal.SIGHUP)
        wait_until(lambda: not before & workers(running), "new workers only")
        assert endpoint(running) == "http://new.example/v2/"
        assert "\nreloading\n" in running.output


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ({"pipeline": {"layers": LINE.replace("quota", "quotta")}}, "'quotta'"),
        ({"pipeline": {"layers": LINE.replace("auth, notifier, policy", "auth, policy, notifier")}}, "notifier"),
        ({"wsgi": {"middleware": "cors, nothing"}}, "'nothing'"),
        ({"DEFAULT": {"property_protection_file": "/nowhere/p.conf"}}, "install the layer property-protection"),
        ({"DEFAULT": {"limit_param_default": "many"}}, "limit_param_default"),
        ({"oslo_messaging_notifications": {"driver": "pigeon"}}, "pigeon"),
        ({"DEFAULT": {"log_config_append": "/nowhere/logging.conf"}}, "The log can't be set up"),
    ],
)
def test_mistake_is_refused(service, wait_until, groups, sentence):
    with service() as running:
        before = workers(running)
        running.configure(**groups)
        running.signal(signal.SIGHUP)
        wait_until(lambda: "reload refused: " in running.output, "the refusal")
        assert sentence in running.output.partition("reload refused: ")[2].splitlines()[0]
        assert running.get("/v2/images").status == 200
        assert workers(running) == before
        # And once it is repaired, the next reload works.
        running.configure(**NEW)
        running.signal(signal.SIGHUP)
        wait_until(lambda: endpoint(running) == "http://new.example/v2/", "the new configuration")


def test_broken_policy_file_is_refused(service, tmp_path, wait_until):
    policy = tmp_path / "policy.yaml"
    policy.write_text('"get_images": "role:reader"\n')
    alice = {"X_Identity_Status": "Confirmed", "X_User_Id": "alice", "X_Project_Id": "demo", "X_Roles": "reader"}
    groups = {"api": {"auth_strategy": "headers"}, "oslo_policy": {"policy_file": policy}}
    with service(**groups) as running:
        assert running.get("/v2/images", **alice).status == 200
        policy.write_text('"get_images": [[\n')
        running.configure(**groups, **NEW)
        running.signal(signal.SIGHUP)
        wait_until(lambda: "reload refused: " in running.output, "the refusal")
        assert "policy.yaml" in running.output.partition("reload refused: ")[2]
        assert running.get("/v2/images", **alice).status == 200
        assert "new.example" not in endpoint(running)


def test_running_upload_survives(service, wait_until):
    with service(workers=1) as running:
        image = running.create(name="slow")
        before = workers(running)
        upload = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
        upload.putrequest("PUT", f"/v2/images/{image}/file")
        upload.putheader("Content-Type", "application/octet-stream")
        upload.putheader("Content-Length", str(2 * MIB))
        upload.endheaders()
        upload.send(b"a" * MIB)
        wait_until(lambda: running.get(f"/v2/images/{image}").body["status"] == "saving", "the upload has begun")
        running.configure(**NEW)
        running.signal(signal.SIGHUP)
        wait_until(lambda: endpoint(running) == "http://new.example/v2/", "the new configuration")
        assert before < workers(running)
        upload.send(b"b" * MIB)
        assert upload.getresponse().status == 204
        upload.close()
        assert running.get(f"/v2/images/{image}").body["status"] == "active"
        wait_until(lambda: not before & workers(running), "the old worker ends")


PLUGIN = """\
from glancepipe.contract import ImageRepoProxy, Layer, replace


class LateRepo(ImageRepoProxy["Late"]):
    def add(self, call, image):
        return self.inner.add(call, replace(image, name="late"))


class Late(Layer):
    name = "late"
    repo = LateRepo
"""


def test_layer_that_was_installed_meanwhile(service, tmp_path, monkeypatch, wait_until):
    """The serving process has looked at no plugin, so its new workers find new ones."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(plugins))
    with service() as running:
        (plugins / "late.py").write_text(PLUGIN)
        info = plugins / "late-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: late\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[glancepipe.layers]\nlate = late:Late\n")
        running.configure(pipeline={"layers": LINE.replace("quota", "late, quota")}, **NEW)
        running.signal(signal.SIGHUP)
        wait_until(lambda: endpoint(running) == "http://new.example/v2/", "the new configuration")
        assert running.get(f"/v2/images/{running.create(name='early')}").body["name"] == "late"
