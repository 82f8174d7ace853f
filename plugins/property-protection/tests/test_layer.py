"""The layer in a pipeline, linked as the service links its own (FEATURES 6.7, 12-04)."""

import inspect

import pytest
from glancepipe_property_protection import PropertyProtection
from hypothesis import given, settings
from hypothesis import strategies as st
from oslo_config import cfg

from glancepipe.contract import (
    ABSENT,
    NOUNS,
    SERVICE,
    Call,
    Caller,
    Change,
    ChangeSet,
    Data,
    Filter,
    Image,
    ImageFactoryProxy,
    ImageProxy,
    ImageQuery,
    ImageRepoProxy,
    ImageValues,
    Layer,
    Location,
    MemberRepoProxy,
    Services,
    Status,
    Target,
    Task,
    TaskRepoProxy,
    replace,
)
from glancepipe.contract.errors import Conflict, Forbidden
from glancepipe.contract.proxy import verbs
from glancepipe.testing import linked

RULES = """
[^secret]
create = admin
read = admin
update = admin
delete = admin
[^drop]
create = member
read = admin
update = admin
delete = admin
[^fixed]
create = admin
read = @
update = !
delete = !
[^open]
create = @
read = @
update = @
delete = @
"""


def caller(*roles, **more):
    return Caller(user_id="u", project_id="red", roles=frozenset(roles), **more)


MEMBER, ADMIN = caller("member"), caller("admin")


class SpyFactory(ImageFactoryProxy["Spy"]):
    def new_image(self, call, values):
        image = self.inner.new_image(call, values)
        return replace(image, properties={**image.properties, **self.layer.added})


class SpyRepo(ImageRepoProxy["Spy"]):
    def save(self, call, image, changes):
        self.layer.seen.append((image, changes))
        return self.inner.save(call, image, changes)

    def remove(self, call, image, changes):
        self.layer.seen.append((image, changes))
        return self.inner.remove(call, image, changes)


class SpyImage(ImageProxy["Spy"]):
    pass


class SpyMembers(MemberRepoProxy["Spy"]):
    pass


def _watched(verb):
    def watched(self, call, image, *more):
        self.layer.seen.append((image, verb))
        return getattr(self.inner, verb)(call, image, *more)

    return watched


IMAGE_VERBS = ("begin_data", "set_data", "get_data", "digest_data", "add_copy", "deactivate", "reactivate", "delete")
for _verb in IMAGE_VERBS:
    setattr(SpyImage, _verb, _watched(_verb))
for _verb in ("list", "get", "add", "save", "remove"):
    setattr(SpyMembers, _verb, _watched(_verb))


class SpyTasks(TaskRepoProxy["Spy"]):
    def new_task(self, call, type, input, image=None):
        self.layer.seen.append((image, "new_task"))
        return Task("t", type, input)


class Spy(Layer):
    """Notes what comes in, and adds properties of its own to new images."""

    name = "spy"
    factory, repo, image, members, tasks = SpyFactory, SpyRepo, SpyImage, SpyMembers, SpyTasks

    def __init__(self, conf):
        super().__init__(conf)
        self.seen, self.added = [], {}


class Protection(PropertyProtection):
    """Without the layer policy, which would declare the options."""

    requires = frozenset()
    options = {"DEFAULT": [cfg.StrOpt("property_protection_file"), cfg.StrOpt("property_protection_rule_format", default="roles")]}


