"""Stores: which there are, and what an image has in one of them (FEATURES 1.3-22, 1.3-24, 1.3-25, 1.7-08, 4.4)."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path
from typing import Any

import pytest

from glancepipe.contract import SERVICE, Call, Store, Target
from glancepipe.contract.errors import InUse

SETTINGS = """
[glance_store]
default_backend = fast
[fast]
filesystem_store_datadir = HOME/fast
weight = 2
store_description = On SSDs
[slow]
filesystem_store_datadirs = HOME/slow:1
filesystem_store_datadirs = HOME/slower:2
weight = 1
"""


@pytest.fixture
def client(make_service: Any) -> Any:
    return make_service("enabled_backends = fast:file, slow:file, kept:memory, web:http", SETTINGS)


@pytest.fixture
def admin(client: Any) -> Any:
    return client.as_("admins", "admin")


@pytest.fixture
def image(client: Any) -> Any:
    """In the stores fast and slow."""
    image = client.active()
    nouns = client.service.pipeline.nouns
    with Call("sweep", SERVICE) as call:
        found = nouns.repo.get(call, image["id"])
        nouns.repo.save(call, found, nouns.image.add_copy(call, found, Target("slow")))
    return client.show(image["id"])


def store(client: Any, name: str) -> Store:
    return client.service.stores[name]  # type: ignore[no-any-return]


def files(tmp_path: Path, image: Any) -> list[str]:
    """The directories that have the image's data."""
    return sorted(path.parent.name for path in tmp_path.rglob(image["id"]))


# Which there are


def test_stores(client: Any, everybody: Any) -> None:
    """FEATURES 1.3-24, 4.4-01."""
    assert everybody("GET", "/v2/info/stores").status == 404
    assert client.as_("p", "")("GET", "/v2/info/stores").json == {
        "stores": [
            {"id": "fast", "description": "On SSDs", "default": "true"},
            {"id": "slow"},
            {"id": "kept"},
            {"id": "web", "read-only": "true"},
        ]
    }


def test_stores_in_detail(admin: Any) -> None:
    """FEATURES 4.4-02: also with several directories, and for a driver that has nothing to tell."""
    fast, slow, kept, web = admin("GET", "/v2/info/stores/detail").json["stores"]
    assert fast["properties"].pop("data_dir").endswith("/fast")
    assert fast == {
        "id": "fast",
        "description": "On SSDs",
        "default": "true",
        "type": "file",
        "weight": 2,
        "properties": {"chunk_size": 65536, "thin_provisioning": False},
    }
    assert [Path(path).name for path in slow["properties"]["data_dir"]] == ["slow", "slower"]
    assert kept == {"id": "kept", "type": "memory", "weight": 0, "properties": {}}
    assert web == {"id": "web", "read-only": "true", "type": "http", "weight": 0, "properties": {}}


def test_who_may_know_stores_in_detail(client: Any, everybody: Any) -> None:
    """FEATURES 1.3-25: that there is a single store is said to anybody."""
    assert client("GET", "/v2/info/stores/detail").status == 403
    assert client.as_("p", "service")("GET", "/v2/info/stores/detail").status == 200
    assert client.as_(None)("GET", "/v2/info/stores/detail").status == 401
    assert everybody("GET", "/v2/info/stores/detail").status == 404


# Deleting a copy


def test_one_copy_is_deleted(client: Any, admin: Any, image: Any, tmp_path: Path) -> None:
    """FEATURES 1.3-22."""
    assert (image["stores"], files(tmp_path, image)) == ("fast,slow", ["fast", "slower"])
    answer = admin("DELETE", f"/v2/stores/fast/{image['id']}")
    assert (answer.status, answer.body) == (204, b"")
    shown = client.show(image["id"])
    assert (shown["stores"], shown["status"], shown["size"]) == ("slow", "active", 10)
    assert files(tmp_path, image) == ["slower"]
    assert client("GET", f"/v2/images/{image['id']}/file").body == b"0123456789"


def test_the_last_copy_stays(admin: Any, image: Any, tmp_path: Path) -> None:
    """FEATURES 1.3-22: also if the image is not in the store that was named."""
    assert admin("DELETE", f"/v2/stores/slow/{image['id']}").status == 204
    assert admin("DELETE", f"/v2/stores/fast/{image['id']}").status == 403
    assert admin("DELETE", f"/v2/stores/slow/{image['id']}").status == 403
    assert files(tmp_path, image) == ["fast"]


def test_what_is_looked_at_first(client: Any, admin: Any, image: Any, everybody: Any) -> None:
    """FEATURES 1.3-22: store, image, policy, status, last copy, whether it is there."""
    nobody = str(uuid.uuid4())
    assert everybody.as_("a", "admin")("DELETE", f"/v2/stores/fast/{nobody}").status == 404
    assert client("DELETE", f"/v2/stores/other/{nobody}").status == 409
    assert admin("DELETE", f"/v2/stores/fast/{nobody}").status == 404
    assert client.as_("p2")("DELETE", f"/v2/stores/kept/{image['id']}").status == 404
    assert client("DELETE", f"/v2/stores/kept/{image['id']}").status == 403
    assert client("DELETE", f"/v2/stores/fast/{client.create()['id']}").status == 403
    assert admin("DELETE", f"/v2/stores/fast/{client.create()['id']}").status == 409
    assert admin("DELETE", f"/v2/stores/kept/{image['id']}").status == 404


