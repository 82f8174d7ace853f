"""kill -9 at any step, and sweeps beside the living (DESIGN 6, FEATURES 12-09).

Each walk plays an operation on real files and takes a photo of everything durable before and after each step. Every
photo is then what the next boot finds: it sweeps, and must find order.
"""

import os

import pytest

from glancepipe.contract import ChangeSet, Data, Intent, Status, Target, replace
from glancepipe.contract.errors import DatabaseUnavailable, ImageServiceError, InUse, Invalid, StoreUnavailable
from glancepipe.stores import partfile

BYTES = [b"0123456789", b"abcdef"]
WHOLE = b"".join(BYTES)

DURABLE = {"repo": ("save", "remove"), "journal": ("begin", "settle", "let_go", "adopt")}


class Steps:
    """Calls ``each`` before and after everything that a worker does to something durable."""

    def __init__(self, monkeypatch, worker, each):
        self.each, self.busy, self.count = each, False, 0
        for noun, verbs in DURABLE.items():
            inner = getattr(worker.location.inner, noun)
            for verb in verbs:
                monkeypatch.setattr(inner, verb, self.stepping(getattr(inner, verb)))
        for name in ("open", "pwrite", "fsync", "link", "unlink"):
            monkeypatch.setattr(partfile.os, name, self.stepping(getattr(os, name)))

    def stepping(self, real):
        def step(*args, **kwargs):
            if self.busy:
                return real(*args, **kwargs)
            self.note()
            try:
                return real(*args, **kwargs)
            finally:
                self.note()

        return step

    def note(self):
        self.busy, self.count = True, self.count + 1
        try:
            self.each()
        finally:
            self.busy = False


def upload(world, worker, image):
    worker.upload(image, BYTES)


def refused_upload(world, worker, image):
    with pytest.raises(Invalid):
        worker.upload(image, BYTES, size=17)


def refused_by_an_outer_layer(world, worker, image):
    with worker.call("upload_image") as call:
        saving = worker.nouns.repo.save(call, image, worker.nouns.image.begin_data(call, image, Target()))
        worker.nouns.image.set_data(call, saving, Data(BYTES), Target())
        worker.nouns.repo.save(call, saving, ChangeSet.of(saving, status=Status.QUEUED))


def upload_of_a_deleted_image(world, worker, image):
    def blocks():
        yield BYTES[0]
        world.worker().delete(image)
        yield BYTES[1]

    with pytest.raises(ImageServiceError):
        worker.upload(image, blocks())


def copy(world, worker, image):
    worker.copy(image, "slow")


def delete(world, worker, image):
    worker.delete(image)


def delete_what_is_in_use(world, worker, image):
    erase = world.stores["slow"].erase

    def refuse(url):
        raise InUse

    world.stores["slow"].erase = refuse
    try:
        with pytest.raises(InUse):
            worker.delete(image)
    finally:
        world.stores["slow"].erase = erase


def remove_a_location(world, worker, image):
    image = worker.get(image.id)
    worker.save(image, ChangeSet.of(image, locations=image.locations[1:]))


WALKS = [
    (upload, 0),
    (refused_upload, 0),
    (refused_by_an_outer_layer, 0),
    (upload_of_a_deleted_image, 0),
    (copy, 1),
    (delete, 1),
    (delete, 2),
    (delete_what_is_in_use, 2),
    (remove_a_location, 2),
]


def prepared(world, copies):
    """An image with so many copies."""
    image, worker = world.image(), world.worker()
    if copies:
        worker.upload(image, BYTES)
    if copies > 1:
        worker.copy(image, "slow")
    return image


def in_order(world, image):
    """No entry is open, every byte is recorded, every record is true, and the image goes on from there."""
    worker = world.worker()
    assert world.intents == {}
    found = world.images.get(image.id)
    assert set(world.files()) == ({(location.store, image.id) for location in found.locations} if found else set())
    assert all(content == WHOLE for content in world.files().values())
    if found is None:
        return
    assert found.status in (Status.QUEUED, Status.ACTIVE)
    if found.status == Status.QUEUED:
        assert (found.size, found.locations) == (None, ())
        assert worker.upload(image, BYTES).status == Status.ACTIVE
    assert worker.download(image) == WHOLE


