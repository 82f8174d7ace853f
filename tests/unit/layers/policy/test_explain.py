"""Why a rule decided as it did: the tree of its checks, each with its verdict (FEATURES 7.2)."""

import pytest
from oslo_config import cfg
from oslo_policy import policy

from glancepipe.contract import Call, Caller
from glancepipe.layers.policy.checks import Compiler, Rule
from glancepipe.layers.policy.explain import Decision
from glancepipe.layers.policy.targets import credentials


class Tripping(policy.Check):
    """A check of another distribution, which fails."""

    def __call__(self, target, creds, enforcer, current_rule=None):
        raise RuntimeError("the remote authority is down")


policy.register("glancepipe_tripping", Tripping)
CALLER = Caller(user_id="u", project_id="mine", roles=frozenset({"member"}))


@pytest.fixture
def told():
    """What is told of the rule ``r`` with these texts, without sentence and target."""

    def told(target, scopes=None, caller=CALLER, **texts):
        conf = cfg.ConfigOpts()
        conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
        checks = {name: policy.RuleDefault(name, text).check for name, text in texts.items()}
        compiler = Compiler(checks, policy.Enforcer(conf, rules=checks, use_conf=False))
        rule = Rule("r", texts["r"], compiler.rule("r"), scopes)
        call = Call("show_image", caller)
        decision = Decision(rule, target, None, rule.allows(target, credentials(caller), caller.scope))
        sentence, about, *lines = decision.lines(call, compiler, credentials(caller))
        assert sentence.startswith(f"{call.request_id}: the rule r ({texts['r']}) {'allows' if decision.allowed else 'refuses'} show_image")
        return about, lines

    return told


def test_each_check_has_its_verdict(told):
    _, lines = told({"owner": "theirs"}, r="role:admin or (rule:other and not project_id:%(owner)s)", other="role:member")
    assert lines == [
        "  yes any of",
        "  no    role:admin",
        "  yes   all of",
        "  yes     rule:other",
        "  yes       role:member",
        "  yes     not",
        "  no        project_id:%(owner)s  (%(owner)s is 'theirs')",
    ]


def test_what_the_target_lacks(told):
    assert told({}, r="project_id:%(owner)s")[1] == ["  no  project_id:%(owner)s  (the target has no 'owner')"]


def test_a_check_that_fails_refuses_and_says_why(told):
    assert told({}, r="glancepipe_tripping:x")[1] == ["  no  glancepipe_tripping:x  (RuntimeError: the remote authority is down)"]


def test_the_scope_of_the_token(told):
    _, lines = told({}, frozenset({"project"}), Caller(roles=frozenset({"member"}), scope="system"), r="role:member")
    assert lines == ["  no  scope project (the token's is system)", "  yes role:member"]


def test_the_target_less_what_is_unknown(told):
    about, _ = told({"owner": None, "tags": frozenset({"b", "a"}), "size": 0, "colour": "red"}, r="@")
    assert about == "  target: colour=red, size=0, tags=[a b]"
    assert told({}, r="@")[0] == "  target: nothing"
