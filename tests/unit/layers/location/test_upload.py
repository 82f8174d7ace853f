"""Uploads: where the bytes go, what is recorded, and what is left when it fails (FEATURES 1.6, 2.5, 6.4)."""

import hashlib

import pytest

from glancepipe.contract import ChangeSet, Data, Location, Status, Target, replace
from glancepipe.contract.errors import (
    DatabaseUnavailable,
    Gone,
    Invalid,
    InvalidTransition,
    LimitExceeded,
    StatusChanged,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)

BYTES = [b"0123456789", b"abcdef"]
WHOLE = b"".join(BYTES)
SHA512 = hashlib.sha512(WHOLE).hexdigest()
MD5 = hashlib.md5(WHOLE).hexdigest()


def nothing_is_left(world, image):
    assert world.files() == {}
    assert world.intents == {}
    assert (world.images[image.id].status, world.images[image.id].size, world.images[image.id].locations) == (Status.QUEUED, None, ())
    assert world.worker().upload(image, BYTES).status == Status.ACTIVE


@pytest.mark.parametrize("size", [len(WHOLE), None])
def test_an_upload_is_recorded(world, worker, size):
    """FEATURES 1.6-09, 2.2-03, 6.4-01."""
    image = world.image()
    stored = worker.upload(image, BYTES, size)
    assert (stored.status, stored.size) == (Status.ACTIVE, 16)
    assert (stored.checksum, stored.os_hash_algo, stored.os_hash_value) == (MD5, "sha512", SHA512)
    assert stored.locations == (Location(f"file://{world.root}/fast/{image.id}", {"store": "fast"}),)
    assert world.files() == {("fast", image.id): WHOLE}
    assert world.intents == {}
    assert worker.download(image) == WHOLE


def test_an_empty_upload(world, worker):
    """FEATURES 1.6-11."""
    stored = worker.upload(world.image(), [])
    assert (stored.status, stored.size, stored.checksum) == (Status.ACTIVE, 0, hashlib.md5(b"").hexdigest())


def test_the_caller_chooses_the_store(world, worker):
    """FEATURES 1.6-04."""
    image = world.image()
    assert worker.upload(image, BYTES, store="slow").locations[0].store == "slow"


def test_one_unnamed_store_is_not_recorded(make_world):
    """FEATURES 8.1-03."""
    world = make_world(None)
    image = world.image()
    assert world.worker().upload(image, BYTES).locations == (Location(f"file://{world.root}/glance_store/{image.id}", {}),)
    assert world.worker().download(image) == WHOLE


def test_another_algorithm(make_world):
    """FEATURES 2.5-02."""
    world = make_world(hashing_algorithm="sha256")
    stored = world.worker().upload(world.image(), BYTES)
    assert (stored.os_hash_algo, stored.os_hash_value) == ("sha256", hashlib.sha256(WHOLE).hexdigest())


@pytest.mark.parametrize("algorithm", ["sha1024", "shake_128"])
def test_an_impossible_algorithm_stops_the_start(make_world, algorithm):
    with pytest.raises(ValueError, match=f"hashing_algorithm = {algorithm}: .*sha512"):
        make_world(hashing_algorithm=algorithm).worker()


@pytest.mark.parametrize(
    ("stores", "target", "error"),
    [
        ("fast:file", "none", Invalid),
        ("fast:file, net:web", "net", StoreReadOnly),
    ],
)
def test_a_store_that_takes_nothing_is_refused_before_the_image_saves(make_world, stores, target, error):
    """FEATURES 1.6-04."""
    world = make_world(stores)
    image = world.image()
    with pytest.raises(error):
        world.worker().upload(image, BYTES, store=target)
    nothing_is_left(world, image)


def test_a_store_that_is_down_is_refused_until_it_is_back(world, worker, monkeypatch):
    image = world.image()

    def broken():
        raise StoreUnavailable("/secret/path")

    with monkeypatch.context() as patch:
        patch.setattr(world.stores["fast"], "start", broken)
        world.stores.down["fast"] = "broken"
        with pytest.raises(StoreUnavailable, match="'fast' can't be written") as caught:
            worker.upload(image, BYTES)
        assert "secret" not in caught.value.message
    assert worker.upload(image, BYTES).status == Status.ACTIVE


