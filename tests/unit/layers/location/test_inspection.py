"""What uploads are inspected for (FEATURES 11-02 to 11-07, 2.5-01, 12-01): made by hand, and by qemu-img where it is there."""

import json
import os
import shutil
import struct
import subprocess
import tracemalloc

import pytest

from glancepipe.contract import Image, Status
from glancepipe.contract.errors import UnsupportedContent
from glancepipe.layers.location.inspection import Inspection, Inspector

MIB = 1 << 20
QEMU = shutil.which("qemu-img")


def qcow2(size=64 * MIB, backing=0, features=0, version=3):
    header = struct.pack(">4sIQIIQ", b"QFI\xfb", version, backing, 0, 16, size)
    return header.ljust(72, b"\0") + struct.pack(">Q", features).ljust(64 << 10, b"\0")


def vhd(size=64 * MIB):
    return b"conectix".ljust(40, b"\0") + struct.pack(">Q", size).ljust(2048, b"\0")


def vdi(size=64 * MIB):
    return bytes(0x40) + struct.pack("<I", 0xBEDA107F).ljust(0x170 - 0x40, b"\0") + struct.pack("<Q", size).ljust(2048, b"\0")


def gpt(*partitions, start=b"\0"):
    table = b"".join(partition.ljust(16, b"\0") for partition in partitions)
    return start.ljust(446, b"\0") + table.ljust(64, b"\0") + b"\x55\xaa" + bytes(2048)


def iso(start=b"", blocks=50):
    descriptor = b"\x01CD001\x01".ljust(80, b"\0") + struct.pack("<L", blocks).ljust(48, b"\0") + struct.pack("<H", 2048)
    return start.ljust(32 << 10, b"\0") + descriptor.ljust(2048, b"\0")


def luks(version=1, payload=8):
    header = struct.pack(">6sH32s32s32sI", b"LUKS\xba\xbe", version, b"aes", b"xts-plain64", b"sha256", payload)
    return header.ljust(payload * 512, b"\0") + bytes(10000)


LINUX = b"\x80\x01\x01\x00\x83\xfe\xff\xff\x01\x00\x00\x00\x00\x08\x00\x00"
PROTECTIVE = b"\x00\x00\x02\x00\xee\xff\xff\xff\x01\x00\x00\x00\xff\xff\xff\xff"
DISK = gpt(PROTECTIVE)
NO_DISK = gpt()
QED = b"QED\0" + bytes(2048)
NOISE = bytes(range(1, 251)) * 20


@pytest.fixture
def inspect(make_world):
    """The virtual size that an inspection finds."""

    def inspect(data, disk_format="raw", container_format="bare", block=700, strict=True, tolerated=()):
        conf = make_world().conf
        conf.set_override("require_image_format_match", strict, group="image_format")
        conf.set_override("gpt_safety_checks_nonfatal", list(tolerated), group="image_format")
        inspection = Inspection(Inspector(conf), Image("i", disk_format=disk_format, container_format=container_format))
        for start in range(0, len(data), block):
            inspection.block(data[start : start + block])
        inspection.finish()
        return inspection.virtual_size

    return inspect


@pytest.mark.parametrize("block", [97, 512, MIB])
@pytest.mark.parametrize(
    ("disk_format", "data", "size"),
    [
        ("qcow2", qcow2(), 64 * MIB),
        ("qcow2", qcow2(version=2), 64 * MIB),
        ("vhd", vhd(), 64 * MIB),
        ("vdi", vdi(), 64 * MIB),
        ("iso", iso(), 50 * 2048),
        ("luks", luks(), 10000),
        ("gpt", DISK, len(DISK)),
        ("raw", NOISE, len(NOISE)),
    ],
)
def test_what_it_says_it_is(inspect, disk_format, data, size, block):
    """11-03, 11-04, 2.5-01: however the blocks are cut."""
    assert inspect(data[: 64 << 10], disk_format, block=block) == size


@pytest.mark.parametrize("disk_format", ["ami", "aki", "ari", "ploop"])
def test_formats_that_nobody_can_tell(inspect, disk_format):
    """11-04, 2.5-01: taken if they look like nothing else; how large the disk is nobody knows."""
    assert inspect(NOISE, disk_format) is None
    with pytest.raises(UnsupportedContent, match=f"disk_format {disk_format} says: it is qcow2"):
        inspect(qcow2(), disk_format)


def test_no_bytes(inspect):
    """2.5-01: zero stays null."""
    assert inspect(b"") is None
    with pytest.raises(UnsupportedContent, match="it is raw"):
        inspect(b"", "qcow2")


