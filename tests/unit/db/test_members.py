"""Memberships: revived rather than doubled, and never there twice."""

from __future__ import annotations

import pytest

from glancepipe.contract import ChangeSet, Member
from glancepipe.contract.errors import Duplicate, ImageNotFound, Invalid, NotFound


@pytest.fixture
def image(world):
    return world.image(visibility="shared")


def test_a_new_member_is_pending(world, image):
    """4.1-02."""
    member = world.members.add(world.call(), image, "p2")
    assert (member.image_id, member.member, member.status, member.deleted) == (image.id, "p2", "pending", False)
    assert member.created_at == member.updated_at
    assert world.members.get(world.call(), image, "p2") == member
    assert list(world.members.list(world.call(), image)) == [member]


def test_members_are_listed_in_the_order_of_their_arrival(world, image):
    for project in ("z", "a", "m"):
        world.members.add(world.call(), image, project)
    assert [member.member for member in world.members.list(world.call(), image)] == ["z", "a", "m"]


def test_a_member_is_added_once(world, image):
    """4.1-02: already there is 409; the table's own constraint would let it pass (9-05)."""
    world.members.add(world.call(), image, "p2")
    with pytest.raises(Duplicate):
        world.members.add(world.call(), image, "p2")
    assert len(world.members.list(world.call(), image)) == 1


def test_a_removed_member_is_revived(world, image):
    """4.1-02, 6.6-06: pending again, in the same row."""
    member = world.members.add(world.call(), image, "p2")
    world.members.save(world.call(), image, member, "accepted")
    removed = world.members.remove(world.call(), image, member)
    assert removed.deleted
    assert removed.deleted_at
    assert (removed.member, removed.status) == ("p2", "accepted")
    assert list(world.members.list(world.call(), image)) == []
    again = world.members.add(world.call(), image, "p2")
    assert (again.status, again.deleted, again.deleted_at) == ("pending", False, None)
    assert len(world.sql("SELECT id FROM image_members")) == 1


def test_a_status_is_saved(world, image):
    """4.1-03: again and again."""
    member = world.members.add(world.call(), image, "p2")
    for status in ("rejected", "accepted", "accepted"):
        member = world.members.save(world.call(), image, member, status)
        assert member.status == status
        assert world.members.get(world.call(), image, "p2") == member


def test_who_is_no_member_is_not_found(world, image):
    """4.1-05."""
    stranger = Member(image.id, "p3")
    for verb in (
        lambda: world.members.get(world.call(), image, "p3"),
        lambda: world.members.get(world.call(), image, "nul\0"),
        lambda: world.members.get(world.call(), image, "p" * 256),
        lambda: world.members.save(world.call(), image, stranger, "accepted"),
        lambda: world.members.remove(world.call(), image, stranger),
    ):
        with pytest.raises(NotFound):
            verb()


@pytest.mark.parametrize("member_id", ["p" * 256, "nul\0", "half \ud800", 5, None])
def test_what_can_be_no_project(world, image, member_id):
    with pytest.raises(Invalid):
        world.members.add(world.call(), image, member_id)


def test_a_status_that_does_not_fit(world, image):
    member = world.members.add(world.call(), image, "p2")
    with pytest.raises(Invalid):
        world.members.save(world.call(), image, member, "s" * 21)


def test_a_deleted_image_takes_no_members(world, image):
    world.repo.remove(world.call(), image, ChangeSet.of(image, status="deleted"))
    with pytest.raises(ImageNotFound):
        world.members.add(world.call(), image, "p2")
