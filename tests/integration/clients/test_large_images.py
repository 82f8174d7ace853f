"""3 GiB through the clients, while the memory of the workers is watched: it must not depend on an image's size."""

import random
import re
from contextlib import contextmanager
from pathlib import Path

import pytest

# A busy machine takes long to digest, and to write.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

MIB = 1 << 20
SIZE = 3 << 30
BOUND = 64 * MIB


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A disk of 3 GiB and an odd end: mostly holes, with data that differs from place to place."""
    path = tmp_path_factory.mktemp("large") / "disk.raw"
    dice = random.Random(2)
    with path.open("wb") as disk:
        for start in range(0, SIZE, 61 * MIB + 7):
            disk.seek(start)
            disk.write(dice.randbytes(MIB))
        disk.truncate(SIZE + 12345)
    yield path
    path.unlink()


class Memory:
    """How much the memory of each worker has grown at its peak."""

    def __init__(self, service):
        self.workers = [worker.pid for worker in service.workers()]
        assert len(self.workers) == 2
        for pid in self.workers:
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self.before = self._peaks()

    def growth(self):
        return [now - before for now, before in zip(self._peaks(), self.before, strict=True)]

    def _peaks(self):
        return [int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) << 10 for pid in self.workers]


@contextmanager
def plain(service, image_id):
    """The download without a client, which digests all of it once more."""
    with service.connection() as connection:
        connection.request("GET", f"/v2/images/{image_id}/file")
        yield connection.getresponse()


def same(stream, path):
    """Whether ``stream`` has the very bytes of the file, no more and no less."""
    with path.open("rb") as file:
        while block := file.read(MIB):
            if stream.read(len(block)) != block:
                return False
        return not stream.read(1)


@pytest.mark.parametrize(
    ("server", "way", "client"),
    [
        ("embedded", "length", "openstack"),
        ("embedded", "chunked", "glance"),
        ("embedded", "pipe", None),
        ("uwsgi", "chunked", "glance"),
    ],
)
def test_memory_does_not_grow_with_the_image(request, clients, large, server, way, client):
    """Blocks are bounded, whoever sends or fetches how. The client checks the sha512 that the service tells, this test the bytes."""
    service = request.getfixturevalue(server)
    memory = Memory(service)

    image_id = clients.create(service, way, f"large by {way}", large)
    try:
        image = service.show(image_id)
        assert (image["status"], image["size"], image["os_hash_algo"]) == ("active", large.stat().st_size, "sha512")
        uploaded = memory.growth()
        with clients.saving(service, client, image_id) if client else plain(service, image_id) as stream:
            assert same(stream, large)
        downloaded = memory.growth()
    finally:
        service.delete(image_id)

    assert max(uploaded) < BOUND, uploaded
    assert max(downloaded) < BOUND, downloaded
    assert not any(path.stat().st_size > SIZE for path in service.left())
