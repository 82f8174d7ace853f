"""The journal: entries survive the worker that wrote them, and are adopted once."""

from __future__ import annotations

import pytest

from glancepipe.contract import Change, ChangeSet, Image, Intent, Note
from glancepipe.contract.errors import Duplicate, Invalid, StatusChanged

KIND = "location.write"


def intent(name="i1", kind=KIND):
    return Intent(name, kind, "5" * 36, {"store": "fast", "list": [1, None], "text": "ü\0"})


def entries(world):
    return [row.id for row in world.sql("SELECT id FROM glancepipe_journal ORDER BY id")]


def bury(world):
    world.sql("DELETE FROM glancepipe_workers WHERE id = :id", id=world.layer.workers.id)


def test_an_entry_is_there_until_it_is_settled(world):
    world.journal.begin(world.call(), intent())
    assert entries(world) == ["i1"]
    world.journal.settle(world.call(), "i1")
    world.journal.settle(world.call(), "i1")
    assert entries(world) == []


def test_what_a_living_worker_holds_is_not_adopted(start):
    one, other = start(), start()
    one.journal.begin(one.call(), intent())
    assert list(one.journal.adopt(one.call(), KIND)) == []
    assert list(other.journal.adopt(other.call(), KIND)) == []


def test_what_it_let_go_it_adopts_itself(start):
    one, other = start(), start()
    one.journal.begin(one.call(), intent())
    one.journal.let_go(one.call(), "i1")
    one.journal.let_go(one.call(), "unknown")
    assert list(other.journal.adopt(other.call(), KIND)) == []
    assert list(one.journal.adopt(one.call(), KIND)) == [intent()]
    assert list(one.journal.adopt(one.call(), KIND)) == []
    one.journal.let_go(one.call(), "i1")
    assert list(one.journal.adopt(one.call(), KIND)) == [intent()]


def test_what_a_dead_worker_left_is_adopted_once(start):
    """12-09."""
    dead, one, other = start(), start(), start()
    for name in ("i1", "i2"):
        dead.journal.begin(dead.call(), intent(name))
    dead.journal.begin(dead.call(), intent("other", "location.erase"))
    bury(dead)
    assert list(one.journal.adopt(one.call(), KIND)) == [intent("i1"), intent("i2")]
    assert list(other.journal.adopt(other.call(), KIND)) == []
    one.journal.settle(one.call(), "i1")
    assert entries(one) == ["i2", "other"]


def test_what_another_has_adopted_is_his_to_settle(start):
    dead, one = start(), start()
    dead.journal.begin(dead.call(), intent())
    bury(dead)
    one.journal.adopt(one.call(), KIND)
    dead.journal.settle(dead.call(), "i1")
    assert entries(one) == ["i1"]
    one.journal.settle(one.call(), "i1")
    assert entries(one) == []


def test_what_a_worker_leaves_when_it_ends_is_nobodys(start):
    one, other = start(), start()
    one.journal.begin(one.call(), intent())
    one.layer.close()
    assert list(other.journal.adopt(other.call(), KIND)) == [intent()]


def test_what_nobody_has_adopted_stays_with_a_worker_that_returns(start):
    """It was suspended and taken for dead."""
    one, other = start(), start()
    for name in ("i1", "i2"):
        one.journal.begin(one.call(), intent(name))
    one.journal.begin(one.call(), intent("adopted", "other kind"))
    bury(one)
    other.journal.adopt(other.call(), "other kind")
    one.layer.workers.beat()
    assert list(other.journal.adopt(other.call(), KIND)) == []
    one.journal.settle(one.call(), "i1")
    one.journal.settle(one.call(), "adopted")
    assert entries(one) == ["adopted", "i2"]


def test_an_entry_that_was_not_written_is_not_held(world):
    world.journal.begin(world.call(), intent())
    with pytest.raises(Duplicate):
        world.journal.begin(world.call(), Intent("i1", "again", "x"))
    with pytest.raises(Invalid):
        world.journal.begin(world.call(), Intent("i2", "k" * 65, "x"))
    assert world.layer.held.ids() == ["i1"]


def test_a_buried_worker_can_begin(world):
    """It finds out when it wants to hold something, and registers anew."""
    before = world.layer.workers.id
    bury(world)
    world.journal.begin(world.call(), intent())
    assert world.layer.workers.id != before
    assert [row.worker_id for row in world.sql("SELECT worker_id FROM glancepipe_journal")] == [world.layer.workers.id]


# What a call notes (docs/decisions/0004-outbox.md)


def noted(call, verb, name="n1"):
    """A note that keeps what the verb answers."""
    note = Note(verb, name, lambda answer: Intent(name, "told", "", {"name": answer.name}))
    call.note(note)
    return note


def test_a_note_is_kept_with_the_record_of_its_verb(start):
    one, other = start(), start()
    with one.call() as call:
        note = noted(call, "repo.save")
        image = one.repo.add(call, Image("1" * 36, name="a"))
        assert entries(one) == []
        one.repo.save(call, image, ChangeSet.of(image, name="b"))
        assert not call.withdraw(note)
        one.repo.save(call, image, ChangeSet.of(image, name="c"))
    assert entries(one) == ["n1"]
    assert list(other.journal.adopt(other.call(), "told")) == []  # it is held
    bury(one)
    (adopted,) = other.journal.adopt(other.call(), "told")
    assert adopted.details == {"name": "b"}


def test_a_note_goes_with_a_transaction_that_fails(world):
    with world.call() as call:
        image = world.repo.add(call, Image("1" * 36, name="a"))
        note = noted(call, "repo.save")
        with pytest.raises(StatusChanged):
            world.repo.save(call, image, ChangeSet({"status": Change("active", "queued")}))
        assert not call.withdraw(note)
    assert entries(world) == []
    assert world.layer.held.ids() == []


def test_a_note_that_nobody_took_is_given_back(world):
    call = world.call()
    first, second = noted(call, "repo.save"), noted(call, "repo.remove", "n2")
    assert call.notes("repo.add") == []
    assert call.withdraw(first)
    assert not call.withdraw(first)
    assert call.notes("repo.remove") == [second]
    assert call.notes("repo.remove") == []
