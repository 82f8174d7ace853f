"""Usage and reservations: what is counted, and that uploads can't overrun a limit together."""

from __future__ import annotations

import pytest

from glancepipe.contract import ChangeSet, Location, Usage
from glancepipe.contract.errors import LimitExceeded


def copies(number):
    return tuple(Location(f"file:///{index}") for index in range(number))


@pytest.mark.parametrize("owner", ["p1", None])
def test_every_live_copy_counts(world, owner):
    """6.2-06: size times number of live locations, over images that are not deleted."""
    world.image(owner=owner, size=10, locations=copies(2))
    world.image(owner=owner, size=2**40, locations=copies(1))
    world.image(owner=owner, size=5)
    world.image(owner=owner, size=None, locations=copies(1))
    world.image(owner="p2", size=7, locations=copies(1))
    deleted = world.image(owner=owner, size=100, locations=copies(1))
    world.repo.remove(world.call(), deleted, ChangeSet.of(deleted, status="deleted"))
    shrunk = world.image(owner=owner, size=3, locations=copies(2))
    world.repo.save(world.call(), shrunk, ChangeSet.of(shrunk, locations=shrunk.locations[:1]))
    assert world.usage.usage(world.call(), owner) == Usage(owner, 20 + 2**40 + 3, 0)


def test_nothing_is_stored(world):
    assert world.usage.usage(world.call(), "nobody") == Usage("nobody", 0, 0)


@pytest.mark.parametrize("owner", ["p1", None])
def test_reservations_add_up_to_the_limit(world, owner):
    """12-12."""
    world.image(owner=owner, size=40, locations=copies(1))
    held = world.usage.reserve(world.call(), owner, 30, 100)
    assert (held.owner, held.amount) == (owner, 30)
    with pytest.raises(LimitExceeded):
        world.usage.reserve(world.call(), owner, 31, 100)
    world.usage.reserve(world.call(), owner, 30, 100)
    assert world.usage.usage(world.call(), owner) == Usage(owner, 40, 60)
    world.usage.release(world.call(), held)
    world.usage.release(world.call(), held)
    assert world.usage.usage(world.call(), owner) == Usage(owner, 40, 30)


def test_owners_do_not_share_a_limit(world):
    world.usage.reserve(world.call(), "p1", 100, 100)
    world.usage.reserve(world.call(), "p2", 100, 100)
    world.usage.reserve(world.call(), None, 100, 100)
    world.usage.reserve(world.call(), "", 100, 100)


def test_a_reservation_grows(world):
    """A stream of unknown length asks for more as it goes; what it holds already counts once."""
    held = world.usage.reserve(world.call(), "p1", 60, 100)
    grown = world.usage.reserve(world.call(), "p1", 40, 100, held)
    assert (grown.id, grown.amount) == (held.id, 100)
    with pytest.raises(LimitExceeded):
        world.usage.reserve(world.call(), "p1", 1, 100, grown)
    assert world.usage.usage(world.call(), "p1").reserved == 100
    world.usage.release(world.call(), grown)
    assert world.usage.usage(world.call(), "p1").reserved == 0


def test_a_reservation_dies_with_its_worker(start):
    one, other = start(), start()
    one.usage.reserve(one.call(), "p1", 60, 100)
    with pytest.raises(LimitExceeded):
        other.usage.reserve(other.call(), "p1", 60, 100)
    one.sql("UPDATE glancepipe_workers SET seen_at = '2001-01-01 00:00:00.000000' WHERE id = :id", id=one.layer.workers.id)
    other.layer.sweep(other.call())
    assert other.usage.usage(other.call(), "p1").reserved == 0


def test_a_reservation_that_vanished_is_made_again(world):
    """A worker that was taken for dead goes on."""
    held = world.usage.reserve(world.call(), "p1", 60, 100)
    world.sql("DELETE FROM glancepipe_workers")
    grown = world.usage.reserve(world.call(), "p1", 10, 100, held)
    assert (grown.id, grown.amount) == (held.id, 70)
    assert world.usage.usage(world.call(), "p1").reserved == 70
