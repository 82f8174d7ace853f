"""A worker that is killed at any step of an upload leaves nothing behind, and the image can be uploaded (issue 2, FEATURES 12-09)."""

import pytest


def test_the_walk_names_every_step(site, worker, walks):
    with worker() as one:
        image_id = one.create()
        site.trace()
        assert one.upload(image_id) == 204
        passed = [step for step in site.trace() if "journal.adopt" not in step]  # the sweep goes on beside it
    assert passed == walks["upload"]


@pytest.mark.parametrize("announced", [True, False], ids=["length", "chunked"])
def test_killed_in_an_upload(site, worker, upload_step, announced):
    with worker() as first:
        image_id = first.create()
        site.kill_at(upload_step)
        first.begin_upload(image_id, announced)
        assert first.died()
    with worker() as second:
        status = second.settled(image_id)
        if status == "queued":
            assert second.upload(image_id, announced) == 204
        else:
            assert status == "active"
        assert second.download(image_id) == site.data
        second.tidy()
        assert second.delete(image_id) == 204
    assert site.leftovers() == {}
    assert site.files() == []


def test_killed_after_a_refusal(site, worker, refusal_step, walks):
    """The upload has failed by itself, and its worker dies while it cleans up."""
    with worker() as first:
        image_id = first.create()
        first.begin_upload(image_id, announced=False, data=bytes(site.too_much))
        assert first.answer()[0] == 413
        passed = [step for step in site.trace() if "journal.adopt" not in step]
        assert passed[-len(walks["refusal"]) :] == walks["refusal"]
        site.kill_at(refusal_step)
        first.begin_upload(image_id, announced=False, data=bytes(site.too_much))
        assert first.died()
    with worker() as second:
        assert second.settled(image_id) == "queued"
        second.tidy()
        assert site.files() == []
        assert second.upload(image_id) == 204
    assert site.leftovers() == {}


def test_killed_again_in_the_sweep(site, worker, upload_sweep_step):
    with worker() as first:
        image_id = first.create()
        site.kill_at("store: after write")
        first.begin_upload(image_id)
        assert first.died()
    site.kill_at(upload_sweep_step)
    with worker(started=False) as second:
        assert second.died()
    with worker() as third:
        assert third.settled(image_id) == "queued"
        third.tidy()
        assert site.files() == []
        assert third.upload(image_id) == 204
        assert third.download(image_id) == site.data
    assert site.leftovers() == {}


def test_an_upload_of_a_deleted_image(site, worker):
    """The worker dies after another one has deleted the image under its upload."""
    with worker() as first, worker() as second:
        image_id = first.create()
        site.hold_at("store: in the middle")
        first.begin_upload(image_id)
        site.await_held()
        assert second.delete(image_id) == 204
        site.kill_at("store: after write")
        site.let_go()
        assert first.died()
        second.tidy()
        assert second.status(image_id) == "gone"
    assert site.files() == []
