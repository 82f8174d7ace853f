"""What takes a Keystone: users of several projects, and the clients finding the service in the catalog (CLIENTS.md).

``KEYSTONE_URL`` as in ``tests/integration/keystone``.
"""

import json
import os
import uuid

import pytest
import requests

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def keystone(lacking):
    url = os.environ.get("KEYSTONE_URL")
    if not url:
        lacking("KEYSTONE_URL does not name a Keystone (http://127.0.0.1:5000/v3, started by up-keystone.sh)")
    return url


@pytest.fixture(scope="module")
def service(serving, keystone):
    """One that validates tokens."""
    account = {"auth_type": "password", "username": "glance", "password": "glancepw", "project_name": "service"}
    where = {"auth_url": keystone, "www_authenticate_uri": keystone, "user_domain_name": "Default", "project_domain_name": "Default"}
    groups = {"api": {"auth_strategy": "keystone"}, "keystone_authtoken": {**account, **where}}
    with serving("embedded", groups=groups) as service:
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
def projects(keystone):
    """The ids of projects by name."""
    given = {"methods": ["password"], "password": {"user": {"name": "admin", "password": "adminpw", "domain": {"id": "default"}}}}
    scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
    answer = requests.post(f"{keystone}/auth/tokens", json={"auth": {"identity": given, "scope": scope}}, timeout=60)
    found = requests.get(f"{keystone}/projects", headers={"X-Auth-Token": answer.headers["X-Subject-Token"]}, timeout=60).json()
    return {project["name"]: project["id"] for project in found["projects"]}


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


def test_a_wrong_password(run, clients):
    assert "401" in run("demo-member", "openstack", "--os-password", "wrong", "image", "list", fails=True)
