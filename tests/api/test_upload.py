"""Uploads (FEATURES 1.6)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FORMATS = {"disk_format": "raw", "container_format": "bare"}


def test_upload(client: Any) -> None:
    """FEATURES 1.3-06, 1.6-09, 2.3-03."""
    data = bytes(range(256)) * 5000
    image = client.create(**FORMATS)
    answer = client.upload(image["id"], data)
    assert (answer.status, answer.body, answer.headers["content-length"]) == (204, b"", "0")
    stored = client.show(image["id"])
    assert (stored["status"], stored["size"]) == ("active", len(data))
    assert stored["checksum"] == hashlib.md5(data).hexdigest()
    assert (stored["os_hash_algo"], stored["os_hash_value"]) == ("sha512", hashlib.sha512(data).hexdigest())
    assert client("GET", f"/v2/images/{image['id']}/file").body == data


def test_chunked(client: Any) -> None:
    """FEATURES 1.2-17, 1.6-02: of unknown size."""
    image = client.active([b"a" * 1000] * 3000)
    assert image["size"] == 3000000


@pytest.mark.parametrize("size", ["0", "10", " 10 "])
def test_announced_size(client: Any, size: str) -> None:
    """FEATURES 1.6-02: 0 announces nothing."""
    image = client.create(**FORMATS)
    assert client.upload(image["id"], [b"01234", b"56789"], x_openstack_image_size=size).status == 204


@pytest.mark.parametrize("size", ["x", "-1", "1.5", "", "9" * 40])
def test_announced_size_that_is_none(client: Any, size: str) -> None:
    """FEATURES 1.6-02."""
    image = client.create(**FORMATS)
    assert client.upload(image["id"], b"0123456789", x_openstack_image_size=size).status == 400
    assert client.show(image["id"]) == image


@pytest.mark.parametrize("size", ["9", "11"])
@pytest.mark.parametrize("chunked", [False, True])
def test_another_size_than_announced(client: Any, size: str, chunked: bool) -> None:
    """FEATURES 1.6-03, 1.6-08, 2.3-04: and the image can be uploaded again."""
    image = client.create(**FORMATS)
    data: Any = [b"0123456789"] if chunked else b"0123456789"
    assert client.upload(image["id"], data, x_openstack_image_size=size).status == 400
    queued = client.show(image["id"])
    assert (queued["status"], queued["size"], queued["checksum"]) == ("queued", None, None)
    assert client.upload(image["id"], b"0123456789").status == 204


def test_a_client_that_goes_away(client: Any) -> None:
    """FEATURES 1.6-03, 1.6-08: with a length gunicorn just ends the body, with chunks it raises."""
    image = client.create(**FORMATS)
    assert client("PUT", f"/v2/images/{image['id']}/file", b"0123", headers=OCTETS, CONTENT_LENGTH="10").status == 400

    def broken() -> Iterator[bytes]:
        yield b"0123"
        raise OSError("connection reset")

    assert client.upload(image["id"], broken()).status == 400
    assert client.show(image["id"])["status"] == "queued"
    assert client.upload(image["id"], b"0123456789").status == 204


OCTETS = {"Content-Type": "application/octet-stream"}


def test_nothing_is_data_too(client: Any) -> None:
    """FEATURES 1.6-11: what `openstack image create` sends for an empty standard input."""
    for data in (b"", []):
        image = client.active(data)
        assert (image["size"], image["checksum"]) == (0, hashlib.md5(b"").hexdigest())


@pytest.mark.parametrize("media_type", ["", "application/json", "text/plain"])
def test_content_type(client: Any, media_type: str) -> None:
    """FEATURES 1.6-01."""
    image = client.create(**FORMATS)
    answer = client("PUT", f"/v2/images/{image['id']}/file", b"x", headers={"Content-Type": media_type})
    assert answer.status == 415
    assert client.show(image["id"])["status"] == "queued"


def test_order_of_refusals(client: Any, other: Any) -> None:
    """FEATURES 1.6-05."""
    image = client.create()
    assert client.upload("no-such-image", b"x").status == 404
    assert other.upload(image["id"], b"x").status == 404
    assert client.as_(client.project, "reader").upload(image["id"], b"x").status == 403
    assert client.upload(image["id"], b"x").status == 400
    assert client.upload(client.active()["id"], b"x").status == 409


def test_the_image_vanishes(client: Any) -> None:
    """FEATURES 1.6-06."""
    image = client.create(**FORMATS)

    def while_it_is_deleted() -> Iterator[bytes]:
        yield b"0123"
        assert client("DELETE", f"/v2/images/{image['id']}").status == 204
        yield b"4567"

    assert client.upload(image["id"], while_it_is_deleted()).status == 410
    assert client("GET", f"/v2/images/{image['id']}").status == 404


def test_a_second_upload_at_the_same_time(client: Any) -> None:
    """FEATURES 1.6-05: the first one wins."""
    image = client.create(**FORMATS)

    def while_another_comes() -> Iterator[bytes]:
        yield b"0123"
        assert client.upload(image["id"], b"other").status == 409
        yield b"4567"

    assert client.upload(image["id"], while_another_comes()).status == 204
    assert client("GET", f"/v2/images/{image['id']}/file").body == b"01234567"


@pytest.mark.limits
def test_too_big(make_service: Any, tmp_path: Path) -> None:
    """FEATURES 6.2-05, 1.6-07: nothing stays, and what was not read does not disturb the connection."""
    client = make_service("image_size_cap = 1000")
    image = client.create(**FORMATS)
    assert client.upload(image["id"], b"x" * 5000).status == 413
    assert client.upload(image["id"], [b"x" * 600] * 5).status == 413
    assert [path for path in (tmp_path / "service0" / "images").rglob("*") if path.is_file()] == []
    assert client.upload(image["id"], b"x" * 1000).status == 204


def test_stores(make_service: Any) -> None:
    """FEATURES 1.6-04, 2.1-21."""
    client = make_service("enabled_backends = fast:memory,slow:memory", "[glance_store]\ndefault_backend = slow")
    image = client.create(**FORMATS)
    assert client.upload(image["id"], b"x", x_image_meta_store="nope").status == 400
    assert client.upload(image["id"], b"x", x_image_meta_store="fast").status == 204
    assert client.show(image["id"])["stores"] == "fast"
    assert client.active()["stores"] == "slow"


def test_a_single_store_is_not_named(client: Any) -> None:
    """FEATURES 1.6-04."""
    image = client.create(**FORMATS)
    assert client.upload(image["id"], b"x", x_image_meta_store="nope").status == 204
    assert "stores" not in client.show(image["id"])
