"""Changes of a record (FEATURES 1.5)."""

from __future__ import annotations

from typing import Any

import pytest


def add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


@pytest.mark.parametrize("media_type", ["", "application/json", "application/json-patch+json", "application/octet-stream"])
def test_media_type(client: Any, media_type: str) -> None:
    """FEATURES 1.5-01."""
    answer = client.patch(client.create()["id"], media_type=media_type)
    assert answer.status == 415
    assert answer.headers["accept-patch"].split(", ") == [
        "application/openstack-images-v2.0-json-patch",
        "application/openstack-images-v2.1-json-patch",
    ]


def test_nothing(client: Any) -> None:
    """FEATURES 1.5-02: not even the time of the last change."""
    image = client.create()
    answer = client.patch(image["id"])
    assert (answer.status, answer.json) == (200, image)


def test_everything(client: Any) -> None:
    """FEATURES 1.3-04, 1.5-10 to 1.5-12, 1.5-18, 2.1-22; what the command-line clients send."""
    image = client.create(p0="x", tags=["a"])
    answer = client.patch(
        image["id"],
        add("/name", "n"),
        add("/min_disk", 1),
        replace("/min_ram", 2),
        add("/visibility", "private"),
        replace("/tags", ["b", "c"]),
        replace("/protected", True),
        replace("/os_hidden", True),
        add("/disk_format", "raw"),
        add("/container_format", "bare"),
        add("/p1", "y"),
        add("/a~1b", "z"),
        remove("/p0"),
    )
    assert answer.status == 200
    changed = {
        "name": "n",
        "min_disk": 1,
        "min_ram": 2,
        "visibility": "private",
        "protected": True,
        "os_hidden": True,
        "disk_format": "raw",
        "container_format": "bare",
        "p1": "y",
        "a/b": "z",
        "tags": ["b", "c"],
    }
    expected = {name: value for name, value in image.items() if name != "p0"} | changed
    expected["updated_at"] = answer.json["updated_at"]
    assert answer.json == expected
    assert client.show(image["id"]) == expected


def test_draft_4(client: Any) -> None:
    """FEATURES 1.5-04, 1.5-10."""
    image = client.create(foo="x")
    old = "application/openstack-images-v2.0-json-patch"
    answer = client.patch(
        image["id"], {"add": "/bar", "value": "y"}, {"remove": "/foo"}, {"replace": "/name", "value": "n"}, media_type=old
    )
    assert (answer.status, answer.json["bar"], answer.json["name"]) == (200, "y", "n")
    assert client.patch(image["id"], {"add": "/bar", "value": "z"}, media_type=old).status == 409


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ({"op": "move", "path": "/a", "from": "/b"}, 400),
        ({"op": "add", "path": 5, "value": "x"}, 400),
        (add("/", "x"), 400),
        (add("/tags/-", "x"), 400),
        (add("/name", 5), 400),
        (add("/foo", "\0"), 400),
        (add("/foo", None), 400),
        (add("/min_disk", 10**30), 400),
        (add("/extra_properties", {}), 400),
        (add("/" + "x" * 256, "x"), 400),
        (replace("/status", "active"), 403),
        (replace("/id", "x"), 403),
        (add("/stores", "x"), 403),
        (add("/member", "x"), 403),
        (add("/os_glance_x", "x"), 403),
        (add("/owner", "somebody-else"), 403),
        (replace("/owner", "somebody-else"), 403),
        (replace("/visibility", "public"), 403),
        (remove("/name"), 403),
        (add("/locations/-", {"url": "http://a", "metadata": {}}), 403),
        (remove("/nope"), 409),
        (replace("/nope", "x"), 409),
        pytest.param(replace("/tags", [str(n) for n in range(129)]), 413, marks=pytest.mark.limits),
    ],
)
def test_refused(client: Any, step: dict[str, Any], status: int) -> None:
    """FEATURES 1.5, 12-03, 12-05, 12-06; 1.5-16: nothing of the patch is stored."""
    image = client.create()
    assert client.patch(image["id"], add("/first", "x"), step).status == status
    assert client.show(image["id"]) == image


