"""Eight operations walked through the contract, by skeletons of the layers that they need (decision 0001).

Each test is the proof that the operation can be *said* with the nouns and verbs there are: what a skeleton leaves
out is a layer's business, what it could not express would be a hole in the contract.
"""

import hashlib
from functools import partial

import pytest

from glancepipe.contract import (
    ABSENT,
    OPERATIONS,
    Call,
    Caller,
    Change,
    ChangeSet,
    Data,
    Ended,
    ImageProxy,
    ImageRepoProxy,
    ImageValues,
    Intent,
    Layer,
    Location,
    MemberRepoProxy,
    Page,
    Span,
    Status,
    Target,
    replace,
)
from glancepipe.contract.errors import Conflict, Forbidden, Gone, ImageNotFound, Invalid, LimitExceeded
from glancepipe.contract.query import ImageQuery
from glancepipe.operations.create_image import create_image
from glancepipe.operations.delete_image import delete_image
from glancepipe.operations.download_image import download_image
from glancepipe.operations.list_images import list_images
from glancepipe.operations.modify_image import modify_image
from glancepipe.operations.modify_member import modify_member
from glancepipe.operations.upload_image import upload_image
from glancepipe.testing import linked

ALICE = Caller(user_id="alice", project_id="red", roles=frozenset({"member", "reader"}))
BOB = Caller(user_id="bob", project_id="blue", roles=frozenset({"member", "reader"}))
ADMIN = Caller(user_id="root", project_id="ops", roles=frozenset({"admin"}), is_admin=True)


def a_call(operation, caller=ALICE):
    return Call(operation, caller)


def new(pipeline, **base):
    values = {"owner": "red", "disk_format": "raw", "container_format": "bare", **base}
    return create_image(pipeline.nouns, a_call("create_image"), ImageValues(values))


def stored(pipeline, image_id):
    return pipeline.layers[-1].images[image_id]


# 1. Upload with quota and signature


class LimitingImage(ImageProxy["Limiting"]):
    """Holds bytes before they move, stops the stream that outgrows them."""

    def set_data(self, call, image, data, target):
        usage = self.layer.inner.usage
        held = usage.reserve(call, image.owner, data.size or 0, self.layer.limit)
        call.on_end(lambda: usage.release(call, held))

        class Limit:
            seen = 0

            def block(self, block):
                self.seen += len(block)
                if self.seen > limit:
                    raise LimitExceeded

            def finish(self):
                pass

        limit = self.layer.limit
        data.watch(Limit())
        return self.inner.set_data(call, image, data, target)


class Limiting(Layer):
    name = "limiting"
    image = LimitingImage
    limit = 1000


class SigningImage(ImageProxy["Signing"]):
    """Compares a digest that it asked for up front, when everything has passed and nothing is recorded."""

    def set_data(self, call, image, data, target):
        digest = data.digest("sha256")
        wanted = image.properties.get("signature")

        class Verify:
            def block(self, block):
                pass

            def finish(self):
                if wanted is not None and digest.hexdigest != wanted:
                    raise Invalid("The signature is wrong.")

        data.watch(Verify())
        return self.inner.set_data(call, image, data, target)


class Signing(Layer):
    name = "signing"
    image = SigningImage


@pytest.mark.parametrize(
    ("blocks", "size", "signature", "error"),
    [
        ([b"x" * 600, b"y" * 300], 900, None, None),
        ([b"x" * 600, b"y" * 300], None, None, None),
        ([b"x" * 2000], 2000, None, LimitExceeded),
        ([b"x" * 600, b"y" * 600], None, None, LimitExceeded),
        ([b"right"], 5, hashlib.sha256(b"right").hexdigest(), None),
        ([b"wrong"], 5, hashlib.sha256(b"right").hexdigest(), Invalid),
        ([b"short"], 6, None, Invalid),
    ],
)
def test_upload_with_quota_and_signature(blocks, size, signature, error):
    pipeline = linked(Limiting, Signing)
    ends = pipeline.layers[-1]
    image = new(pipeline)
    if signature:
        ends.images[image.id] = replace(image, properties={"signature": signature})
    if error is None:
        with a_call("upload_image") as call:
            assert upload_image(pipeline.nouns, call, image.id, Data(blocks, size), Target()).status == Status.ACTIVE
        assert stored(pipeline, image.id).size == sum(map(len, blocks))
    else:
        with pytest.raises(error), a_call("upload_image") as call:
            upload_image(pipeline.nouns, call, image.id, Data(blocks, size), Target())
        assert stored(pipeline, image.id).status == Status.QUEUED
        assert not ends.bytes
    assert not ends.reservations  # given back however the operation ended


