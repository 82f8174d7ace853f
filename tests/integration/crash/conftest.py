"""A site (database, store, configuration) that outlives its worker processes, and what must be true of it in the end."""

import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent / "plugin"
DATA = os.urandom(4_700_000)
TOO_MUCH = 6_000_000
"""Bytes, one more than an image may have."""
LAYERS = "crash_outermost, auth, notifier, policy, quota, crash_above_location, location, crash_above_domain, domain, db"
WALKS = {
    "upload": """
        outermost: before image.begin_data
        above location: before image.begin_data
        above domain: before image.begin_data
        above domain: after image.begin_data
        above location: after image.begin_data
        above location: before usage.reserve
        above location: after usage.reserve
        outermost: after image.begin_data
        outermost: before repo.save saving
        above location: before repo.save saving
        above domain: before repo.save saving
        above domain: after repo.save saving
        above location: after repo.save saving
        outermost: after repo.save saving
        outermost: before image.set_data
        above location: before image.set_data
        store: before write
        store: before the first block
        store: in the middle
        store: after the last block
        store: before os.link
        store: before os.remove
        store: after write
        above location: after image.set_data
        outermost: after image.set_data
        outermost: before repo.save active
        above location: before repo.save active
        above domain: before repo.save active
        above domain: after repo.save active
        above location: after repo.save active
        above location: before usage.release
        above location: after usage.release
        outermost: after repo.save active
        """,
    "refusal": """
        store: before os.remove
        outermost: before repo.save queued
        above location: before repo.save queued
        above domain: before repo.save queued
        above domain: after repo.save queued
        above location: after repo.save queued
        outermost: after repo.save queued
        above location: before usage.release
        above location: after usage.release
        """,
    "removal": """
        outermost: before repo.save as it is
        above location: before repo.save as it is
        above domain: before repo.save as it is
        above domain: after repo.save as it is
        store: before erase
        store: before os.remove
        store: after erase
        above domain: before journal.settle
        above domain: after journal.settle
        above location: after repo.save as it is
        outermost: after repo.save as it is
        """,
    "delete": """
        outermost: before image.delete
        above location: before image.delete
        above domain: before image.delete
        above domain: after image.delete
        above location: after image.delete
        outermost: after image.delete
        outermost: before repo.remove
        above location: before repo.remove
        above domain: before journal.begin location.erase
        above domain: after journal.begin location.erase
        store: before erase
        store: before os.remove
        store: after erase
        above domain: before repo.remove
        above domain: after repo.remove
        above location: after repo.remove
        outermost: after repo.remove
        """,
    "upload_sweep": """
        above domain: before journal.adopt location.write
        above domain: after journal.adopt location.write
        store: before discard
        store: before os.remove
        store: after discard
        above domain: before repo.save queued
        above domain: after repo.save queued
        above domain: before journal.adopt location.erase
        above domain: after journal.adopt location.erase
        """,
    "delete_sweep": """
        above domain: before journal.adopt location.write
        above domain: after journal.adopt location.write
        above domain: before journal.adopt location.erase
        above domain: after journal.adopt location.erase
        store: before erase
        store: before os.remove
        store: after erase
        above domain: before repo.remove
        above domain: after repo.remove
        """,
}
"""The steps in their order: of an upload, of the end of one that is refused, of the removal of a location, of a deletion, and
of the sweeps that find an upload or a deletion that was interrupted."""


def walk(name):
    return [line.strip() for line in WALKS[name].strip().splitlines()]


WALKS["dataless_delete"] = "\n".join(step for step in walk("delete") if not step.startswith("store:") and "journal" not in step)


def pytest_generate_tests(metafunc):
    """A test that asks for ``upload_step`` is one test for each step of an upload, and so on."""
    for name in WALKS:
        if f"{name}_step" in metafunc.fixturenames:
            metafunc.parametrize(f"{name}_step", walk(name))


