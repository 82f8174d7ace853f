"""Images as files: what every store does, and what belongs to files (FEATURES 10.2-01, 12-22)."""

import contextlib
import errno
import os
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glancepipe.contract import Data, Span
from glancepipe.contract.errors import Duplicate, Invalid, NoData, StoreError, StoreUnavailable
from glancepipe.stores import file as file_module
from glancepipe.stores import partfile
from glancepipe.stores.file import FileStore
from glancepipe.testing.store_suite import SHORT, StoreSuite, an_id, content_of

MIB = 1 << 20


class TestFileStore(StoreSuite):
    @pytest.fixture
    def store(self, started, tmp_path):
        return started(filesystem_store_datadir=str(tmp_path / "images"))

    def contents(self, store):
        return sorted(entry for directory in store.directories for entry in os.listdir(directory))


class TestThinFileStore(TestFileStore):
    @pytest.fixture
    def store(self, started, tmp_path):
        return started(filesystem_store_datadir=str(tmp_path / "images"), filesystem_thin_provisioning=True)


class TestSeveralDirectories(TestFileStore):
    @pytest.fixture
    def store(self, started, tmp_path):
        return started(filesystem_store_datadirs=[f"{tmp_path / 'a'}:1", f"{tmp_path / 'b'}:1"])


# Where, and under what name


def test_a_url_is_as_glance_store_writes_it(store, tmp_path):
    """FEATURES 10.2-01: the path unquoted, whatever is in it."""
    assert store.write("an-id", [b"x"], 1).url == f"file://{tmp_path}/images/an-id"


def test_a_directory_name_is_not_quoted(started, tmp_path):
    directory = tmp_path / "a b%20#?é"
    store = started(filesystem_store_datadir=f"{directory}/")
    written = store.write("an-id", [b"x"], 1)
    assert written.url == f"file://{directory}/an-id"
    assert store.owns(written.url)
    assert content_of(store.read(written.url)) == b"x"


def test_what_glance_wrote_is_read(store, tmp_path):
    (tmp_path / "images" / "old").write_bytes(b"glance")
    for scheme in ("file", "filesystem"):
        assert content_of(store.read(f"{scheme}://{tmp_path}/images/old")) == b"glance"


def test_the_default_directory_is_in_the_state_path(started, tmp_path):
    assert started().write("an-id", [b"x"], 1).url == f"file://{tmp_path}/state/images/an-id"


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["link", "unlink"])
def test_a_start_removes_what_one_that_was_killed_left(started, monkeypatch, step, tmp_path):
    """Starting writes, to see whether it can; whoever kills the process then takes away its chance to tidy up."""

    def killed(*args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, step, killed)
        patch.setattr(partfile.PartFile, "close", killed)
        with pytest.raises(Killed):
            started(filesystem_store_datadir=str(tmp_path))
    assert list(tmp_path.glob("*glancepipe-probe-*"))
    (tmp_path / "probe-of-somebody").touch()
    started(filesystem_store_datadir=str(tmp_path))
    assert [entry for entry in os.listdir(tmp_path) if "probe" in entry] == ["probe-of-somebody"]


def test_two_starts_at_once_tidy_up_after_each_other(started, monkeypatch, tmp_path):
    link = os.link

    def meanwhile(*args):
        monkeypatch.setattr(os, "link", link)
        started(filesystem_store_datadir=str(tmp_path))
        link(*args)

    monkeypatch.setattr(os, "link", meanwhile)
    store = started(filesystem_store_datadir=str(tmp_path))
    assert store.write("an-id", [b"x"], 1).size == 1
    assert os.listdir(tmp_path) == ["an-id"]


def test_a_write_is_invisible_until_it_is_whole(store, tmp_path, files):
    """FEATURES 12-22."""
    seen = []

    def blocks():
        yield b"x" * 10
        seen.extend(files(store))
        yield b"y"

    store.write("an-id", blocks(), 11)
    assert len(seen) == 1
    assert seen[0].startswith(".an-id.")
    assert files(store) == ["an-id"]


