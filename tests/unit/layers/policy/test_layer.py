"""Layer policy: who may do what (FEATURES 7), decided once per call, and what a refusal gives away (6.1-05)."""

import itertools

import pytest
from oslo_config import cfg
from oslo_policy import opts

from glancepipe.contract import (
    OPERATIONS,
    SERVICE,
    Call,
    Caller,
    ChangeSet,
    Finding,
    Image,
    ImageValues,
    Location,
    Member,
    Services,
    Verdict,
    replace,
)
from glancepipe.contract.errors import Forbidden, ImageNotFound, NotFound
from glancepipe.contract.query import VISIBILITIES
from glancepipe.layers.auth import Auth
from glancepipe.layers.policy import Policy
from glancepipe.testing import linked

ROLES = {"none": (), "reader": ("reader",), "member": ("member", "reader"), "admin": ("admin", "member", "reader"), "service": ("service",)}
RELATIONS = ("own", "member", "other", "ownerless")
ONE, TWO = Location("file:///one", id=1), Location("file:///two", id=2)


def caller(*roles, project="mine", **fields):
    return Caller(user_id="u", project_id=project, roles=frozenset(roles), **fields)


MEMBER = caller("member", "reader")
ADMIN = caller("admin", project="ops")


class Service:
    """policy around Ends, with what the operator wrote into the policy file."""

    def __init__(self, folder, text="", *outer):
        self.file = folder / "policy.yaml"
        self.file.write_text(text)
        self.conf = cfg.ConfigOpts()
        self.conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
        for group, options in opts.list_opts():
            self.conf.register_opts(options, group)
        self.conf.set_override("policy_file", str(self.file), "oslo_policy")
        self.pipeline = linked(*outer, Policy, conf=self.conf)
        self.policy, self.ends = self.pipeline.layers[-2:]
        self.policy.start(Services(stores=None))
        self.policy.book.interval = 0.0
        self.nouns = self.pipeline.nouns

    def hold(self, *members, **fields):
        image = Image("i", **{"owner": "mine", **fields})
        self.ends.images[image.id] = image
        for member in members:
            self.ends.memberships[image.id, member] = Member(image.id, member)
        return image

    def relate(self, relation, visibility):
        """Hold an image to which the project ``mine`` has that relation."""
        self.ends.memberships.clear()
        owner = {"own": "mine", "ownerless": None}.get(relation, "theirs")
        self.hold(*(["mine"] if relation == "member" else []), owner=owner, visibility=visibility)

    def refusal(self, operation, who):
        """None if ``operation`` on the image is allowed at first sight, else whether its refusal is hidden."""
        try:
            self.nouns.repo.get(Call(operation, who), "i")
        except Forbidden as error:
            return error.hidden
        return None


@pytest.fixture
def service(tmp_path):
    return Service(tmp_path)


@pytest.fixture
def configured(tmp_path):
    return lambda text: Service(tmp_path, text)


# --- The defaults: roles x operations x visibilities x relations

ON_IMAGES = [o.name for o in OPERATIONS.values() if "{image_id}" in o.path]
ABOUT_MEMBERS = {"list_members", "show_member", "add_member", "modify_member", "delete_member"}
ONLY_ADMINISTRATORS = {"delete_copy", "list_locations"}


def may_see(roles, visibility, relation):
    """FEATURES 7.1-06; whether others' private images exist at all is for auth to say."""
    return "admin" in roles or ("reader" in roles and (relation == "own" or visibility != "private"))


def may_do(operation, roles, visibility, relation):
    """FEATURES 7.1-05 to 7.1-09, 7.1-12, 7.1-13 and 4.1-01 in other words."""
    if "admin" in roles:
        return True
    if operation in ("show_image", "list_image_tasks") or operation in ABOUT_MEMBERS:
        return may_see(roles, visibility, relation)
    if operation == "download_image":
        return "member" in roles and (relation == "own" or visibility != "private")
    if operation == "add_location":
        return "service" in roles or ("member" in roles and relation == "own")
    if operation in ONLY_ADMINISTRATORS:
        return operation == "list_locations" and "service" in roles
    return "member" in roles and relation == "own"


@pytest.mark.parametrize("operation", ON_IMAGES)
def test_the_defaults(service, operation):
    """FEATURES 7.1, 7.2-03, 7.2-05: refusals are hidden from those who may not even see the image (6.1-05)."""
    for case in itertools.product(VISIBILITIES, RELATIONS, ROLES):
        visibility, relation, name = case
        service.relate(relation, visibility)
        roles = ROLES[name]
        expected = None if may_do(operation, roles, visibility, relation) else not may_see(roles, visibility, relation)
        assert service.refusal(operation, caller(*roles)) is expected, case