@pytest.mark.parametrize("status", [Status.SAVING, Status.ACTIVE, Status.DEACTIVATED])
def test_only_a_queued_image_takes_data(world, worker, status):
    """FEATURES 1.6-05, 2.3-02."""
    image = world.image(status=status)
    with pytest.raises(InvalidTransition):
        worker.upload(image, BYTES)
    assert world.files() == {}
    assert world.intents == {}


# What the record says already (FEATURES 1.6-09)


@pytest.mark.parametrize(
    "said",
    [
        {"checksum": MD5},
        {"checksum": MD5.upper()},
        {"os_hash_algo": "sha1", "os_hash_value": hashlib.sha1(WHOLE).hexdigest()},
        {"size": 16},
    ],
)
def test_data_that_matches_the_record(world, worker, said):
    stored = worker.upload(world.image(**said), BYTES)
    assert stored.status == Status.ACTIVE
    assert stored.os_hash_algo == said.get("os_hash_algo", "sha512")


@pytest.mark.parametrize("said", [{"checksum": "0" * 32}, {"os_hash_algo": "sha512", "os_hash_value": "0" * 128}, {"size": 17}])
def test_data_that_does_not_match_the_record(world, worker, said):
    image = world.image(**said)
    with pytest.raises(Invalid, match=f"match the image's {list(said)[-1]}"):
        worker.upload(image, BYTES)
    assert world.files() == {}
    assert world.intents == {}
    assert world.images[image.id].status == Status.QUEUED


# Failures leave nothing (FEATURES 1.6-03, 1.6-06, 1.6-08)


class Refusing:
    """A check of a layer further out."""

    def __init__(self, error, at_end=True):
        self.error, self.at_end = error, at_end

    def block(self, block):
        if not self.at_end:
            raise self.error

    def finish(self):
        raise self.error


@pytest.mark.parametrize("at_end", [True, False])
def test_a_refused_upload(world, worker, at_end):
    """FEATURES 12-01: whatever a check says at the end, the bytes are gone and the upload can be repeated."""
    image = world.image()
    with pytest.raises(LimitExceeded):
        worker.upload(image, BYTES, watch=Refusing(LimitExceeded(), at_end))
    nothing_is_left(world, image)


@pytest.mark.parametrize("size", [15, 17])
def test_a_wrong_size(world, worker, size):
    """FEATURES 1.6-03."""
    image = world.image()
    with pytest.raises(Invalid, match="Size"):
        worker.upload(image, BYTES, size)
    nothing_is_left(world, image)


@pytest.mark.parametrize("error", [StoreFull, StoreUnavailable])
def test_a_store_that_fails(world, worker, monkeypatch, error):
    image = world.image()

    def write(image_id, data, size):
        next(iter(data))
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(world.stores["fast"], "write", write)
        with pytest.raises(error):
            worker.upload(image, BYTES)
    nothing_is_left(world, image)


def test_a_driver_that_breaks_becomes_a_store_error(world, worker, monkeypatch, caplog):
    """FEATURES 6.3-17: translated here, nowhere else."""
    image = world.image()
    with monkeypatch.context() as patch:
        patch.setattr(world.stores["fast"], "write", lambda image_id, data, size: 1 / 0)
        with pytest.raises(StoreError, match="'fast' failed"):
            worker.upload(image, BYTES)
    assert "ZeroDivisionError" in caplog.text
    nothing_is_left(world, image)


def test_a_store_that_loses_bytes(world, worker, monkeypatch):
    image, write = world.image(), world.stores["fast"].write
    with monkeypatch.context() as patch:
        patch.setattr(world.stores["fast"], "write", lambda image_id, data, size: replace(write(image_id, data, size), size=3))
        with pytest.raises(StoreError, match="every byte"):
            worker.upload(image, BYTES)
    nothing_is_left(world, image)


def test_an_image_deleted_during_its_upload(world, worker):
    """FEATURES 1.6-06."""
    image = world.image()

    def blocks():
        yield BYTES[0]
        world.worker().delete(image)
        yield BYTES[1]

    with pytest.raises(Gone):
        worker.upload(image, blocks())
    assert world.images == {}
    assert world.files() == {}
    assert world.intents == {}


