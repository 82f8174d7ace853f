"""The rules of an image's life, between the verbs as a caller plays them and the innermost layer."""

import itertools
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oslo_config import cfg

from glancepipe.contract import (
    ABSENT,
    SERVICE,
    Call,
    Caller,
    Change,
    ChangeSet,
    Image,
    ImageValues,
    Layer,
    Location,
    Member,
    Status,
    Target,
    replace,
)
from glancepipe.contract.errors import Forbidden, Invalid, InvalidTransition, StatusChanged
from glancepipe.layers.domain import TRANSITIONS, Domain
from glancepipe.pipeline.errors import PipelineError
from glancepipe.pipeline.linking import link
from glancepipe.pipeline.ordering import check_order
from glancepipe.testing import Ends

ALICE = Caller(user_id="alice", project_id="red", roles=frozenset({"member"}))
STATUSES = [value for name, value in vars(Status).items() if name.isupper()]


class Life:
    """The domain around ``Ends``: what it answers, and what it lets through to be stored."""

    def __init__(self):
        conf = cfg.ConfigOpts()
        for group, options in Domain.options.items():
            conf.register_opts(options, None if group == "DEFAULT" else group)
        conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
        self.ends = Ends(conf)
        self.nouns = link([Domain(conf), self.ends])

    def call(self, operation="modify_image", caller=ALICE):
        return Call(operation, caller)

    def new(self, properties=(), tags=frozenset(), **base):
        return self.nouns.factory.new_image(self.call("create_image"), ImageValues(base, dict(properties), frozenset(tags)))

    def kept(self, **fields):
        image = Image(**{"id": str(uuid.uuid4()), "disk_format": "raw", "container_format": "bare", **fields})
        return self.nouns.repo.add(self.call("create_image"), image)

    def save(self, image, changes, caller=ALICE):
        return self.nouns.repo.save(self.call(caller=caller), image, changes)


@pytest.fixture
def life():
    return Life()


# A new record (FEATURES 1.4, 2.1, 6.5-02)


def test_a_new_image_has_the_defaults(life):
    """FEATURES 2.1-01 to 2.1-17, 2.3-01."""
    image = life.new()
    assert uuid.UUID(image.id).version == 4
    assert (image.status, image.visibility, image.protected, image.os_hidden) == ("queued", "shared", False, False)
    assert (image.min_disk, image.min_ram, image.size, image.virtual_size, image.checksum) == (0, 0, None, None, None)
    assert (image.properties, image.tags, image.locations) == ({}, frozenset(), ())
    assert image.created_at == image.updated_at
    assert image.created_at.tzinfo is None
    assert datetime.now(UTC).replace(tzinfo=None) - image.created_at < timedelta(minutes=1)


def test_a_new_image_has_what_was_chosen(life):
    chosen = "0F6A4D65-1111-4222-8333-ABCDEFabcdef"
    base = {"id": chosen, "name": "n", "owner": "blue", "min_disk": 1, "min_ram": 2, "disk_format": "raw", "container_format": "bare"}
    image = life.new({"a": ""}, {"t"}, **base, visibility="community", protected=True, os_hidden=True)
    assert {name: getattr(image, name) for name in base} == base  # any case of id is kept (FEATURES 1.4-03)
    assert (image.visibility, image.protected, image.os_hidden, image.properties, image.tags) == ("community", True, True, {"a": ""}, {"t"})


READ_ONLY = ["status", "size", "virtual_size", "checksum", "created_at", "updated_at", "direct_url", "self", "file", "schema", "stores"]
RESERVED = ["location", "locations", "deleted", "deleted_at", "os_glance_x", "os_glancefoo", "os_glance"]


@pytest.mark.parametrize("name", [*READ_ONLY, "os_hash_algo", "os_hash_value", "locations", "deleted", "deleted_at"])
def test_what_the_service_sets_can_not_be_chosen(life, name):
    """FEATURES 1.4-04, 1.4-05."""
    with pytest.raises(Forbidden, match=name):
        life.nouns.factory.new_image(life.call("create_image"), ImageValues({name: "x"}))