@pytest.mark.parametrize("data", [qcow2(), vhd(), DISK, iso(), luks()])
def test_declared_raw_is_taken_as_the_bytes_that_it_is(inspect, data):
    """11-04: whoever reads it as raw sees no more than these."""
    assert inspect(data) == len(data)


@pytest.mark.parametrize(
    ("disk_format", "data", "found"),
    [
        ("qcow2", NOISE, "raw"),
        ("qcow2", vhd(), "vhd"),
        ("iso", qcow2(), "qcow2"),
        ("vmdk", iso(), "iso"),
        ("aki", DISK, "gpt"),
        ("iso", iso(qcow2()[:1024]), "iso and qcow2 at once"),
        ("qcow2", iso(qcow2()[:1024]), "iso and qcow2 at once"),
        ("raw", iso(qcow2()[:1024]), "iso and qcow2 at once"),
    ],
)
def test_a_mismatch_is_refused(inspect, caplog, disk_format, data, found):
    """11-04, 11-06; taken with a warning if the operator wants it so."""
    with pytest.raises(UnsupportedContent, match=f"disk_format {disk_format} says: it is {found}\\."):
        inspect(data, disk_format)
    assert inspect(data, disk_format, strict=False) is None
    assert f"taken as it is: The data is not what the image's disk_format {disk_format} says: it is {found}." in caplog.text


def test_an_iso_that_boots_from_a_stick(inspect):
    """11-04."""
    assert inspect(iso(gpt(PROTECTIVE)[:512]), "iso") == 50 * 2048
    assert inspect(iso(NO_DISK[:512]), "iso") == 50 * 2048


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("declared", ["raw", "own", "aki", "vhdx"])
@pytest.mark.parametrize(
    ("own", "data", "check"),
    [
        ("qcow2", qcow2(backing=512), "backing_file"),
        ("qcow2", qcow2(features=1 << 2), "data_file"),
        ("qcow2", qcow2(features=1 << 5), "unknown_features"),
        ("qcow2", qcow2(features=1 << 60), "unknown_features"),
        ("qcow2", qcow2(version=1), "unknown_features"),
        ("qed", QED, "banned"),
        ("luks", luks(version=2), "version"),
    ],
)
def test_what_is_not_safe_is_refused_whatever_it_is_said_to_be(inspect, own, data, check, declared, strict):
    """11-05: also where a mismatch is not refused, in which Glance is less careful."""
    with pytest.raises(UnsupportedContent, match=f"safety checks of the format {own}: .*{check}"):
        inspect(data, own if declared == "own" else declared, strict=strict)


@pytest.mark.parametrize("strict", [True, False])
def test_none_of_several_formats_may_be_unsafe(inspect, strict):
    with pytest.raises(UnsupportedContent, match="qcow2: backing_file"):
        inspect(iso(qcow2(backing=512)[:1024]), "iso", strict=strict)


@pytest.mark.parametrize(
    "data",
    [
        NO_DISK,
        gpt(b"\x01" + LINUX[1:]),
        gpt(PROTECTIVE, LINUX),
        gpt(PROTECTIVE[:8] + b"\x02" + PROTECTIVE[9:]),
        gpt(PROTECTIVE[:2] + b"\x09" + PROTECTIVE[3:]),
    ],
)
def test_partition_tables_that_make_no_sense(inspect, data):
    """11-05, 11-06: the operator may let them pass."""
    for declared in ("raw", "gpt"):
        with pytest.raises(UnsupportedContent, match="gpt: mbr"):
            inspect(data, declared)
        assert inspect(data, declared, tolerated=["mbr"]) == len(data)
    assert inspect(data, "aki", strict=False) is None


def test_partition_tables_that_do(inspect):
    """11-03, 11-05."""
    assert inspect(gpt(LINUX, LINUX)) == inspect(DISK) == len(DISK)
    fat = bytearray(NO_DISK)
    fat[0x10], fat[0x15] = 2, 0xF8
    assert inspect(bytes(fat)) == len(fat)


def test_only_checks_of_partition_tables_can_be_tolerated(inspect):
    """11-05."""
    with pytest.raises(UnsupportedContent):
        inspect(qcow2(backing=512), "qcow2", tolerated=["backing_file"])


@pytest.mark.parametrize("size", [1 << 63, (1 << 64) - 1])
def test_a_size_that_can_not_be(inspect, size):
    with pytest.raises(UnsupportedContent, match=f"a disk of {size} bytes"):
        inspect(qcow2(size), "qcow2")
    assert inspect(qcow2(size), "qcow2", strict=False) is None


