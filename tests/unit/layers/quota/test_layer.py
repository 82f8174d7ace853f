"""How much an image and its owner may have: counts, bytes before they move, while they stream and as they were stored."""

from contextlib import contextmanager
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oslo_config import cfg

from glancepipe.contract import (
    ABSENT,
    BLOCK,
    Call,
    Caller,
    Change,
    ChangeSet,
    Data,
    ImageProxy,
    ImageValues,
    Layer,
    Location,
    Status,
    Target,
    UsageProxy,
    replace,
)
from glancepipe.contract.errors import DatabaseUnavailable, InvalidTransition, LimitExceeded
from glancepipe.layers.quota import Quota, transfer
from glancepipe.layers.quota.local import storage_quota
from glancepipe.operations.upload_image import upload_image
from glancepipe.pipeline.builder import register_options
from glancepipe.pipeline.errors import PipelineError
from glancepipe.pipeline.ordering import check_order
from glancepipe.testing import linked

ALICE = Caller(user_id="alice", project_id="red", roles=frozenset({"member"}))
ADMIN = Caller(user_id="root", project_id="ops", roles=frozenset({"admin"}), is_admin=True)


def configuration(**options):
    conf = cfg.ConfigOpts()
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    register_options(Quota, conf)
    for name, value in options.items():
        conf.set_override(name, value)
    return conf


class Limits:
    """The layer around ``Ends``, with the options given and the inner layers given."""

    def __init__(self, *inner, **options):
        self.pipeline = linked(Quota, *inner, conf=configuration(**options))
        self.nouns = self.pipeline.nouns
        self.quota, self.ends = self.pipeline.layers[0], self.pipeline.layers[-1]

    def call(self, operation="modify_image", caller=ALICE):
        return Call(operation, caller)

    def new(self, properties=(), tags=(), **base):
        base = {"owner": "red", "disk_format": "raw", "container_format": "bare", **base}
        values = ImageValues(base, dict(properties), frozenset(tags))
        return self.nouns.repo.add(self.call("create_image"), self.nouns.factory.new_image(self.call("create_image"), values))

    def save(self, image, changes):
        with self.call() as call:
            return self.nouns.repo.save(call, image, changes)

    def upload(self, image, blocks, size=None, caller=ALICE):
        with self.call("upload_image", caller) as call:
            return upload_image(self.nouns, call, image.id, Data(blocks, size), Target())

    def usage(self, owner="red"):
        return self.nouns.usage.usage(self.call(), owner)


@contextmanager
def refused(words=None):
    with pytest.raises(LimitExceeded, match=words):
        yield


def adding(**properties):
    return ChangeSet(properties={name: Change(ABSENT, value) for name, value in properties.items()})


# Properties (FEATURES 6.2-01)


def test_properties_of_a_new_image():
    """FEATURES 1.4-10: those of the service don't count (2.2-06)."""
    limits = Limits(image_property_quota=2)
    assert len(limits.new({"a": "1", "b": "2", "os_glance_import_task": "t"}).properties) == 3
    with refused("at most 2 properties, not 3"):
        limits.new({"a": "1", "b": "2", "c": "3"})


def test_properties_are_counted_when_a_name_is_added():
    limits = Limits(image_property_quota=2)
    image = limits.new({"a": "1"})
    image = limits.save(image, adding(b="2"))
    with refused("properties"):
        limits.save(image, adding(c="3"))
    exchange = adding(c="3").plus(ChangeSet(properties={"a": Change("1", ABSENT)}))
    assert limits.save(image, exchange).properties == {"b": "2", "c": "3"}


def test_an_image_over_the_quota_can_be_changed_but_not_grow():
    """FEATURES 6.2-01: only if a new name was added. The quota was lowered since."""
    limits = Limits(image_property_quota=1)
    image = limits.new()
    image = limits.ends.images[image.id] = replace(image, properties={"a": "1", "b": "2", "c": "3"})
    image = limits.save(image, ChangeSet({"name": Change(None, "n")}, {"a": Change("1", "2"), "b": Change("2", ABSENT)}))
    assert (image.name, image.properties) == ("n", {"a": "2", "c": "3"})
    assert "os_glance_x" in limits.save(image, adding(os_glance_x="y")).properties
    with refused():
        limits.save(image, adding(d="4"))


