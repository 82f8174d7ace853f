"""Two workers at one image: one waits at a step, the other acts; whatever they answer, nothing is lost and nothing is left.

FEATURES 1.6-05, 1.6-06 (compare-and-swap, 410), 2.3 (transitions).
"""

import pytest


def test_a_deletion_under_an_upload(site, worker, upload_step):
    with worker() as one, worker() as other:
        image_id = one.create()
        site.hold_at(upload_step)
        one.begin_upload(image_id)
        site.await_held()
        assert other.delete(image_id) == 204
        site.let_go()
        uploaded, _ = one.answer()
        assert uploaded in (204, 404, 410)
        assert other.status(image_id) == "gone"
        other.tidy()
    assert site.files() == []


def test_two_uploads(site, worker, upload_step):
    """Exactly one of them succeeds, and its bytes are those that are kept."""
    theirs = site.data[::-1]
    with worker() as one, worker() as other:
        image_id = one.create()
        site.hold_at(upload_step)
        one.begin_upload(image_id)
        site.await_held()
        second = other.upload(image_id, data=theirs)
        site.let_go()
        first, _ = one.answer()
        assert sorted([first, second]) == [204, 409]
        assert other.status(image_id) == "active"
        assert other.download(image_id) == (site.data if first == 204 else theirs)
        other.tidy()
        assert site.files() == [str(site.images / image_id)]


def test_two_deletions(site, worker, delete_step):
    with worker() as one, worker() as other:
        image_id = one.create()
        assert one.upload(image_id) == 204
        site.hold_at(delete_step)
        one.begin_delete(image_id)
        site.await_held()
        second = other.delete(image_id)
        site.let_go()
        first, _ = one.answer()
        assert 204 in (first, second)
        assert {first, second} <= {204, 404, 409}
        assert other.status(image_id) == "gone"
        other.tidy()
    assert site.files() == []


def test_an_upload_under_a_deletion(site, worker, delete_step):
    """Nobody can put bytes where others are being erased."""
    with worker() as one, worker() as other:
        image_id = one.create()
        assert one.upload(image_id) == 204
        site.hold_at(delete_step)
        one.begin_delete(image_id)
        site.await_held()
        assert other.upload(image_id) in (404, 409)
        site.let_go()
        assert one.answer()[0] == 204
        other.tidy()
    assert site.files() == []


def test_a_sweep_leaves_a_living_upload_alone(site, worker, upload_step):
    with worker() as one:
        image_id = one.create()
        site.hold_at(upload_step)
        one.begin_upload(image_id)
        site.await_held()
        with worker():
            pass  # a worker that closes has swept
        site.let_go()
        assert one.answer()[0] == 204
        assert one.download(image_id) == site.data
        one.tidy()


def test_a_sweep_leaves_a_living_deletion_alone(site, worker, delete_step):
    with worker() as one:
        image_id = one.create()
        assert one.upload(image_id) == 204
        site.hold_at(delete_step)
        one.begin_delete(image_id)
        site.await_held()
        with worker():
            pass
        site.let_go()
        assert one.answer()[0] == 204
        one.tidy()
    assert site.files() == []


def test_an_upload_within_a_deletion(site, worker, dataless_delete_step):
    """Bytes that arrive while a deletion is under way are deleted, too."""
    with worker() as one, worker() as other:
        image_id = one.create()
        site.hold_at(dataless_delete_step)
        one.begin_delete(image_id)
        site.await_held()
        assert other.upload(image_id) in (204, 404)
        site.let_go()
        assert one.answer()[0] == 204
        assert other.status(image_id) == "gone"
        other.tidy()
    assert site.files() == []


def test_an_upload_of_a_worker_that_was_taken_for_dead(site, worker, upload_step):
    """It may fail, but what it says is true, and the image can be uploaded then."""
    with worker() as one, worker() as other:
        image_id = one.create()
        site.hold_at(upload_step)
        one.begin_upload(image_id)
        site.await_held()
        site.bury()
        with worker():
            pass  # has swept, and adopted what the dead had begun
        site.let_go()
        uploaded, _ = one.answer()
        if uploaded == 204:
            assert other.status(image_id) == "active"
        else:
            assert uploaded in (409, 410)
            assert other.settled(image_id) == "queued"
            assert other.upload(image_id) == 204
        assert other.download(image_id) == site.data
        other.tidy()


def test_a_deletion_of_a_worker_that_was_taken_for_dead(site, worker, delete_step):
    with worker() as one, worker() as other:
        image_id = one.create()
        assert one.upload(image_id) == 204
        site.hold_at(delete_step)
        one.begin_delete(image_id)
        site.await_held()
        site.bury()
        with worker():
            pass
        site.let_go()
        assert one.answer()[0] in (204, 404, 409)
        other.tidy()
        if other.status(image_id) != "gone":
            assert other.download(image_id) == site.data
            assert other.delete(image_id) == 204
    assert site.files() == []


@pytest.mark.parametrize("step", ["store: in the middle", "store: after write", "above domain: before repo.save active"])
def test_an_upload_and_a_sweep_that_undoes_it(site, worker, step):
    """A worker that was taken for dead can't conclude what another one has adopted and is undoing at this moment."""
    with worker() as one:
        image_id = one.create()
        site.hold_at(step)
        one.begin_upload(image_id)
        site.await_held()
        uploading = site.held()
        site.bury()
        site.hold_at("store: before discard")
        with worker() as other:
            site.await_held(2)
            sweeping = site.held() - uploading
            site.let_go(sweeping)
            assert one.answer()[0] in (409, 410)
            site.let_go()
            other.tidy()
            assert other.settled(image_id) == "queued"
            assert other.upload(image_id) == 204
            assert other.download(image_id) == site.data
            other.tidy()