def test_formats_of_an_active_image(client: Any) -> None:
    """FEATURES 1.5-14: even if nothing would change."""
    image = client.active()
    assert client.patch(image["id"], replace("/disk_format", "raw")).status == 403
    assert client.patch(image["id"], replace("/min_disk", 1)).status == 200


def test_who_may_change(client: Any, other: Any, admin: Any) -> None:
    """FEATURES 1.5-13, 1.5-17, 6.1-05."""
    image = client.create(visibility="community")
    assert other.patch(image["id"], add("/a", "x")).status == 403
    assert client.as_(client.project, "reader").patch(image["id"], add("/a", "x")).status == 403
    assert admin.patch(image["id"], replace("/owner", other.project)).json["owner"] == other.project
    assert client.patch(image["id"], add("/a", "x")).status == 403
    assert other.patch(image["id"], add("/a", "x")).status == 200
    assert client.patch(client.create()["id"][:-1] + "g", add("/a", "x")).status == 404


@pytest.mark.limits
def test_too_many_properties(client: Any) -> None:
    """FEATURES 6.2-01."""
    image = client.create(**{f"p{n}": "x" for n in range(128)})
    assert client.patch(image["id"], add("/more", "x")).status == 413
    assert client.patch(image["id"], add("/p0", "y")).status == 200


def test_custom_properties_that_are_required(make_service: Any, tmp_path: Any) -> None:
    """FEATURES 1.4-12, 2.6-02."""
    (tmp_path / "service0").mkdir()
    (tmp_path / "service0" / "schema-image.json").write_text(
        '{"properties": {"purpose": {"type": "string", "enum": ["a"]}}, "required": ["purpose"]}'
    )
    client = make_service()
    assert client("POST", "/v2/images", document={}).status == 400
    assert client("POST", "/v2/images", document={"purpose": "b"}).status == 400
    image = client.create(purpose="a")
    assert client.patch(image["id"], replace("/name", "n")).status == 200
    assert client("GET", "/v2/schemas/image").json["required"] == ["purpose"]


def test_too_many_operations(make_service: Any) -> None:
    """[api] max_patch_operations: refused before any of them is looked at."""
    client = make_service(more="[api]\nmax_patch_operations = 2")
    image = client.create()
    assert client.patch(image["id"], *[{"nonsense": n} for n in range(3)]).status == 413
    assert client.patch(image["id"], add("/a", "x"), add("/b", "x")).status == 200


@pytest.fixture
def shown(make_service: Any) -> Any:
    """A client of a service that shows locations."""
    return make_service(
        "show_multiple_locations = true\nenabled_backends = fast:memory,slow:memory", "[glance_store]\ndefault_backend = fast"
    )


@pytest.mark.parametrize("url", ["file:///etc/passwd", "filesystem:///etc/passwd", "swift+config://x/y/z", "nonsense://x", "x"])
def test_locations_that_nobody_may_name(shown: Any, url: str) -> None:
    """FEATURES 1.5-26: a location must not lead into the service's own machine."""
    image = shown.create(disk_format="raw", container_format="bare")
    assert shown.patch(image["id"], add("/locations/-", {"url": url, "metadata": {}})).status == 400
    assert shown.patch(image["id"], replace("/locations", [{"url": url, "metadata": {}}])).status == 400
    assert shown.show(image["id"])["locations"] == []


def test_locations_are_described_anew(shown: Any) -> None:
    """FEATURES 1.5-22, 1.5-24, 1.5-25."""
    image = shown.active()
    (location,) = image["locations"]
    assert location["metadata"] == {"store": "fast"}
    described = {"url": location["url"], "metadata": {"store": "fast", "rack": "7"}}
    assert shown.patch(image["id"], replace("/locations", [described])).json["locations"] == [described]
    assert shown.patch(image["id"], replace("/locations", [])).status == 403
    assert shown.patch(image["id"], replace("/locations", [{"url": "memory://other", "metadata": {}}])).status == 400
    administrator = shown.as_("admins", "admin")
    assert administrator.patch(image["id"], remove("/locations/0")).status == 403
    assert administrator.patch(image["id"], remove("/locations/5")).status == 400
    assert shown("GET", f"/v2/images/{image['id']}/file").body == b"0123456789"
