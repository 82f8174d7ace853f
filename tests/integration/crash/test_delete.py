"""A worker that is killed at any step of a deletion: the image is whole, or gone with every byte (issue 2, FEATURES 1.3-05, 12-09)."""


def test_the_walk_names_every_step(site, worker, walks):
    with worker() as one:
        image_id = one.create()
        assert one.upload(image_id) == 204
        site.trace()
        assert one.delete(image_id) == 204
        passed = [step for step in site.trace() if "journal.adopt" not in step]
    assert passed == walks["delete"]


def test_killed_in_a_deletion(site, worker, delete_step):
    with worker() as first:
        image_id = first.create()
        assert first.upload(image_id) == 204
        site.kill_at(delete_step)
        first.begin_delete(image_id)
        assert first.died()
    with worker() as second:
        second.tidy()
        if second.status(image_id) != "gone":
            assert second.download(image_id) == site.data
            assert second.delete(image_id) == 204
        assert second.status(image_id) == "gone"
    assert site.leftovers() == {}
    assert site.files() == []


def test_killed_again_in_the_sweep(site, worker, delete_sweep_step):
    with worker() as first:
        image_id = first.create()
        assert first.upload(image_id) == 204
        site.kill_at("store: before erase")
        first.begin_delete(image_id)
        assert first.died()
    site.kill_at(delete_sweep_step)
    with worker(started=False) as second:
        assert second.died()
    with worker() as third:
        third.tidy()
        assert third.status(image_id) == "gone"
    assert site.files() == []