@pytest.mark.parametrize(("walk", "copies"), WALKS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_crash_at_any_step(make_world, tmp_path, monkeypatch, walk, copies):
    world = make_world()
    image, worker = prepared(world, copies), world.worker()
    photos = []

    def photograph():
        root = tmp_path / f"photo-{len(photos)}"
        root.mkdir()
        photos.append(world.photo(root))

    with monkeypatch.context() as patch:
        Steps(patch, worker, photograph)
        walk(world, worker, image)
    assert len(photos) > 6
    dirty = 0
    for photo in photos:
        dirty += bool(photo.intents)
        next_boot = photo.worker()
        next_boot.sweep()
        settled = (dict(photo.images), photo.files())
        next_boot.sweep()
        assert settled == (photo.images, photo.files())
        in_order(photo, image)
    assert dirty > 2


@pytest.mark.parametrize(("walk", "copies"), WALKS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_crash_of_the_sweep_itself(make_world, tmp_path, monkeypatch, walk, copies):
    """Dies at some step, and the sweep that follows dies at each of its own."""
    world = make_world()
    image, worker = prepared(world, copies), world.worker()
    first = []

    def photograph(kept, found):
        def photograph():
            if found.intents:
                root = tmp_path / f"{len(first)}-{len(kept)}-{os.urandom(4).hex()}"
                root.mkdir()
                kept.append(found.photo(root))

        return photograph

    with monkeypatch.context() as patch:
        Steps(patch, worker, photograph(first, world))
        walk(world, worker, image)
    for photo in first[:: max(1, len(first) // 4)]:
        second = []
        with monkeypatch.context() as patch:
            sweeper = photo.worker()
            Steps(patch, sweeper, photograph(second, photo))
            sweeper.sweep()
        for again in second:
            again.worker().sweep()
            in_order(again, image)


@pytest.mark.parametrize(("walk", "copies"), WALKS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_sweeps_of_others_disturb_no_living_worker(make_world, monkeypatch, walk, copies):
    world = make_world()
    image, worker, other = prepared(world, copies), world.worker(), world.worker()
    with monkeypatch.context() as patch:
        steps = Steps(patch, worker, other.sweep)
        walk(world, worker, image)
    assert steps.count > 6
    in_order(world, image)


# A worker that was taken for dead and lives


def test_an_upload_that_was_taken_over_does_not_count(world, worker):
    image = world.image()

    def blocks():
        yield BYTES[0]
        worker.die()
        world.worker().sweep()
        yield BYTES[1]

    with pytest.raises(ImageServiceError):
        worker.upload(image, blocks())
    in_order(world, image)


def test_an_upload_that_was_taken_over_does_no_harm_to_the_next_one(world, worker):
    """Its compare-and-swap would succeed: the image is saving again. The journal says that it is not for its sake."""
    image = world.image()
    with worker.call("upload_image") as call:
        saving = worker.nouns.repo.save(call, image, worker.nouns.image.begin_data(call, image, Target()))
        changes = worker.nouns.image.set_data(call, saving, Data([b"of the first"]), Target())
        worker.die()
        second = world.worker()
        second.sweep()

        def blocks():
            yield BYTES[0]
            with pytest.raises(ImageServiceError):
                worker.nouns.repo.save(call, saving, changes)
            yield BYTES[1]

        stored = second.upload(image, blocks())
    assert stored.size == len(WHOLE)
    in_order(world, image)


# What the sweep finds


def test_one_entry_that_fails_keeps_no_other(world, worker, caplog):
    image = world.image(status=Status.SAVING)
    for intent in (
        Intent("1", "location.write", image.id, {"store": "no longer enabled"}),
        Intent("2", "location.write", image.id, {}),
        Intent("3", "location.write", image.id, {"store": "fast"}),
    ):
        world.intents[intent.id], world.holders[intent.id] = intent, None
    worker.sweep()
    assert world.images[image.id].status == Status.QUEUED
    assert list(world.intents) == ["1", "2"]
    assert "no longer enabled" in caplog.text
    assert [world.holders[left] for left in ("1", "2")] == [None, None]


def test_a_store_that_is_down_is_swept_later(world, worker, monkeypatch):
    image = world.image(status=Status.SAVING)
    (world.root / "fast" / f".{image.id}.1.part").write_bytes(b"x")
    world.intents["1"], world.holders["1"] = Intent("1", "location.write", image.id, {"store": "fast"}), None

    def down(image_id):
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(world.stores["fast"], "discard", down)
        worker.sweep()
    assert world.images[image.id].status == Status.SAVING
    worker.sweep()
    in_order(world, image)


def test_a_database_that_is_down_is_swept_later(world, worker, monkeypatch):
    image = world.image(status=Status.SAVING)
    world.intents["1"], world.holders["1"] = Intent("1", "location.write", image.id, {"store": "fast"}), None

    def down(call, image_id):
        raise DatabaseUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(worker.location.inner.repo, "get", down)
        worker.sweep()
    assert list(world.intents) == ["1"]
    worker.sweep()
    in_order(world, image)


def test_bytes_that_a_record_speaks_of_are_never_discarded(world, worker):
    image = prepared(world, 1)
    world.intents["1"], world.holders["1"] = Intent("1", "location.write", image.id, {"store": "fast"}), None
    worker.sweep()
    in_order(world, image)
    assert len(world.files()) == 1


def test_an_image_that_is_deleted_while_it_is_swept(world, worker, monkeypatch):
    image = world.image(status=Status.SAVING)
    world.intents["1"], world.holders["1"] = Intent("1", "location.write", image.id, {"store": "fast"}), None
    discard = world.stores["fast"].discard
    monkeypatch.setattr(world.stores["fast"], "discard", lambda image_id: (discard(image_id), world.worker().delete(image)))
    worker.sweep()
    assert (world.images, world.files(), world.intents) == ({}, {}, {})


def interrupted_deletion(world, image):
    details = {"locations": [[location.url, dict(location.metadata)] for location in image.locations], "remove": True}
    world.intents["1"], world.holders["1"] = Intent("1", "location.erase", image.id, details), None


def test_an_image_that_was_protected_after_its_deletion_was_interrupted_stays(world, worker):
    image = prepared(world, 2)
    interrupted_deletion(world, world.images[image.id])
    world.images[image.id] = replace(world.images[image.id], protected=True)
    worker.sweep()
    in_order(world, image)
    assert len(world.files()) == 2


def test_a_deletion_goes_on_when_the_store_is_back(world, worker, monkeypatch):
    image = prepared(world, 2)
    interrupted_deletion(world, world.images[image.id])

    def down(url):
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(world.stores["slow"], "erase", down)
        worker.sweep()
    assert list(world.intents) == ["1"]
    worker.sweep()
    assert (world.images, world.files(), world.intents) == ({}, {}, {})


def test_a_deletion_that_meets_a_copy_in_use_is_given_up(world, worker, monkeypatch):
    image = prepared(world, 2)
    interrupted_deletion(world, world.images[image.id])

    def used(url):
        raise InUse

    with monkeypatch.context() as patch:
        patch.setattr(world.stores["slow"], "erase", used)
        worker.sweep()
    in_order(world, image)
    assert [store for store, _ in world.files()] == ["slow"]


def test_a_location_that_is_recorded_again_is_not_erased(world, worker):
    image = prepared(world, 1)
    (location,) = world.images[image.id].locations
    details = {"locations": [[location.url, {"store": "fast"}]]}
    world.intents["1"], world.holders["1"] = Intent("1", "location.erase", image.id, details), None
    worker.sweep()
    in_order(world, image)


def test_a_removed_location_in_use_is_erased_once_it_is_not(world, worker, monkeypatch):
    image = prepared(world, 2)
    gone, kept = world.images[image.id].locations
    world.images[image.id] = replace(world.images[image.id], locations=(kept,))
    details = {"locations": [[gone.url, dict(gone.metadata)]]}
    world.intents["1"], world.holders["1"] = Intent("1", "location.erase", image.id, details), None

    def used(url):
        raise InUse

    with monkeypatch.context() as patch:
        patch.setattr(world.stores["fast"], "erase", used)
        worker.sweep()
    assert len(world.files()) == 2
    worker.sweep()
    in_order(world, image)