@pytest.mark.parametrize("name", [*READ_ONLY, *RESERVED, "os_hash_algo", "os_hash_value", "id", "name", "owner", "tags", "member"])
def test_a_property_can_not_shadow_another_name(life, name):
    """FEATURES 1.4-04, 1.4-05, 2.2-07, 12-06."""
    with pytest.raises(Forbidden, match=name):
        life.new({name: "x"})
    image = life.kept()
    with pytest.raises(Forbidden, match=name):
        life.save(image, ChangeSet(properties={name: Change(ABSENT, "x")}))
    assert life.ends.images[image.id] == image


@pytest.mark.parametrize(("name", "value"), [("", "x"), ("n" * 256, "x"), ("p", None), ("p", 1), ("p", ["x"])])
def test_a_property_has_a_name_and_is_a_string(life, name, value):
    """FEATURES 1.4-01, 1.4-06, 1.5-09, 12-06."""
    with pytest.raises(Invalid):
        life.new({name: value})
    with pytest.raises(Invalid):
        life.save(life.kept(), ChangeSet(properties={name: Change(ABSENT, value)}))


def test_the_longest_property_name_fits(life):
    assert life.new({"n" * 255: "v"}).properties == {"n" * 255: "v"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "x"),
        ("id", None),
        ("id", "0f6a4d65111142228333abcdefabcdef"),
        ("id", "0f6a4d65-1111-4222-8333-abcdefabcdef\n"),
        ("name", "n" * 256),
        ("name", 5),
        ("owner", "o" * 256),
        ("visibility", "secret"),
        ("visibility", None),
        ("protected", "true"),
        ("os_hidden", 1),
        ("min_disk", -1),
        ("min_disk", 2**31),
        ("min_disk", None),
        ("min_ram", 1.5),
        ("min_ram", True),
        ("disk_format", 7),
    ],
)
def test_values_that_can_not_be(life, name, value):
    """FEATURES 1.4-03, 1.4-09, 2.1, 6.5-01: on create and on save alike."""
    with pytest.raises(Invalid, match=name):
        life.new(**{name: value})
    image = life.kept()
    with pytest.raises(Invalid, match=name):
        life.save(image, ChangeSet({name: Change(None, value)}))
    assert life.ends.images[image.id] == image


@pytest.mark.parametrize("tags", [frozenset({"t" * 256}), frozenset({1}), ["t"]])
def test_tags_that_can_not_be(life, tags):
    """FEATURES 2.1-17."""
    with pytest.raises(Invalid):
        life.nouns.factory.new_image(life.call("create_image"), ImageValues({}, {}, tags))
    with pytest.raises(Invalid):
        life.save(life.kept(), ChangeSet({"tags": Change(frozenset(), tags)}))


@given(st.integers())
def test_numbers_fit_the_column(number):
    """FEATURES 1.4-09: 0 to 2^31-1, and nothing else."""
    life = Life()
    if 0 <= number < 2**31:
        assert life.new(min_ram=number).min_ram == number
    else:
        with pytest.raises(Invalid):
            life.new(min_ram=number)


# Properties of the service itself


def test_the_service_sets_and_removes_its_own_properties(life):
    """FEATURES 2.2-06: clients can neither set nor delete them."""
    image = life.kept()
    mark = ChangeSet(properties={"os_glance_import_task": Change(ABSENT, "t")})
    image = life.save(image, mark, SERVICE)
    unmark = ChangeSet(properties={"os_glance_import_task": Change("t", ABSENT)})
    with pytest.raises(Forbidden):
        life.save(image, unmark)
    assert life.save(image, unmark, SERVICE).properties == {}


def test_a_shadowing_property_of_old_can_be_removed(life):
    """Glance may have left one behind (FEATURES 12-06)."""
    image = life.kept(properties={"stores": "x"})
    assert life.save(image, ChangeSet(properties={"stores": Change("x", ABSENT)})).properties == {}


# Transitions (FEATURES 2.3, 6.5-01)


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(STATUSES, 2)))
def test_a_save_moves_only_along_legal_transitions(life, old, new):
    image = life.kept(status=old)
    changes = ChangeSet.of(image, status=new)
    if new in TRANSITIONS[old]:
        assert life.save(image, changes).status == new
    else:
        with pytest.raises(InvalidTransition, match=f"'{old}' to '{new}'"):
            life.save(image, changes)
        assert life.ends.images[image.id] == image


