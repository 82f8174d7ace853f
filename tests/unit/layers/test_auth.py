"""Layer auth: ownership, visibility, sights of listings, read-only callers (FEATURES 2.4, 6.1)."""

import itertools
from dataclasses import replace

import pytest

from glancepipe.contract import (
    OPERATIONS,
    SERVICE,
    Call,
    Caller,
    ChangeSet,
    Data,
    Image,
    ImageFactoryProxy,
    ImageQuery,
    ImageRepoProxy,
    ImageValues,
    Layer,
    Location,
    Member,
    Page,
    Sight,
    Status,
    Target,
)
from glancepipe.contract.errors import Forbidden, ImageNotFound, Invalid, NotFound
from glancepipe.contract.query import VISIBILITIES
from glancepipe.layers.auth import Auth
from glancepipe.testing import linked

ALICE = Caller(user_id="alice", project_id="mine", roles=frozenset({"member"}))
ADMIN = Caller(user_id="root", project_id="ops", roles=frozenset({"admin"}), is_admin=True)
READER = replace(ALICE, read_only=True)
NOBODY = Caller()

OWNERS = {"own": "mine", "other": "theirs", "ownerless": None}


class WitnessFactory(ImageFactoryProxy["Witness"]):
    def new_image(self, call, values):
        self.layer.seen.append(values)
        return self.inner.new_image(call, values)


class WitnessRepo(ImageRepoProxy["Witness"]):
    def get(self, call, image_id):
        image = self.inner.get(call, image_id)
        if self.layer.refuses and not call.actor.service:
            raise Forbidden("no", hidden=self.layer.refuses == "hidden")
        return image

    def list(self, call, query):
        self.layer.seen.append(query)
        return self.inner.list(call, query)

    def save(self, call, image, changes):
        self.layer.seen.append(changes)
        return self.inner.save(call, image, changes)


class Witness(Layer):
    """Stands right inside auth, notes what arrives there, and refuses users if told so."""

    name = "witness"
    factory = WitnessFactory
    repo = WitnessRepo

    def __init__(self, conf):
        super().__init__(conf)
        self.seen = []
        self.refuses = None


class Service:
    """auth around a witness around Ends."""

    def __init__(self):
        pipeline = linked(Auth, Witness)
        self.nouns = pipeline.nouns
        self.witness = pipeline.layers[1]
        self.seen = self.witness.seen
        self.ends = pipeline.layers[2]

    def hold(self, *members, **fields):
        image = Image("i", **{"owner": "mine", **fields})
        self.ends.images[image.id] = image
        for member in members:
            self.ends.memberships[image.id, member] = Member(image.id, member)
        return image


@pytest.fixture
def service():
    return Service()


# --- Making images


def test_the_owner_is_the_callers_project(service):
    """FEATURES 1.4-07."""
    image = service.nouns.factory.new_image(Call("create_image", ALICE), ImageValues({"name": "x"}))
    assert image.owner == "mine"
    assert service.seen[0].base == {"name": "x", "owner": "mine"}


def test_only_an_administrator_makes_images_for_others(service):
    """FEATURES 1.4-07: 403, naming the owner."""
    values = ImageValues({"owner": "theirs"})
    with pytest.raises(Forbidden, match="'theirs'"):
        service.nouns.factory.new_image(Call("create_image", ALICE), values)
    assert service.nouns.factory.new_image(Call("create_image", ADMIN), values).owner == "theirs"


@pytest.mark.parametrize(("caller", "base"), [(ALICE, {"owner": None}), (NOBODY, {}), (NOBODY, {"owner": None})])
def test_only_an_administrator_makes_ownerless_images(service, caller, base):
    with pytest.raises(Forbidden):
        service.nouns.factory.new_image(Call("create_image", caller), ImageValues(base))
    assert service.nouns.factory.new_image(Call("create_image", ADMIN), ImageValues({"owner": None})).owner is None


# --- Read-only callers


