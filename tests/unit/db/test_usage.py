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
    assert world.usage.usage(world.call(), owner) == Usage(owner, 20 + 2**40 + 3, 0, images=5)


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
    assert world.usage.usage(world.call(), owner) == Usage(owner, 40, 60, images=1)
    world.usage.release(world.call(), held)
    world.usage.release(world.call(), held)
    assert world.usage.usage(world.call(), owner) == Usage(owner, 40, 30, images=1)


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


# Counts (FEATURES 6.2-09 to 6.2-12)


def uploading(world, owner="p1"):
    return world.usage.usage(world.call(), owner).uploading


@pytest.mark.parametrize("owner", ["p1", None])
def test_what_is_counted(world, owner):
    for status in ("queued", "saving", "uploading", "importing", "active", "deactivated"):
        world.image(owner=owner, size=10, status=status)
    world.image(owner=owner, size=1, status="active", properties={"os_glance_importing_to_stores": "slow"})
    world.image(owner=owner, size=2, status="active", properties={"os_glance_importing_to_stores": ""})
    world.image(owner=owner, size=None, status="uploading")
    world.image(owner="p2", size=100, status="uploading")
    deleted = world.image(owner=owner, status="uploading", size=100)
    world.repo.remove(world.call(), deleted, ChangeSet.of(deleted, status="deleted"))
    assert world.usage.usage(world.call(), owner) == Usage(owner, 0, 0, staged=21, images=9, uploading=5)


def test_images_are_held_to_a_limit(world):
    first = world.usage.reserve(world.call(), "p1", 1, 2, of="images", image_id="a")
    world.usage.reserve(world.call(), "p1", 1, 2, of="images", image_id="b")
    with pytest.raises(LimitExceeded) as caught:
        world.usage.reserve(world.call(), "p1", 1, 2, of="images", image_id="c")
    assert caught.value.usage == 2
    world.usage.release(world.call(), first)
    world.usage.reserve(world.call(), "p1", 1, 2, of="images", image_id="c")


def test_an_image_counts_once_however_it_does(world):
    """Between the commit and the release both the record and its reservation are there."""
    image = world.image(owner="p1", status="saving")
    for of in ("images", "uploading"):
        world.usage.reserve(world.call(), "p1", 1, 1, of=of, image_id=image.id)
        world.usage.reserve(world.call(), "p1", 1, 2, of=of, image_id="other")
        with pytest.raises(LimitExceeded) as caught:
            world.usage.reserve(world.call(), "p1", 1, 2, of=of, image_id="third")
        assert caught.value.usage == 2


def test_a_queued_image_that_is_about_to_upload_counts(world):
    image = world.image(owner="p1")
    held = world.usage.reserve(world.call(), "p1", 1, 1, of="uploading", image_id=image.id)
    with pytest.raises(LimitExceeded):
        world.usage.reserve(world.call(), "p1", 1, 1, of="uploading", image_id="other")
    world.usage.release(world.call(), held)
    world.usage.reserve(world.call(), "p1", 1, 1, of="uploading", image_id="other")


def test_limits_do_not_mix(world):
    world.image(owner="p1", size=50, locations=copies(1))
    world.usage.reserve(world.call(), "p1", 100, 100, of="staged")
    world.usage.reserve(world.call(), "p1", 1, 1, of="uploading", image_id="a")
    world.usage.reserve(world.call(), "p1", 50, 100)
    assert world.usage.usage(world.call(), "p1").reserved == 50
    with pytest.raises(LimitExceeded):
        world.usage.reserve(world.call(), "p1", 1, 100, of="staged")
