"""Records as clients see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import pytest
from oslo_config import cfg

from glancepipe.api.answers import encoded
from glancepipe.api.views import ImageView, member_view
from glancepipe.contract import Image, Location, Member, Status

WHEN = datetime(2026, 1, 2, 3, 4, 5, 678901)
IMAGE = Image(
    "i",
    name="n",
    status=Status.ACTIVE,
    size=5,
    created_at=WHEN,
    updated_at=WHEN,
    tags=frozenset({"b", "a"}),
    properties={"foo": "bar", "os_glance_stage_host": "h", "os_glance_import_task": "t"},
    locations=(Location("u://1", {"store": "fast"}, 1), Location("u://2", {"store": "slow"}, 2)),
)


def test_image(conf: cfg.ConfigOpts, single: Any) -> None:
    """FEATURES 2.1, 2.2-01, 2.2-05, 2.2-06, 1.2-15."""
    assert orjson.loads(encoded(ImageView(conf, single)(IMAGE, admin=False))) == {
        "id": "i",
        "name": "n",
        "status": "active",
        "visibility": "shared",
        "protected": False,
        "os_hidden": False,
        "owner": None,
        "disk_format": None,
        "container_format": None,
        "min_disk": 0,
        "min_ram": 0,
        "size": 5,
        "virtual_size": None,
        "checksum": None,
        "os_hash_algo": None,
        "os_hash_value": None,
        "created_at": "2026-01-02T03:04:05Z",
        "updated_at": "2026-01-02T03:04:05Z",
        "tags": ["a", "b"],
        "self": "/v2/images/i",
        "file": "/v2/images/i/file",
        "schema": "/v2/schemas/image",
        "foo": "bar",
        "os_glance_import_task": "t",
    }


def test_no_property_hides_a_base_attribute(conf: cfg.ConfigOpts, single: Any) -> None:
    """FEATURES 12-06: a database that Glance used may hold such properties."""
    shadowed = Image("i", properties={"status": "active", "os_hash_value": "x"})
    view = ImageView(conf, single)(shadowed, admin=False)
    assert (view["status"], view["os_hash_value"]) == ("queued", None)


def test_stores(conf: cfg.ConfigOpts, stores: Any) -> None:
    """FEATURES 2.1-21."""
    view = ImageView(conf, stores)
    assert view(IMAGE, admin=False)["stores"] == "fast,slow"
    assert "stores" not in view(Image("i"), admin=False)


def test_locations(conf: cfg.ConfigOpts, stores: Any) -> None:
    """FEATURES 2.1-19, 2.1-20: the heaviest store's comes first as direct_url."""
    conf.set_override("show_image_direct_url", True)
    conf.set_override("show_multiple_locations", True)
    view = ImageView(conf, stores)
    found = view(IMAGE, admin=False)
    assert found["direct_url"] == "u://2"
    assert found["locations"] == [{"url": "u://1", "metadata": {"store": "fast"}}, {"url": "u://2", "metadata": {"store": "slow"}}]
    queued = view(Image("i"), admin=False)
    assert queued["locations"] == []
    assert "direct_url" not in queued
    elsewhere = Image("i", locations=(Location("u://3", {"store": "gone"}),))
    assert view(elsewhere, admin=False)["direct_url"] == "u://3"


def test_locations_in_a_single_store(conf: cfg.ConfigOpts, single: Any) -> None:
    """FEATURES 1.7-09: the first one then."""
    conf.set_override("show_image_direct_url", True)
    assert ImageView(conf, single)(IMAGE, admin=False)["direct_url"] == "u://1"


@pytest.mark.parametrize("admin", [False, True])
def test_deactivated(conf: cfg.ConfigOpts, stores: Any, admin: bool) -> None:
    """FEATURES 2.2-02."""
    conf.set_override("show_image_direct_url", True)
    conf.set_override("show_multiple_locations", True)
    deactivated = Image("i", status=Status.DEACTIVATED, locations=IMAGE.locations)
    view = ImageView(conf, stores)(deactivated, admin)
    assert len(view["locations"]) == (2 if admin else 0)
    assert ("direct_url" in view, "stores" in view) == (admin, admin)


def test_member() -> None:
    """FEATURES 4.1."""
    assert member_view(Member("i", "p", "pending", WHEN, None)) == {
        "member_id": "p",
        "image_id": "i",
        "status": "pending",
        "created_at": WHEN,
        "updated_at": None,
        "schema": "/v2/schemas/member",
    }