@pytest.mark.parametrize("operation", ON_IMAGES)
def test_the_defaults_behind_auth(tmp_path, operation):
    """FEATURES 7.2-02: what auth does not let the caller see is not found, whatever the rules say of it."""
    service = Service(tmp_path, "", Auth)
    for case in itertools.product(VISIBILITIES, RELATIONS, ROLES):
        visibility, relation, name = case
        service.relate(relation, visibility)
        roles = ROLES[name]
        who = caller(*roles, is_admin=name == "admin")
        shared = visibility == "shared" and relation == "member"
        if name == "admin" or relation in ("own", "ownerless") or visibility in ("public", "community") or shared:
            expected = None if may_do(operation, roles, visibility, relation) else not may_see(roles, visibility, relation)
            assert service.refusal(operation, who) is expected, case
        else:
            with pytest.raises(ImageNotFound):
                service.refusal(operation, who)


@pytest.mark.parametrize("visibility", [None, *VISIBILITIES])
@pytest.mark.parametrize("owner", ["mine", "theirs", None])
@pytest.mark.parametrize("role", ROLES)
def test_the_defaults_for_new_images(service, role, owner, visibility):
    """FEATURES 7.1-04, 1.4-08: public takes an administrator."""
    roles = ROLES[role]
    values = ImageValues({"owner": owner} | ({"visibility": visibility} if visibility else {}))
    expected = role == "admin" or (role == "member" and owner == "mine" and visibility != "public")
    call = Call("create_image", caller(*roles))
    if expected:
        assert service.nouns.factory.new_image(call, values).owner == owner
    else:
        with pytest.raises(Forbidden) as caught:
            service.nouns.factory.new_image(call, values)
        assert not caught.value.hidden


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("relation", ["own", "member", "other"])
def test_the_defaults_for_memberships(service, role, relation):
    """FEATURES 7.1-10, 7.1-11, 7.1-05: the owner shares, the member answers, both look."""
    image = service.hold("red", "blue", owner="mine" if relation == "own" else "theirs")
    roles = ROLES[role]
    who = caller(*roles, project={"own": "mine", "member": "red", "other": "green"}[relation])
    image = replace(image, membership="pending" if relation == "member" else None)
    members, admin = service.nouns.members, role == "admin"

    def allowed(act):
        try:
            act()
        except Forbidden:
            return False
        return True

    reads, writes = "reader" in roles or admin, "member" in roles or admin
    involved = relation in ("own", "member")
    assert allowed(lambda: members.get(Call("show_member", who), image, "red")) == (reads and (involved or admin))
    assert allowed(lambda: members.get(Call("show_member", who), image, "blue")) == (reads and (relation == "own" or admin))
    assert allowed(lambda: members.list(Call("list_members", who), image)) == (reads and (involved or admin))
    red = Member("i", "red")
    assert allowed(lambda: members.save(Call("modify_member", who), image, red, "accepted")) == (writes and (relation == "member" or admin))
    assert allowed(lambda: members.add(Call("add_member", who), image, "new")) == (writes and (relation == "own" or admin))
    assert allowed(lambda: members.remove(Call("delete_member", who), image, red)) == (writes and (relation == "own" or admin))


@pytest.mark.parametrize("scope", ["system", "domain"])
@pytest.mark.parametrize("operation", ON_IMAGES)
def test_tokens_of_other_scopes_do_nothing(service, operation, scope):
    """FEATURES 7.2-07: even with the role admin; 404 where masking applies."""
    service.hold(visibility="public")
    who = replace(ADMIN, scope=scope)
    assert service.refusal(operation, who) is True
    with pytest.raises(Forbidden):
        service.nouns.factory.new_image(Call("create_image", who), ImageValues())


def test_a_caller_without_project_owns_nothing(service):
    """To oslo.policy a missing project would equal a missing owner."""
    service.hold(owner=None, visibility="private")
    assert service.refusal("modify_image", caller("member", "reader", project=None)) is True


# --- Who is an administrator


def test_administrators_are_whom_the_rule_says(configured):
    """FEATURES 7.1-01: roles, or anything else about the caller."""
    by_role = configured("").nouns.authority
    assert by_role.is_admin(ADMIN)
    assert not by_role.is_admin(MEMBER)
    assert by_role.is_admin(SERVICE)
    by_scope = configured("context_is_admin: system:all").nouns.authority
    assert by_scope.is_admin(caller(project=None, scope="system", system_scope="all"))
    by_rule = configured("context_is_admin: user_id:u and project_id:ops").nouns.authority
    assert by_rule.is_admin(caller(project="ops"))
    assert not by_rule.is_admin(caller("admin"))
    assert by_rule.is_admin(replace(SERVICE, roles=frozenset()))


# --- One decision per call