class House:
    """The layer and a spy around memory, with a file of protections."""

    def __init__(self, folder, text=RULES, **options):
        self.file = folder / "protections.conf"
        self.file.write_text(text)
        conf = cfg.ConfigOpts()
        conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
        conf.register_opts(Protection.options["DEFAULT"])
        for name, value in {"property_protection_file": str(self.file), **options}.items():
            conf.set_override(name, value)
        self.pipeline = linked(Protection, Spy, conf=conf)
        self.layer, self.spy, self.ends = self.pipeline.layers
        self.nouns = self.pipeline.nouns

    def start(self):
        self.layer.start(Services(stores=None))
        return self

    def hold(self, **properties):
        self.ends.images["i"] = Image("i", owner="red", properties=properties)
        return properties

    @property
    def stored(self):
        return self.ends.images["i"].properties

    def get(self, who=MEMBER, operation="modify_image"):
        self.call = Call(operation, who)
        return self.nouns.repo.get(self.call, "i")

    def change(self, who, **new):
        """Touch properties as the API does: by what the caller was shown."""
        image = self.get(who)
        touched = {name: Change(image.properties.get(name, ABSENT), value) for name, value in new.items()}
        return self.nouns.repo.save(self.call, image, ChangeSet(properties=touched)).properties

    def create(self, who, **properties):
        call = Call("create_image", who)
        return self.nouns.repo.add(call, self.nouns.factory.new_image(call, ImageValues({"id": "i"}, properties)))


@pytest.fixture
def house(tmp_path):
    return House(tmp_path).start()


def test_what_can_not_be_read_is_in_no_answer(house):
    house.hold(secret="s", open="o", unmentioned="u")
    assert house.get().properties == {"open": "o"}
    assert house.nouns.repo.list(house.call, ImageQuery()).rows[0].properties == {"open": "o"}
    assert house.change(MEMBER, open="changed") == {"open": "changed"}
    assert house.nouns.repo.claim(house.call, house.get(), "task").properties == {"open": "changed", "os_glance_import_task": "task"}
    assert house.nouns.repo.remove(house.call, house.get(), ChangeSet()).properties.keys() == {"open", "os_glance_import_task"}


def test_a_record_that_is_printed_tells_nothing_either(house):
    house.hold(secret="s", open="o")
    assert "secret" not in repr(house.get())


def test_administrators_are_bound_by_the_file_like_anybody(house):
    house.hold(secret="s", unmentioned="u")
    assert house.get(ADMIN).properties == {"secret": "s"}


def test_roles_of_services_count(house):
    house.hold(secret="s")
    assert house.get(caller("member", service_roles=frozenset({"admin"}))).properties == {"secret": "s"}


def test_the_service_itself_sees_and_does_everything(house):
    held = house.hold(secret="s", unmentioned="u")
    assert house.get(SERVICE).properties == held
    assert house.change(SERVICE, unmentioned=ABSENT, secret="t") == {"secret": "t"}
    assert house.nouns.repo.list(house.call, ImageQuery(filters=(Filter("secret", "eq", "t", custom=True),))).rows


def test_a_record_whose_reader_may_read_all_of_it_is_passed_on_as_it_is(house):
    house.hold(open="o")
    assert type(house.get()) is Image


def test_a_save_never_loses_what_the_saver_can_not_read(house):
    house.hold(secret="s", unmentioned="u", open="o")
    image = house.get()
    house.nouns.repo.save(house.call, image, ChangeSet.of(image, name="n", tags=frozenset("t")))
    house.change(MEMBER, open=ABSENT)
    assert house.stored == {"secret": "s", "unmentioned": "u"}


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ({}, {"secret": "new"}),
        ({"secret": "s"}, {"secret": "new"}),
        ({}, {"unmentioned": "new"}),
        ({"fixed": "f"}, {"fixed": "new"}),
        ({"fixed": "f"}, {"fixed": "f"}),
        ({"fixed": "f"}, {"fixed": ABSENT}),
        ({}, {"open": "o", "fixed": "f"}),
        ({"drop": "there already, which does not make it any easier"}, {"drop": "new"}),
    ],
)
def test_what_a_member_may_not_do_is_reserved_and_changes_nothing(house, before, change):
    house.hold(**before)
    with pytest.raises(Forbidden, match="reserved"):
        house.change(MEMBER, **change)
    assert house.stored == before


def test_a_property_that_can_not_be_read_does_not_exist_for_who_wants_to_delete_it(house):
    house.hold(secret="s")
    image = house.get()
    with pytest.raises(Conflict, match="does not exist"):
        house.nouns.repo.save(house.call, image, ChangeSet(properties={"secret": Change("guessed", ABSENT)}))
    assert house.stored == {"secret": "s"}


