"""The same with all that stands around it: ``glancepipe serve``, its master and its workers (issue 2, FEATURES 12-09)."""

import http.client
import os
import signal

import psutil
import pytest

STREAM = {"Content_Type": "application/octet-stream"}


def status(running, image_id):
    return running.get(f"/v2/images/{image_id}").body["status"]


def check_usable(site, running, wait_until, image_id):
    """The image is there and whole, or can be uploaded; nothing else is left."""
    found = wait_until(lambda: (now := status(running, image_id)) != "saving" and now, "the sweep")
    if found == "queued":
        assert running.ask("PUT", f"/v2/images/{image_id}/file", site.data, **STREAM).status == 204
    assert running.get(f"/v2/images/{image_id}/file").body == site.data
    wait_until(lambda: not site.leftovers(), "nothing is left")


def begin_upload(running, image_id, data):
    """A connection on which half of an upload has been sent."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    connection.putrequest("PUT", f"/v2/images/{image_id}/file")
    connection.putheader("Content-Type", "application/octet-stream")
    connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data[: len(data) // 2])
    return connection


@pytest.mark.parametrize("step", ["above domain: after repo.save saving", "store: in the middle", "store: after write"])
def test_a_worker_dies_in_an_upload(site, service, wait_until, step):
    with service(**site.groups) as running:
        image_id = running.create()
        site.kill_at(step)
        with pytest.raises(ConnectionError):
            running.ask("PUT", f"/v2/images/{image_id}/file", site.data, **STREAM)
        check_usable(site, running, wait_until, image_id)


def test_a_worker_dies_in_a_deletion(site, service, wait_until):
    with service(**site.groups) as running:
        image_id = running.create()
        assert running.ask("PUT", f"/v2/images/{image_id}/file", site.data, **STREAM).status == 204
        site.kill_at("store: after erase")
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            running.ask("DELETE", f"/v2/images/{image_id}")
        wait_until(lambda: running.get(f"/v2/images/{image_id}").status == 404, "the sweep")
        wait_until(lambda: not site.leftovers(), "nothing is left")
        assert site.files() == []


def test_all_processes_die_in_an_upload(site, service, wait_until):
    with service(workers=2, **site.groups) as running:
        image_id = running.create()
        connection = begin_upload(running, image_id, site.data)
        # The other worker may be starting, and write to try whether it can.
        wait_until(lambda: any(part.stat().st_size for part in site.images.glob(f".{image_id}.*")), "bytes in the store")
        master = psutil.Process(running.process.pid)
        everyone = [master, *master.children(recursive=True)]
        # Stopped first, so that none of them lives to sweep after another.
        for process in everyone:
            process.suspend()
        for process in everyone:
            process.kill()
        running.process.wait()
        connection.close()
        assert site.leftovers()
        running.start()
        wait_until(running.listens, "the service answers again")
        check_usable(site, running, wait_until, image_id)


def test_the_other_worker_goes_on(site, service, wait_until):
    """Whoever replaces a dead worker sweeps; the uploads of the living are none of its business."""
    with service(workers=2, **site.groups) as running:
        image_id = running.create()
        connection = begin_upload(running, image_id, site.data)
        (busy,) = wait_until(lambda: site.who_reached("store: before the first block"), "the upload begins")
        (idle,) = {child.pid for child in psutil.Process(running.process.pid).children()} - {busy}
        os.kill(idle, signal.SIGKILL)
        swept = "above domain: after journal.adopt location.erase"
        wait_until(lambda: set(site.who_reached(swept)) - {busy, idle}, "a new worker has swept")
        connection.send(site.data[len(site.data) // 2 :])
        assert connection.getresponse().status == 204
        connection.close()
        check_usable(site, running, wait_until, image_id)
