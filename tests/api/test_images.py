"""Image records: create, show, delete (FEATURES 1.3, 1.4)."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest


def test_create_nothing(client: Any) -> None:
    """FEATURES 1.3-02, 1.4-01, 2.1-01 to 2.1-18."""
    image = client.create()
    assert uuid.UUID(image["id"]).version == 4
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", image["created_at"])
    expected = {
        **dict.fromkeys(("name", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value")),
        "disk_format": None,
        "container_format": None,
        "min_disk": 0,
        "min_ram": 0,
        "protected": False,
        "os_hidden": False,
        "status": "queued",
        "visibility": "shared",
        "owner": client.project,
        "tags": [],
        "schema": "/v2/schemas/image",
        "self": f"/v2/images/{image['id']}",
        "file": f"/v2/images/{image['id']}/file",
        **{name: image[name] for name in ("id", "created_at", "updated_at")},
    }
    assert image == expected
    assert client.show(image["id"]) == image


def test_create_everything(client: Any) -> None:
    """FEATURES 1.4-01, 1.4-03, 1.4-11."""
    values = {
        "id": str(uuid.uuid4()).upper(),
        "name": "é",
        "visibility": "private",
        "protected": True,
        "os_hidden": True,
        "disk_format": "qcow2",
        "container_format": "bare",
        "min_disk": 2147483647,
        "min_ram": 0,
        "tags": ["b", "a", "b"],
        "os_distro": "debian",
        "a/b": "",
    }
    image = client.create(**values)
    assert {name: image[name] for name in values if name != "tags"} == {name: value for name, value in values.items() if name != "tags"}
    assert sorted(image["tags"]) == ["a", "b"]


def test_headers_of_creation(client: Any, make_service: Any) -> None:
    """FEATURES 1.4-02, 1.2-10."""
    answer = client("POST", "/v2/images", document={})
    assert answer.headers["location"] == f"http://images.example:9292/v2/images/{answer.json['id']}"
    assert "openstack-image-import-methods" not in answer.headers
    assert "openstack-image-store-ids" not in answer.headers
    several = make_service("enabled_backends = fast:memory,slow:memory", "[glance_store]\ndefault_backend = fast")
    answer = several("POST", "/v2/images", document={})
    assert answer.headers["openstack-image-store-ids"] == "fast,slow"


def test_an_id_is_used_once(client: Any) -> None:
    """FEATURES 1.4-03."""
    chosen = str(uuid.uuid4())
    client.create(id=chosen)
    assert client("POST", "/v2/images", document={"id": chosen}).status == 409
    client("DELETE", f"/v2/images/{chosen}")
    assert client("POST", "/v2/images", document={"id": chosen}).status == 409


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"id": "x"}, 400),
        ({"foo": None}, 400),
        ({"foo": 5}, 400),
        ({"min_disk": -1}, 400),
        ({"min_ram": 2147483648}, 400),
        ({"min_ram": 1e300}, 400),
        ({"disk_format": "nope"}, 400),
        ({"": "x"}, 400),
        ({"x" * 256: "x"}, 400),
        ({"tags": ["x" * 256]}, 400),
        ({"status": "active"}, 403),
        ({"os_hash_algo": "md5"}, 403),
        ({"os_hash_value": "x"}, 403),
        ({"stores": "x"}, 403),
        ({"location": "x"}, 403),
        ({"locations": []}, 403),
        ({"deleted": "x"}, 403),
        ({"os_glance_import_task": "x"}, 403),
        ({"owner": "somebody-else"}, 403),
        ({"owner": None}, 403),
        ({"visibility": "public"}, 403),
        pytest.param({f"p{n}": "x" for n in range(129)}, 413, marks=pytest.mark.limits),
        pytest.param({"tags": [str(n) for n in range(129)]}, 413, marks=pytest.mark.limits),
    ],
)
def test_create_refused(client: Any, values: dict[str, Any], status: int) -> None:
    """FEATURES 1.4-01 to 1.4-10, 12-06."""
    assert client("POST", "/v2/images", document=values).status == status
    assert client.listed(f"owner={client.project}") == []


def test_readers_create_nothing(client: Any) -> None:
    """FEATURES 7.2-03."""
    assert client.as_(client.project, "reader")("POST", "/v2/images", document={}).status == 403


def test_an_administrator_creates_for_others(admin: Any, client: Any) -> None:
    """FEATURES 1.4-07."""
    image = admin.create(owner=client.project, visibility="public")
    assert (image["owner"], image["visibility"]) == (client.project, "public")
    assert admin.create(owner=None)["owner"] is None


def test_show_what_is_not_there(client: Any, other: Any) -> None:
    """FEATURES 2.4-01, 2.4-02, 6.1-02, 1.3-03."""
    assert client("GET", f"/v2/images/{uuid.uuid4()}").status == 404
    assert client("GET", "/v2/images/no-uuid").status == 404
    image = client.create()
    hidden = other("GET", f"/v2/images/{image['id']}")
    assert hidden.status == 404
    assert hidden.text == f"404 Not Found\n\nNo image found with ID {image['id']}\n"


def test_a_caller_without_roles(client: Any) -> None:
    """FEATURES 7.2-04."""
    image = client.create()
    nobody = client.as_(client.project, "")
    assert nobody("GET", f"/v2/images/{image['id']}").status == 404
    assert nobody("GET", "/v2/images").status == 403


@pytest.mark.parametrize("visibility", ["community", "private", "shared"])
def test_visibility(client: Any, other: Any, visibility: str) -> None:
    """FEATURES 2.4-01."""
    image = client.create(visibility=visibility)
    assert other("GET", f"/v2/images/{image['id']}").status == (200 if visibility == "community" else 404)


def test_delete(client: Any, other: Any) -> None:
    """FEATURES 1.3-05."""
    image = client.active()
    assert other("DELETE", f"/v2/images/{image['id']}").status == 404
    assert client("DELETE", f"/v2/images/{image['id']}").status == 204
    assert client("GET", f"/v2/images/{image['id']}").status == 404
    assert client("DELETE", f"/v2/images/{image['id']}").status == 404


def test_delete_what_is_somebody_elses(client: Any, other: Any) -> None:
    """FEATURES 6.1-05: visible, but not theirs."""
    image = client.create(visibility="community")
    assert other("DELETE", f"/v2/images/{image['id']}").status == 403


def test_delete_protected(client: Any, admin: Any) -> None:
    """FEATURES 2.4-06."""
    image = client.create(protected=True)
    assert client("DELETE", f"/v2/images/{image['id']}").status == 403
    assert admin("DELETE", f"/v2/images/{image['id']}").status == 403
    client.patch(image["id"], {"op": "replace", "path": "/protected", "value": False})
    assert client("DELETE", f"/v2/images/{image['id']}").status == 204


def test_deactivate_and_reactivate(client: Any, admin: Any, other: Any) -> None:
    """FEATURES 1.3-11, 1.3-12, 1.7-03."""
    image = client.active()
    path = f"/v2/images/{image['id']}"
    for _ in range(2):
        assert client("POST", f"{path}/actions/deactivate").status == 204
    assert client.show(image["id"])["status"] == "deactivated"
    assert client("GET", f"{path}/file").status == 403
    assert admin("GET", f"{path}/file").status == 200
    assert other("POST", f"{path}/actions/reactivate").status == 404
    for _ in range(2):
        assert client("POST", f"{path}/actions/reactivate").status == 204
    assert client("GET", f"{path}/file").status == 200


def test_deactivate_what_is_queued(client: Any) -> None:
    """FEATURES 1.3-11."""
    image = client.create()
    assert client("POST", f"/v2/images/{image['id']}/actions/deactivate").status == 403
    assert client("POST", f"/v2/images/{image['id']}/actions/reactivate").status == 403


def test_tags(client: Any, other: Any) -> None:
    """FEATURES 4.2-01 to 4.2-03, 1.3-15, 1.3-16."""
    image = client.create(tags=["a"])
    path = f"/v2/images/{image['id']}/tags"
    for _ in range(2):
        assert client("PUT", f"{path}/b%20%C3%A9").status == 204
    assert sorted(client.show(image["id"])["tags"]) == ["a", "b é"]
    assert client("DELETE", f"{path}/a").status == 204
    assert client("DELETE", f"{path}/a").status == 404
    assert client.show(image["id"])["tags"] == ["b é"]
    assert client("PUT", f"{path}/{'x' * 255}").status == 204
    assert client("PUT", f"{path}/{'x' * 256}").status == 400
    assert client("PUT", f"{path}/%F0%9F%98%80").status == 204
    assert client("PUT", f"{path}/a%2Fb").status == 404
    assert other("PUT", f"{path}/c").status == 404
    assert client.as_(client.project, "reader")("DELETE", f"{path}/b%20%C3%A9").status == 403


@pytest.mark.limits
def test_too_many_tags(client: Any) -> None:
    """FEATURES 1.3-15, 6.2-02."""
    image = client.create(tags=[str(n) for n in range(128)])
    assert client("PUT", f"/v2/images/{image['id']}/tags/one-more").status == 413
