"""A worker that is killed between a change and its notifications: they arrive later, and none twice without saying so (DESIGN 5)."""

import json

import pytest

STEPS = {
    "upload": ("image.activate", "above domain: after repo.save active"),
    "delete": ("image.delete", "above domain: after repo.remove"),
}
"""Of each change: one of its notifications, and the step right after its commit."""


@pytest.fixture
def site(site):
    """With an outbox, and a broker that keeps what it heard."""
    with site.config.open("a") as file:
        file.write("[oslo_messaging_notifications]\ndriver = crash\n[notifier]\noutbox = true\n")
    return site


def heard(site, event):
    """Payload and context of what the broker heard of that type."""
    file = site.steps / "heard"
    lines = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
    return [(payload, context) for kind, payload, context in lines if kind == event]


def begin(worker, change, image_id):
    if change == "upload":
        worker.begin_upload(image_id)
    else:
        worker.begin_delete(image_id)


def brought_to(worker, change):
    """An image to which the change can be made."""
    image_id = worker.create()
    if change == "delete":
        assert worker.upload(image_id) == 204
    return image_id


@pytest.mark.parametrize("change", ["upload", "delete"])
def test_killed_between_commit_and_publication(site, worker, change):
    event, committed = STEPS[change]
    with worker() as first:
        image_id = brought_to(first, change)
        site.kill_at(committed)
        begin(first, change, image_id)
        assert first.died()
    assert heard(site, event) == []
    with worker() as second:
        second.tidy()
    ((payload, context),) = heard(site, event)
    assert (payload["id"], payload["status"]) == (image_id, {"upload": "active", "delete": "deleted"}[change])
    assert context["redelivered"] is True


@pytest.mark.parametrize("change", ["upload", "delete"])
def test_killed_before_the_commit(site, worker, change):
    """What did not happen is not told."""
    event, committed = STEPS[change]
    with worker() as first:
        image_id = brought_to(first, change)
        site.kill_at(committed.replace("after", "before"))
        begin(first, change, image_id)
        assert first.died()
    with worker() as second:
        second.tidy()
        happened = second.status(image_id) == "gone"
    # An interrupted deletion is finished by the sweep, which tells nobody.
    assert happened == (change == "delete")
    assert heard(site, event) == []


@pytest.mark.parametrize(("when", "times"), [("before", 1), ("after", 2)])
def test_killed_while_it_publishes(site, worker, when, times):
    """The broker may have heard it: the repetition has the same id and says what it is."""
    with worker() as first:
        image_id = first.create()
        site.kill_at(f"broker: {when} image.update")
        first.begin_upload(image_id)
        assert first.died()
    with worker() as second:
        second.tidy()
    found = [context for payload, context in heard(site, "image.update") if payload["status"] == "saving"]
    assert [context["redelivered"] for context in found] == [False, True][-times:]
    assert len({context["event_id"] for context in found}) == 1


def test_the_order_is_kept(site, worker):
    """FEATURES 12.1-05: that of one worker, also when another one tells it."""
    with worker() as first:
        image_id = first.create()
        first.tidy()
        site.hold_at("broker: before image.create")
        held = first.create()
        site.await_held()
        assert first.upload(image_id) == first.upload(held) == 204
        site.kill_at("outermost: before image.delete")
        first.begin_delete(held)
        assert first.died()
    with worker() as second:
        second.tidy()
    told = [json.loads(line) for line in (site.steps / "heard").read_text().splitlines()]
    for each in (image_id, held):
        events = [kind for kind, payload, _ in told if payload["id"] == each]
        assert [kind for kind in events if kind != "image.prepare"] == [
            *("image.create", "image.update", "image.upload", "image.activate", "image.update")
        ]
