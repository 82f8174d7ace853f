"""Compiled checks answer as oslo.policy does, and what can't be meant is refused when it is loaded."""

import http.server
import json
import threading
import urllib.parse
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oslo_config import cfg
from oslo_policy import policy

from glancepipe.layers.policy.checks import BadRule, Compiler, Rule, parse

NAMES = ["one", "two", "three"]
KINDS = ["project_id", "user_id", "roles", "service_roles", "absent", "'public'", "'a.b'", "None", "True", "1", "a.b"]
MATCHES = [
    "%(owner)s",
    "%(visibility)s",
    "%(member_id)s",
    "%(department)s",
    "%(min_ram)d",
    "p",
    "None",
    "x-%(owner)s-%(visibility)s",
    "100%%",
]
ROLES = ["role:admin", "role:Member", "role:reader", "role:%(department)s", "role:%(absent)s"]
VALUES = st.sampled_from(["p", "q", "public", "private", "member", "1", "None", "", None])


class Moody(policy.Check):
    """A check of another distribution: it agrees with some owners, some rules' names, and trips over some words."""

    def __init__(self, kind, match):
        if match == "stillborn":
            raise RuntimeError("there is no such authority")
        super().__init__(kind, match)

    def __call__(self, target, creds, enforcer, current_rule=None):
        if self.match == "trip":
            raise RuntimeError("the remote authority is down")
        assert enforcer.rules is not None
        return self.match in (target.get("owner"), current_rule)


policy.register("glancepipe_moody", Moody)

leaves = st.one_of(
    st.sampled_from(["@", "!", *ROLES, "glancepipe_moody:p", "glancepipe_moody:three"]),
    st.builds("{}:{}".format, st.sampled_from(KINDS), st.sampled_from(MATCHES)),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("({} or {})".format, inner, inner),
        st.builds("({} and {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ).map(lambda text: f"({text})"),
    max_leaves=8,
)


@st.composite
def rule_sets(draw):
    """Three rules, of which each may refer to those before it."""
    texts = {}
    for name in NAMES:
        references = [f"rule:{known}" for known in texts]
        texts[name] = (
            draw(trees) if not references else draw(st.one_of(trees, st.builds("{} or {}".format, st.sampled_from(references), trees)))
        )
    return texts


targets = st.fixed_dictionaries(
    {"owner": VALUES, "visibility": VALUES, "member_id": VALUES, "min_ram": st.integers(0, 2)}, optional={"department": VALUES.filter(bool)}
)
credentials = st.fixed_dictionaries(
    {"roles": st.lists(st.sampled_from(["admin", "member", "reader"]), unique=True), "service_roles": st.just(["service"])},
    optional={"project_id": st.sampled_from(["p", "q"]), "user_id": st.sampled_from(["u", "p"])},
)


def enforcer_of(checks):
    conf = cfg.ConfigOpts()
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    return policy.Enforcer(conf, rules=checks, use_conf=False)


def compiled(**texts):
    checks = {name: parse(name, text).check for name, text in texts.items()}
    compiler = Compiler(checks, enforcer_of(checks))
    return {name: Rule(name, text, compiler.rule(name), None) for name, text in texts.items()}


@settings(deadline=None)
@given(rule_sets(), targets, credentials)
def test_a_compiled_rule_answers_as_oslo_policy_does(texts, target, creds):
    rules = compiled(**texts)
    checks = {name: policy.RuleDefault(name, text).check for name, text in texts.items()}
    enforcer = enforcer_of(checks)
    for name in NAMES:
        try:
            expected = bool(enforcer.enforce(name, target, creds))
        except TypeError:
            # oslo.policy trips over dotted names of credentials that are not nested; a rule that trips refuses.
            expected = False
        assert rules[name].allows(target, creds, "project") == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "role:a and",
            "role:a role:b",
            "nonsense",
            "(role:a",
            "role:a)",
            "or",
            " ",
            "'quoted words'",
            "! and (",
            "not",
            "role:a or broken",
        ),
        *(
            "role:%(owner",
            "role:50%",
            "%:%(x)q",
            "1a:%(owner)s",
            ":x",
            "{[]}:x",
            "rule:absent",
            "not rule:absent",
            "@ or rule:self",
            "not rule:self",
        ),
        *(None, 5, True, ["role:a"], {"role": "a"}),
        "role:a or glancepipe_moody:stillborn",
    ],
)
def test_what_can_not_be_meant_is_refused_when_loaded(text):
    """oslo.policy would log it and refuse everybody, or (None) let everybody pass, or fail each request."""
    with pytest.raises(BadRule, match="'self'"):
        compiled(self=text)


