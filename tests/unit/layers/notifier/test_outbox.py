"""No crash loses a notification: it is kept with the change that it tells of, until it is sent."""

import contextlib
from types import SimpleNamespace

import pytest

from glancepipe.contract import (
    Call,
    Caller,
    Data,
    ImageRepoProxy,
    ImageValues,
    Layer,
    Services,
    Target,
)
from glancepipe.contract.errors import DatabaseUnavailable
from glancepipe.layers import notifier
from glancepipe.layers.notifier import Notifier
from glancepipe.operations.add_tag import add_tag
from glancepipe.operations.create_image import create_image
from glancepipe.operations.delete_image import delete_image
from glancepipe.operations.upload_image import upload_image
from glancepipe.testing import linked

ALICE = Caller(user_id="alice", project_id="red", roles=frozenset({"member"}))
BOB = Caller(user_id="bob", project_id="blue", roles=frozenset({"member"}))
ONE_STORE = SimpleNamespace(multiple=False, default="")


class Broker:
    """A driver and its transport: takes what it can while it is up, and says nothing of what it can't."""

    def __init__(self, monkeypatch, up=True):
        self.up, self.tried, self.heard, self.contexts = up, 0, [], []
        monkeypatch.setattr(notifier.layer, "_open", lambda conf: (self, self))
        monkeypatch.setattr(notifier.sending, "PAUSE", 0.01)

    def info(self, context, event, payload):
        with contextlib.suppress(ConnectionError):
            self._send_notification(context.redacted_copy(), event, payload)

    error = info

    def _send_notification(self, context, event, payload):
        self.tried += 1
        if not self.up:
            raise ConnectionRefusedError
        self.heard.append(event)
        self.contexts.append(context)

    def cleanup(self):
        pass


@pytest.fixture
def worker(monkeypatch, configure):
    """A worker with an outbox and ``broker``; ``entries`` are what its journal keeps."""
    made = []

    def make(*inner, up=True, outbox=True, ends=None):
        conf = configure()
        conf.set_override("outbox", outbox, group="notifier")
        pipeline = linked(Notifier, *inner, conf=conf)
        broker = Broker(monkeypatch, up)
        if ends is not None:
            pipeline.layers[-1].intents = ends.intents
            pipeline.layers[-1].abandoned = ends.abandoned
        pipeline.start(Services(ONE_STORE))
        made.append(pipeline)
        return SimpleNamespace(pipeline=pipeline, nouns=pipeline.nouns, broker=broker, ends=pipeline.layers[-1], layer=pipeline.layers[0])

    yield make
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0.01)
    for pipeline in made:
        pipeline.close()


def named(name, repo):
    return type(name, (Layer,), {"name": name, "repo": repo})


def live(nouns):
    """All that changes records, once."""
    image = create_image(
        nouns, Call("create_image", ALICE), ImageValues({"owner": "red", "disk_format": "raw", "container_format": "bare"})
    )
    with Call("upload_image", ALICE) as call:
        upload_image(nouns, call, image.id, Data([b"data"]), Target())
    add_tag(nouns, Call("add_tag", ALICE), image.id, "t")
    member = nouns.members.add(Call("add_member", ALICE), image, "blue")
    nouns.members.remove(Call("delete_member", ALICE), image, nouns.members.save(Call("modify_member", BOB), image, member, "accepted"))
    delete_image(nouns, Call("delete_image", ALICE), image.id)
    return image


TOLD = [
    ["image.create"],
    ["image.update"],
    ["image.upload", "image.activate", "image.update"],
    ["image.update"],
    ["image.member.create"],
    ["image.member.update"],
    ["image.member.delete"],
    ["image.delete"],
]
"""The events of each change of that life."""


def test_what_changes_have_to_tell_is_kept_until_it_is_sent(worker, eventually):
    """In the order of the changes, each with a payload of its own moment (DESIGN 5)."""
    one = worker(up=False)
    image = live(one.nouns)
    entries = sorted(one.ends.intents.values(), key=lambda entry: entry.id)
    assert [[event for _, event, _ in entry.details["events"]] for entry in entries] == TOLD
    assert {(entry.kind, entry.image_id) for entry in entries} == {("notifier.events", image.id)}
    assert [entry.details["events"][0].payload["status"] for entry in entries[:4]] == ["queued", "saving", "active", "active"]
    assert entries[-1].details["events"][0].payload["deleted"] is True
    one.broker.up = True
    eventually(lambda: one.ends.intents == {})
    told = [event for events in TOLD for event in events]
    assert [event for event in one.broker.heard if event != "image.prepare"] == told


def test_events_can_be_told_from_their_repetitions(worker, eventually):
    one = worker()
    live(one.nouns)
    eventually(lambda: one.ends.intents == {})
    ids = [context["event_id"] for context in one.broker.contexts if context]
    assert len(set(ids)) == len(ids) == sum(map(len, TOLD))
    assert ids == sorted(ids)
    assert {context["redelivered"] for context in one.broker.contexts if context} == {False}
    assert [event for event, context in zip(one.broker.heard, one.broker.contexts, strict=True) if not context] == ["image.prepare"]


