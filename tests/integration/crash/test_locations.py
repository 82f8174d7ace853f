"""A worker that is killed at any step of an added location: the image ends up hashed or back, and its task over (FEATURES 12-10)."""

import hashlib
import json
import os
import signal

import pytest

ADDING = """
    outermost: before repo.save as it is
    above domain: before repo.save importing
    above domain: after repo.save importing
    outermost: after repo.save as it is
    outermost: before tasks.add
    outermost: after tasks.add
    outermost: before tasks.save processing
    outermost: after tasks.save processing
    outermost: before image.digest_data
    above location: before image.digest_data
    """
MATCHING = """
    above location: after image.digest_data
    outermost: after image.digest_data
    outermost: before repo.save active
    above domain: before repo.save active
    above domain: after repo.save active
    outermost: after repo.save active
    outermost: before tasks.save success
    outermost: after tasks.save success
    """
OTHER = """
    outermost: before repo.save queued
    above domain: before repo.save queued
    above domain: after repo.save queued
    outermost: after repo.save queued
    outermost: before tasks.save failure
    outermost: after tasks.save failure
    """
"""The steps: of what every added location begins with, and of its end if the data is what it was said to be, and if not."""


def steps(*texts):
    return [line.strip() for text in texts for line in text.strip().splitlines()]


@pytest.fixture
def site(site):
    site.groups["DEFAULT"]["enabled_backends"] += ", web:http"
    site.groups["import_filtering_opts"] = {"allowed_hosts": "[127.0.0.1]", "allowed_ports": "[]"}
    site.configure()
    return site


@pytest.fixture
def web(web, site):
    web.files["/image"] = site.data
    return web


def begin(worker, web, image_id, data):
    digests = {"os_hash_algo": "sha256", "os_hash_value": hashlib.sha256(data).hexdigest()}
    document = {"url": web.url(), "validation_data": digests}
    worker.begin("POST", f"/v2/images/{image_id}/locations", json.dumps(document).encode(), content_type="application/json")


def shown(worker, image_id):
    status, body = worker.request("GET", f"/v2/images/{image_id}")
    assert status == 200
    image = json.loads(body)
    return image["status"], image["checksum"], image["os_hash_value"]


def tasks(site):
    return [status for (status,) in site.rows("SELECT status FROM tasks")]


def hashed(data):
    return "active", hashlib.md5(data).hexdigest(), hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(("data", "ending"), [("right", MATCHING), ("wrong", OTHER)])
def test_the_steps_are_those_there_are(site, worker, web, data, ending):
    with worker() as one:
        image_id = one.create()
        begin(one, web, image_id, site.data if data == "right" else b"other data")
        assert one.answer()[0] == 202
        one.tidy()
        passed = site.trace()
    assert [step for step in steps(ADDING, ending) if step not in passed] == []


@pytest.mark.parametrize("step", steps(ADDING, MATCHING))
def test_killed_while_the_data_is_compared(site, worker, web, step):
    with worker() as first:
        image_id = first.create()
        site.kill_at(step)
        begin(first, web, image_id, site.data)
        assert first.died()
    with worker() as second:
        second.tidy()
        found = shown(second, image_id)
        if found[0] == "queued":
            # It died before it had recorded anything.
            assert tasks(site) == []
            begin(second, web, image_id, site.data)
            assert second.answer()[0] == 202
            second.tidy()
        assert shown(second, image_id) == hashed(site.data)
        assert tasks(site) == ["success"]
        assert second.download(image_id) == site.data


@pytest.mark.parametrize("step", ["outermost: before image.digest_data", *steps(OTHER)])
def test_killed_while_other_data_is_compared(site, worker, web, step):
    with worker() as first:
        image_id = first.create()
        site.kill_at(step)
        begin(first, web, image_id, b"other data")
        assert first.died()
    with worker() as second:
        second.tidy()
        assert shown(second, image_id) == ("queued", None, None)
        assert tasks(site) in ([], ["failure"])
        assert second.upload(image_id) == 204
        assert second.download(image_id) == site.data
    assert site.leftovers() == {}


def test_killed_again_when_it_is_taken_over(site, worker, web):
    with worker() as first:
        image_id = first.create()
        site.kill_at("above location: after image.digest_data")
        begin(first, web, image_id, site.data)
        assert first.died()
    site.kill_at("above domain: after repo.save active")
    with worker() as second:
        assert second.died()
    with worker() as third:
        third.tidy()
        assert shown(third, image_id) == hashed(site.data)
    assert tasks(site) == ["success"]


@pytest.mark.parametrize("step", ["above location: after image.digest_data", "outermost: before tasks.save success"])
def test_a_worker_that_was_taken_for_dead_concludes_nothing(site, worker, web, step):
    with worker() as first, worker() as second:
        image_id = first.create()
        site.hold_at(step)
        begin(first, web, image_id, site.data)
        assert first.answer()[0] == 202
        site.await_held()
        os.kill(first.process.pid, signal.SIGSTOP)
        site.bury()
        second.tidy()
        assert shown(second, image_id) == hashed(site.data)
        ends = site.rows("SELECT status, updated_at FROM tasks")
        os.kill(first.process.pid, signal.SIGCONT)
        site.let_go()
        # Closing waits for the task that it is at.
    assert site.rows("SELECT status, updated_at FROM tasks") == ends
    assert [status for status, _ in ends] == ["success"]
    assert len(site.who_reached("outermost: after tasks.save success")) == 1
    assert site.leftovers() == {}