@pytest.mark.parametrize("operation", [o for o in OPERATIONS.values() if o.method], ids=lambda o: o.name)
def test_a_read_only_caller_changes_nothing_whatever_the_operation(service, operation):
    """FEATURES 1.2-12, 6.1-06: refused before the image is looked for, so also if there is none."""
    service.hold()
    call = Call(operation, READER)
    if operation.name == "create_image":
        with pytest.raises(Forbidden):
            service.nouns.factory.new_image(call, ImageValues())
    elif operation.changes:
        for image_id in ("i", "absent"):
            with pytest.raises(Forbidden):
                service.nouns.repo.get(call, image_id)
    else:
        assert service.nouns.repo.get(call, "i").id == "i"


# --- Who may see one image


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("relation", OWNERS)
@pytest.mark.parametrize("status", [None, "pending", "accepted", "rejected"])
@pytest.mark.parametrize("caller", [ALICE, ADMIN, SERVICE, NOBODY], ids=["user", "admin", "service", "nobody"])
def test_who_may_see_one_image(service, visibility, relation, status, caller):
    """FEATURES 2.4-01: admin; ownerless; public or community; own; shared with a membership of any status."""
    service.hold(visibility=visibility, owner=OWNERS[relation])
    if status is not None:
        service.ends.memberships["i", "mine"] = Member("i", "mine", status)
    expected = (
        caller in (ADMIN, SERVICE)
        or relation == "ownerless"
        or visibility in ("public", "community")
        or (caller is ALICE and (relation == "own" or (visibility == "shared" and status is not None)))
    )
    call = Call("show_image", caller)
    if expected:
        assert service.nouns.repo.get(call, "i").id == "i"
    else:
        with pytest.raises(ImageNotFound):
            service.nouns.repo.get(call, "i")


def test_the_service_sees_all_on_a_users_behalf(service):
    service.hold(visibility="private", owner="theirs")
    assert service.nouns.repo.get(Call("show_image", ALICE).as_service(), "i").owner == "theirs"


@pytest.mark.parametrize("refuses", ["openly", "hidden"])
@pytest.mark.parametrize("operation", ["show_image", "delete_image"])
def test_a_refusal_does_not_tell_of_an_image_that_the_caller_can_not_see(service, operation, refuses):
    """FEATURES 7.2-02, 12-13: whatever policy says of shared images, only members know of them."""
    service.witness.refuses = refuses
    service.hold("blue", owner="theirs")
    call = Call(operation, ALICE)
    with pytest.raises(ImageNotFound):
        service.nouns.repo.get(call, "i")
    for image_id, error in (("absent", ImageNotFound), ("i", Forbidden)):
        service.hold("mine", owner="theirs")
        with pytest.raises(error):
            service.nouns.repo.get(call, image_id)


# --- Listings


def sights_of(service, caller, **query):
    service.nouns.repo.list(Call("list_images", caller), ImageQuery(**query))
    return service.seen[-1]


def expected_sights(caller, visibility):
    """FEATURES 2.4-03, 2.4-04, 3-09 in other words: everything that exists, less what must not be there."""
    found = set()
    for relation, each in itertools.product(("own", "member", "other"), VISIBILITIES):
        if relation != "other" and caller.project_id is None:
            continue
        if relation == "member" and (caller.is_admin or each != "shared"):
            continue
        if relation == "other" and not caller.is_admin and each not in ("public", "community"):
            continue
        if relation == "other" and each == "community" and visibility not in ("community", "all"):
            continue
        if visibility in (None, "all", each):
            found.add(Sight(relation, each))
    return frozenset(found)


@pytest.mark.parametrize("visibility", [None, "all", *VISIBILITIES])
@pytest.mark.parametrize("caller", [ALICE, ADMIN, NOBODY, replace(ADMIN, project_id=None)], ids=["user", "admin", "nobody", "projectless"])
def test_what_a_listing_may_contain(service, caller, visibility):
    """FEATURES 2.4-03, 2.4-04, 3-09."""
    query = sights_of(service, caller, visibility=visibility, member_status="all")
    assert query.viewer == caller.project_id
    assert query.member_status == "all"
    if caller.is_admin and visibility == "all":
        assert query.sights is None
    else:
        assert query.sights == expected_sights(caller, visibility)


