"""Downloads: which copy is read, and what happens when it can't be (FEATURES 1.7)."""

import pytest

from glancepipe.contract import Data, ImageQuery, Location, Span, Status
from glancepipe.contract.errors import NoData, StoreError, StoreUnavailable

BYTES = [b"0123456789", b"abcdef"]
WHOLE = b"".join(BYTES)


@pytest.fixture
def image(world, worker):
    """In two stores, in the store ``fast`` first."""
    image = world.image()
    worker.upload(image, BYTES)
    return worker.copy(image, "slow")


def opened(monkeypatch, world):
    """Notes the stores that are read."""
    asked = []
    for store in world.stores:

        def read(url, span=None, store=store, real=store.read):
            asked.append(store.name)
            return real(url, span)

        monkeypatch.setattr(store, "read", read)
    return asked


def failing(monkeypatch, world, *names, error=NoData):
    def read(url, span=None):
        raise error

    for name in names:
        monkeypatch.setattr(world.stores[name], "read", read)


def test_an_image_without_data(world, worker):
    """FEATURES 1.7-02."""
    with pytest.raises(NoData):
        worker.download(world.image())


def test_the_store_s_file_is_handed_on_untouched(worker, image):
    """PERF 4: the server sends it with sendfile."""
    data = worker.nouns.image.get_data(worker.call(), image, Span(10, 3))
    assert (data.file.tell(), data.size) == (10, 3)
    data.close()


def test_a_range(worker, image):
    """FEATURES 1.7-05."""
    assert worker.download(image, Span(8, 4)) == b"89ab"


@pytest.mark.parametrize(("weights", "order"), [((0, 0), ["fast", "slow"]), ((1, 2), ["slow", "fast"]), ((2, 1), ["fast", "slow"])])
def test_the_heaviest_store_is_read_first(world, worker, image, monkeypatch, weights, order):
    """FEATURES 1.7-09: by weight, else as recorded."""
    for name, weight in zip(("fast", "slow"), weights, strict=True):
        world.conf.set_override("weight", weight, group=name)
    assert [location.store for _, location in worker.location.holdings.ranked(image.locations)] == order
    asked = opened(monkeypatch, world)
    assert worker.download(image) == WHOLE
    assert asked == order[:1]


@pytest.mark.parametrize("error", [NoData, StoreUnavailable, OSError, StoreError])
def test_the_next_copy_is_read_if_one_can_not_be(world, worker, image, monkeypatch, error):
    """FEATURES 1.7-09, 6.4-02."""
    failing(monkeypatch, world, "fast", error=error)
    assert worker.download(image) == WHOLE


def test_a_damaged_copy_is_passed_over(world, worker, image):
    (world.root / "fast" / image.id).write_bytes(b"short")
    assert worker.download(image) == WHOLE
    (world.root / "slow" / image.id).write_bytes(b"short too")
    with pytest.raises(StoreError, match="5 bytes"):
        worker.download(image)


def test_no_copy_left(world, worker, image, monkeypatch):
    """FEATURES 1.7-02."""
    failing(monkeypatch, world, "fast", "slow")
    with pytest.raises(NoData):
        worker.download(image)


def test_a_store_that_is_down_says_more_than_one_that_has_nothing(world, worker, image, monkeypatch):
    """FEATURES 1.7-07."""
    failing(monkeypatch, world, "fast")
    failing(monkeypatch, world, "slow", error=StoreUnavailable)
    with pytest.raises(StoreUnavailable):
        worker.download(image)


def test_a_range_of_a_store_that_reads_whole_images_only(make_world):
    """FEATURES 12-14; 1.7-07 refuses it."""
    world = make_world("fast:file, net:web")
    image = world.image(status=Status.ACTIVE, size=12, locations=(Location("web://there/image", {"store": "net"}),))
    worker = world.worker()
    assert worker.download(image) == b"from the web"
    assert worker.download(image, Span(1, 2)) == b"ro"
    assert worker.download(image, Span(9, 3)) == b"web"


def test_a_copy_in_a_store_of_another_node_is_passed_over(world, worker, image):
    """FEATURES 8.3-04."""
    world.images[image.id].locations = (Location("rbd://somewhere", {"store": "elsewhere"}), *image.locations)
    assert worker.download(image) == WHOLE


def test_a_driver_that_breaks_closes_nothing_of_ours(world, worker, image, monkeypatch):
    closed = []
    monkeypatch.setattr(world.stores["fast"], "read", lambda url, span=None: Data([b"x"], 1, close=lambda: closed.append(1)))
    assert worker.download(image) == WHOLE
    assert closed == [1]


# Locations that were recorded without a store (FEATURES 2.2-03)


def test_the_store_of_an_old_location_is_named(world, worker):
    url = f"file://{world.root}/slow/old"
    (world.root / "slow" / "old").write_bytes(WHOLE)
    image = world.image(status=Status.ACTIVE, size=16, locations=(Location(url, {"mine": "x"}, 7),))
    named = (Location(url, {"mine": "x", "store": "slow"}, 7),)
    assert worker.get(image.id).locations == named
    (row,) = worker.nouns.repo.list(worker.call("list_images"), ImageQuery()).rows
    assert row.locations == named
    assert world.images[image.id].locations[0].metadata == {"mine": "x"}  # reading writes nothing: FEATURES 12-11
    assert worker.download(image) == WHOLE


def test_a_location_that_no_store_owns_stays_as_it_is(world, worker):
    locations = (Location("rbd://somewhere", {"store": "elsewhere"}), Location("file:///elsewhere/x"))
    image = world.image(locations=locations)
    assert worker.get(image.id).locations == locations


def test_the_unnamed_store_has_no_name_to_give(make_world):
    world = make_world(None)
    image = world.image(locations=(Location(f"file://{world.root}/glance_store/x"),))
    worker = world.worker()
    assert worker.get(image.id).locations[0].metadata == {}
    (row,) = worker.nouns.repo.list(worker.call("list_images"), ImageQuery()).rows
    assert row.locations[0].metadata == {}