def test_the_transitions_are_those_of_the_specification():
    """FEATURES 2.3, spelled out once more so that a slip of the pen shows."""
    table = "queued: saving uploading importing active deleted; saving: active killed deleted queued; uploading: importing queued deleted; "
    table += "importing: active deleted queued; active: pending_delete deleted deactivated; killed: deleted; "
    table += "pending_delete: deleted active; deactivated: active deleted; deleted:"
    rows = (row.split(":") for row in table.split(";"))
    assert {old.strip(): set(new.split()) for old, new in rows} == TRANSITIONS


@pytest.mark.parametrize("status", STATUSES)
def test_touching_the_status_is_no_transition(life, status):
    """A change of status to itself only asks for the compare-and-swap."""
    image = life.kept(status=status)
    assert life.save(image, ChangeSet.of(image, status=status, name="n")).name == "n"


def test_an_unknown_status_leads_nowhere(life):
    image = life.kept()
    with pytest.raises(InvalidTransition):
        life.save(image, ChangeSet.of(image, status="sleeping"))


@pytest.mark.parametrize("old", ["saving", "uploading", "importing"])
def test_an_image_that_is_queued_again_has_no_size(life, old):
    """FEATURES 2.1-11, 1.6-08: even if the same change says one."""
    image = life.kept(status=old, size=5, virtual_size=6, os_hash_value="promised")
    image = life.save(image, ChangeSet.of(image, size=7).plus(ChangeSet.of(image, status="queued")))
    assert (image.status, image.size, image.virtual_size, image.os_hash_value) == ("queued", None, None, "promised")


@pytest.mark.parametrize(("old", "new"), [("queued", "active"), ("queued", "importing"), ("uploading", "importing"), ("queued", "saving")])
def test_data_needs_formats(life, old, new):
    """FEATURES 1.5-27, 2.3-02, 2.3-08: a format in the same change counts."""
    image = life.kept(status=old, disk_format=None, container_format=None)
    with pytest.raises(Invalid, match="disk_format and container_format") as refused:
        life.save(image, ChangeSet.of(image, status=new))
    assert not isinstance(refused.value, InvalidTransition)  # 400, not 409
    with pytest.raises(Invalid, match="Set container_format"):
        life.save(replace(image, disk_format="raw"), ChangeSet.of(image, status=new))
    if old == "queued":
        assert life.save(image, ChangeSet.of(image, status=new, disk_format="raw", container_format="bare")).status == new


def test_staging_needs_no_formats(life):
    """FEATURES 1.6-13."""
    image = life.kept(disk_format=None)
    assert life.save(image, ChangeSet.of(image, status="uploading")).status == "uploading"


# Formats are for good once there is data (FEATURES 1.5-14)


@pytest.mark.parametrize("name", ["disk_format", "container_format"])
@pytest.mark.parametrize("status", STATUSES)
def test_formats_change_only_before_the_data(life, status, name):
    image = life.kept(status=status)
    if status in ("queued", "importing"):
        assert getattr(life.save(image, ChangeSet.of(image, **{name: None})), name) is None
    else:
        for value in (getattr(image, name), "other"):  # even if the value stays as it is
            with pytest.raises(Forbidden):
                life.save(image, ChangeSet.of(image, **{name: value}))
        assert life.ends.images[image.id] == image


def test_formats_do_not_change_under_an_upload_that_starts_meanwhile(life):
    """The record was read while the image was queued; by now it is saving (FEATURES 12-08)."""
    image = life.kept()
    life.save(image, ChangeSet.of(image, status="saving"))
    with pytest.raises(StatusChanged):
        life.save(image, ChangeSet.of(image, disk_format="qcow2"))
    assert life.ends.images[image.id].disk_format == "raw"


# Sizes


@pytest.mark.parametrize("name", ["size", "virtual_size"])
@pytest.mark.parametrize("value", [-1, 2**63, "5", True, 1.0])
def test_sizes_are_whole_bytes(life, name, value):
    with pytest.raises(Invalid, match=name):
        life.save(life.kept(), ChangeSet({name: Change(None, value)}))


# The verbs that domain ends