def test_a_users_default_listing(service):
    """FEATURES 2.4-03, spelled out once."""
    own = {Sight("own", visibility) for visibility in VISIBILITIES}
    assert sights_of(service, ALICE).sights == own | {Sight("other", "public"), Sight("member", "shared")}


def test_the_services_listing_has_no_bounds(service):
    assert sights_of(service, SERVICE).sights is None


def test_the_marker_becomes_the_record_to_start_behind(service):
    image = service.hold()
    query = sights_of(service, ALICE, marker="i")
    assert (query.marker, query.after) == (None, image)


def test_a_marker_that_does_not_exist_is_invalid(service):
    """FEATURES 3-02: 400."""
    with pytest.raises(Invalid, match="absent"):
        sights_of(service, ALICE, marker="absent")


def test_a_marker_that_the_caller_can_not_see_is_forbidden(service):
    """FEATURES 3-02: 403, and not hidden."""
    service.hold(visibility="private", owner="theirs")
    with pytest.raises(Forbidden) as caught:
        sights_of(service, ALICE, marker="i")
    assert not caught.value.hidden


# --- Who may change an image


def changes_of(service, call, image):
    """Everything that changes an image, by verb."""
    nouns = service.nouns
    return {
        "save": lambda: nouns.repo.save(call, image, ChangeSet.of(image, name="new")),
        "remove": lambda: nouns.repo.remove(call, image, ChangeSet.of(image, status=Status.DELETED)),
        "claim": lambda: nouns.repo.claim(call, image, "task"),
        "begin_data": lambda: nouns.image.begin_data(call, image, Target()),
        "set_data": lambda: nouns.image.set_data(call, image, Data([b"x"]), Target()),
        "add_copy": lambda: nouns.image.add_copy(call, image, Target("second")),
        "deactivate": lambda: nouns.image.deactivate(call, image),
        "reactivate": lambda: nouns.image.reactivate(call, image),
        "delete": lambda: nouns.image.delete(call, image),
        "add member": lambda: nouns.members.add(call, image, "new"),
        "remove member": lambda: nouns.members.remove(call, image, Member("i", "mine")),
    }


VERBS = list(changes_of(Service(), None, Image("x")))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("relation", OWNERS)
@pytest.mark.parametrize("caller", [ALICE, ADMIN, SERVICE, NOBODY], ids=["user", "admin", "service", "nobody"])
def test_strangers_change_nothing(service, verb, relation, caller):
    """FEATURES 6.1-03, 2.4-07: the owner and administrators; for an ownerless image administrators only."""
    image = service.hold("mine", owner=OWNERS[relation], locations=(Location("ends://default/i"),))
    service.ends.bytes["ends://default/i"] = b"bytes"
    before = dict(service.ends.images)
    act = changes_of(service, Call("modify_image", caller), image)[verb]
    if caller in (ADMIN, SERVICE) or (caller is ALICE and relation == "own"):
        act()
    else:
        with pytest.raises(Forbidden):
            act()
        assert service.ends.images == before
        assert list(service.ends.memberships) == [("i", "mine")]


@pytest.mark.parametrize("owner", ["theirs", "mine", None])
def test_an_owner_can_not_give_an_image_away(service, owner):
    """FEATURES 12-03, 1.5-13: whether added or replaced, even if unchanged; nothing is stored."""
    image = service.hold()
    with pytest.raises(Forbidden):
        service.nouns.repo.save(Call("modify_image", ALICE), image, ChangeSet.of(image, owner=owner))
    assert service.seen == []
    assert service.nouns.repo.save(Call("modify_image", ADMIN), image, ChangeSet.of(image, owner=owner)).owner == owner


# --- Deactivated images


