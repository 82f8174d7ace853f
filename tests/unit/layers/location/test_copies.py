"""More than one copy: copying an active image, and data for several stores (FEATURES 2.5-03, 4.5)."""

import pytest

from glancepipe.contract import ABSENT, Change, ChangeSet, Data, Status, Target
from glancepipe.contract.errors import Duplicate, ImageNotFound, Invalid, InvalidTransition, StoreError

BYTES = [b"0123456789", b"abcdef"]
WHOLE = b"".join(BYTES)


def test_a_copy(world, worker):
    """FEATURES 2.5-03, 4.5-19."""
    image = world.image()
    worker.upload(image, BYTES)
    stored = worker.copy(image, "slow")
    assert [location.store for location in stored.locations] == ["fast", "slow"]
    assert world.files() == {("fast", image.id): WHOLE, ("slow", image.id): WHOLE}
    assert world.intents == {}


def test_a_copy_that_is_there_already(world, worker):
    image = world.image()
    worker.upload(image, BYTES)
    with pytest.raises(Duplicate):
        worker.copy(image, "fast")


def test_only_an_active_image_is_copied(world, worker):
    with pytest.raises(InvalidTransition):
        worker.copy(world.image(), "slow")


@pytest.mark.parametrize("damage", [b"0123456789abcdeX", b"0123"])
def test_damage_is_not_copied(world, worker, damage):
    image = world.image()
    worker.upload(image, BYTES)
    (world.root / "fast" / image.id).write_bytes(damage)
    with pytest.raises(StoreError):
        worker.copy(image, "slow")
    assert list(world.files()) == [("fast", image.id)]


def test_a_copy_of_an_image_that_is_deleted_meanwhile(world, worker):
    image = world.image()
    worker.upload(image, BYTES)
    with worker.call() as call:
        changes = worker.nouns.image.add_copy(call, worker.get(image.id), Target("slow"))
        before = worker.get(image.id)
        world.worker().delete(image)
        with pytest.raises(ImageNotFound):
            worker.nouns.repo.save(call, before, changes)
    assert world.files() == {}
    assert world.intents == {}


def test_a_copy_cleans_up_first_after_a_worker_that_died(world, worker):
    """Otherwise a later sweep would take the new bytes for those that it is to discard."""
    image = world.image()
    worker.upload(image, BYTES)
    first = world.worker()
    call = first.call()
    first.nouns.image.add_copy(call, first.get(image.id), Target("slow"))
    first.die()
    assert [location.store for location in worker.copy(image, "slow").locations] == ["fast", "slow"]
    worker.sweep()
    assert worker.download(image) == WHOLE
    assert len(world.files()) == 2


def test_data_for_several_stores_in_one_call(world, worker):
    """As an import will do it: nobody begins, each store is opened at once (FEATURES 4.5-12)."""
    image = world.image(status=Status.IMPORTING)
    with worker.call() as call:
        for store, activate in (("fast", False), ("slow", True)):
            changes = worker.nouns.image.set_data(call, image, Data(BYTES), Target(store, activate))
            assert len(world.intents) == 1
            image = worker.nouns.repo.save(call, image, changes)
        assert world.intents == {}
    assert (image.status, [location.store for location in image.locations]) == (Status.ACTIVE, ["fast", "slow"])


def test_a_second_store_that_fails_is_forgotten_with_the_next_save(world, worker):
    image = world.image(status=Status.IMPORTING)
    with worker.call() as call:
        image = worker.nouns.repo.save(call, image, worker.nouns.image.set_data(call, image, Data(BYTES), Target("fast", True)))
        with pytest.raises(Invalid, match="image's size"):
            worker.nouns.image.set_data(call, image, Data([b"others"]), Target("slow", True))
        worker.nouns.repo.save(call, image, ChangeSet(properties={"progress": Change(ABSENT, "slow failed")}))
    assert world.intents == {}
    assert list(world.files()) == [("fast", image.id)]