@pytest.mark.parametrize("name", ["image_property_quota", "image_tag_quota", "image_member_quota", "image_location_quota"])
def test_a_negative_quota_is_none_and_zero_is_zero(name):
    def grow(limits):
        many = [str(number) for number in range(300)]
        if name == "image_property_quota":
            limits.new(dict.fromkeys(many, "v"))
        elif name == "image_tag_quota":
            limits.new(tags=many)
        elif name == "image_member_quota":
            image = limits.new()
            for member in many:
                limits.nouns.members.add(limits.call("add_member"), image, member)
        else:
            image = limits.new()
            limits.save(image, ChangeSet.of(image, locations=tuple(map(Location, many))))

    grow(Limits(**{name: -1}))
    with refused():
        grow(Limits(**{name: 0}))


def test_the_defaults_are_those_of_glance():
    """FEATURES 8.1-16 to 8.1-19."""
    layer = Limits().quota
    assert (layer.property_quota, layer.tag_quota, layer.member_quota, layer.location_quota) == (128, 128, 128, 10)
    assert (layer.size_cap, layer.limits.storage) == (1099511627776, None)


# Tags (FEATURES 6.2-02)


def test_tags():
    limits = Limits(image_tag_quota=2)
    with refused("at most 2 tags, not 3"):
        limits.new(tags="abc")
    image = limits.new(tags="ab")
    assert limits.save(image, ChangeSet.of(image, tags=frozenset("cd"))).tags == {"c", "d"}
    with refused("tags"):
        limits.save(image, ChangeSet.of(image, tags=frozenset("cde")))


def test_tags_over_the_quota_can_be_removed():
    """FEATURES 6.2-02: the quota was lowered since; adding and replacing is refused even if it adds nothing."""
    limits = Limits(image_tag_quota=1)
    image = limits.new()
    image = limits.ends.images[image.id] = replace(image, tags=frozenset("abc"))
    with refused():
        limits.save(image, ChangeSet.of(image, tags=image.tags))
    assert limits.save(image, ChangeSet.of(image, tags=image.tags - {"a"})).tags == {"b", "c"}


# Members (FEATURES 6.2-03)


def test_members():
    limits = Limits(image_member_quota=2)
    image, call = limits.new(), limits.call("add_member")
    first = limits.nouns.members.add(call, image, "blue")
    limits.nouns.members.add(call, image, "green")
    with refused("at most 2 members, not 3"):
        limits.nouns.members.add(call, image, "white")
    limits.nouns.members.remove(call, image, first)
    assert limits.nouns.members.add(call, image, "white").member == "white"


# image_size_cap (FEATURES 6.2-05, 8.1-16)


@pytest.mark.parametrize("size", [None, 10])
def test_an_image_may_be_as_large_as_the_cap(size):
    limits = Limits(image_size_cap=10)
    assert limits.upload(limits.new(), [b"12345", b"67890"], size).size == 10


def test_an_announced_size_above_the_cap_is_refused_before_reading():
    limits = Limits(image_size_cap=10)
    image, read = limits.new(), []
    with refused("at most 10 bytes"):
        limits.upload(image, (read.append(1) or b"x" for _ in range(11)), 11)
    assert (read, limits.ends.bytes, limits.ends.images[image.id].status) == ([], {}, "queued")


def test_a_stream_that_passes_the_cap_is_stopped_there():
    limits = Limits(image_size_cap=10)
    read = []
    with refused("at most 10 bytes"):
        limits.upload(limits.new(), (read.append(1) or b"12345" for _ in range(100)))
    assert (len(read), limits.ends.bytes) == (3, {})


def test_a_saved_size_above_the_cap_is_refused():
    """FEATURES 6.2-05: however the record came by it."""
    limits = Limits(image_size_cap=10)
    image = limits.new()
    with refused():
        limits.save(image, ChangeSet.of(image, size=11))
    large = limits.ends.images[image.id] = replace(image, size=11)  # the cap was lowered since
    assert limits.save(large, ChangeSet.of(large, size=11, name="n")).name == "n"


@pytest.mark.parametrize("cap", [0, -1, 2**63])
def test_a_cap_that_can_not_be_meant(cap):
    """FEATURES 8.1-16."""
    with pytest.raises(ValueError):
        configuration(image_size_cap=cap)


# user_storage_quota (FEATURES 6.2-06, 12-12)


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("0", None), ("0GB", None), ("7", 7), ("7B", 7), ("3KB", 3 * 2**10), ("3MB", 3 * 2**20), ("1GB", 2**30), ("2TB", 2**41), ("007", 7)],
)
def test_storage_quotas(text, bytes_):
    assert storage_quota(text) == bytes_


@given(st.integers(0, 2**63 - 1), st.sampled_from(["", "B", "KB", "MB", "GB", "TB"]))
def test_storage_quotas_are_powers_of_1024(number, unit):
    factor = 1024 ** " KMGT".index(unit.removesuffix("B") or " ")
    if number * factor < 2**63:
        assert storage_quota(f"{number}{unit}") == (number * factor or None)
    else:
        with pytest.raises(ValueError, match="at most"):
            storage_quota(f"{number}{unit}")