def test_a_layer_further_out_that_refuses_what_was_stored(world, worker):
    """FEATURES 6.2-06: the answer of set_data is refused, so its bytes go with the save back to queued."""
    image = world.image()
    with worker.call("upload_image") as call:
        saving = worker.nouns.repo.save(call, image, worker.nouns.image.begin_data(call, image, Target()))
        worker.nouns.image.set_data(call, saving, Data(BYTES), Target())
        assert world.files() != {}
        worker.nouns.repo.save(call, saving, ChangeSet.of(saving, status=Status.QUEUED))
    nothing_is_left(world, image)


def test_bytes_that_can_not_be_erased_keep_the_image_saving_until_they_can(world, worker, monkeypatch):
    image = world.image()

    def refuse(*args):
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(world.stores["fast"], "erase", refuse)
        patch.setattr(world.stores["fast"], "discard", refuse)
        with pytest.raises(LimitExceeded):
            worker.upload(image, BYTES, watch=Refusing(LimitExceeded()))
        worker.sweep()
        assert world.images[image.id].status == Status.SAVING
    worker.sweep()
    nothing_is_left(world, image)


# A database whose answer is lost


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("error", [DatabaseUnavailable(), RuntimeError("bug")], ids=repr)
def test_a_lost_answer_of_the_last_save_is_left_to_the_sweep(world, worker, monkeypatch, committed, error):
    """Bytes that a record may speak of are never erased on a guess."""
    image = world.image()
    real = _proxy(worker).inner.save

    def lose(call, image, changes):
        if changes.new("status") != Status.ACTIVE:
            return real(call, image, changes)
        if committed:
            real(call, image, changes)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(_proxy(worker).inner, "save", lose)
        with pytest.raises(type(error)):
            worker.upload(image, BYTES)
    assert world.files() == {("fast", image.id): WHOLE}
    worker.sweep()
    if committed:
        assert world.images[image.id].status == Status.ACTIVE
        assert worker.download(image) == WHOLE
        assert world.intents == {}
    else:
        nothing_is_left(world, image)


def test_a_commit_that_was_repeated_is_a_success(world, worker, monkeypatch):
    """The database layer tries again after a lost answer, and then loses against its own first commit."""
    image = world.image()
    real = _proxy(worker).inner.save

    def twice(call, image, changes):
        stored = real(call, image, changes)
        return real(call, image, changes) if changes.new("status") == Status.ACTIVE else stored

    monkeypatch.setattr(_proxy(worker).inner, "save", twice)
    assert worker.upload(image, BYTES).status == Status.ACTIVE
    assert worker.download(image) == WHOLE
    assert world.intents == {}


def test_a_lost_answer_of_the_first_save(world, worker, monkeypatch):
    image = world.image()
    real = _proxy(worker).inner.save

    def lose(call, image, changes):
        real(call, image, changes)
        raise DatabaseUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(_proxy(worker).inner, "save", lose)
        with pytest.raises(DatabaseUnavailable):
            worker.upload(image, BYTES)
    assert world.images[image.id].status == Status.SAVING
    worker.sweep()
    nothing_is_left(world, image)


def _proxy(worker):
    """The layer's own proxy of the repo, behind the linked verb."""
    return worker.nouns.repo.save.__self__


def test_a_database_that_fails_while_it_is_asked_who_won(world, worker, monkeypatch):
    """The caller learns of the lost compare-and-swap, and the sweep of the bytes."""
    image = world.image()

    def lose(call, image, changes):
        raise StatusChanged

    def down(call, image_id):
        raise DatabaseUnavailable

    with monkeypatch.context() as patch:

        def blocks():
            yield BYTES[0]
            patch.setattr(_proxy(worker).inner, "save", lose)
            patch.setattr(worker.location.inner.repo, "get", down)
            yield BYTES[1]

        with pytest.raises(Gone):
            worker.upload(image, blocks())
    assert len(world.intents) == 1
    worker.sweep()
    nothing_is_left(world, image)
