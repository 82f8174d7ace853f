"""Deletion: bytes go with the record, or the image stays (FEATURES 1.3-05, 6.4-03, 12-02)."""

import pytest

from glancepipe.contract import Location, Status
from glancepipe.contract.errors import DatabaseUnavailable, Forbidden, ImageNotFound, InUse, StatusChanged, StoreError, StoreUnavailable

BYTES = [b"0123456789", b"abcdef"]


@pytest.fixture
def image(world, worker):
    image = world.image()
    worker.upload(image, BYTES)
    return worker.copy(image, "slow")


def refusing(monkeypatch, world, name, error):
    def erase(url):
        raise error

    monkeypatch.setattr(world.stores[name], "erase", erase)


def test_every_copy_goes(world, worker, image):
    worker.delete(image)
    assert (world.images, world.files(), world.intents) == ({}, {}, {})


def test_a_deactivated_image_leaves_nothing(world, worker, image):
    """FEATURES 12-02."""
    world.images[image.id].status = Status.DEACTIVATED
    worker.delete(image)
    assert (world.images, world.files(), world.intents) == ({}, {}, {})


def test_an_image_without_data(world, worker):
    image = world.image()
    worker.delete(image)
    assert (world.images, world.intents) == ({}, {})


def test_a_protected_image_loses_no_byte(world, worker, image):
    """FEATURES 2.4-06."""
    world.images[image.id].protected = True
    with pytest.raises(Forbidden):
        worker.delete(image)
    assert len(world.files()) == 2
    assert world.intents == {}


def test_the_journal_knows_before_the_first_byte_goes(world, worker, image, monkeypatch):
    erase, known = world.stores["fast"].erase, []
    monkeypatch.setattr(world.stores["fast"], "erase", lambda url: (known.extend(world.intents.values()), erase(url)))
    worker.delete(image)
    assert [(intent.kind, intent.image_id) for intent in known] == [("location.erase", image.id)]


def test_missing_bytes_are_no_error(world, worker, image):
    """FEATURES 6.4-03."""
    (world.root / "fast" / image.id).unlink()
    worker.delete(image)
    assert (world.images, world.files()) == ({}, {})


def test_bytes_that_are_not_ours_to_delete_are_no_error(make_world):
    """FEATURES 6.4-03."""
    world = make_world("fast:file, net:web")
    image = world.image(
        status=Status.ACTIVE, locations=(Location("web://there/image", {"store": "net"}), Location("rbd://x", {"store": "y"}))
    )
    world.worker().delete(image)
    assert (world.images, world.intents) == ({}, {})


@pytest.mark.parametrize(("error", "raised"), [(InUse, InUse), (StoreUnavailable, StoreUnavailable), (OSError, StoreError)])
@pytest.mark.parametrize(("name", "left"), [("fast", ["fast", "slow"]), ("slow", ["slow"])])
def test_what_can_not_be_erased_keeps_the_image(world, worker, image, monkeypatch, name, left, error, raised):
    """FEATURES 6.4-03: the record says what is left of it."""
    with monkeypatch.context() as patch:
        refusing(patch, world, name, error)
        with pytest.raises(raised):
            worker.delete(image)
    assert [location.store for location in worker.get(image.id).locations] == left
    assert sorted(store for store, _ in world.files()) == left
    assert world.images[image.id].status == Status.ACTIVE
    assert world.intents == {}
    assert worker.download(image) == b"".join(BYTES)
    worker.delete(image)
    assert (world.images, world.files()) == ({}, {})


def test_a_record_that_can_not_be_removed_is_removed_by_the_sweep(world, worker, image, monkeypatch):
    def unavailable(call, image, changes):
        raise DatabaseUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(worker.location.inner.repo, "remove", unavailable)
        patch.setattr(worker.nouns.repo.remove.__self__.inner, "remove", unavailable)
        with pytest.raises(DatabaseUnavailable):
            worker.delete(image)
        assert world.files() == {}
    worker.sweep()
    assert (world.images, world.intents) == ({}, {})


def test_a_copy_that_arrives_during_the_deletion_goes_as_well(world, worker, monkeypatch):
    """The database refuses to remove a record with locations that the caller has not seen; the operation looks again."""
    image = world.image()
    worker.upload(image, BYTES)
    real = worker.location.inner.repo.remove

    def strict(call, seen, changes):
        if len(world.images[image.id].locations) != len(seen.locations):
            raise StatusChanged
        return real(call, seen, changes)

    monkeypatch.setattr(worker.location.inner.repo, "remove", strict)
    erase = world.stores["fast"].erase
    copies = []

    def erasing(url):
        if not copies:
            copies.append(world.worker().copy(image, "slow"))
        erase(url)

    monkeypatch.setattr(world.stores["fast"], "erase", erasing)
    worker.delete(image)
    worker.sweep()
    assert (world.images, world.files(), world.intents) == ({}, {}, {})


def test_two_deletions_at_once(world, worker, image, monkeypatch):
    erase, others = world.stores["fast"].erase, []

    def erasing(url):
        if not others:
            others.append(1)
            world.worker().delete(image)
        erase(url)

    monkeypatch.setattr(world.stores["fast"], "erase", erasing)
    with pytest.raises(ImageNotFound):
        worker.delete(image)
    worker.sweep()
    assert (world.images, world.files(), world.intents) == ({}, {}, {})