def test_what_a_dead_worker_left_is_sent_by_another(worker, monkeypatch, eventually):
    """In order, and marked, since nobody knows how far it came."""
    dead = worker(up=False)
    live(dead.nouns)
    ids = sorted(dead.ends.intents)
    dead.ends.abandoned |= dead.ends.intents.keys()
    other = worker(ends=dead.ends)
    other.pipeline.sweep()
    eventually(lambda: other.ends.intents == {})
    assert other.broker.heard == [event for events in TOLD for event in events]
    assert [context["event_id"] for context in other.broker.contexts][:3] == [f"{ids[0]}/0", f"{ids[1]}/0", f"{ids[2]}/0"]
    assert {context["redelivered"] for context in other.broker.contexts} == {True}


def test_an_event_that_was_tried_before_says_so(worker, eventually):
    one = worker(up=False)
    create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
    eventually(lambda: one.broker.tried)
    one.broker.up = True
    eventually(lambda: one.ends.intents == {})
    assert [context["redelivered"] for context in one.broker.contexts] == [True]


def test_the_outbox_of_another_worker_is_sent_without_having_one(worker, eventually):
    """It was turned off meanwhile."""
    dead = worker(up=False)
    live(dead.nouns)
    dead.ends.abandoned |= dead.ends.intents.keys()
    other = worker(ends=dead.ends, outbox=False)
    other.pipeline.sweep()
    eventually(lambda: other.ends.intents == {})


def test_what_is_not_stored_is_not_told(worker, eventually):
    class Broken(ImageRepoProxy):
        def save(self, call, image, changes):
            raise DatabaseUnavailable

    one = worker(named("broken", Broken))
    image = create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
    with Call("add_tag", ALICE) as call:
        with pytest.raises(DatabaseUnavailable):
            add_tag(one.nouns, call, image.id, "t")
        assert call._notes == []
    eventually(lambda: one.ends.intents == {})
    assert one.broker.heard == ["image.create"]


def test_a_layer_that_keeps_no_notes_costs_only_the_promise(worker, eventually):
    class Forgetful(ImageRepoProxy):
        def add(self, call, image):
            return self.inner.add(Call(call.operation, ALICE), image)

    one = worker(named("forgetful", Forgetful))
    create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
    eventually(lambda: one.broker.heard == ["image.create"])
    assert one.broker.contexts == [{}]


def test_events_that_are_too_long_for_the_journal_are_sent_all_the_same(worker, eventually):
    one = worker(up=False)
    properties = {f"p{number}": "x" * 1000 for number in range(70)}
    create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}, properties))
    (entry,) = one.ends.intents.values()
    assert entry.details == {"events": []}
    one.broker.up = True
    eventually(lambda: one.ends.intents == {})
    assert one.broker.heard == ["image.create"]


def test_waiting_events_are_bounded_and_reported(worker, monkeypatch, eventually):
    """What does not fit is not kept either, so that a broker that is away fills no database."""
    monkeypatch.setattr(notifier.sending, "CAPACITY", 3)
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0)
    one = worker(up=False)
    for number in range(9):
        create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
        if not number:
            eventually(lambda: one.broker.tried)
    assert len(one.ends.intents) == 4  # one is under way
    findings = [finding.sentence for finding in one.layer.check()]
    assert [finding.split(":")[0] for finding in findings] == ["Notifications of 4 changes wait", "5 notifications were lost"]
    one.broker.up = True
    eventually(lambda: one.ends.intents == {})
    assert [finding.sentence for finding in one.layer.check()] == findings[1:]


def test_a_sweep_takes_no_more_than_there_is_room_for(worker, monkeypatch, eventually):
    dead = worker(up=False)
    live(dead.nouns)
    dead.ends.abandoned |= dead.ends.intents.keys()
    monkeypatch.setattr(notifier.sending, "CAPACITY", 2)
    other = worker(ends=dead.ends, up=False)
    other.pipeline.sweep()
    assert other.ends.abandoned
    other.broker.up = True

    def swept():
        other.pipeline.sweep()
        return other.ends.intents == {}

    eventually(swept)
    assert other.broker.heard == [event for events in TOLD for event in events]


def test_an_end_leaves_to_others_what_the_broker_did_not_take(worker, monkeypatch, caplog):
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0.05)
    one = worker(up=False)
    live(one.nouns)
    one.pipeline.close()
    assert len(one.ends.intents) == len(TOLD)
    assert "did not take the last" in caplog.text


def test_an_event_that_no_broker_could_take_holds_up_nothing(worker, monkeypatch, eventually):
    one = worker()
    monkeypatch.setattr(one.broker, "info", lambda context, event, payload: {}["x"], raising=False)
    create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
    eventually(lambda: one.ends.intents == {})


def test_a_journal_that_is_away_is_told_later(worker, monkeypatch, eventually):
    one = worker()
    settle = one.layer.inner.journal.settle
    failures = iter([DatabaseUnavailable("away")])

    def flaky(call, *intent_ids):
        for error in failures:
            raise error
        settle(call, *intent_ids)

    monkeypatch.setattr(one.layer.inner.journal, "settle", flaky)
    create_image(one.nouns, Call("create_image", ALICE), ImageValues({"owner": "red"}))
    eventually(lambda: one.ends.intents == {})
    assert one.broker.heard == ["image.create"]
