"""Locations that clients add and remove (FEATURES 1.5-25 to 1.5-27, 6.4-04, 6.4-05)."""

import pytest

from glancepipe.contract import Change, ChangeSet, Location, Status
from glancepipe.contract.errors import InUse, Invalid, StatusChanged, StoreUnavailable

BYTES = [b"0123456789", b"abcdef"]
WEB = "web://there/image"


@pytest.fixture
def world(make_world):
    return make_world("fast:file, slow:file, net:web, kept:memory")


def with_locations(worker, image, *locations):
    image = worker.get(image.id)
    return worker.save(image, ChangeSet.of(image, locations=locations))


# Adding


def test_a_location_activates_a_queued_image(world, worker):
    """FEATURES 1.5-27."""
    stored = with_locations(worker, world.image(), Location(WEB, {}))
    assert (stored.status, stored.size, stored.checksum) == (Status.ACTIVE, 12, None)
    assert stored.locations == (Location(WEB, {"store": "net"}),)
    assert world.intents == {}


def test_it_needs_both_formats(world, worker):
    """FEATURES 1.5-27."""
    with pytest.raises(Invalid, match="disk_format"):
        with_locations(worker, world.image(disk_format=None), Location(WEB, {}))


def test_another_location_of_an_active_image(world, worker):
    image = world.image()
    stored = worker.upload(image, BYTES)
    stored = with_locations(worker, image, *stored.locations, Location(WEB, {"note": ["a", {"b": "c"}]}))
    assert stored.size == 16
    assert stored.locations[1] == Location(WEB, {"note": ["a", {"b": "c"}], "store": "net"})
    assert stored.status == Status.ACTIVE


@pytest.mark.parametrize(
    "location",
    [
        Location("file:///etc/passwd", {}),
        Location("filesystem:///etc/passwd", {"store": "fast"}),
        Location("swift+config://ref/container/object", {}),
        Location("rbd://fsid/pool/image/snap", {}),
        Location("nonsense", {}),
        Location("", {}),
        Location("web://there/nothing", {}),
        Location("web://there/nothing", {"store": "fast"}),
        Location("memory://elsewhere/x", {}),
        Location(WEB, {"number": 1}),
        Location(WEB, {"deep": [{"number": None}]}),
    ],
)
def test_locations_that_are_refused(world, worker, location):
    """FEATURES 1.5-26."""
    image = world.image()
    with pytest.raises(Invalid, match="Invalid location"):
        with_locations(worker, image, location)
    assert world.images[image.id].status == Status.QUEUED
    assert world.images[image.id].locations == ()


@pytest.mark.parametrize("claimed", [{}, {"store": "fast"}, {"store": "nobody"}])
def test_a_client_does_not_say_in_which_store_it_is(world, worker, claimed):
    """FEATURES 2.2-03: neither when it adds a location nor when it describes one anew."""
    image = world.image()
    stored = with_locations(worker, image, Location(WEB, claimed))
    assert stored.locations[0].store == "net"
    stored = with_locations(worker, image, Location(WEB, {**claimed, "note": "x"}))
    assert stored.locations[0].metadata == {"note": "x", "store": "net"}


def test_our_own_files_are_refused_although_they_exist(world, worker):
    """FEATURES 1.5-26: nobody reads another project's image by naming its file."""
    other = worker.upload(world.image(), BYTES)
    with pytest.raises(Invalid, match="scheme 'file'"):
        with_locations(worker, world.image(), Location(other.locations[0].url, {}))


def test_the_same_location_twice(world, worker):
    """FEATURES 1.5-26."""
    image = world.image()
    with pytest.raises(Invalid, match="already"):
        with_locations(worker, image, Location(WEB, {}), Location(WEB, {"store": "net"}))
    with_locations(worker, image, Location(WEB, {}))
    with pytest.raises(Invalid, match="already"):
        with_locations(worker, image, *worker.get(image.id).locations, Location(WEB, {}))