def test_the_file_is_durable_before_it_has_its_name(store, monkeypatch):
    """FEATURES 12-22: fsync of the file, then its name, then fsync of the directory."""
    steps = []

    def noting(name):
        real = getattr(os, name)

        def step(*args, **kwargs):
            kind = ""
            if name == "fsync":
                kind = " directory" if stat.S_ISDIR(os.fstat(args[0]).st_mode) else " file"
            steps.append(name + kind)
            return real(*args, **kwargs)

        monkeypatch.setattr(partfile.os, name, step)

    for name in ("pwrite", "fsync", "link", "unlink"):
        noting(name)
    store.write("an-id", [b"x"], 1)
    assert steps[:5] == ["pwrite", "fsync file", "link", "unlink", "fsync directory"]


@pytest.mark.parametrize("step", ["pwrite", "fsync", "link", "unlink", "fchmod"])
def test_a_failure_at_any_step_leaves_nothing(started, monkeypatch, step, tmp_path, files):
    store = started(filesystem_store_datadir=str(tmp_path / "images"), filesystem_store_file_perm=640)
    real, failed = getattr(os, step), []

    def fail(*args, **kwargs):
        if not failed:
            failed.append(step)
            raise OSError(errno.EIO, "Input/output error")
        return real(*args, **kwargs)

    monkeypatch.setattr(partfile.os, step, fail)
    with pytest.raises(StoreUnavailable):
        store.write("an-id", [b"x"], 1)
    assert failed
    assert files(store) == []


def test_a_directory_that_can_not_be_synced_fails_the_write(store, monkeypatch, files):
    def fail(path):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(partfile, "sync_directory", fail)
        with pytest.raises(StoreUnavailable):
            store.write("an-id", [b"x"], 1)
    assert files(store) == []


def test_a_short_write_is_continued(store, monkeypatch):
    real = os.pwrite
    monkeypatch.setattr(partfile.os, "pwrite", lambda fd, data, at: real(fd, data[:3], at))
    assert content_of(store.read(store.write("an-id", [b"0123456789", b"ab"], 12).url)) == b"0123456789ab"


def test_a_name_that_appears_while_writing_is_a_duplicate(store, tmp_path, files):
    def blocks():
        yield b"mine"
        (tmp_path / "images" / "an-id").write_bytes(b"theirs")

    with pytest.raises(Duplicate):
        store.write("an-id", blocks(), None)
    assert (tmp_path / "images" / "an-id").read_bytes() == b"theirs"
    assert files(store) == ["an-id"]


def test_a_write_whose_part_was_discarded_fails(store, files):
    def blocks():
        yield b"x"
        store.discard("an-id")
        yield b"y"

    with pytest.raises(StoreUnavailable):
        store.write("an-id", blocks(), None)
    assert files(store) == []


def test_discard_removes_what_a_crash_left(store, tmp_path, files):
    directory = tmp_path / "images"
    for name in ("an-id", ".an-id.0123.part", ".an-id.4567.part", ".an-id-2.0123.part", "an-id-2"):
        (directory / name).write_bytes(b"x")
    store.discard("an-id")
    assert files(store) == [".an-id-2.0123.part", "an-id-2"]


@pytest.mark.parametrize("image_id", ["", ".", "..", "../x", "a/b", ".hidden", "a\0b"])
def test_an_id_that_names_no_file_is_refused(store, image_id, files):
    with pytest.raises(Invalid):
        store.write(image_id, [b"x"], 1)
    with pytest.raises(Invalid):
        store.discard(image_id)
    assert files(store) == []


# Reading


@pytest.mark.parametrize(
    "path",
    [
        "{dir}/../secret",
        "{dir}/x/../../secret",
        "/etc/passwd",
        "{dir}",
        "{dir}/",
        "{dir}/.",
        "{dir}/.hidden",
        "{dir}/sub/x",
        "{dir}/a\0b",
        "",
        "x",
    ],
)
def test_urls_outside_the_directories_are_refused(store, tmp_path, path):
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "images" / "sub").mkdir()
    (tmp_path / "images" / "sub" / "x").write_bytes(b"x")
    (tmp_path / "images" / ".hidden").write_bytes(b"x")
    url = "file://" + path.format(dir=tmp_path / "images")
    assert not store.owns(url)
    for asks in (store.read, store.size, store.erase):
        with pytest.raises(NoData):
            asks(url)
    assert (tmp_path / "secret").exists()


