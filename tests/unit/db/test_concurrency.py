"""Many writers at once, in threads and in processes: nothing is lost, one wins what only one can have, nobody is locked out."""

from __future__ import annotations

import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from glancepipe.contract import ABSENT, Change, ChangeSet, Intent, Location
from glancepipe.contract.errors import Conflict, Duplicate, ImageNotFound, LimitExceeded, StatusChanged

THREADS = 8


def at_once(*tasks):
    """Run all tasks at the same time; answers their results or exceptions."""
    barrier = Barrier(len(tasks))

    def run(task):
        barrier.wait(30)
        try:
            return task()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def outcomes(results, *expected):
    """How many succeeded; every failure is one of those expected."""
    failed = [result for result in results if isinstance(result, Exception)]
    assert all(type(error) in expected for error in failed), failed
    return len(results) - len(failed)


@pytest.fixture
def workers(start):
    return [start(), start()]


def test_no_property_and_no_tag_is_lost(workers):
    """12-08: writers of one image follow each other."""
    image = workers[0].image(tags=frozenset({"kept"}), properties={"kept": "1"})

    def write(number):
        world = workers[number % 2]
        for step in range(5):
            name = f"{number}-{step}"
            changes = ChangeSet(
                {"tags": Change(image.tags, image.tags | {name})}, {name: Change(ABSENT, name), "both": Change(ABSENT, name)}
            )
            world.repo.save(world.call(), image, changes)

    assert outcomes(at_once(*(lambda number=number: write(number) for number in range(THREADS)))) == THREADS
    stored = workers[0].repo.get(workers[0].call(), image.id)
    names = {f"{number}-{step}" for number in range(THREADS) for step in range(5)}
    assert stored.tags == names | {"kept"}
    assert stored.properties.keys() == names | {"kept", "both"}


def test_one_wins_the_status(workers):
    """1.6-05."""
    image = workers[0].image()
    changes = ChangeSet.of(image, status="saving")
    results = at_once(*(lambda world=world: world.repo.save(world.call(), image, changes) for world in workers * 4))
    assert outcomes(results, StatusChanged) == 1


def test_one_wins_the_claim(workers):
    """4.5-08."""
    image = workers[0].image()
    results = at_once(*(lambda world=world: world.repo.claim(world.call(), image, "task") for world in workers * 4))
    assert outcomes(results, Conflict) == 1


def test_one_removes(workers):
    image = workers[0].image()
    changes = ChangeSet.of(image, status="deleted")
    results = at_once(*(lambda world=world: world.repo.remove(world.call(), image, changes) for world in workers * 4))
    assert outcomes(results, ImageNotFound) == 1


def test_data_is_not_recorded_on_an_image_that_is_being_removed(workers):
    """1.6-06: either the upload comes too late or the remover is told."""
    for _ in range(5):
        image = workers[0].image(status="saving")
        active = ChangeSet.of(image, status="active", locations=(Location("file:///x"),))
        uploaded, removed = at_once(
            lambda image=image, active=active: workers[0].repo.save(workers[0].call(), image, active),
            lambda image=image: workers[1].repo.remove(workers[1].call(), image, ChangeSet.of(image, status="deleted")),
        )
        assert isinstance(uploaded, ImageNotFound) != isinstance(removed, StatusChanged), (uploaded, removed)


def test_a_member_is_added_once(workers):
    """9-05: the constraint alone would let them pass."""
    image = workers[0].image(visibility="shared")
    results = at_once(*(lambda world=world: world.members.add(world.call(), image, "p2") for world in workers * 4))
    assert outcomes(results, Duplicate) == 1
    assert len(workers[0].members.list(workers[0].call(), image)) == 1


def test_an_id_is_taken_once(workers):
    image = workers[0].image()
    twin = type(image)(str(uuid.uuid4()), properties={"p": "1"})
    results = at_once(*(lambda world=world: world.repo.add(world.call(), twin) for world in workers * 4))
    assert outcomes(results, Duplicate) == 1


def test_reservations_never_exceed_the_limit_together(workers):
    """12-12."""
    results = at_once(*(lambda world=world: world.usage.reserve(world.call(), "p1", 30, 100) for world in workers * 4))
    assert outcomes(results, LimitExceeded) == 3
    assert workers[0].usage.usage(workers[0].call(), "p1").reserved == 90


def test_an_entry_is_adopted_once(start, workers):
    dead = start()
    for number in range(12):
        dead.journal.begin(dead.call(), Intent(f"i{number:02}", "kind", "x"))
    dead.layer.close()
    adopted = at_once(*(lambda world=world: world.journal.adopt(world.call(), "kind") for world in workers * 3))
    assert sorted(intent.id for intents in adopted for intent in intents) == [f"i{number:02}" for number in range(12)]


WRITER = """
import sys, threading
from glancepipe.contract import ABSENT, Call, Caller, Change, ChangeSet
from glancepipe.db.layer import Db
from oslo_config import cfg
conf = cfg.ConfigOpts()
conf([], default_config_files=[], default_config_dirs=[])
conf.register_opts([cfg.StrOpt("state_path", default="/nonexistent")])
conf.register_opts(Db.options["database"], group="database")
url, image_id, name = sys.argv[1:]
conf.set_override("connection", url, "database")
layer = Db(conf)
layer.start(None)
repo, call = Db.repo(layer, None), Call("modify_image", Caller())
image = repo.get(call, image_id)
print("ready", flush=True)
input()
def write(thread):
    for step in range(15):
        repo.save(call, image, ChangeSet(properties={f"{name}-{thread}-{step}": Change(ABSENT, "1"), "last": Change(ABSENT, name)}))
threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
layer.close()
"""


def test_processes_share_a_database(world, url):
    """FEASIBILITY g: no "database is locked", no lost update, with four threads in each of two processes."""
    image = world.image()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, image.id, name], **pipes) for name in ("a", "b")]
    for process in writers:
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in writers:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in writers:
        assert (process.communicate()[1], process.returncode) == ("", 0)
    names = {f"{name}-{thread}-{step}" for name in "ab" for thread in range(4) for step in range(15)}
    assert world.repo.get(world.call(), image.id).properties.keys() == names | {"last"}