@given(st.text())
def test_other_storage_quotas_are_refused_with_a_sentence(text):
    if not (text.isascii() and text.isdigit()):
        with pytest.raises(ValueError, match="user_storage_quota = "):
            storage_quota(text + "x")


@pytest.mark.parametrize("text", ["", "-1", "1 GB", "1gb", "1.5GB", "GB", "1PB", "1\n", "١"])
def test_storage_quotas_that_can_not_be_meant(text):
    """The service doesn't start, and says which line to change."""
    with pytest.raises(ValueError, match="user_storage_quota"):
        Limits(user_storage_quota=text)


class CountingUsage(UsageProxy["Counting"]):
    def usage(self, call, owner):
        self.layer.asked.append("usage")
        return self.inner.usage(call, owner)

    def reserve(self, call, owner, amount, limit, held=None, **what):
        self.layer.asked.append("reserve")
        return self.inner.reserve(call, owner, amount, limit, held, **what)

    def release(self, call, held):
        self.layer.asked.append("release")
        if self.layer.broken:
            raise DatabaseUnavailable
        return self.inner.release(call, held)


class Counting(Layer):
    """Notes every question that costs a statement."""

    name = "counting"
    usage = CountingUsage
    broken = False

    def __init__(self, conf):
        super().__init__(conf)
        self.asked = []


def test_without_a_storage_quota_nobody_asks_the_database():
    limits = Limits(Counting)
    limits.upload(limits.new(), [b"x" * 100])
    limits.upload(limits.new(), [b"x" * 100], 100)
    assert limits.pipeline.layers[1].asked == []


def test_an_announced_size_is_reserved_once():
    limits = Limits(Counting, user_storage_quota="1GB")
    limits.upload(limits.new(), [b"x" * BLOCK] * 3, 3 * BLOCK)
    assert limits.pipeline.layers[1].asked == ["reserve", "release"]


def test_a_stream_of_unknown_size_reserves_in_large_steps():
    limits = Limits(Counting, user_storage_quota="1GB")
    limits.upload(limits.new(), [b"x" * BLOCK] * 130)
    assert limits.pipeline.layers[1].asked == ["reserve"] * 3 + ["release"]


@pytest.mark.parametrize("size", [None, 60])
def test_uploads_fill_the_quota_to_its_last_byte(size):
    limits = Limits(user_storage_quota="100")
    limits.upload(limits.new(), [b"x" * 40])
    assert limits.upload(limits.new(), [b"x" * 30, b"y" * 30], size).size == 60
    assert (limits.usage().stored, limits.usage().reserved) == (100, 0)
    with refused("storage quota of 100 bytes"):
        limits.upload(limits.new(), [b"z"])


def test_an_announced_size_above_what_remains_is_refused_before_reading():
    limits = Limits(user_storage_quota="100")
    limits.upload(limits.new(), [b"x" * 40])
    image, read = limits.new(), []
    with refused("storage quota"):
        limits.upload(image, (read.append(1) or b"x" for _ in range(61)), 61)
    assert (read, limits.ends.images[image.id].status, limits.ends.images[image.id].size) == ([], "queued", None)
    assert limits.usage().reserved == 0
    assert limits.upload(image, [b"x" * 60], 60).status == Status.ACTIVE  # it can be tried again


def test_a_full_quota_refuses_before_the_image_is_seen_to_save():
    """FEATURES 6.2-06, 12-23: no status goes to and fro."""
    limits = Limits(user_storage_quota="100")
    limits.upload(limits.new(), [b"x" * 100])
    image = limits.new()
    with refused():
        limits.upload(image, [b"x"])
    assert limits.ends.images[image.id] == image


def test_a_size_that_the_record_promises_counts_before_the_data():
    limits = Limits(user_storage_quota="100", image_size_cap=150)
    image = limits.new()
    for size in (101, 151):
        with refused(), limits.call("upload_image") as call:
            limits.nouns.image.begin_data(call, replace(image, size=size), Target())
    assert limits.usage().reserved == 0


class RefusingImage(ImageProxy["Refusing"]):
    def begin_data(self, call, image, target):
        raise InvalidTransition


class Refusing(Layer):
    name = "refusing"
    image = RefusingImage


def test_a_wrong_status_is_told_before_a_full_quota():
    """FEATURES 1.6-05: 409 comes before 413, and nothing is held for it."""
    limits = Limits(Refusing, Counting, user_storage_quota="100")
    with pytest.raises(InvalidTransition):
        limits.upload(limits.new(), [b"x"])
    assert limits.pipeline.layers[2].asked == []