def test_only_administrators_read_a_deactivated_image(service):
    """FEATURES 1.7-03."""
    image = service.hold(status=Status.DEACTIVATED, locations=(Location("ends://default/i"),))
    service.ends.bytes["ends://default/i"] = b"bytes"
    with pytest.raises(Forbidden):
        service.nouns.image.get_data(Call("download_image", ALICE), image)
    assert b"".join(service.nouns.image.get_data(Call("download_image", ADMIN), image)) == b"bytes"


def test_locations_of_a_deactivated_image_are_shown_to_administrators_only(service):
    """FEATURES 2.2-02, while a deletion still learns of them (12-02)."""
    image = service.hold(status=Status.DEACTIVATED, locations=(Location("ends://default/i"),))
    repo = service.nouns.repo
    for caller, expected in ((ALICE, ()), (ADMIN, image.locations)):
        assert repo.get(Call("show_image", caller), "i").locations == expected
        assert repo.list(Call("list_images", caller), ImageQuery()).rows[0].locations == expected
        assert repo.save(Call("modify_image", caller), image, ChangeSet.of(image, name="x")).locations == expected
        assert repo.get(Call("delete_image", caller), "i").locations == image.locations
    assert service.ends.images["i"].locations == image.locations


def test_a_listing_keeps_its_end_when_locations_are_hidden(service):
    image = service.hold(status=Status.DEACTIVATED, locations=(Location("ends://default/i"),))
    page = service.nouns.repo.list(Call("list_images", ALICE), ImageQuery(limit=1))
    assert page == Page([replace(image, locations=())], False, image)


# --- Members


def test_who_sees_which_members(service):
    """FEATURES 4.1-04: owner and administrators all, a member project its own row."""
    image = service.hold("red", "blue")
    blue = Caller(project_id="blue")
    names = {}
    for name, caller in {"owner": ALICE, "admin": ADMIN, "member": blue, "stranger": Caller(project_id="green")}.items():
        names[name] = [member.member for member in service.nouns.members.list(Call("list_members", caller), image)]
    assert names == {"owner": ["red", "blue"], "admin": ["red", "blue"], "member": ["blue"], "stranger": []}
    assert service.nouns.members.get(Call("show_member", blue), image, "blue").member == "blue"
    with pytest.raises(NotFound):
        service.nouns.members.get(Call("show_member", blue), image, "red")
    assert service.nouns.members.get(Call("show_member", ALICE), image, "red").member == "red"


@pytest.mark.parametrize("visibility", ["public", "private", "community"])
@pytest.mark.parametrize("operation", ["list_members", "show_member", "add_member", "modify_member", "delete_member"])
def test_only_shared_images_have_members(service, operation, visibility):
    """FEATURES 4.1-01: 403, but 404 for show; also for administrators."""
    image = service.hold("red", visibility=visibility)
    call, members = Call(operation, ADMIN), service.nouns.members
    verbs = {"list_members": lambda: members.list(call, image), "add_member": lambda: members.add(call, image, "new")}
    with pytest.raises(Forbidden) as caught:
        verbs.get(operation, lambda: members.get(call, image, "red"))()
    assert caught.value.hidden == (operation == "show_member")


def test_a_member_answers_for_itself_only(service):
    """FEATURES 4.1-03: it is for policy to say that by default not even the owner may."""
    image = service.hold("red", "blue")
    members = service.nouns.members
    red = Caller(project_id="red")
    assert members.save(Call("modify_member", red), image, Member("i", "red"), "accepted").status == "accepted"
    with pytest.raises(Forbidden):
        members.save(Call("modify_member", red), image, Member("i", "blue"), "accepted")
    assert members.save(Call("modify_member", ALICE), image, Member("i", "blue"), "rejected").status == "rejected"


def test_a_member_can_not_leave(service):
    """FEATURES 4.1-05."""
    image = service.hold("red")
    with pytest.raises(Forbidden):
        service.nouns.members.remove(Call("delete_member", Caller(project_id="red")), image, Member("i", "red"))
    assert service.nouns.members.remove(Call("delete_member", ALICE), image, Member("i", "red")).deleted
