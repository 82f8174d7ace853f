"""Where an image goes, and what happens when there is no room (FEATURES 1.6-07, 10.2-01)."""

import contextlib
import errno
import os
import resource
import subprocess
from collections import namedtuple

import pytest

from glancepipe.contract.errors import Duplicate, StoreFull, StoreUnavailable
from glancepipe.stores import file as file_module
from glancepipe.stores import partfile
from glancepipe.testing.store_suite import big_blocks, content_of

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A directory on a file system of 4 MiB."""
    directory = tmp_path / "small"
    directory.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", directory], check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    yield directory
    subprocess.run(["umount", directory], check=True)


@pytest.fixture
def small_files():
    """No file of this process grows beyond 4 MiB (Python ignores SIGXFSZ, so a write fails with EFBIG)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * MIB, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


# Full disks


def test_a_full_disk_is_full(started, small_disk, files):
    store = started(filesystem_store_datadir=str(small_disk))
    with pytest.raises(StoreFull):
        store.write("an-id", big_blocks(8 * MIB), None)
    assert files(store) == []
    assert store.write("an-id", big_blocks(2 * MIB), None).size == 2 * MIB


def test_what_does_not_fit_is_refused_before_it_moves(started, small_disk):
    store = started(filesystem_store_datadir=str(small_disk))
    blocks = big_blocks(8 * MIB)
    with pytest.raises(StoreFull):
        store.write("an-id", blocks, 8 * MIB)
    assert len(next(blocks)) == MIB  # the first block is still there


def test_a_full_disk_is_not_down(started, small_disk):
    with contextlib.suppress(OSError):
        (small_disk / "ballast").write_bytes(b"x" * 8 * MIB)
    assert os.statvfs(small_disk).f_bavail == 0
    store = started(filesystem_store_datadir=str(small_disk))
    with pytest.raises(StoreFull):
        store.write("an-id", [b"x" * 4096], None)


def test_holes_fit_a_full_disk(started, small_disk):
    store = started(filesystem_store_datadir=str(small_disk), filesystem_thin_provisioning=True)
    written = store.write("an-id", [bytes(MIB)] * 64, 64 * MIB)
    assert store.size(written.url) == 64 * MIB


def test_a_file_that_may_not_grow_is_full(store, small_files, files):
    with pytest.raises(StoreFull):
        store.write("an-id", big_blocks(8 * MIB), None)
    assert files(store) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_what_full_is_called(store, monkeypatch, code, files):
    def fail(*args):
        raise OSError(code, "full")

    monkeypatch.setattr(partfile.os, "pwrite", fail)
    with pytest.raises(StoreFull):
        store.write("an-id", [b"x"], 1)
    assert files(store) == []


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EIO, errno.ESTALE])
def test_what_refusal_is_called(store, monkeypatch, code, files):
    def fail(*args):
        raise OSError(code, "refused")

    monkeypatch.setattr(partfile.os, "pwrite", fail)
    with pytest.raises(StoreUnavailable):
        store.write("an-id", [b"x"], 1)
    assert files(store) == []


# Several directories


@pytest.fixture
def space(monkeypatch):
    """How many bytes are free in each directory, by its last name; None where nobody knows."""
    free = {}
    Found = namedtuple("Found", "f_bavail f_frsize f_blocks")

    def statvfs(directory):
        found = free[os.path.basename(directory)]
        return Found(0, 1, 0) if found is None else Found(found, 1, 10**9)

    monkeypatch.setattr(file_module.os, "statvfs", statvfs)
    return free


@pytest.mark.parametrize(
    ("free", "size", "chosen"),
    [
        ({"a": 100, "b": 900, "c": 900}, 50, "a"),  # the highest priority
        ({"a": 100, "b": 800, "c": 900}, 500, "c"),  # there it doesn't fit; then the roomiest
        ({"a": 100, "b": 900, "c": 800}, 500, "b"),
        ({"a": 100, "b": 900, "c": 800}, None, "a"),
        ({"a": None, "b": 900, "c": 800}, 500, "a"),  # a file system that doesn't say
        ({"a": 100, "b": 100, "c": 100}, 500, None),
    ],
)
def test_the_directory_of_an_image(started, tmp_path, space, free, size, chosen):
    """FEATURES 10.2-01."""
    space |= free
    store = started(filesystem_store_datadirs=[f"{tmp_path}/b", f"{tmp_path}/a:10", f"{tmp_path}/c:0"])
    if chosen is None:
        with pytest.raises(StoreFull):
            store.write("an-id", [b"x"], size)
    else:
        assert store.write("an-id", [b"x"], size).url == f"file://{tmp_path}/{chosen}/an-id"


def test_an_image_is_in_one_of_the_directories_only(started, tmp_path, space):
    space |= {"a": 100, "b": 100}
    store = started(filesystem_store_datadirs=[f"{tmp_path}/a:2", f"{tmp_path}/b:1"])
    first = store.write("an-id", [b"x"], 1).url
    space["a"] = 0
    with pytest.raises(Duplicate):
        store.write("an-id", [b"x"], 1)
    assert content_of(store.read(first)) == b"x"
