"""Unified limits, of an identity service that answers what a test says (FEATURES 6.2-08 to 6.2-13, 12-23)."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from oslo_config import cfg

from glancepipe.contract import BLOCK, Call, Caller, ChangeSet, Data, ImageValues, Location, Status, Target
from glancepipe.contract.errors import LimitExceeded, LimitsUnavailable
from glancepipe.layers.quota import Quota
from glancepipe.operations.upload_image import upload_image
from glancepipe.pipeline.builder import register_options
from glancepipe.testing import linked

MIB = 1 << 20
ALICE = Caller(user_id="alice", project_id="red", roles=frozenset({"member"}))
DEFAULTS = {"image_size_total": 100, "image_stage_total": 100, "image_count_total": 100, "image_count_uploading": 100}


class Identity:
    """An identity service's limits. ``asked`` lists the paths of the requests."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/v3"
        self.registered = dict(DEFAULTS)
        self.own = {}
        self.model = "flat"
        self.endpoints = {"here": "here"}
        self.asked = []
        self.broken = False

    def answer(self, path, query):
        if self.broken:
            return None
        if path == "/v3/limits/model":
            return {"model": {"name": self.model}}
        if path == "/v3/services":
            return {"services": [{"id": "images"}] if query["type"] == ["image"] else []}
        if path.startswith("/v3/endpoints"):
            rows = [{"id": id, "service_id": "images", "region_id": region} for id, region in self.endpoints.items()]
            found = [row for row in rows if path == f"/v3/endpoints/{row['id']}"]
            return {"endpoint": found[0]} if found else {"endpoints": rows} if path == "/v3/endpoints" else None
        place = {"service_id": query["service_id"][0], "region_id": query.get("region_id", [None])[0]}
        if path == "/v3/registered_limits":
            rows = [{**place, "resource_name": name, "default_limit": limit} for name, limit in self.registered.items()]
            return {"registered_limits": [*rows, {**place, "region_id": "there", "resource_name": "image_size_total", "default_limit": 0}]}
        rows = [
            {**place, "resource_name": name, "resource_limit": limit} for name, limit in self.own.get(query["project_id"][0], {}).items()
        ]
        return {"limits": rows}


