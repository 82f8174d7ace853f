"""Images as operators have them, uploaded and saved by the clients in every way they know (CLIENTS.md, FEATURES 1.6, 1.7)."""

import hashlib
import random
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

MIB = 1 << 20
RESCUE_ISO = Path("usr/lib/grub-rescue/grub-rescue-cdrom.iso")


@pytest.fixture(scope="session")
def iso(tmp_path_factory, lacking):
    """A bootable ISO image out of a Debian package: the installed one, else the archive's."""
    installed = Path("/", RESCUE_ISO)
    if installed.exists():
        return installed
    home = tmp_path_factory.mktemp("iso")
    try:
        subprocess.run(["apt-get", "download", "grub-rescue-pc"], cwd=home, check=True, capture_output=True, timeout=60)
        (package,) = home.glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", package, home], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        lacking(f"no package grub-rescue-pc: {error}")
    return home / RESCUE_ISO


@pytest.fixture(scope="session")
def qcow2(tmp_path_factory, lacking):
    """A qcow2 by qemu-img, with 8 MiB of data in a disk of 1 GiB."""
    if shutil.which("qemu-img") is None:
        lacking("qemu-img is not installed")
    home = tmp_path_factory.mktemp("qcow2")
    raw, image = home / "disk.raw", home / "disk.qcow2"
    with raw.open("wb") as disk:
        disk.write(random.Random(1).randbytes(8 * MIB))
        disk.truncate(1 << 30)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, image], check=True, capture_output=True)
    raw.unlink()
    return image


@pytest.fixture(scope="session")
def sha512():
    def digest(path):
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha512").hexdigest()

    return digest


@pytest.mark.parametrize(("way", "client"), [("length", "openstack"), ("chunked", "glance"), ("pipe", "openstack")])
@pytest.mark.parametrize("kind", ["iso", "qcow2"])
def test_what_is_saved_is_what_was_uploaded(service, clients, sha512, request, kind, way, client):
    """1.6-02, 1.6-09, 1.7-01: announced, in chunks, and in chunks without a word of the size."""
    path = request.getfixturevalue(kind)

    image_id = clients.create(service, way, f"{kind} by {way}", path, disk_format=kind)

    image = service.show(image_id)
    assert (image["status"], image["size"]) == ("active", path.stat().st_size)
    assert (image["os_hash_algo"], image["os_hash_value"]) == ("sha512", sha512(path))
    with clients.saving(service, client, image_id) as stream:
        assert hashlib.file_digest(stream, "sha512").hexdigest() == sha512(path)
    service.delete(image_id)