@given(path=st.text(alphabet="./ab%\\", max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_whatever_is_owned_lies_directly_in_a_directory(make, path):
    store = make(FileStore, filesystem_store_datadir="/a/b")
    for url in (f"file:///{path}", f"file:///a/b/{path}"):
        if store.owns(url):
            assert os.path.dirname(store._path(url)) == "/a/b"
            assert os.path.realpath(store._path(url)) == store._path(url)


def test_a_directory_in_the_images_place_is_no_data(store, tmp_path):
    (tmp_path / "images" / "sub").mkdir()
    url = f"file://{tmp_path}/images/sub"
    with pytest.raises(NoData):
        store.read(url)
    with pytest.raises(NoData):
        store.size(url)


def test_a_read_is_a_real_file_at_the_first_byte(store):
    """The server sends it with sendfile."""
    url = store.write("an-id", [b"0123456789"], 10).url
    whole, part = store.read(url), store.read(url, Span(3, 4))
    assert (whole.file.tell(), whole.size) == (0, 10)
    assert (part.file.tell(), part.size) == (3, 4)
    assert os.lseek(part.file.fileno(), 0, os.SEEK_CUR) == 3
    whole.close()
    part.close()
    assert whole.file.closed
    assert part.file.closed


def test_a_file_that_is_shorter_than_the_image_is_an_error(store):
    url = store.write("an-id", [b"0123456789"], 10).url
    with pytest.raises(StoreError):
        store.read(url, Span(3, 8))


def test_an_open_file_outlives_its_deletion(store):
    url = store.write("an-id", SHORT, None).url
    data = store.read(url)
    store.erase(url)
    assert content_of(data) == b"".join(SHORT)


@pytest.mark.parametrize("asks", ["read", "size", "erase"])
def test_what_the_system_refuses_is_unavailable(store, monkeypatch, asks):
    url = store.write("an-id", [b"x"], 1).url

    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", refuse)
        patch.setattr(file_module.os, "stat", refuse)
        patch.setattr(file_module.os, "unlink", refuse)
        with pytest.raises(StoreUnavailable, match="Permission denied") as caught:
            getattr(store, asks)(url)
    assert "/" not in caught.value.message.replace("input/output", "")  # clients learn no paths


# Holes


@given(runs=st.lists(st.tuples(st.booleans(), st.integers(1, 40000)), max_size=8), step=st.integers(1, 70000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
def test_holes_change_nothing_that_is_read(make, tmp_path, runs, step):
    store = make(FileStore, filesystem_thin_provisioning=True, filesystem_store_datadir=str(tmp_path / "images"))
    store.start()
    content = b"".join((b"\0" if zero else b"x") * length for zero, length in runs)
    image_id = an_id()
    url = store.write(image_id, [content[at : at + step] for at in range(0, len(content), step)], None).url
    assert content_of(store.read(url)) == content
    store.erase(url)


def test_zeros_take_no_space(started, tmp_path):
    store = started(filesystem_store_datadir=str(tmp_path), filesystem_thin_provisioning=True)
    store.write("an-id", [b"x" * 65536 + bytes(MIB - 65536), bytes(MIB)], 2 * MIB)
    found = os.stat(tmp_path / "an-id")
    assert found.st_size == 2 * MIB
    assert found.st_blocks * 512 <= 128 * 1024


# Files are closed


def test_no_file_stays_open(store):
    before = set(os.listdir("/proc/self/fd"))
    url = store.write("an-id", SHORT, None).url
    with contextlib.suppress(Duplicate):
        store.write("an-id", SHORT, None)
    with pytest.raises(Invalid):
        store.write("another", Data(SHORT, 1), 1)
    store.read(url).close()
    with pytest.raises(StoreError):
        store.read(url, Span(0, 10**6))
    store.erase(url)
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_part_that_can_not_be_removed_is_no_other_error(store, monkeypatch, caplog):
    """The source's own error counts; the sweep discards the rest."""

    def refuse(path):
        raise OSError(errno.EIO, "Input/output error")

    def blocks():
        yield b"x"
        raise Invalid("mine")

    with monkeypatch.context() as patch:
        patch.setattr(partfile.os, "unlink", refuse)
        with pytest.raises(Invalid, match="mine"):
            store.write("an-id", blocks(), None)
    assert "could not be removed" in caplog.text
    store.discard("an-id")
    assert os.listdir(next(iter(store.directories))) == []