@pytest.fixture
def identity():
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            url = urlsplit(self.path)
            found.asked.append(url.path)
            answer = found.answer(url.path, parse_qs(url.query))
            body = json.dumps(answer).encode()
            self.send_response(200 if answer is not None else 503 if found.broken else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found = Identity(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def configuration(tmp_path, **settings):
    options = "".join(f"{name} = {value}\n" for name, value in settings.items() if value)
    file = tmp_path / "unified.conf"
    file.write_text(f"[DEFAULT]\nuse_keystone_limits = true\nuser_storage_quota = 1\n[oslo_limit]\n{options}")
    conf = cfg.ConfigOpts()
    conf([], project="glancepipe", default_config_files=[str(file)], default_config_dirs=[])
    register_options(Quota, conf)
    return conf


class Limited:
    """The layer around ``Ends``."""

    def __init__(self, conf):
        self.pipeline = linked(Quota, conf=conf)
        self.nouns = self.pipeline.nouns
        self.quota, self.ends = self.pipeline.layers[0], self.pipeline.layers[-1]

    def new(self, owner="red", **base):
        values = ImageValues({"owner": owner, "disk_format": "raw", "container_format": "bare", **base})
        with Call("create_image", ALICE) as call:
            return self.nouns.repo.add(call, self.nouns.factory.new_image(call, values))

    def upload(self, image, size, announced=True, activate=True):
        blocks = (b"x" * min(BLOCK, size - at) for at in range(0, size, BLOCK))
        with Call("upload_image", ALICE) as call:
            return upload_image(self.nouns, call, image.id, Data(blocks, size if announced else None), Target(activate=activate))

    def report(self, owner="red"):
        with Call("show_usage", ALICE) as call:
            return self.nouns.usage.report(call, owner)


@pytest.fixture
def settings(identity):
    return {"auth_type": "none", "endpoint_override": identity.url, "endpoint_id": "here"}


@pytest.fixture
def limited(tmp_path, settings):
    return Limited(configuration(tmp_path, **settings))


# Where limits come from


def test_limits_and_usage_are_published(limited, identity):
    """FEATURES 4.4-03, in MiB."""
    identity.own["red"] = {"image_size_total": 7, "image_count_uploading": -1}
    limited.upload(limited.new(), 3 * MIB + 5)
    limited.new()
    assert limited.report() == {
        "image_size_total": (3, 7),
        "image_stage_total": (0, 100),
        "image_count_total": (2, 100),
        "image_count_uploading": (0, -1),
    }
    assert limited.report("blue")["image_size_total"] == (0, 100)
    assert limited.report(None)["image_size_total"] == (0, 100)


def test_an_endpoint_is_found_by_its_service(tmp_path, settings):
    del settings["endpoint_id"]
    found = Limited(
        configuration(tmp_path, **settings, endpoint_service_type="image", endpoint_region_name="here", endpoint_interface="publicURL")
    )
    assert found.report()["image_size_total"] == (0, 100)


def test_limits_are_read_once_a_call(limited, identity):
    limited.report()
    identity.asked.clear()
    image = limited.new()
    limited.upload(image, 2 * MIB)
    assert identity.asked == ["/v3/registered_limits", "/v3/limits"] * 2


def test_a_limit_that_changes_holds_at_once(limited, identity):
    identity.registered["image_count_total"] = 1
    limited.new()
    with pytest.raises(LimitExceeded):
        limited.new()
    identity.own["red"] = {"image_count_total": 2}
    limited.new()


def test_two_services_of_one_process_have_their_own(tmp_path, settings, identity, limited):
    identity.endpoints["other"] = "elsewhere"
    (tmp_path / "other").mkdir()
    other = Limited(configuration(tmp_path / "other", **{**settings, "endpoint_id": "other"}))
    assert limited.report()["image_size_total"] == other.report()["image_size_total"] == (0, 100)
    assert limited.quota.limits._place["region_id"] == "here"
    assert other.quota.limits._place["region_id"] == "elsewhere"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"auth_type": ""}, "auth_type"),
        ({"auth_type": "nonsense"}, "nonsense"),
        ({"auth_type": "password", "username": "glance"}, "auth_url"),
        ({"endpoint_id": ""}, "endpoint_id"),
    ],
)
def test_a_configuration_that_can_not_be_meant(tmp_path, settings, changes, words):
    with pytest.raises(ValueError, match=words):
        Quota(configuration(tmp_path, **{**settings, **changes}))


def test_what_can_not_be_found_out_is_no_reason_to_let_pass(limited, identity):
    """FEATURES 6.2-08: 503 instead of 500."""
    image = limited.new()
    identity.broken = True
    with pytest.raises(LimitsUnavailable):
        limited.new()
    with pytest.raises(LimitsUnavailable):
        limited.upload(image, 5)
    assert limited.ends.images[image.id].status == Status.QUEUED
    with pytest.raises(LimitsUnavailable):
        limited.report()
    assert [finding.down for finding in limited.quota.check()] == [False]
    identity.broken = False
    assert limited.upload(image, 5).status == Status.ACTIVE
    assert list(limited.quota.check()) == []


def test_a_limit_that_is_not_registered(limited, identity):
    del identity.registered["image_count_total"]
    with pytest.raises(LimitsUnavailable, match="image_count_total is not registered"):
        limited.new()
    assert "image_count_total" in next(iter(limited.quota.check())).sentence


@pytest.mark.parametrize(("attribute", "value"), [("endpoints", {}), ("model", "strict_two_level")])
def test_an_endpoint_or_a_model_that_can_not_be_used(limited, identity, attribute, value):
    setattr(identity, attribute, value)
    with pytest.raises(LimitsUnavailable):
        limited.new()


# Images


def test_the_number_of_images(limited, identity):
    """FEATURES 6.2-09: in the words of oslo.limit."""
    identity.registered["image_count_total"] = 1
    limited.new()
    with pytest.raises(LimitExceeded) as caught:
        limited.new()
    said = "Project red is over a limit for [Resource image_count_total is over limit of 1 due to current usage 1 and delta 1]"
    assert caught.value.message == said
    limited.new("blue")
    assert limited.ends.reservations == {}


