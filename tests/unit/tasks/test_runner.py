"""Tasks in the hands of workers that go on, fail, or are taken for dead (FEATURES 4.3-05, 12-10)."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from glancepipe.contract import ChangeSet, TaskStatus, replace
from glancepipe.contract.errors import Conflict, DatabaseUnavailable, StatusChanged
from glancepipe.tasks.entries import task_of


def test_a_task_that_succeeds(world, finish):
    task, entry = world.task()
    seen = []

    def flow(work):
        seen.append((work.call, world.stored(task).status))
        return {"image_id": "i"}

    finish(flow, entry)
    ((call, status),) = seen
    assert status == TaskStatus.PROCESSING
    assert call.actor.service
    assert (call.initiator.user_id, call.initiator.token, call.request_id) == ("alice", None, "req-1")
    assert (world.stored(task).status, world.stored(task).result) == (TaskStatus.SUCCESS, {"image_id": "i"})
    assert world.ends.intents == {}


@pytest.mark.parametrize(
    ("error", "message"), [(Conflict("It is there already."), "It is there already."), (ValueError("s3cret"), "Internal error.")]
)
def test_a_task_that_fails(world, finish, error, message):
    """What nobody expected may tell secrets."""
    task, entry = world.task()

    def flow(work):
        raise error

    finish(flow, entry)
    assert world.stored(task).status == TaskStatus.FAILURE
    assert world.stored(task).message.startswith(message)
    assert "s3cret" not in world.stored(task).message
    assert world.ends.intents == {}


def test_what_could_not_be_recorded_is_done_again_by_the_next_sweep(world):
    task, entry = world.task()
    outcomes = [DatabaseUnavailable(), DatabaseUnavailable(), None]
    tried = threading.Semaphore(0)

    def flow(work):
        outcome = outcomes.pop(0)
        tried.release()
        if outcome:
            raise outcome
        return {}

    runner = world.runner(flow)
    runner.run(entry)
    for sweeps in range(2):
        assert tried.acquire(timeout=10)
        while not world.ends.abandoned:
            threading.Event().wait(0.01)
        assert world.stored(task).status == TaskStatus.PROCESSING, sweeps
        runner.sweep()
    assert tried.acquire(timeout=10)
    runner.close()
    assert world.stored(task).status == TaskStatus.SUCCESS


def test_a_task_that_only_another_version_can_run(world):
    task, entry = world.task()
    runner = world.runner()
    runner.run(entry)
    runner._pool.shutdown()
    assert (world.stored(task).status, world.ends.intents) == (TaskStatus.FAILURE, {})
    assert world.stored(task).message == "Nothing that is installed here runs tasks of the type 'import'."


def test_a_worker_that_was_taken_for_dead_records_nothing(world, finish):
    image = world.image()
    task, entry = world.task()
    lost = []

    def flow(work):
        world.adopted(entry)
        try:
            return {"image": work.keep(image, ChangeSet.of(image, name="of the dead")).id}
        except StatusChanged:
            lost.append(True)
            raise

    finish(flow, entry)
    assert lost
    assert world.ends.images[image.id].name is None
    assert world.stored(task).status == TaskStatus.PROCESSING


def test_a_worker_that_was_taken_for_dead_does_not_end_the_task(world, finish):
    task, entry = world.task()
    finish(lambda work: world.adopted(entry) or {}, entry)
    assert world.stored(task).status == TaskStatus.PROCESSING


def test_what_is_kept_renews_the_entry(world, finish):
    image = world.image()
    task, entry = world.task()
    entries = []

    def flow(work):
        for name in ("first", "second"):
            work.keep(world.ends.images[image.id], ChangeSet.of(image, name=name))
            entries.append(list(world.ends.intents))
        return {}

    finish(flow, entry)
    assert [len(each) for each in entries] == [1, 1]
    assert len({entry.id, *(each for (each,) in entries)}) == 3
    assert world.ends.images[image.id].name == "second"
    assert (world.stored(task).status, world.ends.intents) == (TaskStatus.SUCCESS, {})


def test_a_failure_that_was_noted_is_not_forgotten(world, finish):
    """The worker died between undoing what it had done and saying so."""
    image = world.image()
    task, entry = world.task()

    def undo(work):
        work.keep(image, ChangeSet.of(image, name="as before"), failure="It was wrong.")
        raise DatabaseUnavailable

    finish(undo, entry)
    assert world.stored(task).status == TaskStatus.PROCESSING
    (noted,) = world.ends.intents.values()
    finish(lambda work: pytest.fail("it has failed already"), noted)
    assert (world.stored(task).status, world.stored(task).message) == (TaskStatus.FAILURE, "It was wrong.")


def test_a_record_that_was_never_written(world, finish):
    """The worker died between opening the entry and writing the task."""
    task, entry = world.task()
    del world.ends.kept_tasks[task.id]
    finish(lambda work: {}, entry)
    stored = world.stored(task)
    assert (stored.status, stored.type, stored.input) == (TaskStatus.SUCCESS, "import", {"import_from": "http://x"})


def test_not_more_at_once_than_there_are_threads(world):
    running, most, free = set(), [], threading.Event()
    arrived = threading.Semaphore(0)

    def flow(work):
        running.add(work.task.id)
        most.append(len(running))
        arrived.release()
        assert free.wait(10)
        running.discard(work.task.id)
        return {}

    runner = world.runner(flow)
    tasks = [world.task() for _ in range(5)]
    for _, entry in tasks:
        runner.run(entry)
    assert all(arrived.acquire(timeout=10) for _ in range(2))
    free.set()
    while world.ends.intents:
        threading.Event().wait(0.01)
    assert max(most) == 2
    assert {world.stored(task).status for task, _ in tasks} == {TaskStatus.SUCCESS}


def test_closing_lets_running_tasks_end_and_leaves_the_others(world, monkeypatch):
    started, free = threading.Semaphore(0), threading.Event()

    def flow(work):
        started.release()
        assert free.wait(10)
        return {}

    shutdown = ThreadPoolExecutor.shutdown

    def shut_down(pool, **how):
        shutdown(pool, **how, wait=False)
        free.set()
        shutdown(pool, **how)

    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", shut_down)
    runner = world.runner(flow)
    tasks = [world.task() for _ in range(3)]
    for _, entry in tasks:
        runner.run(entry)
    assert all(started.acquire(timeout=10) for _ in range(2))
    runner.close()
    assert sorted(world.stored(task).status for task, _ in tasks) == ["pending", "success", "success"]
    (left,) = world.ends.intents.values()
    runner.run(left)
    assert left.id in world.ends.intents


def test_an_entry_keeps_the_task(world):
    task, entry = world.task()
    assert task_of(entry) == replace(task, created_at=None, updated_at=None)
