"""Uploads that don't come to their end: nothing of them stays, and the image takes the next one (FEATURES 1.6-03, 1.6-08)."""

import http.client
import random
import signal
import socket

import pytest

pytestmark = pytest.mark.integration

MIB = 1 << 20
DATA = random.Random(4).randbytes(3 * MIB + 5)


class SlowUpload:
    """An upload in the hands of a test: data as it is told, and the end of the test's choice."""

    def __init__(self, service, image_id, *, size=None):
        self.chunked = size is None
        length = "Transfer-Encoding: chunked" if self.chunked else f"Content-Length: {size}"
        self.socket = socket.create_connection(("127.0.0.1", service.port), timeout=60)
        head = f"PUT /v2/images/{image_id}/file HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n{length}\r\n\r\n"
        self.socket.sendall(head.encode())

    def send(self, data):
        self.socket.sendall(b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data)

    def finish(self):
        """The status of the answer."""
        if self.chunked:
            self.socket.sendall(b"0\r\n\r\n")
        answer = http.client.HTTPResponse(self.socket)
        answer.begin()
        answer.read()
        answer.close()
        return answer.status

    def hang_up(self):
        self.socket.close()


@pytest.fixture
def slow_upload():
    """Begin an upload by hand: ``slow_upload(service, image_id, size=...)``."""
    begun = []

    def begin(service, image_id, *, size=None):
        begun.append(SlowUpload(service, image_id, size=size))
        return begun[-1]

    yield begin
    for upload in begun:
        upload.hang_up()


@pytest.fixture
def begun(service, slow_upload, wait_for):
    """Send the first part of DATA and answer when it has reached the store."""

    def begin(image_id, *, size=None):
        before = set(service.left())

        def data_in_the_store():
            return any(path.stat().st_size for path in set(service.left()) - before)

        upload = slow_upload(service, image_id, size=size)
        upload.send(DATA[: 2 * MIB])
        wait_for(data_in_the_store)
        assert service.show(image_id)["status"] == "saving"
        return upload

    return begin


@pytest.mark.parametrize("size", [len(DATA), None], ids=["length", "chunked"])
def test_a_client_that_goes_away_leaves_nothing(service, begun, wait_for, size):
    """1.6-08, whether or not the client had said how much was to come."""
    image_id = service.create()
    before = set(service.left())

    begun(image_id, size=size).hang_up()

    def queued_again():
        return service.show(image_id)["status"] == "queued"

    wait_for(queued_again)
    assert set(service.left()) == before
    assert service.show(image_id)["size"] is None
    assert service.upload(image_id, DATA).status == 204
    assert service.download(image_id).body == DATA
    service.delete(image_id)


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("claim", [len(DATA) - 1, len(DATA) + 1, "many"])
def test_a_wrong_size_is_refused(service, claim, chunked):
    """1.6-02, 1.6-03: the client's word against the bytes, one too many and one too few."""
    image_id = service.create()
    before = set(service.left())

    answer = service.upload(image_id, DATA, chunked=chunked, x_openstack_image_size=str(claim))

    assert answer.status == 400
    image = service.show(image_id)
    assert (image["status"], image["size"], image["checksum"]) == ("queued", None, None)
    assert set(service.left()) == before
    assert service.upload(image_id, DATA, chunked=chunked, x_openstack_image_size=str(len(DATA))).status == 204
    assert service.download(image_id).body == DATA
    service.delete(image_id)


def test_sigterm_lets_an_upload_end(serving, slow_upload, wait_for):
    """An operator stops the service: nobody new is let in, whoever is in gets an answer."""
    with serving("embedded") as service:
        image_id = service.create()
        upload = slow_upload(service, image_id, size=len(DATA))
        upload.send(DATA[: 2 * MIB])

        def data_in_the_store():
            return any(path.stat().st_size for path in service.left())

        def nobody_let_in():
            try:
                service.request("GET", "/")
            except ConnectionError:
                return True
            return False

        wait_for(data_in_the_store)
        service.process.send_signal(signal.SIGTERM)
        wait_for(nobody_let_in)
        upload.send(DATA[2 * MIB :])
        assert upload.finish() == 204
        assert service.process.wait(30) == 0

        service.start()
        assert service.show(image_id)["status"] == "active"
        assert service.download(image_id).body == DATA
