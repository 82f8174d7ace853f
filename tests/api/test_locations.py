"""Locations as clients see and change them (FEATURES 1.5-21 to 1.5-29, 2.1-19, 2.1-20, 2.2-02)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

DATA = b"0123456789"
FORMATS = {"disk_format": "raw", "container_format": "bare"}


def add(place: str, url: str, **metadata: Any) -> dict[str, Any]:
    return {"op": "add", "path": f"/locations/{place}", "value": {"url": url, "metadata": metadata}}


def remove(place: int | str) -> dict[str, Any]:
    return {"op": "remove", "path": f"/locations/{place}"}


@pytest.fixture
def owner(several: Any, client: Any) -> Any:
    """A member, where there are several stores and locations are shown."""
    return several.as_(client.project)


@pytest.fixture
def administrator(several: Any) -> Any:
    return several.as_("admins", "admin")


@pytest.fixture
def url(owner: Any) -> str:
    """Where ten bytes are that another image brought."""
    found: str = owner.active(DATA)["locations"][0]["url"]
    return found


def test_what_is_shown(owner: Any, client: Any) -> None:
    """FEATURES 2.1-19, 2.1-20: with the options; an image without data has no direct_url, and an empty list."""
    queued = owner.create()
    assert queued["locations"] == []
    assert "direct_url" not in queued
    image = owner.active()
    assert image["locations"] == [{"url": image["direct_url"], "metadata": {"store": "fast"}}]
    assert not {"locations", "direct_url"} & set(client.active())


def test_of_a_deactivated_image(owner: Any, administrator: Any) -> None:
    """FEATURES 2.2-02."""
    image = owner.active()
    owner("POST", f"/v2/images/{image['id']}/actions/deactivate")
    hidden = owner.show(image["id"])
    assert hidden["locations"] == []
    assert not {"direct_url", "stores"} & set(hidden)
    assert administrator.show(image["id"])["locations"] == image["locations"]


def test_a_location_brings_a_queued_image_to_life(owner: Any, url: str) -> None:
    """FEATURES 1.5-22, 1.5-23, 1.5-27, 2.3-11, 2.5-04: the size is the store's, digests are nobody's."""
    image = owner.create(**FORMATS)
    changed = owner.patch(image["id"], add("-", url))
    assert (changed.status, changed.json["status"], changed.json["size"]) == (200, "active", len(DATA))
    assert [changed.json[name] for name in ("checksum", "os_hash_algo", "os_hash_value")] == [None] * 3
    assert changed.json["locations"] == [{"url": url, "metadata": {"store": "fast"}}]
    assert owner("GET", f"/v2/images/{image['id']}/file").body == DATA


def test_replacing_nothing_by_a_location(owner: Any, url: str) -> None:
    """FEATURES 1.5-24, 1.5-27."""
    image = owner.create(**FORMATS)
    step = {"op": "replace", "path": "/locations", "value": [{"url": url, "metadata": {}}]}
    assert owner.patch(image["id"], step).json["status"] == "active"


def test_it_needs_both_formats(owner: Any, url: str) -> None:
    """FEATURES 1.5-27."""
    image = owner.create(disk_format="raw")
    assert owner.patch(image["id"], add("-", url)).status == 400
    assert owner.show(image["id"]) == image


def test_places(owner: Any, administrator: Any) -> None:
    """FEATURES 1.5-23, 1.5-25: given a place, which is forgotten once it is stored, as in Glance; and taken away by place."""
    urls = [owner.active(DATA)["locations"][0]["url"] for _ in range(3)]
    image = owner.create(**FORMATS)
    owner.patch(image["id"], add("-", urls[0]))
    owner.patch(image["id"], add("0", urls[1]))
    stored = owner.patch(image["id"], add("99", urls[2])).json
    assert [location["url"] for location in stored["locations"]] == urls
    for place in ("x", "-1", "1.0", "+1", "9" * 30, "01x"):
        assert owner.patch(image["id"], add(place, urls[0])).status == 400
    for place in ("-", "x", "3", "9" * 30):
        assert administrator.patch(image["id"], remove(place)).status == 400
    assert [location["url"] for location in administrator.patch(image["id"], remove(1)).json["locations"]] == [urls[0], urls[2]]


def test_the_store_is_not_for_clients_to_say(owner: Any, url: str) -> None:
    """FEATURES 2.1-21, 2.2-03."""
    image = owner.create(**FORMATS)
    stored = owner.patch(image["id"], add("-", url, store="slow")).json
    assert (stored["stores"], stored["locations"][0]["metadata"]) == ("fast", {"store": "fast"})


def test_the_data_goes_with_the_location(owner: Any, administrator: Any, url: str) -> None:
    """FEATURES 1.5-25: it is erased, and nobody can name it any more."""
    image = owner.active()
    owner.patch(image["id"], add("-", url))
    assert administrator.patch(image["id"], remove(1)).status == 200
    other = owner.create(**FORMATS)
    assert owner.patch(other["id"], add("-", url)).status == 400
    assert owner("GET", f"/v2/images/{image['id']}/file").body == DATA


def test_who_may(owner: Any, url: str, administrator: Any, other: Any) -> None:
    """FEATURES 1.5-21: adding is for members, removing for administrators."""
    image = owner.active()
    assert owner.as_(owner.project, "reader").patch(image["id"], add("-", url)).status == 403
    assert owner.as_(other.project).patch(image["id"], add("-", url)).status == 404
    assert owner.patch(image["id"], add("-", url)).status == 200
    assert owner.patch(image["id"], remove(1)).status == 403
    assert administrator.patch(image["id"], remove(1)).status == 200


def test_where_they_are_not_shown(client: Any, admin: Any) -> None:
    """FEATURES 1.5-21."""
    image = client.active()
    steps = [add("-", "memory://x"), remove(0), {"op": "replace", "path": "/locations", "value": []}]
    for somebody in (client, admin):
        assert [somebody.patch(image["id"], step).status for step in steps] == [403] * 3


def test_in_which_status(owner: Any, administrator: Any, url: str) -> None:
    """FEATURES 1.5-22."""
    image = owner.active()
    queued = owner.create(**FORMATS)
    assert administrator.patch(queued["id"], remove(0)).status == 409
    owner("POST", f"/v2/images/{image['id']}/actions/deactivate")
    assert administrator.patch(image["id"], add("-", url)).status == 409
    assert administrator.patch(image["id"], remove(0)).status == 409


@pytest.mark.parametrize(
    "value",
    [
        *("x", 5, None, [], {}, {"url": "memory://fast/x"}, {"metadata": {}}, {"url": 5, "metadata": {}}, {"url": "x", "metadata": []}),
        *({"url": "memory://fast/" + "x" * 300, "metadata": {}}, {"url": "memory://fast/\0", "metadata": {}}),
    ],
)
def test_what_is_no_location(owner: Any, value: Any) -> None:
    """FEATURES 1.5-23."""
    image = owner.create(**FORMATS)
    for path, given in (("/locations/-", value), ("/locations", [value]), ("/locations", value)):
        if given != []:
            assert owner.patch(image["id"], {"op": "add" if "-" in path else "replace", "path": path, "value": given}).status == 400
    assert owner.show(image["id"]) == image


def test_the_same_twice(owner: Any) -> None:
    """FEATURES 1.5-26: the same place with the same metadata."""
    image = owner.active()
    (location,) = image["locations"]
    assert owner.patch(image["id"], add("-", location["url"], **location["metadata"])).status == 400
    assert owner.show(image["id"])["locations"] == [location]


@pytest.mark.limits
def test_too_many(owner: Any) -> None:
    """FEATURES 1.5-29, 6.2-04."""
    urls = [owner.active(DATA)["locations"][0]["url"] for _ in range(11)]
    image = owner.create(**FORMATS)
    steps = [add("-", url) for url in urls]
    assert owner.patch(image["id"], *steps[:10]).status == 200
    assert owner.patch(image["id"], steps[10]).status == 413


def test_digests_that_a_client_vouches_for(owner: Any, url: str) -> None:
    """FEATURES 1.5-28, 2.5-04: recorded while the image is queued, compared later, and not shown with the location."""
    good = {"os_hash_algo": "sha512", "os_hash_value": hashlib.sha512(DATA).hexdigest(), "checksum": hashlib.md5(DATA).hexdigest()}
    image = owner.create(**FORMATS)
    step = add("-", url)
    step["value"]["validation_data"] = good
    stored = owner.patch(image["id"], step).json
    assert {name: stored[name] for name in good} == good
    assert stored["locations"] == [{"url": url, "metadata": {"store": "fast"}}]
    again = {"op": "replace", "path": "/locations", "value": [{**stored["locations"][0], "validation_data": good}]}
    assert owner.patch(image["id"], again).status == 200
    again["value"][0]["validation_data"] = {**good, "checksum": "0" * 32}
    assert owner.patch(image["id"], again).status == 409


@pytest.mark.parametrize(
    ("digests", "status"),
    [
        ({"os_hash_algo": "sha512", "os_hash_value": "x" * 128}, 409),
        ({"os_hash_algo": "sha512", "os_hash_value": "0" * 64}, 409),
        ({"os_hash_algo": "sha256", "os_hash_value": "0" * 64}, 409),
        ({"os_hash_algo": "nonsense", "os_hash_value": "0" * 64}, 409),
        ({"os_hash_algo": "sha512"}, 400),
        ({"os_hash_value": "0" * 128}, 400),
        ({"checksum": "0" * 32}, 400),
        ({"os_hash_algo": "sha512", "os_hash_value": "0" * 128, "more": "x"}, 400),
        ({"os_hash_algo": "sha512", "os_hash_value": "0" * 128, "checksum": "0" * 31}, 400),
        ({"os_hash_algo": "sha512", "os_hash_value": "0" * 128, "checksum": "x" * 32}, 409),
        ("x", 400),
    ],
)
def test_digests_that_are_none(owner: Any, url: str, digests: Any, status: int) -> None:
    """FEATURES 1.5-28."""
    image = owner.create(**FORMATS)
    step = add("-", url)
    step["value"]["validation_data"] = digests
    assert owner.patch(image["id"], step).status == status
    assert owner.show(image["id"]) == image