def test_a_deactivated_image_keeps_its_copies(client: Any, admin: Any, image: Any) -> None:
    """FEATURES 1.3-22."""
    client("POST", f"/v2/images/{image['id']}/actions/deactivate")
    assert admin("DELETE", f"/v2/stores/fast/{image['id']}").status == 409


def test_a_copy_in_use_stays(client: Any, admin: Any, image: Any, monkeypatch: Any) -> None:
    """FEATURES 1.3-22."""

    def erase(url: str) -> None:
        raise InUse

    monkeypatch.setattr(store(client, "fast"), "erase", erase)
    assert admin("DELETE", f"/v2/stores/fast/{image['id']}").status == 409
    assert set(client.show(image["id"])["stores"].split(",")) == {"fast", "slow"}


def test_a_store_that_fails_is_left_to_the_sweep(client: Any, admin: Any, image: Any, monkeypatch: Any, tmp_path: Path) -> None:
    """The copy is off the record, and erased as soon as that can be."""

    def erase(url: str) -> None:
        raise OSError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(store(client, "fast"), "erase", erase)
        assert admin("DELETE", f"/v2/stores/fast/{image['id']}").status == 204
    assert client.show(image["id"])["stores"] == "slow"
    client.service.pipeline.sweep()
    assert files(tmp_path, image) == ["slower"]


def test_two_at_once_leave_one_copy(client: Any, admin: Any, image: Any, monkeypatch: Any, tmp_path: Path) -> None:
    """Both see two copies; the later one must not delete what the other one left."""
    repo = client.service.pipeline.nouns.repo
    seen, save = threading.Barrier(2, timeout=30), repo.save

    def saving(call: Call, found: Any, changes: Any) -> Any:
        seen.wait()
        return save(call, found, changes)

    monkeypatch.setattr(repo, "save", saving)
    statuses = []
    callers = [
        threading.Thread(target=lambda name=name: statuses.append(admin("DELETE", f"/v2/stores/{name}/{image['id']}").status))
        for name in ("fast", "slow")
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sorted(statuses) == [204, 409]
    assert len(files(tmp_path, image)) == 1
    assert client("GET", f"/v2/images/{image['id']}/file").body == b"0123456789"


# Which copy is read


@pytest.fixture
def read(client: Any, monkeypatch: Any) -> list[str]:
    """The stores that were read."""
    found: list[str] = []
    for name in ("fast", "slow"):
        read = store(client, name).read

        def reading(url: str, span: Any = None, name: str = name, real: Any = read) -> Any:
            found.append(name)
            return real(url, span)

        monkeypatch.setattr(store(client, name), "read", reading)
    return found


@pytest.mark.parametrize(
    ("query", "first"), [("", "fast"), ("slow", "slow"), ("kept,slow", "slow"), ("%20slow%20,,", "slow"), ("kept", "fast"), (",", "fast")]
)
def test_a_preferred_store(client: Any, image: Any, read: list[str], query: str, first: str) -> None:
    """FEATURES 1.7-08: with the others behind it."""
    answer = client("GET", f"/v2/images/{image['id']}/file?prefer={query}")
    assert (answer.status, answer.body) == (200, b"0123456789")
    assert read == [first]


def test_a_preferred_store_that_can_not_be_read(client: Any, image: Any, read: list[str], tmp_path: Path) -> None:
    (tmp_path / "service0" / "slower" / image["id"]).unlink()
    assert client("GET", f"/v2/images/{image['id']}/file?prefer=slow").body == b"0123456789"
    assert read == ["slow", "fast"]


def test_the_last_of_several_preferences_counts(client: Any, image: Any, read: list[str]) -> None:
    assert client("GET", f"/v2/images/{image['id']}/file?prefer=other&prefer=slow").status == 200
    assert read == ["slow"]


def test_an_unknown_preference(client: Any, image: Any, everybody: Any) -> None:
    """FEATURES 1.7-08."""
    assert client("GET", f"/v2/images/{image['id']}/file?prefer=slow,other").status == 400
    single = everybody.as_("p").active()
    assert everybody.as_("p")("GET", f"/v2/images/{single['id']}/file?prefer=fast").status == 400


def test_who_may_prefer(make_service: Any, tmp_path: Path) -> None:
    """FEATURES 1.7-08: it is asked of those only who do, and before it is looked what they prefer."""
    (tmp_path / "policy.yaml").write_text('"download_from_store": "role:admin"\n')
    client = make_service(
        "enabled_backends = fast:memory", f"[glance_store]\ndefault_backend = fast\n[oslo_policy]\npolicy_file = {tmp_path}/policy.yaml"
    )
    path = f"/v2/images/{client.active()['id']}/file"
    assert client("GET", path).status == 200
    assert client("GET", f"{path}?prefer=other").status == 403
    assert client.as_("a", "admin")("GET", f"{path}?prefer=fast").status == 200
