"""Listings are narrowed to what get_image allows, by sight or row by row, and pages stay full (FEATURES 3-20, 12-07)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oslo_config import cfg
from oslo_policy import opts, policy

from glancepipe.contract import SERVICE, Call, Caller, Image, ImageQuery, ImageRepoProxy, Layer, Page, Sight, replace
from glancepipe.contract.errors import Forbidden
from glancepipe.contract.query import EVERYTHING, VISIBILITIES
from glancepipe.layers.policy import Policy
from glancepipe.layers.policy.targets import credentials, image_target
from glancepipe.testing import linked

CALLER = Caller(user_id="u", project_id="p", roles=frozenset({"reader"}))
ADMIN = Caller(user_id="u", project_id="p", roles=frozenset({"admin"}), is_admin=True)
SEEN_BY_USERS = frozenset({Sight("other", "public"), Sight("member", "shared"), *(Sight("own", each) for each in VISIBILITIES)})
SEEN_BY_ADMINS = frozenset(sight for sight in EVERYTHING if sight.relation != "member" and sight != Sight("other", "community"))


def sees(sights, viewer, image):
    """What a sight means (glancepipe.contract.query): for an administrator, others' includes what is shared with him."""
    if viewer is not None and image.owner == viewer:
        return Sight("own", image.visibility) in sights
    member = image.membership is not None and image.visibility == "shared"
    return (member and Sight("member", "shared") in sights) or Sight("other", image.visibility) in sights


class TableRepo(ImageRepoProxy["Table"]):
    """Applies sights and pages, as a database does."""

    def list(self, call, query):
        self.layer.queries.append(query)
        rows = [image for image in self.layer.images if query.sights is None or sees(query.sights, query.viewer, image)]
        start = 0 if query.after is None else 1 + rows.index(query.after)
        page = rows[start : start + query.limit]
        return Page(page, len(rows) > start + len(page), page[-1] if page else None)


class Table(Layer):
    name = "table"
    repo = TableRepo

    def __init__(self, conf):
        super().__init__(conf)
        self.images = []
        self.queries = []


class Service:
    """policy around a table, with ``get_image`` as given."""

    def __init__(self, tmp_path_factory, rule=None, extra=""):
        folder = tmp_path_factory.mktemp("policy")
        (folder / "policy.yaml").write_text(("" if rule is None else f'get_image: "{rule}"\n') + extra)
        conf = cfg.ConfigOpts()
        conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
        for group, options in opts.list_opts():
            conf.register_opts(options, group)
        conf.set_override("policy_file", str(folder / "policy.yaml"), "oslo_policy")
        self.pipeline = linked(Policy, Table, conf=conf)
        self.pipeline.layers[0].book.load()
        self.table = self.pipeline.layers[1]
        self.check = policy.RuleDefault("get_image", rule or "!").check
        self.enforcer = policy.Enforcer(conf, use_conf=False)

    def list(self, caller, **query):
        return self.pipeline.nouns.repo.list(Call("list_images", caller), ImageQuery(viewer=caller.project_id, **query))

    def walk(self, caller, **query):
        """All rows of all pages."""
        found, after = [], None
        while True:
            page = self.list(caller, after=after, **query)
            assert len(page.rows) <= query["limit"]
            found += page.rows
            if not page.more:
                return found
            assert page.last is not None
            after = page.last

    def allowed(self, caller, image):
        """What oslo.policy itself says of one row."""
        return bool(policy.AndCheck([self.check])(image_target(image, caller), credentials(caller), self.enforcer, "get_image"))


BY_SIGHT = [
    *("@", "!", "role:reader", "role:admin", "project_id:%(project_id)s", "project_id:%(owner)s", "project_id:%(member_id)s"),
    *("'public':%(visibility)s", "'shared':%(visibility)s", "'community':%(visibility)s", "user_id:u", "absent:%(member)s"),
]
BY_ROW = ["'active':%(status)s", "'linux':%(os)s", "'q':%(owner)s", "user_id:%(owner)s", "True:%(protected)s"]


def rules(leaves):
    return st.recursive(
        st.sampled_from(leaves),
        lambda inner: st.one_of(
            st.builds("({} or {})".format, inner, inner), st.builds("({} and {})".format, inner, inner), st.builds("(not {})".format, inner)
        ),
        max_leaves=6,
    )