def test_one_decision_per_call(service):
    """A reload in mid-upload must not strand the image: the verdict of first sight stays."""
    service.hold()
    call = Call("upload_image", MEMBER)
    service.nouns.repo.get(call, "i")
    assert call.verdict == Verdict(True, "upload_image", "i")
    service.file.write_text("upload_image: '!'\nmodify_image: '!'\nget_image: '!'\n")
    image = service.nouns.repo.get(call, "i")
    service.nouns.repo.save(call, image, ChangeSet.of(image, status="saving", locations=(ONE,)))
    with pytest.raises(Forbidden):
        service.nouns.repo.get(Call("upload_image", MEMBER), "i")


def test_every_image_of_a_call_is_judged(service):
    service.hold()
    service.ends.images["j"] = Image("j", owner="theirs", visibility="public")
    call = Call("delete_image", MEMBER)
    service.nouns.repo.get(call, "i")
    with pytest.raises(Forbidden):
        service.nouns.repo.get(call, "j")
    assert call.verdict == Verdict(False, "delete_image", "j")
    with pytest.raises(Forbidden):
        service.nouns.repo.get(call, "j")


def test_the_service_is_never_refused(configured):
    """Its verdict was taken when somebody asked."""
    service = configured("default: '!'\ncontext_is_admin: '!'\nget_image: '!'\n")
    image = service.hold("red")
    asked = Call("upload_image", MEMBER, verdict=Verdict(True, "upload_image", "i"))
    for call in (Call("sweep", SERVICE), asked.as_service(), Call.restored(asked.stored())):
        before = call.verdict
        service.nouns.repo.get(call, "i")
        service.nouns.factory.new_image(call, ImageValues({"owner": "mine", "visibility": "public"}))
        service.nouns.repo.save(call, image, ChangeSet.of(image, visibility="public", locations=(ONE,)))
        assert len(service.nouns.members.list(call, image)) == 1
        assert service.nouns.members.get(call, image, "red").member == "red"
        assert call.verdict == before


def test_an_operation_without_rule_is_not_judged(configured):
    service = configured("get_image: '!'\n")
    service.hold()
    assert service.refusal("sweep", MEMBER) is None


def test_an_operation_about_the_caller_is_judged_once_whatever_it_sees_first(configured):
    """The marker of a listing is looked up before the list itself (FEATURES 3-02, 3-20)."""
    service = configured("get_image: '!'\n")
    service.hold()
    call = Call("list_images", MEMBER)
    service.nouns.repo.get(call, "i")
    assert call.verdict == Verdict(True, "get_images", None)
    assert service.refusal("list_images", caller()) is False


# --- Refusals


def test_a_refusal_names_the_rule(service):
    """FEATURES 1.2-06."""
    service.hold(owner="theirs", visibility="public")
    with pytest.raises(Forbidden, match="delete_image"):
        service.nouns.repo.get(Call("delete_image", MEMBER), "i")


def test_a_refusal_is_logged_with_rule_and_request(service, caplog):
    caplog.set_level("INFO")
    service.hold(owner="theirs", visibility="public")
    call = Call("delete_image", MEMBER)
    with pytest.raises(Forbidden):
        service.nouns.repo.get(call, "i")
    (record,) = caplog.records
    for part in (call.request_id, "delete_image", "role:member and project_id:%(project_id)s", "member, reader", "image i"):
        assert part in record.getMessage()


@pytest.mark.parametrize("operation", ["show_image", "modify_image", "download_image", *sorted(ABOUT_MEMBERS)])
def test_what_get_image_denies_is_hidden(configured, operation):
    """FEATURES 6.1-05, 1.3-03, 4.1-01."""
    service = configured("get_image: '!'\nmodify_image: '!'\ndownload_image: '!'\n")
    service.hold()
    assert service.refusal(operation, MEMBER) is True


# --- What changes imply


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"visibility": "public"}, ["publicize_image"]),
        ({"visibility": "community"}, ["communitize_image"]),
        ({"visibility": "private"}, []),
        ({"visibility": "shared"}, []),
        ({"name": "new"}, []),
        ({"locations": (ONE, TWO, Location("file:///three"))}, ["set_image_location"]),
        ({"locations": (ONE, TWO)}, ["set_image_location"]),
        ({"locations": (replace(ONE, metadata={"a": "b"}), TWO)}, ["set_image_location"]),
        ({"locations": (ONE,)}, ["delete_image_location"]),
        ({"locations": ()}, ["delete_image_location"]),
        ({"locations": (ONE, Location("file:///three"))}, ["set_image_location", "delete_image_location"]),
        ({"visibility": "public", "locations": (TWO,)}, ["publicize_image", "delete_image_location"]),
    ],
)
def test_what_changes_imply(configured, changes, rules):
    """FEATURES 1.5-17, 1.5-21: each of the rules counts, and no other one."""
    names = ("publicize_image", "communitize_image", "set_image_location", "delete_image_location")
    for refusing in (None, *names):
        service = configured("".join(f"{name}: '{'!' if name == refusing else '@'}'\n" for name in names))
        image = service.hold(locations=(ONE, TWO))
        call = Call("modify_image", MEMBER)
        if refusing in rules:
            with pytest.raises(Forbidden, match=refusing):
                service.nouns.repo.save(call, image, ChangeSet.of(image, **changes))
            assert service.ends.images["i"] is image
        else:
            service.nouns.repo.save(call, image, ChangeSet.of(image, **changes))


