"""Parts of an image, byte for byte, under every server: some serve a file from its start whatever its position (FEATURES 1.7-05)."""

import random

import pytest

pytestmark = pytest.mark.integration

MIB = 1 << 20
DATA = random.Random(3).randbytes(5 * MIB + 12345)
SIZE = len(DATA)

PARTS = {
    "the first byte": ("bytes=0-0", 0, 1),
    "the start": ("bytes=0-99", 0, 100),
    "over the border of a block": (f"bytes={MIB - 10}-{MIB + 10}", MIB - 10, MIB + 11),
    "the middle": ("bytes=1234567-4234567", 1234567, 4234568),
    "the end": (f"bytes={SIZE - 100}-{SIZE - 1}", SIZE - 100, SIZE),
    "from the middle on": ("bytes=4000000-", 4000000, SIZE),
    "the last byte": (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
    "a short suffix": ("bytes=-1", SIZE - 1, SIZE),
    "a long suffix": ("bytes=-2345678", SIZE - 2345678, SIZE),
    "a suffix longer than the image": (f"bytes=-{SIZE + 5}", 0, SIZE),
    "an end behind the image's": (f"bytes=100-{SIZE + 999}", 100, SIZE),
    "everything": ("bytes=0-", 0, SIZE),
}

REFUSALS = {
    "right behind the image": (f"bytes={SIZE}-", 416),
    "far behind the image": (f"bytes={2 * SIZE}-{3 * SIZE}", 416),
    "no numbers": ("bytes=one-two", 416),
    "two parts": ("bytes=0-1,5-9", 400),
}


@pytest.fixture(params=["length", "chunked"])
def image_id(request, service):
    image_id = service.create()
    answer = service.upload(image_id, DATA, chunked=request.param == "chunked")
    assert answer.status == 204, answer
    yield image_id
    service.delete(image_id)


def test_every_part_has_its_own_bytes(service, image_id):
    """1.7-05, over one connection where the server keeps it."""
    with service.connection() as connection:
        for part, (header, start, end) in PARTS.items():
            answer = service.ask(connection, "GET", f"/v2/images/{image_id}/file", headers={"Range": header})
            assert answer.status == 206, part
            assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}", part
            assert answer.headers["Content-Length"] == str(end - start), part
            assert answer.body == DATA[start:end], part
        whole = service.ask(connection, "GET", f"/v2/images/{image_id}/file")
    assert (whole.status, whole.body == DATA) == (200, True)


def test_what_is_no_part_is_refused(service, image_id):
    """1.7-05: 416 for what can't be satisfied, 400 for several parts at once."""
    answers = {
        part: service.request("GET", f"/v2/images/{image_id}/file", headers={"Range": header}).status
        for part, (header, _) in REFUSALS.items()
    }
    assert answers == {part: status for part, (_, status) in REFUSALS.items()}


def test_without_data_there_is_nothing_to_take_a_part_of(service):
    """1.7-02."""
    image_id = service.create()
    whole = service.download(image_id)
    part = service.request("GET", f"/v2/images/{image_id}/file", headers={"Range": "bytes=0-9"})
    assert [(answer.status, answer.body) for answer in (whole, part)] == [(204, b"")] * 2
    service.delete(image_id)