def test_a_store_that_is_down_is_no_invalid_location(world, worker, monkeypatch):
    """FEATURES 1.5-20: 503 and not 400."""

    def down(url):
        raise StoreUnavailable

    monkeypatch.setattr(world.stores["net"], "size", down)
    with pytest.raises(StoreUnavailable):
        with_locations(worker, world.image(), Location(WEB, {}))


def test_other_metadata_for_the_same_url(world, worker):
    """FEATURES 1.5-24: nothing is checked and nothing erased."""
    image = world.image()
    stored = worker.upload(image, BYTES)
    (location,) = stored.locations
    stored = with_locations(worker, image, Location(location.url, {"zone": "a"}))
    assert stored.locations == (Location(location.url, {"zone": "a", "store": "fast"}),)
    assert len(world.files()) == 1


# Removing


@pytest.fixture
def image(world, worker):
    image = world.image()
    worker.upload(image, BYTES)
    return worker.copy(image, "slow")


def test_a_removed_location_is_erased_after_the_commit(world, worker, image, monkeypatch):
    """FEATURES 1.5-25, 6.4-04; 1.5-16 done better: nothing goes before the record says so."""
    recorded, erase = [], world.stores["fast"].erase

    def erasing(url):
        recorded.append([location.store for location in world.images[image.id].locations])
        assert len(world.intents) == 1
        erase(url)

    monkeypatch.setattr(world.stores["fast"], "erase", erasing)
    stored = with_locations(worker, image, image.locations[1])
    assert recorded == [["slow"]]
    assert stored.locations == (image.locations[1],)
    assert list(world.files()) == [("slow", image.id)]
    assert world.intents == {}


def test_a_save_that_fails_erases_nothing(world, worker, image):
    stale = ChangeSet({"status": Change(Status.DEACTIVATED, Status.ACTIVE)})
    with pytest.raises(StatusChanged):
        worker.save(image, stale.plus(ChangeSet.of(image, locations=(image.locations[0],))))
    assert len(world.files()) == 2
    assert world.intents == {}


def test_a_location_in_use_is_put_back(world, worker, image, monkeypatch):
    """FEATURES 6.4-04."""

    def erase(url):
        raise InUse

    monkeypatch.setattr(world.stores["fast"], "erase", erase)
    with pytest.raises(InUse):
        with_locations(worker, image, image.locations[1])
    assert {location.store for location in worker.get(image.id).locations} == {"fast", "slow"}
    assert len(world.files()) == 2
    assert world.intents == {}


def test_a_location_in_use_does_not_keep_others(world, worker, image, monkeypatch):
    stored = with_locations(worker, image, *image.locations, Location(WEB, {}))

    def erase(url):
        raise InUse

    monkeypatch.setattr(world.stores["fast"], "erase", erase)
    with pytest.raises(InUse):
        with_locations(worker, image, stored.locations[2])
    assert {location.store for location in worker.get(image.id).locations} == {"fast", "net"}
    assert list(world.files()) == [("fast", image.id)]
    assert world.intents == {}


@pytest.mark.parametrize("error", [StoreUnavailable, OSError])
def test_a_store_that_fails_is_left_to_the_sweep(world, worker, image, monkeypatch, error):
    def erase(url):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(world.stores["fast"], "erase", erase)
        stored = with_locations(worker, image, image.locations[1])
        assert [location.store for location in stored.locations] == ["slow"]
        worker.sweep()
        assert len(world.files()) == 2
    worker.sweep()
    assert list(world.files()) == [("slow", image.id)]
    assert world.intents == {}


def test_what_the_service_can_not_erase_is_just_forgotten(world, worker, image):
    """FEATURES 6.4-03: somebody else's web server keeps its file."""
    stored = with_locations(worker, image, *image.locations, Location(WEB, {}))
    assert with_locations(worker, image, *stored.locations[:2]).locations == stored.locations[:2]
    assert world.intents == {}


def test_a_url_that_stays_in_another_location_is_not_erased(world, worker, image):
    url = image.locations[0].url
    stored = with_locations(worker, image, *image.locations, Location(url, {"again": "yes"}))
    with_locations(worker, image, *stored.locations[1:])
    assert len(world.files()) == 2