def test_upload_to_an_image_that_is_deleted_meanwhile_is_gone():
    pipeline = linked(Limiting)
    image = new(pipeline)

    def blocks():
        yield b"first"
        delete_image(pipeline.nouns, a_call("delete_image"), image.id)
        yield b"second"

    with pytest.raises(Gone), a_call("upload_image") as call:
        upload_image(pipeline.nouns, call, image.id, Data(blocks()), Target())


# 2. PATCH of visibility, tags and locations at once


class DerivingRepo(ImageRepoProxy["Deriving"]):
    """Adds what follows from the caller's change, and journals the bytes that the commit makes useless."""

    def save(self, call, image, changes):
        locations = changes.base.get("locations")
        if locations is None:
            return self.inner.save(call, image, changes)
        if image.status == Status.QUEUED and locations.new:
            changes = changes.plus(ChangeSet.of(image, status=Status.ACTIVE, size=42))
        dropped = [location.url for location in locations.old if location not in locations.new]
        if dropped:
            changes = changes.beginning(Intent("i1", "erase", image.id, {"urls": dropped}))
        saved = self.inner.save(call, image, changes)
        self.layer.seen = [intent.details["urls"] for intent in self.layer.inner.journal.adopt(call, "erase")]
        return saved


class Deriving(Layer):
    name = "deriving"
    repo = DerivingRepo
    seen = None


class WitnessRepo(ImageRepoProxy["Witness"]):
    """An outer layer learns what inner ones derived from the record that comes back."""

    def save(self, call, image, changes):
        saved = self.inner.save(call, image, changes)
        self.layer.events.append((call.operation.name, sorted(name for name, _ in changes), saved.status, saved.size))
        return saved


class Witness(Layer):
    name = "witness"
    repo = WitnessRepo

    def __init__(self, conf):
        super().__init__(conf)
        self.events = []


def test_patch_of_visibility_tags_and_locations_at_once():
    pipeline = linked(Witness, Deriving)
    image = new(pipeline)

    def edit(record):
        return ChangeSet.of(record, visibility="public", tags=record.tags | {"a"}, locations=(Location("http://127.0.0.1/x"),)).plus(
            ChangeSet(properties={"p": Change(ABSENT, "v")})
        )

    changed = modify_image(pipeline.nouns, a_call("modify_image"), image.id, edit)
    assert (changed.visibility, changed.tags, changed.status, changed.size) == ("public", {"a"}, "active", 42)
    assert changed.properties == {"p": "v"}
    assert pipeline.layers[0].events == [("modify_image", ["locations", "tags", "visibility"], "active", 42)]

    modify_image(pipeline.nouns, a_call("modify_image"), image.id, lambda record: ChangeSet.of(record, locations=()))
    assert pipeline.layers[-1].intents["i1"].details == {"urls": ["http://127.0.0.1/x"]}  # opened with the commit


def test_patch_that_fails_stores_nothing():
    """FEATURES 1.5-16, and 12-04: fields that were not touched are not written."""
    pipeline = linked(Witness)
    image = new(pipeline)

    def edit(record):
        raise Conflict("no such path")

    with pytest.raises(Conflict):
        modify_image(pipeline.nouns, a_call("modify_image"), image.id, edit)
    assert stored(pipeline, image.id).updated_at == image.updated_at
    assert modify_image(pipeline.nouns, a_call("modify_image"), image.id, lambda _: ChangeSet()).updated_at == image.updated_at
    assert pipeline.layers[0].events == []


# 3. Import in the background, as the service on a user's behalf


class OwningRepo(ImageRepoProxy["Owning"]):
    """Refuses who does not own, lets the service pass that acts for somebody who was judged before."""

    def save(self, call, image, changes):
        if not call.actor.service and call.actor.project_id != image.owner:
            raise Forbidden
        if any(name.startswith("os_glance") for name in changes.properties) and not call.actor.service:
            raise Forbidden
        return self.inner.save(call, image, changes)


class Owning(Layer):
    name = "owning"
    repo = OwningRepo