def test_parallel_uploads_can_not_overrun_the_quota_together():
    """FEATURES 12-12: the second one starts while the first one streams; neither size is known."""
    with mock.patch.object(transfer, "STEP", 8):
        limits = Limits(user_storage_quota="100")
        first, second = limits.new(), limits.new()

        def meanwhile():
            yield b"x" * 50
            with refused("storage quota"):
                limits.upload(second, [b"y"] * 60)
            yield b"x" * 40

        assert limits.upload(first, meanwhile()).size == 90
        assert limits.upload(second, [b"y"] * 10).size == 10
        assert (limits.usage().stored, limits.usage().reserved) == (100, 0)


@given(
    st.lists(st.binary(max_size=40), max_size=12),
    st.integers(1, 200),
    st.integers(0, 100),
    st.integers(1, 64),
    st.integers(1, 250),
    st.booleans(),
)
def test_streams_pass_exactly_if_they_fit(blocks, limit, stored, step, cap, announced):
    """However the bytes are cut: no byte passes that doesn't fit, every image that fits is stored, nothing stays reserved."""
    with mock.patch.object(transfer, "STEP", step):
        limits = Limits(user_storage_quota=str(limit), image_size_cap=cap)
        if stored:
            limits.ends.images["before"] = replace(limits.new(), id="before", size=stored, locations=(Location("ends://before"),))
        size = sum(map(len, blocks))
        fits = size <= cap and stored + max(size, 1) <= limit
        image, passed = limits.new(), []
        with mock.patch.object(Data, "__iter__", _noting(Data.__iter__, passed)):
            try:
                limits.upload(image, blocks, size if announced else None)
            except LimitExceeded:
                assert not fits
            else:
                assert fits
        assert sum(passed) <= min(cap, max(limit - stored, 0))
        assert limits.usage().reserved == 0
        assert limits.usage().stored == stored + (size if fits else 0)


def _noting(iterate, passed):
    def noting(data):
        for block in iterate(data):
            passed.append(len(block))
            yield block

    return noting


class UnpackingImage(ImageProxy["Unpacking"]):
    def set_data(self, call, image, data, target):
        return self.inner.set_data(call, image, data.map(lambda blocks: (block * 10 for block in blocks)), target)


class Unpacking(Layer):
    name = "unpacking"
    image = UnpackingImage


def test_what_is_stored_in_the_end_counts():
    """FEATURES 6.2-06: the check after the stream is exact, also if a layer further in unpacks."""
    limits = Limits(Unpacking, user_storage_quota="100", image_size_cap=150)
    assert limits.upload(limits.new(), [b"x" * 10], 10).size == 100
    limits = Limits(Unpacking, user_storage_quota="100")
    with refused("storage quota"):
        limits.upload(limits.new(), [b"x" * 11], 11)
    limits = Limits(Unpacking, image_size_cap=100)
    with refused("at most 100 bytes"):
        limits.upload(limits.new(), [b"x" * 11], 11)


def test_the_image_s_owner_is_charged_and_never_the_caller():
    limits = Limits(user_storage_quota="100")
    limits.upload(limits.new(owner="blue"), [b"x" * 100], caller=ADMIN)
    assert (limits.usage("blue").stored, limits.usage("ops").stored) == (100, 0)
    with refused():
        limits.upload(limits.new(owner="blue"), [b"x"], caller=ADMIN)
    limits.upload(limits.new(owner="ops"), [b"x"], caller=ADMIN)


def test_a_copy_is_charged_to_the_owner():
    """FEATURES 6.2-06, 4.5-19: every copy counts."""
    limits = Limits(user_storage_quota="100", image_location_quota=0)
    image = limits.upload(limits.new(), [b"x" * 40])
    with limits.call(caller=ADMIN).as_service() as call:
        image = limits.nouns.repo.save(call, image, limits.nouns.image.add_copy(call, image, Target("second")))
        assert (limits.usage().stored, limits.usage().reserved) == (80, 0)  # given back with the save, not later
        with refused("storage quota"):
            limits.nouns.image.add_copy(call, image, Target("third"))
    assert (limits.usage().stored, limits.usage().reserved) == (80, 0)
    limits.quota.size_cap = 30
    with refused("at most 30 bytes"), limits.call() as call:
        limits.nouns.image.add_copy(call, image, Target("third"))