def test_a_visibility_that_is_touched_is_judged_even_if_it_stays(service):
    """FEATURES 1.5-17: an owner whose image an administrator made public can't say public again."""
    image = service.hold(visibility="public")
    with pytest.raises(Forbidden, match="publicize_image") as caught:
        service.nouns.repo.save(Call("modify_image", MEMBER), image, ChangeSet.of(image, visibility="public"))
    assert not caught.value.hidden


def test_locations_that_an_operation_makes_itself_are_not_judged(configured):
    service = configured("set_image_location: '!'\n")
    image = service.hold()
    service.nouns.repo.save(Call("upload_image", MEMBER), image, ChangeSet.of(image, locations=(ONE,)))


# --- Memberships


def test_a_list_of_members_has_the_rows_that_get_member_allows(configured):
    """FEATURES 4.1-01, 4.1-04."""
    service = configured("get_member: \"role:admin or 'blue':%(member_id)s\"\n")
    image = service.hold("red", "blue")
    assert [member.member for member in service.nouns.members.list(Call("list_members", MEMBER), image)] == ["blue"]


def test_refusals_about_members_are_hidden_from_who_only_looks(configured):
    """FEATURES 1.3-19: show 404, the others 403."""
    service = configured("get_member: '!'\n")
    image = service.hold("red")
    for operation in ("show_member", "modify_member", "delete_member"):
        with pytest.raises(Forbidden, match="get_member") as caught:
            service.nouns.members.get(Call(operation, MEMBER), image, "red")
        assert caught.value.hidden == (operation == "show_member")


def test_a_membership_that_does_not_exist_is_not_found(service):
    """FEATURES 4.1-05."""
    image = service.hold()
    with pytest.raises(NotFound):
        service.nouns.members.get(Call("delete_member", MEMBER), image, "absent")


# --- The course of its life


def test_a_broken_file_is_refused_by_start_and_reload_and_shown_by_check(service):
    """The running service goes on with the rules that it had."""
    service.hold()
    assert list(service.policy.check()) == []
    service.file.write_text("show_image: [\n")
    (finding,) = service.policy.check()
    assert isinstance(finding, Finding)
    assert not finding.down
    assert str(service.file) in finding.sentence
    with pytest.raises(ValueError, match=str(service.file)):
        service.policy.reload()
    assert service.refusal("show_image", MEMBER) is None
    with pytest.raises(ValueError, match=str(service.file)):
        Policy(service.conf).start(Services(stores=None))
    service.file.write_text("")
    service.policy.reload()
    assert list(service.policy.check()) == []


class TestOthersAsk:
    """The verb ``authority.allows``, for layers whose operators name rules."""

    def test_rules_of_the_operator_and_of_the_service(self, tmp_path):
        authority = Service(tmp_path, "mine: role:special and project_id:%(place)s").nouns.authority
        for who, place, allowed in ((caller("special"), "mine", True), (caller("special"), "theirs", False), (MEMBER, "mine", False)):
            call = Call("show_image", who)
            assert authority.allows(call, "mine", {"place": place}) is allowed
            assert call.verdict is None
        assert authority.allows(Call("show_image", ADMIN), "context_is_admin", {})

    def test_the_service_is_never_refused(self, tmp_path):
        assert Service(tmp_path).nouns.authority.allows(Call("sweep", SERVICE), "publicize_image", {})

    def test_a_rule_that_nobody_wrote(self, tmp_path):
        service = Service(tmp_path)
        for who in (MEMBER, SERVICE):
            with pytest.raises(ValueError, match="no policy rule 'mine'"):
                service.nouns.authority.allows(Call("show_image", who), "mine", {})
        service.file.write_text("mine: '@'")
        assert service.nouns.authority.allows(Call("show_image", MEMBER), "mine", {})


def test_properties_do_not_go_without_protection(tmp_path):
    service = Service(tmp_path)
    service.conf.set_override("property_protection_file", "protections.conf")
    with pytest.raises(ValueError, match="install the layer property-protection"):
        service.policy.start(Services(stores=None))
