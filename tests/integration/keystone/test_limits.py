"""Unified limits of a real Keystone (FEATURES 6.2-08 to 6.2-13, 12-23)."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

MIB = 1 << 20
LIMITS = {"image_size_total": 100, "image_stage_total": 100, "image_count_total": 100, "image_count_uploading": 100}


class Limits:
    """What Keystone says that projects may have at an endpoint of its own."""

    def __init__(self, keystone, region):
        self.keystone = keystone
        self.service = keystone.ask("GET", "/services?type=image").json()["services"][0]["id"]
        self.place = {"service_id": self.service, "region_id": region}
        endpoint = {**self.place, "interface": "public", "url": "http://images.invalid"}
        self.endpoint = keystone.ask("POST", "/endpoints", {"endpoint": endpoint}).json()["endpoint"]["id"]
        self.registered = self._make(
            "registered_limits", [{"resource_name": name, "default_limit": limit} for name, limit in LIMITS.items()]
        )
        self.own = {}

    def _make(self, kind, rows):
        made = self.keystone.ask("POST", f"/{kind}", {kind: [{**self.place, **row} for row in rows]}).json()[kind]
        return {row["resource_name"]: row["id"] for row in made}

    def set(self, project, **limits):
        """The project's own limits."""
        self.forget()
        self.own = self._make(
            "limits", [{"project_id": project, "resource_name": name, "resource_limit": limit} for name, limit in limits.items()]
        )

    def forget(self):
        for limit in self.own.values():
            self.keystone.ask("DELETE", f"/limits/{limit}")
        self.own = {}

    def unregister(self, name):
        self.keystone.ask("DELETE", f"/registered_limits/{self.registered.pop(name)}")

    def register(self, name):
        self.registered |= self._make("registered_limits", [{"resource_name": name, "default_limit": LIMITS[name]}])

    def close(self):
        self.forget()
        for name in list(self.registered):
            self.unregister(name)
        self.keystone.ask("DELETE", f"/endpoints/{self.endpoint}")


@pytest.fixture(scope="module")
def limits(keystone, relay):
    limits = Limits(keystone, relay.region)
    yield limits
    limits.close()


@pytest.fixture(scope="module")
def running(serve, groups, limits, relay, tmp_path_factory):
    """A service that holds projects to these limits."""
    account = {"auth_type": "password", "username": "glance", "password": "glancepw", "user_domain_name": "Default", "system_scope": "all"}
    where = {"auth_url": relay.url, "region_name": relay.region, "endpoint_id": limits.endpoint}
    unified = {"DEFAULT": {"use_keystone_limits": "true"}, "oslo_limit": {**account, **where}}
    with serve(tmp_path_factory.mktemp("limits"), **groups(), **unified) as running:
        yield running


class Project:
    """A member of a project who starts with none of its images."""

    def __init__(self, running, token, id):
        self.running, self.token, self.id = running, token, id

    def ask(self, method, path, body=None, media_type="application/json"):
        return self.running.ask(method, path, body, X_Auth_Token=self.token, Content_Type=media_type)

    def create(self):
        return self.ask("POST", "/v2/images", json.dumps({"disk_format": "raw", "container_format": "bare"}))

    def image(self):
        answer = self.create()
        assert answer.status == 201, answer.body
        return answer.body["id"]

    def upload(self, image_id, data):
        return self.ask("PUT", f"/v2/images/{image_id}/file", data, "application/octet-stream").status

    def usage(self):
        found = self.ask("GET", "/v2/info/usage").body["usage"]
        return {name: (each["usage"], each["limit"]) for name, each in found.items()}

    def clear(self):
        for image in self.ask("GET", "/v2/images?limit=1000").body["images"]:
            assert self.ask("DELETE", f"/v2/images/{image['id']}").status == 204


@pytest.fixture
def project(running, keystone, limits):
    token = keystone.token("demo-member")
    project = Project(running, token, keystone.who(token)["project"]["id"])
    yield project
    project.clear()
    limits.forget()


def test_usage(project, limits):
    """FEATURES 4.4-03."""
    limits.set(project.id, image_size_total=7)
    project.upload(project.image(), os.urandom(2 * MIB))
    assert project.usage() == {
        "image_size_total": (2, 7),
        "image_stage_total": (0, 100),
        "image_count_total": (1, 100),
        "image_count_uploading": (0, 100),
    }


def test_the_number_of_images(project, limits):
    """FEATURES 6.2-09: what changes in Keystone holds at once."""
    limits.set(project.id, image_count_total=1)
    project.image()
    answer = project.create()
    assert answer.status == 413
    assert "[Resource image_count_total is over limit of 1 due to current usage 1 and delta 1]" in str(answer.body)
    limits.set(project.id, image_count_total=2)
    assert project.create().status == 201


@pytest.mark.parametrize("resource", ["image_count_total", "image_size_total"])
def test_no_more_pass_at_once_than_one_after_the_other(project, limits, resource):
    """FEATURES 12-12."""
    if resource == "image_count_total":
        limits.set(project.id, image_count_total=3)
        tries = [project.create] * 8
    else:
        images = [project.image() for _ in range(8)]
        limits.set(project.id, image_size_total=3)
        tries = [lambda image=image: project.upload(image, bytes(MIB)) for image in images]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda attempt: attempt(), tries))
    statuses = sorted(answer if isinstance(answer, int) else answer.status for answer in found)
    assert statuses == [201 if resource == "image_count_total" else 204] * 3 + [413] * 5
    assert project.usage()[resource] == (3, 3)


def test_nothing_uploads_where_nothing_may(project, limits):
    """FEATURES 6.2-12, 12-23."""
    image = project.image()
    limits.set(project.id, image_count_uploading=0)
    assert project.upload(image, b"data") == 413
    assert project.ask("GET", f"/v2/images/{image}").body["status"] == "queued"
    limits.forget()
    assert project.upload(image, b"data") == 204


def test_a_limit_that_is_not_registered(project, limits, running):
    """FEATURES 6.2-08: said by a 503 that names it, and by the health check."""
    limits.unregister("image_count_total")
    try:
        answer = project.create()
        assert (answer.status, "image_count_total" in str(answer.body)) == (503, True)
        health = running.ask("GET", "/healthcheck?detailed", Accept="application/json")
        assert "image_count_total" in str(health.body)
    finally:
        limits.register("image_count_total")
    assert project.create().status == 201
