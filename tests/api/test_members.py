"""Members of a shared image (FEATURES 4.1)."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def path(client: Any) -> str:
    """The members of a new image."""
    return f"/v2/images/{client.create()['id']}/members"


def test_life_of_a_membership(client: Any, other: Any, path: str) -> None:
    """FEATURES 4.1-02 to 4.1-05, 1.3-17 to 1.3-21; 12-18: as Glance has it, 200."""
    added = client("POST", path, document={"member": other.project})
    assert added.status == 200
    member = added.json
    assert set(member) == {"member_id", "image_id", "status", "created_at", "updated_at", "schema"}
    assert (member["member_id"], member["status"], member["schema"]) == (other.project, "pending", "/v2/schemas/member")
    assert client("GET", path).json == {"members": [member], "schema": "/v2/schemas/members"}
    assert other("GET", f"{path}/{other.project}").json == member
    for status in ("rejected", "accepted", "pending", "accepted"):
        body = {"member": other.project, "status": status}
        assert other("PUT", f"{path}/{other.project}", document=body).json["status"] == status
    assert client("POST", path, document={"member": other.project}).status == 409
    assert other("DELETE", f"{path}/{other.project}").status == 403
    assert client("DELETE", f"{path}/{other.project}").status == 204
    assert client("DELETE", f"{path}/{other.project}").status == 404
    assert other("GET", path).status == 404
    assert client("POST", path, document={"member": other.project}).json["status"] == "pending"


def test_a_member_sees_its_own_row(client: Any, other: Any, path: str) -> None:
    """FEATURES 4.1-04."""
    for project in (other.project, "third"):
        client("POST", path, document={"member": project})
    assert len(client("GET", path).json["members"]) == 2
    assert [member["member_id"] for member in other("GET", path).json["members"]] == [other.project]
    assert other("GET", f"{path}/third").status == 404


def test_only_the_member_decides(client: Any, other: Any, path: str) -> None:
    """FEATURES 4.1-03."""
    client("POST", path, document={"member": other.project})
    assert client("PUT", f"{path}/{other.project}", document={"status": "accepted"}).status == 403
    assert other("POST", path, document={"member": "third"}).status == 403


@pytest.mark.parametrize(
    "body", [{}, {"member": ""}, {"member": None}, {"member": []}, {"member": True}, {"member": "x" * 256}, {"member": "\0"}]
)
def test_members_that_are_none(client: Any, path: str, body: dict[str, Any]) -> None:
    """FEATURES 4.1-02."""
    assert client("POST", path, document=body).status == 400


def test_a_number_is_a_member(client: Any, path: str) -> None:
    """FEATURES 4.1-02."""
    assert client("POST", path, document={"member": 5}).json["member_id"] == "5"


@pytest.mark.parametrize("body", [{}, {"status": "x"}, {"status": None}, {"status": ["accepted"]}])
def test_statuses_that_are_none(client: Any, other: Any, path: str, body: dict[str, Any]) -> None:
    """FEATURES 4.1-03."""
    client("POST", path, document={"member": other.project})
    assert other("PUT", f"{path}/{other.project}", document=body).status == 400


def test_only_shared_images_have_members(client: Any) -> None:
    """FEATURES 4.1-01, 1.3-17, 1.3-19."""
    path = f"/v2/images/{client.create(visibility='private')['id']}/members"
    assert client("GET", path).status == 403
    assert client("POST", path, document={"member": "x"}).status == 403
    assert client("GET", f"{path}/x").status == 404


def test_no_such_member(client: Any, path: str) -> None:
    """FEATURES 1.3-19 to 1.3-21."""
    assert client("GET", f"{path}/nobody").status == 404
    assert client("DELETE", f"{path}/nobody").status == 404


@pytest.mark.limits
def test_too_many(make_service: Any) -> None:
    """FEATURES 6.2-03."""
    client = make_service("image_member_quota = 1")
    path = f"/v2/images/{client.create()['id']}/members"
    assert client("POST", path, document={"member": "a"}).status == 200
    assert client("POST", path, document={"member": "b"}).status == 413
