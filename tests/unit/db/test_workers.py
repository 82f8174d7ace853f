"""Who is alive: heartbeats by the database's clock, and process ids on the same machine."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from glancepipe.db import workers
from glancepipe.db.workers import is_running, local_host, start_time


def registered(world):
    return {row.id: row for row in world.sql("SELECT * FROM glancepipe_workers")}


def pretend(world, **values):
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    world.sql(f"UPDATE glancepipe_workers SET {assignments} WHERE id = :id", id=world.layer.workers.id, **values)


LONG_AGO = "2001-01-01 00:00:00.000000"


def test_a_worker_is_registered_while_it_runs(start):
    one, other = start(), start()
    row = registered(one)[one.layer.workers.id]
    assert (row.host, row.pid, row.started) == (local_host(), os.getpid(), start_time(os.getpid()))
    one.layer.close()
    assert list(registered(other)) == [other.layer.workers.id]


def test_a_heartbeat_says_that_it_lives(world):
    pretend(world, seen_at=LONG_AGO)
    world.layer.workers.beat()
    assert str(registered(world)[world.layer.workers.id].seen_at) > "2020"


def test_the_heart_beats_by_itself(start, monkeypatch):
    beaten = threading.Event()
    monkeypatch.setattr(workers, "BEAT", 0.01)
    monkeypatch.setattr(workers.Workers, "beat", lambda self: beaten.set())
    start()
    assert beaten.wait(10)


def test_the_heart_survives_an_error(start, monkeypatch):
    beats = threading.Semaphore(0)

    def fail(self):
        beats.release()
        raise RuntimeError("the database is away")

    monkeypatch.setattr(workers, "BEAT", 0.01)
    monkeypatch.setattr(workers.Workers, "beat", fail)
    start()
    assert all(beats.acquire(timeout=10) for _ in range(3))


def test_silence_is_death_wherever_it_ran(start):
    one, other = start(), start()
    pretend(one, host="elsewhere", seen_at=LONG_AGO)
    other.layer.sweep(other.call())
    assert list(registered(other)) == [other.layer.workers.id]


def test_a_worker_elsewhere_that_was_heard_of_lives(start):
    """Process ids of another machine, boot or container say nothing."""
    one, other = start(), start()
    pretend(one, host="elsewhere", pid=2**22 + 1)
    other.layer.sweep(other.call())
    assert one.layer.workers.id in registered(other)


@pytest.mark.parametrize("trace", ["gone", "another process of that id"])
def test_a_dead_process_of_this_machine_is_dead_at_once(start, trace):
    """A restart after kill -9 recovers without waiting."""
    one, other = start(), start()
    if trace == "gone":
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        pretend(one, pid=ended.pid)
    else:
        pretend(one, started=1)
    other.layer.sweep(other.call())
    assert list(registered(other)) == [other.layer.workers.id]


def test_no_worker_buries_itself(world):
    pretend(world, seen_at=LONG_AGO)
    world.layer.sweep(world.call())
    assert world.layer.workers.id in registered(world)


def test_a_worker_that_was_buried_goes_on_under_a_new_id(start):
    one, other = start(), start()
    before = one.layer.workers.id
    pretend(one, host="elsewhere", seen_at=LONG_AGO)
    other.layer.sweep(other.call())
    one.layer.workers.beat()
    assert one.layer.workers.id not in (before, other.layer.workers.id)
    assert set(registered(one)) == {one.layer.workers.id, other.layer.workers.id}


def test_a_zombie_is_not_running():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = start_time(child.pid)
    assert is_running(child.pid, started)
    assert not is_running(child.pid, started + 1)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(child.pid, started)
    child.communicate()
    assert not is_running(child.pid, started)


def test_another_users_process_is_asked_no_further(monkeypatch):
    """/proc may hide it; that it is there is all that can be told."""

    def forbidden(*_):
        raise PermissionError

    monkeypatch.setattr(os, "kill", forbidden)
    assert is_running(2**22 + 1, 5)
    assert not is_running(os.getpid(), -5)


def test_without_proc_only_silence_tells(monkeypatch):
    """Nobody else has such a host's name."""

    def absent(*_):
        raise OSError

    monkeypatch.setattr(os, "stat", absent)
    assert local_host() != local_host()
