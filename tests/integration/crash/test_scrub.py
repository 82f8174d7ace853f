"""A worker that is killed while it erases what a deletion left for later: nothing is forgotten (FEATURES 2.3-15, issue 2)."""

import pytest

BEGINNING = "above domain: before journal.begin location.scrub"
STEPS = (
    "above domain: after journal.begin location.scrub",
    "store: before erase",
    "store: before os.remove",
    "store: after erase",
    "above domain: before repo.remove",
    "above domain: after repo.remove",
)


@pytest.fixture
def site(site):
    """Where deletion waits for the next sweep."""
    with site.config.open("a") as file:
        file.write("[DEFAULT]\ndelayed_delete = true\n")
    return site


def uploaded(worker):
    image_id = worker.create()
    assert worker.upload(image_id) == 204
    return image_id


@pytest.mark.parametrize("step", STEPS)
def test_killed_while_it_scrubs(site, worker, step):
    with worker() as first:
        image_id = uploaded(first)
        site.hold_at(BEGINNING)
        assert first.delete(image_id) == 204
        site.await_held()
        site.kill_at(step)
        site.let_go()
        assert first.died()
    with worker() as second:
        second.tidy()
    assert site.files() == []
    assert site.rows("SELECT status, deleted FROM images") == [("deleted", 1)]
    assert site.rows("SELECT status, deleted FROM image_locations") == [("deleted", 1)]


@pytest.mark.parametrize("step", ["store: before erase", "store: after erase"])
def test_two_workers_scrub(site, worker, step):
    """One is at it; the other finds nothing to do, and the image is erased once."""
    with worker() as one, worker() as other:
        image_id = uploaded(one)
        site.hold_at(step)
        assert one.delete(image_id) == 204
        site.await_held()
        other.create()
        assert site.rows("SELECT status FROM images WHERE deleted") == [("pending_delete",)]
        site.let_go()
        one.tidy()
    assert site.files() == []