def test_who_may_do_it_does_it(house):
    house.hold(secret="s", open="o")
    assert house.change(ADMIN, secret="t", fixed="f", open=ABSENT) == {"secret": "t", "fixed": "f"}
    assert house.change(ADMIN, secret=ABSENT) == {"fixed": "f"}


def test_new_images(house):
    assert house.create(MEMBER, open="o", drop="d").properties == {"open": "o"}
    assert house.stored == {"open": "o", "drop": "d"}
    with pytest.raises(Forbidden, match="reserved"):
        house.nouns.factory.new_image(Call("create_image", MEMBER), ImageValues({}, {"secret": "s"}))


def test_what_other_layers_give_a_new_image_is_stored_and_shown_to_who_may_read_it(house):
    house.spy.added = {"secret": "by a layer"}
    assert house.create(MEMBER, open="o").properties == {"open": "o"}
    assert house.stored == {"open": "o", "secret": "by a layer"}


@pytest.mark.parametrize(("name", "found"), [("open", 1), ("secret", 0), ("unmentioned", 0)])
def test_nobody_finds_images_by_what_can_not_be_read(house, name, found):
    house.hold(open="x", secret="x", unmentioned="x")
    query = ImageQuery(filters=(Filter(name, "eq", "x", custom=True),))
    assert len(house.nouns.repo.list(Call("list_images", MEMBER), query).rows) == found


def test_conditions_on_attributes_are_nobodys_business(house):
    house.hold()
    assert house.nouns.repo.list(Call("list_images", MEMBER), ImageQuery(filters=(Filter("name", "eq", None),))).rows


def test_further_in_the_record_is_whole(house):
    held = house.hold(secret="signature", open="o")
    image, nouns, target = house.get(), house.nouns, Target()
    assert image.properties == {"open": "o"}
    nouns.image.begin_data(house.call, image, target)
    uploaded = nouns.repo.save(house.call, image, nouns.image.set_data(house.call, image, Data([b"x"]), target))
    nouns.image.get_data(house.call, uploaded)
    nouns.image.digest_data(house.call, uploaded, Location(uploaded.locations[0].url))
    nouns.image.add_copy(house.call, uploaded, target)
    nouns.image.deactivate(house.call, uploaded)
    nouns.image.reactivate(house.call, uploaded)
    member = nouns.members.add(house.call, uploaded, "blue")
    nouns.members.list(house.call, uploaded)
    nouns.members.get(house.call, uploaded, "blue")
    nouns.members.save(house.call, uploaded, member, "accepted")
    nouns.members.remove(house.call, uploaded, member)
    nouns.tasks.new_task(house.call, "import", {}, uploaded)
    nouns.repo.remove(house.call, uploaded, nouns.image.delete(house.call, uploaded))
    assert len(house.spy.seen) == 16
    for seen, verb in house.spy.seen:
        assert (type(seen), seen.properties) == (Image, held), verb
    assert uploaded.status == Status.ACTIVE


def test_a_task_without_an_image(house):
    assert house.nouns.tasks.new_task(Call("create_task", ADMIN), "import", {}).id == "t"


def test_further_in_a_change_says_what_really_was_there(tmp_path):
    house = House(tmp_path, "[.*]\ncreate = @\nread = admin\nupdate = @\ndelete = @\n").start()
    house.hold(blind="old")
    assert house.change(MEMBER, blind="new") == {}
    ((_, changes),) = house.spy.seen
    assert changes.properties == {"blind": Change("old", "new")}
    assert house.stored == {"blind": "new"}


ROLES = ("one", "two", "three")
NAMES = ("a", "ab", "b", "bc", "c")
grants = st.one_of(st.sampled_from(["@", "!"]), st.lists(st.sampled_from(ROLES), min_size=1).map(",".join))
sections = st.lists(st.tuples(st.sampled_from(["a", "^b", "c$", "[ab]", "."]), *[grants] * 4), unique_by=lambda each: each[0])
held = st.dictionaries(st.sampled_from(NAMES), st.just("old"))
edit = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["old", "new", ABSENT]))