def test_no_limit(limited, identity):
    identity.registered = dict.fromkeys(DEFAULTS, -1)
    limited.upload(limited.new(), 2 * MIB)
    limited.upload(limited.new(), 2 * MIB, announced=False)
    assert limited.ends.reservations == {}


# Bytes


def test_an_announced_size_is_held_to_the_limit(limited, identity):
    """FEATURES 6.2-10; to the byte, and user_storage_quota is ignored."""
    identity.registered["image_size_total"] = 2
    limited.upload(limited.new(), MIB + 1)
    image = limited.new()
    with pytest.raises(LimitExceeded, match=r"image_size_total is over limit of 2 due to current usage 2 and delta 1\]"):
        limited.upload(image, MIB)
    assert limited.ends.images[image.id].status == Status.QUEUED
    limited.upload(image, MIB - 1)
    assert limited.ends.reservations == {}


def test_a_size_that_nobody_knows_passes_until_the_limit_is_exceeded(limited, identity):
    """FEATURES 6.2-13, and what Tempest expects."""
    identity.registered["image_size_total"] = 1
    limited.upload(limited.new(), MIB, announced=False)
    limited.upload(limited.new(), MIB, announced=False)
    with pytest.raises(LimitExceeded, match="current usage 2 and delta 0"):
        limited.upload(limited.new(), MIB, announced=False)


def test_what_arrives_counts_for_others_meanwhile(limited, identity, monkeypatch):
    monkeypatch.setattr("glancepipe.layers.quota.transfer.STEP", 2 * MIB)
    identity.registered["image_size_total"] = 5
    image, seen = limited.new(), []

    def blocks():
        for _ in range(6):
            yield b"x" * MIB
            seen.append(sum(held.amount for held in limited.ends.reservations.values() if held.of == "stored") // MIB)

    with Call("upload_image", ALICE) as call:
        upload_image(limited.nouns, call, image.id, Data(blocks()), Target())
    assert seen == [0, 2, 2, 4, 4, 6]
    assert limited.ends.reservations == {}


def test_locations_that_a_client_adds(limited, identity):
    """FEATURES 6.2-07."""
    identity.registered["image_size_total"] = 2
    image = limited.upload(limited.new(), MIB)
    with Call("modify_image", ALICE) as call, pytest.raises(LimitExceeded):
        limited.nouns.repo.save(call, image, ChangeSet.of(image, locations=(*image.locations, Location("web://a"), Location("web://b"))))


def test_staging_has_a_limit_of_its_own(limited, identity):
    """FEATURES 6.2-11."""
    identity.registered |= {"image_size_total": 0, "image_stage_total": 1}
    with Call("upload_image", ALICE) as call:
        image = limited.new()
        limited.nouns.image.begin_data(call, image, Target(activate=False, size=MIB))
        with pytest.raises(LimitExceeded, match="image_stage_total"):
            limited.nouns.image.begin_data(call, limited.new(), Target(activate=False, size=1))
    assert limited.ends.reservations == {}


# Uploads at a time


def test_as_many_uploads_at_once_as_the_limit_says(limited, identity):
    """FEATURES 6.2-12, 12-23: refused before the image is seen to save."""
    identity.registered["image_count_uploading"] = 1
    first, second = limited.new(), limited.new()
    refusals = []

    def blocks():
        yield b"x"
        with pytest.raises(LimitExceeded, match="image_count_uploading is over limit of 1") as caught:
            limited.upload(second, 1)
        refusals.append(caught.value)
        assert limited.ends.images[second.id].status == Status.QUEUED
        yield b"y"

    with Call("upload_image", ALICE) as call:
        upload_image(limited.nouns, call, first.id, Data(blocks()), Target())
    assert len(refusals) == 1
    assert limited.upload(second, 1).status == Status.ACTIVE
    assert limited.ends.reservations == {}


def test_a_copy_counts_as_an_upload(limited, identity):
    image = limited.upload(limited.new(), 1)
    identity.registered["image_count_uploading"] = 0
    with Call("modify_image", ALICE) as call, pytest.raises(LimitExceeded, match="image_count_uploading"):
        limited.nouns.image.add_copy(call, image, Target("slow"))