def test_data_begins_on_a_queued_image(life):
    """FEATURES 1.6-05, 2.3-02."""
    image = life.kept()
    assert life.nouns.image.begin_data(life.call("upload_image"), image, Target()) == ChangeSet({"status": Change("queued", "saving")})


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "queued"])
def test_data_does_not_begin_in_another_status(life, status):
    """FEATURES 1.6-05: the status counts before the formats, 409 before 400."""
    with pytest.raises(InvalidTransition):
        life.nouns.image.begin_data(life.call("upload_image"), life.kept(status=status, disk_format=None), Target())


@pytest.mark.parametrize("name", ["disk_format", "container_format"])
def test_data_does_not_begin_without_formats(life, name):
    """FEATURES 1.6-05."""
    with pytest.raises(Invalid, match=name) as refused:
        life.nouns.image.begin_data(life.call("upload_image"), life.kept(**{name: None}), Target())
    assert not isinstance(refused.value, InvalidTransition)


@pytest.mark.parametrize(("verb", "old", "new"), [("deactivate", "active", "deactivated"), ("reactivate", "deactivated", "active")])
def test_deactivate_and_reactivate(life, verb, old, new):
    """FEATURES 1.3-11, 1.3-12, 2.3-12: idempotent, and nothing but those two states."""
    act = getattr(life.nouns.image, verb)
    image = life.kept(status=old)
    assert act(life.call(verb), image) == ChangeSet({"status": Change(old, new)})
    assert act(life.call(verb), replace(image, status=new)).empty
    for status in set(STATUSES) - {old, new}:
        with pytest.raises(Forbidden):
            act(life.call(verb), replace(image, status=status))


@pytest.mark.parametrize("status", STATUSES)
def test_delete(life, status):
    """FEATURES 2.3-13."""
    image = life.kept(status=status, locations=(Location("file:///x"),))
    if status in ("pending_delete", "deleted"):
        with pytest.raises(InvalidTransition):
            life.nouns.image.delete(life.call("delete_image"), image)
    else:
        assert life.nouns.image.delete(life.call("delete_image"), image) == ChangeSet({"status": Change(status, "deleted")})


@pytest.mark.parametrize("caller", [ALICE, Caller(roles=frozenset({"admin"}), is_admin=True), SERVICE])
def test_a_protected_image_is_not_deleted_for_anybody(life, caller):
    """FEATURES 2.4-06: also not for admins; everything else about it may change."""
    image = life.kept(protected=True, status="active")
    with pytest.raises(Forbidden, match="protected"):
        life.nouns.image.delete(life.call("delete_image", caller), image)
    assert life.save(image, ChangeSet.of(image, name="n", protected=False)).protected is False


# Members


@pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
def test_member_statuses(life, status):
    """FEATURES 6.5-03, 4.1-03."""
    image = life.kept()
    member = life.nouns.members.add(life.call("add_member"), image, "blue")
    assert life.nouns.members.save(life.call("modify_member"), image, member, status).status == status


@pytest.mark.parametrize("status", ["", "Accepted", "all", None])
def test_other_member_statuses(life, status):
    image = life.kept()
    with pytest.raises(Invalid):
        life.nouns.members.save(life.call("modify_member"), image, Member(image.id, "blue"), status)


@pytest.mark.parametrize("member", ["", "m" * 256])
def test_members_that_can_not_be(life, member):
    """FEATURES 4.1-02."""
    with pytest.raises(Invalid):
        life.nouns.members.add(life.call("add_member"), life.kept(), member)
    assert life.ends.memberships == {}


def test_without_policy_the_role_admin_makes_an_administrator(life):
    assert life.nouns.authority.is_admin(Caller(roles=frozenset({"admin", "member"})))
    assert not life.nouns.authority.is_admin(ALICE)


class Locating(Layer):
    name = "location"


class Db(Layer):
    name = "db"


@pytest.mark.parametrize("line", [(Domain, Locating, Db), (Locating, Db, Domain)])
def test_its_place_is_inside_location_and_outside_db(line):
    """FEATURES 12.1-09: what location derives is judged, and judged before it is stored."""
    check_order([Locating, Domain, Db], "line")
    with pytest.raises(PipelineError, match="'domain' must stand"):
        check_order(line, "line")
