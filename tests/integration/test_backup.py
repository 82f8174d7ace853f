"""A backup of a running service, database first and then the stores, restored elsewhere in time (docs/operate/backup.md)."""

import http.client
import os
import shutil
import sqlite3
from contextlib import closing

DATA = os.urandom(3_000_000)
STREAM = {"Content_Type": "application/octet-stream"}


def begin_upload(running, image_id):
    """A connection on which half of an upload has been sent."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    connection.putrequest("PUT", f"/v2/images/{image_id}/file")
    connection.putheader("Content-Type", "application/octet-stream")
    connection.putheader("Content-Length", str(len(DATA)))
    connection.endheaders(DATA[: len(DATA) // 2])
    return connection


def image(running, **values):
    image_id = running.create(**values)
    assert running.ask("PUT", f"/v2/images/{image_id}/file", DATA, **STREAM).status == 204
    return image_id


def status(running, image_id):
    answer = running.get(f"/v2/images/{image_id}")
    return answer.body["status"] if answer.status == 200 else "gone"


def test_a_backup_of_a_running_service(service, wait_until, tmp_path):
    state, backup = tmp_path / "state", tmp_path / "backup"
    backup.mkdir()
    groups = {"DEFAULT": {"delayed_delete": True, "scrub_time": 3600, "sweep_interval": 1}}
    with service(**groups) as running:
        kept, deleted = image(running, name="kept"), image(running, name="deleted", p="1")
        uploading = running.create(name="uploading")
        connection = begin_upload(running, uploading)
        wait_until(lambda: status(running, uploading) == "saving", "the upload begins")
        # As `sqlite3 FILE ".backup BACKUP"` does it.
        with closing(sqlite3.connect(state / "glancepipe.sqlite")) as database, closing(sqlite3.connect(backup / "database")) as copy:
            database.backup(copy)
        # Meanwhile life goes on.
        connection.send(DATA[len(DATA) // 2 :])
        assert connection.getresponse().status == 204
        connection.close()
        assert running.ask("DELETE", f"/v2/images/{deleted}").status == 204
        late = image(running, name="late")
        shutil.copytree(state / "images", backup / "images")
        assert running.ask("DELETE", f"/v2/images/{kept}").status == 204
    shutil.rmtree(state)
    state.mkdir()
    shutil.copy(backup / "database", state / "glancepipe.sqlite")
    shutil.copytree(backup / "images", state / "images")
    with service(**groups) as running:
        wait_until(lambda: status(running, uploading) == "queued", "the sweep undoes the upload")
        for image_id in (kept, deleted):
            assert running.get(f"/v2/images/{image_id}/file").body == DATA
        assert running.get(f"/v2/images/{deleted}").body["p"] == "1"
        assert status(running, late) == "gone"
        assert running.ask("PUT", f"/v2/images/{uploading}/file", DATA, **STREAM).status == 204
        assert {path.name for path in (state / "images").iterdir()} == {kept, deleted, uploading, late}
        with closing(sqlite3.connect(state / "glancepipe.sqlite")) as database:
            assert database.execute("SELECT count(*) FROM glancepipe_journal").fetchone() == (0,)