def test_several_stores_in_one_operation():
    """Each stream is held until its location is recorded, and counted once."""
    limits = Limits(user_storage_quota="100")
    image = limits.new()
    with limits.call() as call:
        for store in ("a", "b"):
            image = limits.nouns.repo.save(call, image, limits.nouns.image.set_data(call, image, Data([b"x" * 50], 50), Target(store)))
        assert (limits.usage().stored, limits.usage().reserved) == (100, 0)
    image = limits.new(owner="blue")
    with limits.call() as call, refused():
        for store in ("a", "b"):  # neither is recorded
            limits.nouns.image.set_data(call, image, Data([b"x" * 51], 51), Target(store))
    assert limits.usage("blue").total == 0


def test_a_stream_that_failed_is_not_charged_when_it_is_tried_again():
    limits = Limits(user_storage_quota="100", image_size_cap=70)
    image = limits.new()

    def broken():
        yield b"x" * 60
        raise OSError

    with limits.call() as call:
        with pytest.raises(OSError):
            limits.nouns.image.set_data(call, image, Data(broken()), Target())
        assert limits.nouns.image.set_data(call, image, Data([b"x" * 60]), Target()).new("size") == 60
    assert limits.usage().reserved == 0


def test_a_reservation_is_given_back_however_the_operation_ends():
    limits = Limits(user_storage_quota="100")

    def interrupted():
        with limits.call() as call:
            limits.nouns.image.begin_data(call, limits.new(), Target())
            assert limits.usage().reserved == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert limits.usage().reserved == 0


def test_a_database_that_fails_at_the_very_end_does_not_fail_the_upload(caplog):
    limits = Limits(Counting, user_storage_quota="100")
    limits.pipeline.layers[1].broken = True
    assert limits.upload(limits.new(), [b"x" * 10], 10).status == Status.ACTIVE
    assert "reservation of 10 (stored) for red stays" in caplog.text


# Locations that clients add (FEATURES 6.2-04, 6.2-07, 1.5-29)


def locations(*urls):
    return tuple(Location(f"http://127.0.0.1/{url}") for url in urls)


def test_locations_are_counted_when_there_are_more():
    limits = Limits(image_location_quota=2)
    image = limits.new()
    image = limits.save(image, ChangeSet.of(image, locations=locations("a", "b")))
    with refused("at most 2 locations, not 3"):
        limits.save(image, ChangeSet.of(image, locations=(*image.locations, *locations("c"))))
    with refused():  # the same place twice is one more
        limits.save(image, ChangeSet.of(image, locations=(*image.locations, *locations("a"))))
    limits.quota.location_quota = 1
    described = tuple(replace(location, metadata={"k": "v"}) for location in image.locations)
    assert limits.save(image, ChangeSet.of(image, locations=described)).locations == described
    assert len(limits.save(image, ChangeSet.of(image, locations=image.locations[:1])).locations) == 1


def test_the_location_of_an_upload_is_not_a_client_s():
    limits = Limits(image_location_quota=0)
    assert len(limits.upload(limits.new(), [b"x"]).locations) == 1


def test_added_locations_need_size_times_number():
    """FEATURES 6.2-07."""
    limits = Limits(user_storage_quota="100")
    image = limits.new()
    image = limits.ends.images[image.id] = replace(image, size=30, status="active", locations=locations("a"))
    with refused("storage quota"):
        limits.save(image, ChangeSet.of(image, locations=locations("a", "b", "c", "d")))
    limits.save(image, ChangeSet.of(image, locations=locations("a", "b", "c")))
    assert (limits.usage().stored, limits.usage().reserved) == (90, 0)


def test_added_locations_of_unknown_size_need_some_room():
    limits = Limits(user_storage_quota="100")
    full, image = limits.new(), limits.new()
    limits.save(image, ChangeSet.of(image, locations=locations("a")))
    limits.ends.images[full.id] = replace(full, size=100, locations=locations("b"))
    with refused("storage quota"):
        limits.save(image, ChangeSet.of(image, locations=locations("a", "c")))


# Its place


class Named(Layer):
    def __init_subclass__(cls, name):
        cls.name = name


class Policy(Named, name="policy"):
    pass


class Locating(Named, name="location"):
    pass


class Domain(Named, name="domain"):
    pass


class Db(Named, name="db"):
    pass


@pytest.mark.parametrize("position", [0, 2, 3, 4])
def test_its_place_is_inside_policy_and_outside_what_it_limits(position):
    """FEATURES 12.1-09."""
    check_order([Policy, Quota, Locating, Domain, Db], "line")
    line = [Policy, Locating, Domain, Db]
    line.insert(position, Quota)
    with pytest.raises(PipelineError, match="'quota' must stand"):
        check_order(line, "line")