def test_import_in_the_background_as_the_service():
    pipeline = linked(Owning)
    nouns = pipeline.nouns
    image = new(pipeline)
    request = Call("modify_image", replace(ALICE, token="secret"))
    nouns.repo.claim(request, image, "task-1")
    with pytest.raises(Conflict):
        nouns.repo.claim(request, image, "task-2")  # one task an image (FEATURES 4.5-08)
    note = request.stored()
    assert "secret" not in repr(note)

    call = Call.restored(note)  # much later, in another process
    assert (call.actor.service, call.initiator.user_id, call.request_id) == (True, "alice", request.request_id)
    progress = ChangeSet(properties={"os_glance_importing_to_stores": Change(ABSENT, "fast,slow")})
    with pytest.raises(Forbidden):
        nouns.repo.save(request, image, progress)
    image = nouns.repo.save(call, image, progress.plus(ChangeSet.of(image, status=Status.IMPORTING)))
    for store, activate in (("fast", False), ("slow", True)):
        image = nouns.repo.save(call, image, nouns.image.set_data(call, image, Data([b"data"], 4), Target(store, activate)))
    assert (image.status, [location.store for location in image.locations]) == ("active", ["fast", "slow"])


# 4. List with policy narrowing


class RefillingRepo(ImageRepoProxy["Refilling"]):
    """Checks a rule that only rows can answer, and asks on from the last row *examined* until the page is full."""

    def list(self, call, query):
        rows, page = [], self.inner.list(call, query)
        while True:
            for row in page.rows:
                if row.properties.get("secret") != "yes":
                    rows.append(row)
                if len(rows) == query.limit:
                    return Page(rows, page.more or row is not page.rows[-1], row)
            if not page.more:
                return Page(rows, False, page.last)
            page = self.inner.list(call, replace(query, after=page.last))


class Refilling(Layer):
    name = "refilling"
    repo = RefillingRepo


def test_list_with_policy_narrowing():
    pipeline = linked(Refilling)
    images = [new(pipeline) for _ in range(9)]
    for image in images[:5]:
        pipeline.layers[-1].images[image.id] = replace(image, properties={"secret": "yes"})
    query = ImageQuery(limit=2)
    seen = []
    while True:
        page = list_images(pipeline.nouns, a_call("list_images"), query)
        seen += [row.id for row in page.rows]
        if not page.more:
            break
        assert len(page.rows) == 2  # a page is full or the last one (FEATURES 12-07)
        query = replace(query, after=page.last)
    assert seen == [image.id for image in images[5:]]


# 5. Member accept


class JudgingMembers(MemberRepoProxy["Judging"]):
    """The writer of a membership is not the image's owner: what is judged is the operation."""

    def save(self, call, image, member, status):
        if call.operation is OPERATIONS["modify_member"] and call.actor.project_id != member.member:
            raise Forbidden
        return self.inner.save(call, image, member, status)


class Judging(Layer):
    name = "judging"
    members = JudgingMembers


def test_member_accept():
    pipeline = linked(Owning, Judging)
    image = new(pipeline)
    pipeline.nouns.members.add(a_call("add_member"), image, "blue")
    with pytest.raises(Forbidden):
        modify_member(pipeline.nouns, a_call("modify_member", ALICE), image.id, "blue", "accepted")
    member = modify_member(pipeline.nouns, a_call("modify_member", BOB), image.id, "blue", "accepted")
    assert member.status == "accepted"
    assert pipeline.nouns.repo.get(a_call("show_image", BOB), image.id).membership == "accepted"
    assert pipeline.nouns.repo.get(a_call("show_image", ALICE), image.id).membership is None


# 6. Delete of a shared protected image


class ProtectingImage(ImageProxy["Protecting"]):
    """Judges before any byte is touched, though it stands further in than the layer that erases bytes."""

    def delete(self, call, image):
        if image.protected:
            raise Forbidden("The image is protected.")
        return self.inner.delete(call, image)


class ErasingRepo(ImageRepoProxy["Erasing"]):
    """Notes what it will erase, erases, and closes the note with the very commit that removes the row."""

    def remove(self, call, image, changes):
        intent = Intent("erase-1", "erase", image.id, {"urls": [location.url for location in image.locations]})
        self.layer.inner.journal.begin(call, intent)
        self.layer.erased += intent.details["urls"]
        return self.inner.remove(call, image, changes.settling(intent.id))


class Erasing(Layer):
    name = "erasing"
    repo = ErasingRepo

    def __init__(self, conf):
        super().__init__(conf)
        self.erased = []