images = st.builds(
    Image,
    id=st.uuids().map(str),
    status=st.sampled_from(["active", "queued"]),
    visibility=st.sampled_from(VISIBILITIES),
    owner=st.sampled_from(["p", "q", "u", None]),
    protected=st.booleans(),
    membership=st.sampled_from([None, "accepted", "pending"]),
    properties=st.sampled_from([{}, {"os": "linux"}, {"visibility": "public", "member_id": "p"}]),
)
listings = st.lists(images, max_size=12, unique_by=lambda image: image.id)
callers = st.sampled_from(
    [(CALLER, SEEN_BY_USERS), (ADMIN, SEEN_BY_ADMINS), (ADMIN, None), (replace(CALLER, project_id=None), SEEN_BY_USERS)]
)


@settings(deadline=None)
@given(rule=rules(BY_SIGHT + BY_ROW), rows=listings, seen=callers, limit=st.integers(1, 5))
def test_a_listing_has_exactly_the_rows_that_the_rule_allows(tmp_path_factory, rule, rows, seen, limit):
    caller, sights = seen
    service = Service(tmp_path_factory, rule, extra="get_images: '@'\n")
    service.table.images = rows
    expected = [image for image in rows if (sights is None or sees(sights, caller.project_id, image)) and service.allowed(caller, image)]
    assert service.walk(caller, sights=sights, limit=limit) == expected


@settings(deadline=None)
@given(rule=rules(BY_SIGHT), rows=listings)
def test_a_rule_about_sights_costs_one_query(tmp_path_factory, rule, rows):
    service = Service(tmp_path_factory, rule, extra="get_images: '@'\n")
    service.table.images = rows
    service.list(CALLER, sights=SEEN_BY_USERS)
    assert len(service.table.queries) <= 1


def test_the_default_rule_leaves_a_readers_query_alone(tmp_path_factory):
    """FEATURES 7.1-06: all that auth lets a reader see, get_image lets him see."""
    for caller, sights in ((CALLER, SEEN_BY_USERS), (ADMIN, SEEN_BY_ADMINS), (ADMIN, None)):
        service = Service(tmp_path_factory)
        if caller is CALLER:
            caller = replace(CALLER, roles=frozenset({"reader", "member"}))
        service.list(caller, sights=sights)
        assert service.table.queries == [ImageQuery(viewer="p", sights=sights)]


def test_nothing_left_to_see_is_no_query(tmp_path_factory):
    service = Service(tmp_path_factory, "!")
    assert service.list(CALLER, sights=SEEN_BY_USERS) == Page()
    assert service.table.queries == []


def test_who_may_not_list_asks_nothing(tmp_path_factory):
    """FEATURES 3-20, 7.2-04: 403."""
    service = Service(tmp_path_factory)
    with pytest.raises(Forbidden, match="get_images") as caught:
        service.list(replace(CALLER, roles=frozenset()))
    assert not caught.value.hidden
    assert service.table.queries == []


def test_the_services_listing_is_not_narrowed(tmp_path_factory):
    service = Service(tmp_path_factory, "!", extra="get_images: '!'\n")
    service.list(SERVICE)
    assert len(service.table.queries) == 1


def test_a_page_is_filled_up_and_says_where_the_next_one_starts(tmp_path_factory):
    service = Service(tmp_path_factory, "'active':%(status)s")
    statuses = ["queued", "active", "queued", "queued", "active", "active", "queued", "active"]
    rows = service.table.images = [Image(str(n), status=status) for n, status in enumerate(statuses)]
    assert service.list(CALLER, limit=2) == Page([rows[1], rows[4]], True, rows[4])
    assert service.list(CALLER, limit=2, after=rows[4]) == Page([rows[5], rows[7]], False, rows[7])


def test_a_rule_that_lets_little_pass_does_not_scan_the_table(tmp_path_factory):
    """Ten pages' worth of rows are examined; the page then says where to go on."""
    service = Service(tmp_path_factory, "'active':%(status)s")
    rows = service.table.images = [Image(str(n), status="queued") for n in range(100)] + [Image("last", status="active")]
    page = service.list(CALLER, limit=3)
    assert page == Page([], True, rows[29])
    assert len(service.table.queries) == 10
    assert service.walk(CALLER, limit=3) == [rows[-1]]


def test_a_limit_of_nothing(tmp_path_factory):
    """FEATURES 3-01."""
    service = Service(tmp_path_factory, "'active':%(status)s")
    service.table.images = [Image("one")]
    assert service.list(CALLER, limit=0).rows == []


def test_an_administrators_memberships_count_where_the_rule_asks_for_them(tmp_path_factory):
    """To an administrator what is shared with its project is one sight with what is not: such a rule goes by row."""
    service = Service(tmp_path_factory, "project_id:%(member_id)s", extra="get_images: '@'\n")
    shared = Image("shared", visibility="shared", owner="q", membership="pending")
    service.table.images = [Image("other", visibility="shared", owner="q"), shared]
    assert service.list(ADMIN, sights=SEEN_BY_ADMINS).rows == [shared]
