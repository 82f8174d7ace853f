"""A worker that is killed while it removes one of an image's locations: it is there with its bytes, or gone with them (FEATURES 6.4-03)."""


def test_the_walk_names_every_step(site, worker, walks):
    with worker() as one:
        image_id = one.create()
        assert one.upload(image_id) == 204
        site.copy(image_id)
        site.trace()
        one.begin_removal(image_id)
        status, body = one.answer()
        assert status == 200, body
        passed = [step for step in site.trace() if "journal.adopt" not in step]
        assert passed == walks["removal"]
        one.tidy()
        assert site.files() == [str(site.copies / image_id)]


def test_killed_in_a_removal(site, worker, removal_step):
    with worker() as first:
        image_id = first.create()
        assert first.upload(image_id) == 204
        site.copy(image_id)
        site.kill_at(removal_step)
        first.begin_removal(image_id)
        assert first.died()
    with worker() as second:
        second.tidy()
        assert str(site.copies / image_id) in site.files()
        assert second.download(image_id) == site.data
        assert second.delete(image_id) == 204
    assert site.leftovers() == {}
    assert site.files() == []