class Protecting(Layer):
    name = "protecting"
    image = ProtectingImage


def test_delete_of_a_shared_protected_image():
    pipeline = linked(Erasing, Protecting)
    image = new(pipeline, protected=True, locations=(Location("file:///x"),))
    pipeline.nouns.members.add(a_call("add_member"), image, "blue")
    with pytest.raises(Forbidden):
        delete_image(pipeline.nouns, a_call("delete_image", ADMIN), image.id)
    assert pipeline.layers[0].erased == []
    modify_image(pipeline.nouns, a_call("modify_image"), image.id, lambda record: ChangeSet.of(record, protected=False))
    delete_image(pipeline.nouns, a_call("delete_image"), image.id)
    assert pipeline.layers[0].erased == ["file:///x"]
    assert not pipeline.layers[-1].intents
    with pytest.raises(ImageNotFound):
        pipeline.nouns.repo.get(a_call("show_image"), image.id)


# 7. Ranged download through a cache


class CachingImage(ImageProxy["Caching"]):
    """Serves spans from a file of its own; the file reaches the server, and the byte count comes back."""

    def get_data(self, call, image, span=None, prefer=()):
        path = self.layer.directory / image.id
        if not path.exists():
            whole = self.inner.get_data(call, image)
            path.write_bytes(b"".join(whole))
            whole.close()
        file = path.open("rb")
        file.seek(span.start if span else 0)
        return Data(size=span.length if span else image.size, file=file, close=file.close)


class Caching(Layer):
    name = "caching"
    image = CachingImage


class CountingImage(ImageProxy["Counting"]):
    """Only wants to know: observing keeps the file, and with it sendfile."""

    def get_data(self, call, image, span=None, prefer=()):
        data = self.inner.get_data(call, image, span, prefer)
        data.observe(self.layer.ends_seen.append)
        return data


class Counting(Layer):
    name = "counting"
    image = CountingImage

    def __init__(self, conf):
        super().__init__(conf)
        self.ends_seen = []


def span_of(first, last, image):
    return Span.within(image.size, first, last)


def test_ranged_download_through_a_cache(tmp_path):
    pipeline = linked(Counting, Caching)
    pipeline.layers[1].directory = tmp_path
    image = new(pipeline)
    with a_call("upload_image") as call:
        upload_image(pipeline.nouns, call, image.id, Data([bytes(range(200))]), Target())
    for first, last in ((10, 19), (None, 5), (190, 1000)):
        image, data = download_image(pipeline.nouns, a_call("download_image"), image.id, partial(span_of, first, last))
        pipeline.layers[-1].bytes.clear()  # from here on only the cache has them
        assert data.file is not None
        content = data.file.read(data.size)
        data.ended(Ended(len(content), True))
        data.close()
        span = Span.within(200, first, last)
        assert content == bytes(range(200))[span.start : span.start + span.length]
    assert [end.sent for end in pipeline.layers[0].ends_seen] == [10, 5, 10]


# 8. Copy of another project's image, by an admin


class ChargingImage(ImageProxy["Charging"]):
    """Charges the image's owner, never the caller."""

    def add_copy(self, call, image, target):
        usage = self.layer.inner.usage
        held = usage.reserve(call, image.owner, image.size, self.layer.limit)
        call.on_end(lambda: usage.release(call, held))
        return self.inner.add_copy(call, image, target)


class Charging(Layer):
    name = "charging"
    image = ChargingImage
    limit = 100


def test_copy_of_another_projects_image_by_an_admin():
    pipeline = linked(Owning, Charging)
    nouns = pipeline.nouns
    image = new(pipeline)
    with a_call("upload_image") as call:
        upload_image(nouns, call, image.id, Data([b"x" * 40], 40), Target("fast"))
    with a_call("modify_image", ADMIN).as_service() as call:
        image = nouns.repo.get(call, image.id)
        image = nouns.repo.save(call, image, nouns.image.add_copy(call, image, Target("slow")))
    assert [location.store for location in image.locations] == ["fast", "slow"]
    assert image.status == Status.ACTIVE
    assert nouns.usage.usage(call, "red").total == 80  # every copy counts, for the owner
    assert nouns.usage.usage(call, "ops").total == 0
    with pytest.raises(LimitExceeded), a_call("modify_image", ADMIN).as_service() as call:
        nouns.image.add_copy(call, image, Target("third"))
