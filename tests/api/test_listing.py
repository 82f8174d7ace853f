"""Listings (FEATURES 3, 2.4)."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

import pytest


def names(client: Any, query: str) -> list[str]:
    answer = client("GET", f"/v2/images?{query}")
    assert answer.status == 200, answer.text
    return [image["name"] for image in answer.json["images"]]


def pages(client: Any, link: str) -> list[list[str]]:
    found = []
    while link:
        answer = client("GET", link)
        assert answer.status == 200, answer.text
        found.append([image["name"] for image in answer.json["images"]])
        link = answer.json.get("next", "")
    return found


@pytest.fixture
def five(client: Any) -> Any:
    """A client with images a to e."""
    for number, name in enumerate("abcde"):
        client.create(name=name, min_ram=number, tags=["all", name], os_distro="x" if number < 2 else "y")
    return client


def test_nothing(client: Any) -> None:
    """FEATURES 3-03."""
    assert client("GET", f"/v2/images?owner={client.project}").json == {
        "images": [],
        "first": f"/v2/images?owner={client.project}",
        "schema": "/v2/schemas/images",
    }


def test_a_listed_image_looks_as_if_shown(client: Any) -> None:
    image = client.active(name="a", foo="bar", tags=["x"])
    assert client("GET", "/v2/images?name=a").json["images"] == [image]


def test_pages(five: Any) -> None:
    """FEATURES 1.3-01, 3-01 to 3-08, 12-07: no empty page at the end."""
    owner = f"owner={five.project}"
    assert pages(five, f"/v2/images?{owner}&limit=2&sort=name:asc") == [["a", "b"], ["c", "d"], ["e"]]
    assert pages(five, f"/v2/images?{owner}&limit=5&sort=name:desc") == [["e", "d", "c", "b", "a"]]
    assert pages(five, f"/v2/images?{owner}&limit=2&tag=all&tag=b") == [["b"]]
    assert pages(five, f"/v2/images?{owner}&limit=1&tag=all&sort_key=name&sort_dir=asc") == [["a"], ["b"], ["c"], ["d"], ["e"]]
    assert names(five, f"{owner}&limit=0") == []


def test_links_repeat_the_query(five: Any) -> None:
    """FEATURES 3-03, 12-07."""
    answer = five("GET", "/v2/images?tag=all&limit=1&tag=all&marker=" + five.listed("name=a")[0]).json
    assert answer["first"] == "/v2/images?tag=all&limit=1&tag=all"
    assert "marker" not in answer["first"]


def test_markers(five: Any, other: Any) -> None:
    """FEATURES 3-02."""
    assert five("GET", f"/v2/images?marker={uuid.uuid4()}").status == 400
    hidden = other.create()
    assert five("GET", f"/v2/images?marker={hidden['id']}").status == 403


@pytest.mark.parametrize(
    "query",
    [
        *("limit=x", "limit=-1", "sort=owner", "sort=name:up", "sort=name&sort_key=name", "sort_key=name&sort_dir=asc&sort_dir=asc"),
        *("visibility=x", "member_status=x", "os_hidden=x", "protected=True", "name=ubuntu:22", 'name=in:"a', "created_at=x"),
        *("size_min=x", "foo_min=1", "locations=x", "properties=x", "changes-since=2026-01-01", "size_max=" + "9" * 40, "name=%ff"),
    ],
)
def test_refused(client: Any, query: str) -> None:
    """FEATURES 3, 12-05."""
    answer = client("GET", f"/v2/images?{query}")
    assert answer.status == 400
    assert len(answer.text.splitlines()[2]) > 10


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=a", "a"),
        ("name=in:a,c,zz", "ac"),
        ("name=eq:a", "a"),
        ("status=queued", "abcde"),
        ("status=active", ""),
        ("min_ram=3", "d"),
        ("min_ram=x", ""),
        ("min_ram_min=1&min_ram_max=2", "bc"),
        ("size_min=0", ""),
        ("tag=all&tag=b", "b"),
        ("tag=%20b%20", "b"),
        ("os_distro=y", "cde"),
        ("os_distro=y&name=d", "d"),
        ("os_distro=z", ""),
        ("nothing=y", ""),
        ("created_at=gt:2020-01-01", "abcde"),
        ("created_at=lt:2020-01-01T00:00:00Z", ""),
        ("created_at=gt:2020-01-01&created_at=lt:2020-01-02", ""),
        ("protected=false", "abcde"),
        ("protected=true", ""),
        ("os_hidden=False", "abcde"),
        ("os_hidden=true", ""),
        ("deleted=true", "abcde"),
        ("checksum=x", ""),
        ("visibility=shared", "abcde"),
        ("visibility=private", ""),
        ("visibility=all", "abcde"),
    ],
)
def test_filters(five: Any, query: str, expected: str) -> None:
    """FEATURES 3-09 to 3-19."""
    assert names(five, f"owner={five.project}&sort=name:asc&{query}") == list(expected)


def test_names_that_need_an_escape(client: Any) -> None:
    """FEATURES 3-11, 12-17."""
    for name in ('a,"b', "ubuntu:22"):
        client.create(name=name)
    assert names(client, "name=" + quote('in:"a,\\"b"')) == ['a,"b']
    assert names(client, "name=eq:ubuntu:22") == ["ubuntu:22"]


def test_hidden_images(client: Any) -> None:
    """FEATURES 2.4-05."""
    hidden = client.create(os_hidden=True)
    assert client.listed(f"owner={client.project}") == []
    assert client.listed(f"owner={client.project}&os_hidden=True") == [hidden["id"]]


def test_what_others_see(client: Any, other: Any, admin: Any) -> None:
    """FEATURES 2.4-03, 2.4-04."""
    owner = f"owner={client.project}"
    for visibility in ("private", "shared", "community"):
        client.create(name=visibility, visibility=visibility)
    admin.create(name="public", visibility="public", owner=client.project)
    assert sorted(names(client, owner)) == ["community", "private", "public", "shared"]
    assert sorted(names(other, owner)) == ["public"]
    assert sorted(names(other, f"{owner}&visibility=community")) == ["community"]
    assert sorted(names(other, f"{owner}&visibility=all")) == ["community", "public"]
    assert sorted(names(admin, owner)) == ["private", "public", "shared"]
    assert sorted(names(admin, f"{owner}&visibility=all")) == ["community", "private", "public", "shared"]


def test_shared_images(client: Any, other: Any) -> None:
    """FEATURES 2.4-03, 3-10."""
    image = client.create(name="shared")
    client("POST", f"/v2/images/{image['id']}/members", document={"member": other.project})
    owner = f"owner={client.project}"
    assert names(other, owner) == []
    assert names(other, f"{owner}&member_status=pending") == ["shared"]
    assert names(other, f"{owner}&member_status=all&visibility=shared") == ["shared"]
    other("PUT", f"/v2/images/{image['id']}/members/{other.project}", document={"status": "accepted"})
    assert names(other, owner) == ["shared"]
    assert names(other, f"{owner}&member_status=rejected") == []


def test_the_longest_page(make_service: Any) -> None:
    """FEATURES 3-01."""
    client = make_service("limit_param_default = 2\napi_limit_max = 3")
    for _ in range(5):
        client.create()
    assert (len(client.listed()), len(client.listed("limit=100"))) == (2, 3)