@settings(max_examples=200, deadline=None)
@given(sections, held, st.sets(st.sampled_from(ROLES)), edit)
def test_no_edit_loses_what_its_author_can_not_read(tmp_path_factory, sections, held, roles, edit):
    lines = (f"[{name}]\ncreate={c}\nread={r}\nupdate={u}\ndelete={d}\n" for name, c, r, u, d in sections)
    house = House(tmp_path_factory.mktemp("p"), "".join(lines)).start()
    house.hold(**held)
    author = caller(*roles)

    def may(name, operation):
        return house.layer.may(Call("modify_image", author), name, operation)

    readable = {name for name in held if may(name, "read")}
    assert house.get(author).properties.keys() == readable
    # What isn't there can't be taken away: the API says so.
    edit = {name: value for name, value in edit.items() if value is not ABSENT or name in held}
    try:
        shown = house.change(author, **edit)
    except (Forbidden, Conflict):
        assert house.stored == held
        return
    expected = {**held, **edit}
    assert house.stored == {name: value for name, value in expected.items() if value is not ABSENT}
    assert shown == {name: value for name, value in house.stored.items() if may(name, "read")}
    for name in held.keys() - readable:
        assert house.stored[name] == held[name] or (may(name, "create") and may(name, "update"))


class TestPolicies:
    """The format ``policies``: the file names rules, which the layer policy knows."""

    TEXT = "[.*]\ncreate = creators\nread = @\nupdate = !\ndelete = creators\n"

    def house(self, folder, **rules):
        house = House(folder, self.TEXT, property_protection_rule_format="policies")
        house.ends.rules_of = {name: frozenset(roles) for name, roles in rules.items()}
        return house

    def test_rules_decide(self, tmp_path):
        house = self.house(tmp_path, creators=["member"]).start()
        assert house.create(MEMBER, p="v").properties == {"p": "v"}
        with pytest.raises(Forbidden, match="reserved"):
            house.nouns.factory.new_image(Call("create_image", ADMIN), ImageValues({}, {"p": "v"}))

    def test_a_rule_that_nobody_wrote_stops_the_start(self, tmp_path):
        with pytest.raises(ValueError, match="no policy rule 'creators'"):
            self.house(tmp_path).start()

    def test_a_rule_that_is_gone_lets_nobody_pass(self, tmp_path, caplog):
        house = self.house(tmp_path, creators=["member"]).start()
        house.ends.rules_of.clear()
        call = Call("create_image", MEMBER)
        with pytest.raises(Forbidden, match="reserved"):
            house.nouns.factory.new_image(call, ImageValues({}, {"p": "v"}))
        assert f"{call.request_id}: There is no policy rule 'creators'" in caplog.text


@pytest.mark.parametrize(
    ("file", "complaint"), [(None, "is not set"), ("", "is not set"), ("/nowhere/at.all", "no property protection file /nowhere")]
)
def test_a_line_with_the_layer_and_no_file_is_refused(tmp_path, file, complaint):
    with pytest.raises(ValueError, match=complaint):
        House(tmp_path, property_protection_file=file).start()


def test_a_reload_takes_a_good_file_and_refuses_a_bad_one(house):
    house.hold(secret="s", open="o")
    house.file.write_text("[.*]\ncreate = @\nread = @\nupdate = @\n")
    with pytest.raises(ValueError, match="who may delete"):
        house.layer.reload()
    assert house.get().properties == {"open": "o"}
    house.file.write_text("[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n")
    house.layer.reload()
    assert house.get().properties == {"secret": "s", "open": "o"}


@pytest.mark.parametrize("line", ["notifier, property-protection", "property-protection, auth"])
def test_its_place(line):
    class Named(Layer):
        image = SpyImage

    layers = [Protection if name == "property-protection" else type(name, (Named,), {"name": name}) for name in line.split(", ")]
    with pytest.raises(ValueError, match="'property-protection' must stand"):
        linked(*layers)


def test_no_verb_of_the_contract_gets_half_a_record():
    """A verb with an image that is added to the contract must be added here."""
    for noun, base in NOUNS.items():
        for verb in verbs(base):
            if "image" in inspect.signature(getattr(base, verb)).parameters:
                assert getattr(getattr(PropertyProtection, noun), verb) is not getattr(base, verb), f"{noun}.{verb}"
