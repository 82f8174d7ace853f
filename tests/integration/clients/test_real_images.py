"""Images as operators have them, uploaded and saved by the clients in every way they know (CLIENTS.md, FEATURES 1.6, 1.7)."""

import hashlib

import pytest

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("way", ["length", "chunked", "pipe"])
@pytest.mark.parametrize("kind", ["iso", "qcow2"])
def test_what_is_saved_is_what_was_uploaded(service, clients, sha512, request, kind, way):
    """1.6-02, 1.6-09, 1.7-01: announced, in chunks, and in chunks without a word of the size."""
    path = request.getfixturevalue(kind)

    image_id = clients.create(service, way, f"{kind} by {way}", path, disk_format=kind)

    image = service.show(image_id)
    assert (image["status"], image["size"]) == ("active", path.stat().st_size)
    assert (image["os_hash_algo"], image["os_hash_value"]) == ("sha512", sha512(path))
    for client in ("openstack", "glance"):
        with clients.saving(service, client, image_id) as stream:
            assert hashlib.file_digest(stream, "sha512").hexdigest() == sha512(path)
    service.delete(image_id)
