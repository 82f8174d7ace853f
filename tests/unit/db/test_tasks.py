"""Tasks in the database: their rows are Glance's, their changes are fenced by the journal (FEATURES 4.3, 9-06, 9-07)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest

from glancepipe.contract import ChangeSet, Intent, Task, TaskQuery, TaskStatus, replace
from glancepipe.contract.errors import Duplicate, Invalid, NotFound, StatusChanged
from glancepipe.db.database import now

EVERYTHING = TaskQuery(everything=True)


def a_task(**values):
    return Task(str(uuid.uuid4()), **{"type": "import", "owner": "p1", "input": {"import_from": "http://x"}, **values})


def entry(name="e1"):
    return Intent(name, "task", "", {})


def kept(world, *begins, **values):
    return world.tasks.add(world.call(), a_task(**values), begins)


def entries(world):
    return [row.id for row in world.sql("SELECT id FROM glancepipe_journal")]


def ids(page):
    return [task.id for task in page.rows]


def bury(world):
    world.sql("DELETE FROM glancepipe_workers WHERE id = :id", id=world.layer.workers.id)


def test_a_task_is_kept_with_its_entry(world):
    """9-07: what it says is in a table of its own."""
    given = a_task(image_id="i", request_id="r", user_id="u", result={"a": [1]}, message="m", input={"ü": "\ud800"})
    task = world.tasks.add(world.call(), given, (entry(),))
    assert task == replace(given, created_at=task.created_at, updated_at=task.updated_at)
    assert abs(task.created_at - now()) < timedelta(minutes=1)
    assert world.tasks.get(world.call(), task.id) == task
    assert entries(world) == ["e1"]
    (said,) = world.sql("SELECT input, result FROM task_info WHERE task_id = :id", id=task.id)
    assert said.result == '{"a": [1]}'


def test_a_task_that_can_not_be_kept_leaves_no_entry(world):
    task = kept(world)
    with pytest.raises(Duplicate):
        world.tasks.add(world.call(), task, (entry(),))
    for wrong in ({"request_id": "r" * 65}, {"message": "m\0"}):
        with pytest.raises(Invalid, match="|".join(wrong)):
            world.tasks.add(world.call(), a_task(**wrong), (entry(),))
    assert entries(world) == []
    assert not world.layer.held.ids()


def test_a_task_without_an_owner(world):
    """9-18."""
    assert kept(world, owner=None).owner == ""


@pytest.mark.parametrize("task_id", ["unknown", "x" * 100, "\0"])
def test_a_task_that_is_not_there(world, task_id):
    with pytest.raises(NotFound):
        world.tasks.get(world.call(), task_id)


def test_a_change_compares_the_status(world):
    task = kept(world)
    processing = replace(task, status=TaskStatus.PROCESSING)
    saved = world.tasks.save(world.call(), task, processing)
    assert (saved.status, saved.created_at) == (TaskStatus.PROCESSING, task.created_at)
    with pytest.raises(StatusChanged, match="'processing' and no longer 'pending'"):
        world.tasks.save(world.call(), task, replace(task, status=TaskStatus.FAILURE))
    with pytest.raises(NotFound):
        world.tasks.save(world.call(), a_task(), processing)


def test_what_ends_a_task_closes_its_entry(world):
    task = kept(world, entry())
    done = replace(task, status=TaskStatus.SUCCESS, result={"image_id": "i"}, message="", expires_at=now())
    assert world.tasks.save(world.call(), task, done, ("e1",)).result == {"image_id": "i"}
    assert entries(world) == []
    assert not world.layer.held.ids()


def test_a_worker_whose_entry_was_adopted_can_not_end_the_task(start):
    """12-10."""
    dead, other = start(), start()
    task = kept(dead, entry())
    bury(dead)
    assert [each.id for each in other.journal.adopt(other.call(), "task")] == ["e1"]
    done = replace(task, status=TaskStatus.SUCCESS)
    with pytest.raises(StatusChanged, match="another worker"):
        dead.tasks.save(dead.call(), task, done, ("e1",))
    assert other.tasks.get(other.call(), task.id).status == TaskStatus.PENDING
    assert other.tasks.save(other.call(), task, done, ("e1",)).status == TaskStatus.SUCCESS


def test_a_worker_whose_entry_was_adopted_can_not_change_an_image_for_the_task(start):
    """The entry is renewed with what is saved, or nothing is."""
    dead, other = start(), start()
    image = dead.image()
    kept(dead, entry())
    renewing = ChangeSet.of(image, name="new").settling("e1").beginning(entry("e2"))
    bury(dead)
    other.journal.adopt(other.call(), "task")
    with pytest.raises(StatusChanged):
        dead.repo.save(dead.call(), image, renewing)
    assert dead.repo.get(dead.call(), image.id).name is None
    assert entries(dead) == ["e1"]
    assert other.repo.save(other.call(), image, renewing).name == "new"
    assert entries(dead) == ["e2"]
    assert other.layer.held.ids() == ["e2"]


def test_whose_tasks_are_listed(world):
    mine, others, nobodys = kept(world), kept(world, owner="p2"), kept(world, owner=None)
    assert ids(world.tasks.list(world.call(), TaskQuery(viewer="p1"))) == [mine.id]
    assert ids(world.tasks.list(world.call(), TaskQuery(viewer=None))) == []
    assert sorted(ids(world.tasks.list(world.call(), EVERYTHING))) == sorted([mine.id, others.id, nobodys.id])


def test_what_is_listed(world):
    of_image = kept(world, image_id="i")
    other = kept(world, type="location_import", status=TaskStatus.FAILURE)
    for narrowing, found in (({"image_id": "i"}, of_image), ({"type": "location_import"}, other), ({"status": "failure"}, other)):
        assert ids(world.tasks.list(world.call(), TaskQuery(viewer="p1", **narrowing))) == [found.id]


@pytest.mark.parametrize("key", ["id", "type", "status", "owner", "created_at", "updated_at"])
@pytest.mark.parametrize("ascending", [True, False])
def test_pages_lose_and_repeat_nothing(world, key, ascending):
    """Equal values are in the order of the ids."""
    made = [kept(world, type=f"type{n % 2}", owner="p1") for n in range(5)]
    found, marker = [], None
    while True:
        query = TaskQuery(viewer="p1", sort_key=key, ascending=ascending, limit=2, marker=marker)
        page = world.tasks.list(world.call(), query)
        found += page.rows
        if not page.more:
            break
        marker = page.rows[-1].id
    assert sorted(task.id for task in found) == sorted(task.id for task in made)
    values = [(getattr(task, key), task.id) for task in found]
    assert values == sorted(values, reverse=not ascending)


def test_what_a_listing_can_not_be_asked(world):
    others = kept(world, owner="p2")
    for query in (TaskQuery(sort_key="input"), TaskQuery(viewer="p1", marker=others.id), TaskQuery(marker="unknown", everything=True)):
        with pytest.raises(Invalid):
            world.tasks.list(world.call(), query)
    nothing = world.tasks.list(world.call(), replace(EVERYTHING, limit=0))
    assert (ids(nothing), nothing.more) == ([], False)
    assert ids(world.tasks.list(world.call(), replace(EVERYTHING, limit=None))) == [others.id]


def test_what_has_expired_is_put_away_for_those_who_look(world):
    """4.3-05."""
    past = datetime(2020, 1, 1)
    mine, others = kept(world, expires_at=past), kept(world, owner="p2", expires_at=past)
    lasting = kept(world, expires_at=now() + timedelta(hours=1))
    assert ids(world.tasks.list(world.call(), TaskQuery(viewer="p1"))) == [lasting.id]
    with pytest.raises(NotFound):
        world.tasks.get(world.call(), mine.id)
    assert world.tasks.get(world.call(), others.id).id == others.id