class Site:
    """What survives a crash: files and a database. Its workers come and go."""

    data = DATA
    """What is uploaded: some blocks and a bit."""
    too_much = TOO_MUCH

    def __init__(self, root):
        self.state, self.steps = root / "state", root / "steps"
        self.images, self.copies = self.state / "images", self.state / "copies"
        self.images.mkdir(parents=True)
        self.copies.mkdir()
        self.steps.mkdir()
        self.config = root / "glancepipe.conf"
        self.groups = {
            "DEFAULT": {
                "state_path": self.state,
                "enabled_backends": "disk:crash_file, copies:crash_file",
                "user_storage_quota": "1GB",  # so that there are reservations
                "image_size_cap": TOO_MUCH - 1,
                "show_multiple_locations": True,  # so that a client can remove one
                "sweep_interval": 1,
            },
            "glance_store": {"default_backend": "disk"},
            "disk": {"filesystem_store_datadir": self.images},
            "copies": {"filesystem_store_datadir": self.copies},
            "pipeline": {"layers": LAYERS},
            "crash": {"directory": self.steps},
        }
        self.configure()

    def configure(self):
        """Write down what is in ``groups`` for the workers to come."""
        lines = (
            f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()) for group, options in self.groups.items()
        )
        self.config.write_text("".join(lines))

    def kill_at(self, step):
        (self.steps / "kill").write_text(step)

    def hold_at(self, step):
        (self.steps / "hold").write_text(step)

    def held(self):
        return set(self.steps.glob("held by *"))

    def await_held(self, number=1):
        """Some processes wait, each at its step."""
        eventually(lambda: len(self.held()) == number)

    def let_go(self, *besides):
        """Those that wait go on, but for those that waited before."""
        for held in self.held().difference(*besides):
            held.unlink()

    def trace(self):
        """The steps that were reached since somebody asked last, in order, each of them once."""
        steps = dict.fromkeys(step for _, step in self._lines())
        (self.steps / "trace").unlink(missing_ok=True)
        return list(steps)

    def who_reached(self, step):
        """The ids of the processes that did."""
        return [int(pid) for pid, reached in self._lines() if reached == step]

    def _lines(self):
        trace = self.steps / "trace"
        return [line.split(" ", 1) for line in trace.read_text().splitlines()] if trace.exists() else []

    def rows(self, query, *values):
        with closing(sqlite3.connect(self.state / "glancepipe.sqlite")) as database, database:
            return database.execute(query, values).fetchall()

    def bury(self):
        """Take every worker for dead, as a sweep does with one that was suspended for too long."""
        with closing(sqlite3.connect(self.state / "glancepipe.sqlite")) as database, database:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("DELETE FROM glancepipe_workers")

    def files(self):
        return sorted(str(path) for store in (self.images, self.copies) for path in store.iterdir())

    def copy(self, image_id):
        """Give an image a second location."""
        place = shutil.copy(self.images / image_id, self.copies)
        columns = "image_id, value, meta_data, status, created_at, deleted"
        row = (image_id, f"file://{place}", '{"store": "copies"}', "active", "2026-01-01 00:00:00.000000", 0)
        self.rows(f"INSERT INTO image_locations ({columns}) VALUES (?, ?, ?, ?, ?, ?)", *row)

    def leftovers(self):
        """Everything that a crash must not leave behind for good; empty is good."""
        urls = [url for (url,) in self.rows("SELECT value FROM image_locations WHERE NOT deleted")]
        recorded = [url.removeprefix("file://") for url in urls if url.startswith("file://")]
        return {
            name: found
            for name, found in {
                "files that no record names": sorted(set(self.files()) - set(recorded)),
                "records whose file is gone": sorted(set(recorded) - set(self.files())),
                "images in between": self.rows("SELECT id, status FROM images WHERE status NOT IN ('queued', 'active', 'deleted')"),
                "journal entries": self.rows("SELECT kind, image_id FROM glancepipe_journal"),
                "tasks": self.rows("SELECT id, status FROM tasks WHERE status NOT IN ('success', 'failure')"),
                "reservations": self.rows("SELECT owner, amount FROM glancepipe_reservations"),
            }.items()
            if found
        }