@pytest.mark.parametrize("text", ["", "@", "!", "(!)", "not !", "role:a and !", "role:a or (not role:b and @)", "'a.b':%(name)s"])
def test_what_can_be_meant_is_not_refused(text):
    compiled(one=text)


def test_a_circle_is_named():
    with pytest.raises(BadRule, match="one -> two -> three -> one"):
        compiled(one="role:a or rule:two", two="not rule:three", three="rule:one")


def test_a_foreign_check_learns_which_rule_was_asked_wherever_it_stands():
    rules = compiled(one="glancepipe_moody:three", three="not (not rule:one)")
    assert [rules[name].allows({}, {"roles": []}, "project") for name in ("one", "three")] == [False, True]


@pytest.mark.parametrize("text", ["glancepipe_moody:trip", "not glancepipe_moody:trip", "@ and (not glancepipe_moody:trip)"])
def test_a_check_that_trips_refuses_even_inside_a_negation(text, caplog):
    assert not compiled(one=text)["one"].allows({}, {"roles": []}, "project")
    assert "one" in caplog.text


def test_scopes_come_first():
    """FEATURES 7.2-07."""
    rule = Rule("one", "@", compiled(one="@")["one"].check, frozenset({"project"}))
    assert [rule.allows({}, {"roles": []}, scope) for scope in ("project", "system", "domain")] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "by_sight"),
    [
        *((text, True) for text in ("", "!", "role:a", "project_id:%(project_id)s", "project_id:%(owner)s and not user_id:u")),
        *((text, True) for text in ("project_id:%(member_id)s", "user_id:%(member_id)s", "'public':%(visibility)s", "role:%(visibility)s")),
        *(
            (text, False)
            for text in ("user_id:%(owner)s", "'x':%(owner)s", "project_id:x%(owner)s", "role:%(owner)s", "None:%(project_id)s")
        ),
        *((text, False) for text in ("'linux':%(os)s", "role:a and 'x':%(status)s", "glancepipe_moody:p", "a.b:%(visibility)s")),
    ],
)
def test_what_has_one_answer_for_all_images_of_a_sight(text, by_sight):
    assert compiled(one=text, two="not (rule:one)")["two"].check.by_sight == by_sight


class Authority(http.server.BaseHTTPRequestHandler):
    """A remote authority that lets the image ``i`` pass."""

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        target, creds = json.loads(form["target"][0]), json.loads(form["credentials"][0])
        answer = json.dumps(str(target["id"] == "i" and target["tags"] == ["t"] and creds["roles"] == ["member", "reader"])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args):
        pass


def test_a_remote_authority_gets_the_whole_target_and_refuses_when_it_is_down():
    target = {"id": "i", "tags": frozenset({"t"}), "created_at": datetime(2026, 1, 1)}
    with http.server.HTTPServer(("127.0.0.1", 0), Authority) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        rule = compiled(one=f"http://127.0.0.1:{server.server_port}/%(id)s")["one"]
        try:
            assert rule.allows(target, {"roles": ["member", "reader"]}, "project")
            assert not rule.allows(target, {"roles": ["reader"]}, "project")
        finally:
            server.shutdown()
            thread.join()
    assert not rule.allows(target, {"roles": ["member", "reader"]}, "project")
