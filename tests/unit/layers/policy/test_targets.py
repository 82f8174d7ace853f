"""What rules can read of an image, of a proposed one, and of a caller (FEATURES 7.2-01)."""

from dataclasses import fields

import pytest

from glancepipe.contract import Caller, Image, ImageValues, Sight
from glancepipe.layers.policy.targets import (
    ATTRIBUTES,
    caller_target,
    credentials,
    image_target,
    member_target,
    proposed_target,
    sight_target,
)

CALLER = Caller(user_id="u", project_id="mine", roles=frozenset({"reader", "member"}))
FORGED = dict.fromkeys(("id", "image_id", "owner", "project_id", "member_id", "member", "visibility"), "forged")
RELATIONS = ("owner", "project_id", "member_id", "member", "visibility")


def test_every_attribute_can_be_read():
    left_out = {"properties", "locations", "membership", "deleted", "deleted_at"}
    assert set(ATTRIBUTES) == {field.name for field in fields(Image)} - left_out
    image = Image("i", name="n", owner="theirs", size=5, tags=frozenset({"t"}), properties={"os": "linux"})
    target = image_target(image, CALLER)
    assert {name: target[name] for name in ATTRIBUTES} == {name: getattr(image, name) for name in ATTRIBUTES}
    assert (target["image_id"], target["project_id"], target["os"]) == ("i", "theirs", "linux")


def test_no_custom_property_can_pose_as_an_attribute_or_alias():
    for target in (image_target(Image("i", properties=FORGED), CALLER), proposed_target(ImageValues({}, FORGED), CALLER)):
        assert "forged" not in {target[name] for name in FORGED}


@pytest.mark.parametrize(
    ("image", "member_id"),
    [
        (Image("i", owner="theirs", membership="rejected"), "mine"),
        (Image("i", owner=None, membership="pending"), "mine"),
        (Image("i", owner="theirs"), None),
        (Image("i", owner="mine", membership="accepted"), None),
        (Image("i", owner="theirs", visibility="private", membership="accepted"), None),
    ],
)
def test_the_member_id_is_the_callers_project_exactly_if_it_is_a_member(image, member_id):
    """FEATURES 7.2-01, 12-13."""
    target = image_target(image, CALLER)
    assert (target["member_id"], target["member"]) == (member_id, member_id)


def test_the_member_id_of_a_membership_is_its_project():
    target = member_target(Image("i", owner="theirs", membership="accepted"), CALLER, "red")
    assert (target["member_id"], target["member"], target["project_id"]) == ("red", "red", "theirs")


def test_a_proposed_image_is_the_callers_and_private_unless_it_says_otherwise():
    """FEATURES 7.2-01."""
    plain = proposed_target(ImageValues({"name": "x"}, {"os": "linux"}), CALLER)
    assert (plain["owner"], plain["project_id"], plain["visibility"], plain["name"], plain["os"]) == (
        "mine",
        "mine",
        "private",
        "x",
        "linux",
    )
    chosen = proposed_target(ImageValues({"owner": None, "visibility": "shared"}), CALLER)
    assert (chosen["owner"], chosen["project_id"], chosen["visibility"]) == (None, None, "shared")


def test_a_caller_as_target_is_its_project():
    assert caller_target(CALLER)["project_id"] == "mine"


@pytest.mark.parametrize(
    ("sight", "image"),
    [
        (Sight("own", "private"), Image("i", owner="mine", visibility="private")),
        (Sight("member", "shared"), Image("i", owner="theirs", membership="pending")),
        (Sight("other", "public"), Image("i", owner="theirs", visibility="public")),
    ],
)
def test_a_sight_stands_for_its_images(sight, image):
    """Owners other than the caller are alike in that none is the caller."""
    stands, real = sight_target(sight, CALLER), image_target(image, CALLER)
    for name in RELATIONS:
        if real[name] == "theirs":
            assert stands[name] not in (None, "mine")
        else:
            assert stands[name] == real[name]


def test_what_rules_read_of_a_caller():
    """What a caller has not got is absent: to oslo.policy, None would equal the None of an ownerless image."""
    assert credentials(Caller()) == {"roles": [], "service_roles": []}
    system = Caller(user_id="u", system_scope="all", roles=frozenset({"b", "a"}), service_roles=frozenset({"service"}), token="secret")
    assert credentials(system) == {
        "user_id": "u",
        "system_scope": "all",
        "system": "all",
        "roles": ["a", "b"],
        "service_roles": ["service"],
    }