class Worker:
    """A process that serves a site. ``request`` raises EOFError if it dies of it."""

    def __init__(self, context, site):
        from glancepipe_crash.worker import work

        self._site = site
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(site.config, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def request(self, method, path, body=b"", announced=True, **headers):
        self.begin(method, path, body, announced, **headers)
        return self.answer()

    def begin(self, method, path, body=b"", announced=True, **headers):
        self._pipe.send((method, path, {name.replace("_", "-"): value for name, value in headers.items()}, body, announced))

    def answer(self):
        return self._pipe.recv()

    started = answer

    def create(self):
        values = {"name": "crash", "disk_format": "raw", "container_format": "bare"}
        status, body = self.request("POST", "/v2/images", json.dumps(values).encode(), content_type="application/json")
        assert status == 201, body
        return json.loads(body)["id"]

    def begin_upload(self, image_id, announced=True, data=DATA):
        self.begin("PUT", f"/v2/images/{image_id}/file", data, announced, content_type="application/octet-stream")

    def upload(self, image_id, announced=True, data=DATA):
        self.begin_upload(image_id, announced, data)
        return self.answer()[0]

    def download(self, image_id):
        status, body = self.request("GET", f"/v2/images/{image_id}/file")
        assert status == 200
        return body

    def begin_removal(self, image_id):
        """Take the first of an image's locations off its record."""
        change = json.dumps([{"op": "remove", "path": "/locations/0"}]).encode()
        self.begin("PATCH", f"/v2/images/{image_id}", change, content_type="application/openstack-images-v2.1-json-patch")

    def begin_delete(self, image_id):
        self.begin("DELETE", f"/v2/images/{image_id}")

    def delete(self, image_id):
        return self.request("DELETE", f"/v2/images/{image_id}")[0]

    def status(self, image_id):
        """The image's status; ``gone`` if there is none."""
        status, body = self.request("GET", f"/v2/images/{image_id}")
        return json.loads(body)["status"] if status == 200 else {404: "gone"}[status]

    def settled(self, image_id):
        """The image's status once it is none that only lasts as long as somebody works on it."""
        return eventually(lambda: (status := self.status(image_id)) != "saving" and status)

    def tidy(self):
        """Whatever a sweep has to do has been done."""
        eventually(lambda: not self._site.leftovers(), lambda: self._site.leftovers())

    def close(self):
        """Stop as a worker does that is told to: nothing is cut short."""
        self._pipe.close()
        self.process.join(30)
        assert self.process.exitcode == 0

    def died(self):
        self.process.join(30)
        self._pipe.close()
        return self.process.exitcode == -signal.SIGKILL


def eventually(probe, otherwise=lambda: None, seconds=20):
    """What ``probe`` answers as soon as it is true; ``otherwise`` says what is the matter if it never is."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.01)
    return found


@pytest.fixture(scope="session")
def processes():
    """A process that has imported the service and forks workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PLUGIN))
        patch.setenv("PYTHONPATH", str(PLUGIN), prepend=os.pathsep)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["__main__", "glancepipe_crash.worker"])
        yield context


@pytest.fixture
def walks():
    """The lists of steps by name."""
    return {name: walk(name) for name in WALKS}


@pytest.fixture(scope="session")
def database(processes, tmp_path_factory):
    """A new database, made once: most of a worker's first start is that."""
    site = Site(tmp_path_factory.mktemp("new"))
    worker = Worker(processes, site)
    worker.started()
    worker.close()
    return site.state / "glancepipe.sqlite"


@pytest.fixture
def site(tmp_path, database):
    site = Site(tmp_path)
    shutil.copy(database, site.state)
    yield site
    log = site.config.with_suffix(".log")
    if log.exists():
        print(log.read_text())  # noqa: T201 - pytest shows it for a test that failed


@pytest.fixture
def worker(processes, site):
    """``with worker() as w``: a worker process of the site that has ``started``, closed at the end unless it died."""

    @contextmanager
    def start(started=True):
        made = Worker(processes, site)
        try:
            if started:
                made.started()
            yield made
            if made.process.is_alive():
                made.close()
        finally:
            made.process.kill()
            made.process.join()

    return start
