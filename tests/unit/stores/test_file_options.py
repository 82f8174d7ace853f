"""Options of the file store (FEATURES 8.1, 10.2-01)."""

import errno
import json
import os
import stat

import pytest

from glancepipe.contract.errors import StoreUnavailable
from glancepipe.stores import partfile
from glancepipe.stores.file import FileStore

MIB = 1 << 20


# Options


def test_file_permissions(started, tmp_path):
    """FEATURES 10.2-01: octal digits; the directory lets the same people through."""
    directory = tmp_path / "images"
    directory.mkdir(mode=0o700)
    store = started(filesystem_store_datadir=str(directory), filesystem_store_file_perm=644)
    store.write("an-id", [b"x"], 1)
    assert stat.S_IMODE(os.stat(directory / "an-id").st_mode) == 0o644
    assert stat.S_IMODE(os.stat(directory).st_mode) == 0o711


def test_permissions_follow_the_umask_by_default(started, tmp_path):
    before = os.umask(0o027)
    try:
        started(filesystem_store_datadir=str(tmp_path)).write("an-id", [b"x"], 1)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(tmp_path / "an-id").st_mode) == 0o640


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"filesystem_store_datadir": "/a", "filesystem_store_datadirs": ["/b:1"]}, "filesystem_store_datadirs"),
        ({"filesystem_store_datadirs": ["/b:high"]}, "filesystem_store_datadirs"),
        ({"filesystem_store_datadirs": [":1"]}, "filesystem_store_datadirs"),
        ({"filesystem_store_datadirs": ["/b:1", "/b:2"]}, "filesystem_store_datadirs"),
        ({"filesystem_store_file_perm": 89}, "filesystem_store_file_perm"),
        ({"filesystem_store_file_perm": 222}, "filesystem_store_file_perm"),
        ({"filesystem_store_file_perm": 77777}, "filesystem_store_file_perm"),
    ],
)
def test_options_that_can_not_be_meant(make, options, named):
    with pytest.raises(ValueError, match=named):
        make(FileStore, **options)


def test_an_emptied_datadir_counts_as_unset(make):
    """How Glance, whose option has a default, has to be configured for several directories."""
    store = make(FileStore, filesystem_store_datadir="", filesystem_store_datadirs=["/b:1", "/b:1"])
    assert store.directories == {"/b": 1}


def test_making_a_store_has_no_side_effects(make, tmp_path):
    make(FileStore, filesystem_store_datadir=str(tmp_path / "images"))
    assert os.listdir(tmp_path) == []


def test_starting_makes_the_directories_and_leaves_nothing_in_them(started, tmp_path, files):
    store = started(filesystem_store_datadirs=[f"{tmp_path}/x/a:2", f"{tmp_path}/x/b:1"])
    assert files(store) == []
    store.start()
    assert files(store) == []


def test_a_directory_that_can_not_be_written_is_down(make, tmp_path):
    (tmp_path / "images").write_bytes(b"a file in its place")
    with pytest.raises(StoreUnavailable, match="images"):
        make(FileStore, filesystem_store_datadir=str(tmp_path / "images")).start()


def test_a_file_system_without_hard_links_is_down(make, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(partfile.os, "link", refuse)
        with pytest.raises(StoreUnavailable):
            make(FileStore, filesystem_store_datadir=str(tmp_path)).start()
    assert os.listdir(tmp_path) == []


# The metadata file


@pytest.fixture
def metadata(tmp_path):
    def metadata(content):
        path = tmp_path / "metadata.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return metadata


@pytest.mark.parametrize("several", [False, True])
def test_a_location_carries_its_mount_point(started, tmp_path, metadata, several):
    """FEATURES 10.2-01."""
    export = {"id": "nfs-1", "mountpoint": f"{tmp_path}/images", "share": ["ro", "v4"]}
    content = [{"id": "other", "mountpoint": f"{tmp_path}/ima"}, export] if several else export
    store = started(filesystem_store_datadir=str(tmp_path / "images"), filesystem_store_metadata_file=metadata(content))
    assert store.write("an-id", [b"x"], 1).metadata == export


def test_outside_the_mount_points_there_is_no_metadata(started, tmp_path, metadata):
    path = metadata({"id": "nfs-1", "mountpoint": "/somewhere/else"})
    store = started(filesystem_store_datadir=str(tmp_path / "images"), filesystem_store_metadata_file=path)
    assert store.write("an-id", [b"x"], 1).metadata == {}


@pytest.mark.parametrize("content", ["{", "[1]", '{"id": "x"}', '{"id": 1, "mountpoint": "/x"}', '"text"'])
def test_a_bad_metadata_file_takes_the_store_down(make, tmp_path, metadata, content):
    store = make(FileStore, filesystem_store_datadir=str(tmp_path), filesystem_store_metadata_file=metadata(content))
    with pytest.raises(StoreUnavailable, match="filesystem_store_metadata_file"):
        store.start()


def test_a_missing_metadata_file_takes_the_store_down(make, tmp_path):
    store = make(FileStore, filesystem_store_datadir=str(tmp_path), filesystem_store_metadata_file=str(tmp_path / "none"))
    with pytest.raises(StoreUnavailable, match="filesystem_store_metadata_file"):
        store.start()