@pytest.mark.parametrize("strict", [True, False])
def test_an_inspector_that_stumbles(inspect, monkeypatch, strict):
    """11-07."""
    monkeypatch.setattr("oslo_utils.imageutils.format_inspector.QcowInspector.virtual_size", property(lambda self: 1 / 0))
    if strict:
        with pytest.raises(UnsupportedContent, match="can't be told"):
            inspect(qcow2(), "qcow2")
    else:
        assert inspect(qcow2(), "qcow2", strict=False) is None


@pytest.mark.parametrize(("disk_format", "data"), [("qcow2", qcow2()[:511]), ("luks", luks()[:6]), ("luks", luks()[:591])])
def test_truncated_headers(inspect, disk_format, data):
    with pytest.raises(UnsupportedContent):
        inspect(data, disk_format)


def test_memory_does_not_grow_with_the_data(inspect):
    """11-02."""
    block = bytes(MIB)

    class Long(bytes):
        def __len__(self):
            return 256 * MIB

        def __getitem__(self, at):
            return block

    tracemalloc.start()
    try:
        assert inspect(Long(), block=MIB) == 256 * MIB
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(QEMU is None, reason="qemu-img (package qemu-utils) makes the images")
@pytest.mark.parametrize(
    ("declared", "kind", "options"),
    [
        ("qcow2", "qcow2", "cluster_size=4096"),
        ("qcow2", "qcow2", "compat=0.10"),
        ("qcow2", "qcow2", "lazy_refcounts=on"),
        ("vmdk", "vmdk", "subformat=monolithicSparse"),
        ("vmdk", "vmdk", "subformat=streamOptimized"),
        ("vdi", "vdi", ""),
        ("vhd", "vpc", "force_size=on"),
        ("vhdx", "vhdx", ""),
        ("raw", "raw", ""),
    ],
)
def test_images_of_qemu(inspect, tmp_path, declared, kind, options):
    """2.5-01: the virtual size that qemu itself says."""
    path = tmp_path / "image"
    subprocess.run([QEMU, "create", "-q", "-f", kind, *(["-o", options] if options else []), path, "8M"], check=True)
    told = subprocess.run([QEMU, "info", "-f", kind, "--output=json", path], check=True, capture_output=True)
    assert inspect(path.read_bytes(), declared, block=MIB) == json.loads(told.stdout)["virtual-size"] == 8 * MIB


@pytest.mark.skipif(QEMU is None, reason="qemu-img (package qemu-utils) makes the images")
@pytest.mark.parametrize(
    ("kind", "options", "declared"),
    [
        ("qcow2", "backing_file=/etc/passwd,backing_fmt=raw", "qcow2"),
        ("qcow2", "data_file=outside,data_file_raw=on", "qcow2"),
        ("vmdk", "subformat=monolithicFlat", "vmdk"),
        ("qed", "", "raw"),
    ],
)
def test_images_of_qemu_that_reach_outside(inspect, tmp_path, kind, options, declared):
    """11-05."""
    path = tmp_path / "image"
    words = [QEMU, "create", "-q", "-f", kind, *(["-o", options] if options else []), "-u", path, "8M"]
    subprocess.run(words, check=True, cwd=tmp_path)
    with pytest.raises(UnsupportedContent):
        inspect(path.read_bytes(), declared, block=MIB)


def test_an_upload_records_the_size_of_the_disk(world, worker):
    image = world.image(disk_format="qcow2")
    stored = worker.upload(image, [qcow2()])
    assert (stored.status, stored.virtual_size, stored.size) == (Status.ACTIVE, 64 * MIB, len(qcow2()))
    assert worker.copy(image, "slow").virtual_size == 64 * MIB


@pytest.mark.parametrize("container_format", ["ova", "docker", "aki", "compressed"])
def test_only_bare_images_are_looked_into(world, worker, container_format):
    """11-02, 2.5-01."""
    image = world.image(disk_format="vmdk", container_format=container_format)
    stored = worker.upload(image, [qcow2(backing=512)])
    assert (stored.status, stored.virtual_size) == (Status.ACTIVE, None)


@pytest.mark.parametrize("data", [qcow2(backing=512), vhd()])
def test_refused_data_leaves_nothing_and_can_be_followed_by_better(world, worker, data):
    """12-01: in Glance the image keeps the data, and is lost."""
    image = world.image(disk_format="qcow2")
    with pytest.raises(UnsupportedContent):
        worker.upload(image, [data])
    assert (world.files(), world.intents) == ({}, {})
    record = world.images[image.id]
    assert (record.status, record.size, record.virtual_size, record.checksum, record.locations) == (Status.QUEUED, None, None, None, ())
    assert worker.upload(image, [qcow2()]).status == Status.ACTIVE


def test_random_bytes_are_raw(inspect):
    for _ in range(20):
        data = os.urandom(100_000)
        assert inspect(data, block=MIB) == len(data)
