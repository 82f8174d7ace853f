"""When there is no room: 413, nothing left, and the next upload that fits is taken (FEATURES 1.6-07, 6.2-05, 6.2-06)."""

import random
import subprocess
from contextlib import contextmanager

import pytest

pytestmark = pytest.mark.integration

MIB = 1 << 20
LARGE = random.Random(5).randbytes(12 * MIB)
SMALL = LARGE[:MIB]
ways = pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])


def refused(service, image_id, chunked):
    """An upload that does not fit."""
    answer = service.upload(image_id, LARGE, chunked=chunked)
    assert answer.status == 413, answer
    image = service.show(image_id)
    assert (image["status"], image["size"], image["checksum"]) == ("queued", None, None)
    assert service.left() == []


def taken(service, image_id, chunked):
    """An upload that fits. Nothing of it stays behind the image."""
    assert service.upload(image_id, SMALL, chunked=chunked).status == 204
    assert service.download(image_id).body == SMALL
    service.delete(image_id)
    assert service.left() == []


@contextmanager
def small_disk(directory, lacking):
    """A file system of 8 MiB."""
    directory.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", directory], capture_output=True, text=True, check=False)
    if mounted.returncode:
        lacking(f"a small file system can't be mounted: {mounted.stderr}")
    try:
        yield
    finally:
        # Lazily: it goes when the service, which may still have a file open, does.
        subprocess.run(["umount", "--lazy", directory], check=True)


@pytest.fixture(scope="module", params=["embedded", "uwsgi"])
def on_small_disk(request, serving, tmp_path_factory, lacking):
    """A service whose default store has 8 MiB, with nothing in it."""
    directory = tmp_path_factory.mktemp("full") / "disk"
    with small_disk(directory, lacking), serving(request.param, store=directory) as service:
        yield service


@pytest.fixture(scope="module")
def capped(serving):
    with serving("embedded", image_size_cap=4 * MIB) as service:
        yield service


@pytest.fixture(scope="module", params=["embedded", "uwsgi"])
def rationed(request, serving):
    with serving(request.param, user_storage_quota=f"{4 * MIB}") as service:
        yield service


@ways
def test_a_full_disk(on_small_disk, chunked):
    image_id = on_small_disk.create()
    refused(on_small_disk, image_id, chunked)
    taken(on_small_disk, image_id, chunked)


def test_a_disk_that_has_room_again(on_small_disk):
    """The very same upload succeeds when somebody has made room."""
    ballast = on_small_disk.store / "ballast"
    ballast.write_bytes(LARGE[: 6 * MIB])
    image_id = on_small_disk.create()
    data = LARGE[: 4 * MIB]
    assert on_small_disk.upload(image_id, data, chunked=True).status == 413
    assert on_small_disk.left() == [ballast]
    ballast.unlink()
    assert on_small_disk.upload(image_id, data, chunked=True).status == 204
    assert on_small_disk.download(image_id).body == data
    on_small_disk.delete(image_id)


@ways
def test_an_image_above_the_cap(capped, chunked):
    image_id = capped.create()
    refused(capped, image_id, chunked)
    taken(capped, image_id, chunked)


@ways
def test_a_project_above_its_quota(rationed, chunked):
    image_id = rationed.create()
    refused(rationed, image_id, chunked)
    taken(rationed, image_id, chunked)


@ways
def test_a_quota_that_is_used_up(rationed, chunked):
    """The last byte of the quota can be used, the next one can't, and deleting gives it back."""
    first, second = rationed.create(), rationed.create()
    assert rationed.upload(first, LARGE[: 3 * MIB], chunked=chunked).status == 204
    assert rationed.upload(second, LARGE[: MIB + 1], chunked=chunked).status == 413
    assert rationed.upload(second, LARGE[:MIB], chunked=chunked).status == 204
    rationed.delete(first)
    rationed.delete(second)
    assert rationed.left() == []
    third = rationed.create()
    assert rationed.upload(third, LARGE[: 4 * MIB], chunked=chunked).status == 204
    rationed.delete(third)


@pytest.mark.parametrize("way", ["length", "chunked", "pipe"])
def test_a_user_is_told(rationed, clients, tmp_path, way):
    """The clients show the answer, and not just that the connection broke."""
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    with pytest.raises(AssertionError, match="413"):
        clients.create(rationed, way, f"too large by {way}", path)
    assert rationed.left() == []
