"""What takes a Keystone: users of several projects, and the clients finding the service in the catalog (CLIENTS.md).

``KEYSTONE_URL`` as in ``tests/integration/keystone``.
"""

import json
import os
import uuid

import pytest
import requests

pytestmark = pytest.mark.integration


LIMITS = {"image_size_total": 10, "image_stage_total": 20, "image_count_total": 30, "image_count_uploading": 40}


@pytest.fixture(scope="module")
def keystone(lacking):
    url = os.environ.get("KEYSTONE_URL")
    if not url:
        lacking("KEYSTONE_URL does not name a Keystone (http://127.0.0.1:5000/v3, started by up-keystone.sh)")
    return url


@pytest.fixture(scope="module")
def ask(keystone):
    """Ask Keystone, as the administrator of the whole cloud."""
    given = {"methods": ["password"], "password": {"user": {"name": "admin", "password": "adminpw", "domain": {"id": "default"}}}}
    auth = {"auth": {"identity": given, "scope": {"system": {"all": True}}}}
    token = requests.post(f"{keystone}/auth/tokens", json=auth, timeout=60).headers["X-Subject-Token"]

    def ask(method, path, body=None):
        answer = requests.request(method, keystone + path, json=body, headers={"X-Auth-Token": token}, timeout=60)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    return ask


@pytest.fixture(scope="module")
def endpoint(ask):
    """An endpoint in Keystone's catalog, with limits."""
    found = ask("GET", "/services?type=image")["services"]
    service = (found or [ask("POST", "/services", {"service": {"type": "image", "name": "glance"}})["service"]])[0]["id"]
    region = ask("POST", "/regions", {"region": {}})["region"]["id"]
    place = {"service_id": service, "region_id": region}
    made = ask("POST", "/endpoints", {"endpoint": {**place, "interface": "public", "url": "http://images.invalid"}})["endpoint"]["id"]
    limits = [{**place, "resource_name": name, "default_limit": limit} for name, limit in LIMITS.items()]
    registered = ask("POST", "/registered_limits", {"registered_limits": limits})["registered_limits"]
    yield made
    for limit in registered:
        ask("DELETE", f"/registered_limits/{limit['id']}")
    ask("DELETE", f"/endpoints/{made}")
    ask("DELETE", f"/regions/{region}")


@pytest.fixture(scope="module")
def service(serving, keystone, endpoint):
    """One that validates tokens, and keeps to Keystone's limits."""
    account = {"auth_type": "password", "auth_url": keystone, "username": "glance", "password": "glancepw", "user_domain_name": "Default"}
    project = {"www_authenticate_uri": keystone, "project_name": "service", "project_domain_name": "Default"}
    groups = {
        "api": {"auth_strategy": "keystone"},
        "keystone_authtoken": {**account, **project},
        "oslo_limit": {**account, "system_scope": "all", "endpoint_id": endpoint},
    }
    with serving("embedded", groups=groups, use_keystone_limits="true") as service:
        yield service


@pytest.fixture(scope="module")
def run(clients, keystone, service):
    """Run a client as a user of the project in the user's name."""

    def run(user, program, *words, **how):
        environment = {
            "OS_AUTH_URL": keystone,
            "OS_USERNAME": user,
            "OS_PASSWORD": "adminpw" if user == "admin" else "userpw",
            "OS_PROJECT_NAME": user.partition("-")[0],
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_IMAGE_ENDPOINT_OVERRIDE": service.url,
            "OS_IDENTITY_ENDPOINT_OVERRIDE": keystone,
        }
        place = ["--os-image-url", service.url] if program == "glance" else []
        output = clients.run(clients.programs / program, *place, *words, environment=environment, **how)
        return json.loads(output) if "json" in words else output

    return run


@pytest.fixture(scope="module")
def projects(ask):
    """The ids of projects by name."""
    return {project["name"]: project["id"] for project in ask("GET", "/projects")["projects"]}


def test_an_image_is_shared_with_a_project_by_name(run, projects):
    image = run("demo-member", "openstack", "image", "create", f"image-{uuid.uuid4()}", "--shared", "-f", "json")
    assert image["owner"] == projects["demo"]
    run("admin", "openstack", "image", "add", "project", image["id"], "alt")
    run("alt-member", "openstack", "image", "set", "--accept", image["id"])
    assert image["id"] in [row["ID"] for row in run("alt-member", "openstack", "image", "list", "-f", "json")]
    (row,) = run("demo-member", "openstack", "image", "member", "list", image["id"], "-f", "json")
    assert (row["Member ID"], row["Status"]) == (projects["alt"], "accepted")
    seen = run("alt-member", "openstack", "image", "member", "get", image["id"], projects["alt"], "-f", "json")
    assert seen["status"] == "accepted"
    run("admin", "openstack", "image", "remove", "project", image["id"], "alt")
    assert "No Image found" in run("alt-member", "openstack", "image", "show", image["id"], fails=True)
    run("demo-member", "openstack", "image", "delete", image["id"])


def test_tasks_are_for_administrators(run):
    assert isinstance(run("admin", "openstack", "image", "task", "list", "-f", "json"), list)
    assert "403" in run("demo-member", "openstack", "image", "task", "list", fails=True)


def test_tasks_of_an_image(run):
    image = run("demo-member", "openstack", "image", "create", f"image-{uuid.uuid4()}", "-f", "json")
    assert "Updated at" in run("demo-member", "glance", "image-tasks", image["id"])
    run("demo-member", "glance", "image-delete", image["id"])


def test_usage(run):
    rows = [line.replace("|", "").split() for line in run("demo-member", "glance", "usage").splitlines() if line.startswith("| image_")]
    assert {name: int(limit) for name, limit, _ in rows} == LIMITS


def test_a_wrong_password(run, clients):
    assert "401" in run("demo-member", "openstack", "--os-password", "wrong", "image", "list", fails=True)
