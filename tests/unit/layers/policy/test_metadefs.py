"""Layer policy on metadata definitions: pages that rules thin out, the service itself (FEATURES 5.1-01, 7.1-18 to 7.1-22).

What each rule guards is proven through the API, in ``tests/api/metadefs/test_who.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg
from oslo_policy import opts

from glancepipe.contract import OPERATIONS, SERVICE, Call, Caller, Definition, DefinitionQuery, Namespace, NamespaceQuery, Services, replace
from glancepipe.contract.errors import Forbidden
from glancepipe.layers.policy import Policy
from glancepipe.layers.policy.metadefs import PAGES
from glancepipe.layers.policy.rules import list_rules
from glancepipe.testing import linked

READER = Caller(user_id="u", project_id="mine", roles=frozenset({"reader"}))
EVERYTHING = NamespaceQuery(everything=True, sort_key="namespace", ascending=True)


@pytest.fixture
def service(tmp_path: Path) -> Any:
    """The nouns of policy around ``Ends``, in which only namespaces whose owner is ``mine`` may be seen."""
    (tmp_path / "policy.yaml").write_text("get_metadef_namespace: project_id:%(project_id)s\n")
    conf = cfg.ConfigOpts()
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    for group, options in opts.list_opts():
        conf.register_opts(options, group)
    conf.set_override("policy_file", str(tmp_path / "policy.yaml"), "oslo_policy")
    pipeline = linked(Policy, conf=conf)
    nobody: Any = None
    pipeline.layers[0].start(Services(nobody))
    return pipeline.nouns


def hold(nouns: Any, owners: str) -> None:
    """Namespaces 00, 01, ... of project ``mine`` where ``owners`` has an m, else of another one."""
    for number, owner in enumerate(owners):
        space = Namespace(f"{number:03}", owner="mine" if owner == "m" else "theirs", visibility="public")
        nouns.namespaces.add(Call("create_namespace", SERVICE), space)


def names(page: Any) -> list[str]:
    return [each.namespace for each in page.rows]


def test_a_page_is_filled_up(service: Any) -> None:
    """5.1-01, 12-07: what may not be seen does not make the page shorter, nor does it end the listing."""
    hold(service, "ttmttmmt" + "t" * 5 + "m")
    page = service.namespaces.list(Call("list_namespaces", READER), replace(EVERYTHING, limit=2))
    assert (names(page), page.more, page.last.namespace) == (["002", "005"], True, "005")
    page = service.namespaces.list(Call("list_namespaces", READER), replace(EVERYTHING, limit=2, marker="005"))
    assert (names(page), page.more) == (["006", "013"], False)


def test_a_page_is_filled_within_a_bound(service: Any) -> None:
    """A caller who may see next to nothing does not have all namespaces read at once; the page says where to go on."""
    hold(service, "t" * (PAGES + 2) + "m")
    page = service.namespaces.list(Call("list_namespaces", READER), replace(EVERYTHING, limit=1))
    assert (names(page), page.more, page.last.namespace) == ([], True, f"{PAGES - 1:03}")
    page = service.namespaces.list(Call("list_namespaces", READER), replace(EVERYTHING, limit=1, marker=page.last.namespace))
    assert names(page) == [f"{PAGES + 2:03}"]


def test_nothing_is_asked_for(service: Any) -> None:
    hold(service, "m")
    assert names(service.namespaces.list(Call("list_namespaces", READER), replace(EVERYTHING, limit=0))) == []


def test_the_service_itself_is_never_refused(service: Any) -> None:
    """It acts on a verdict that was taken before."""
    hold(service, "t")
    for operation in ("show_namespace", "modify_namespace", "clear_tags"):
        space = service.namespaces.get(Call(operation, SERVICE), "000")
        service.definitions.add(Call(operation, SERVICE), space, "tag", [Definition("tag", operation)])
        assert service.definitions.list(Call(operation, SERVICE), space, "tag", DefinitionQuery())
        assert service.resource_types.associations(Call(operation, SERVICE), space) == ()
    assert service.definitions.clear(Call("clear_tags", SERVICE), space, "tag") == 3
    assert names(service.namespaces.list(Call("list_namespaces", SERVICE), EVERYTHING)) == ["000"]


def test_a_refusal_says_whether_it_gives_something_away(service: Any) -> None:
    """6.1-05."""
    hold(service, "mt")
    for name, hidden in (("000", False), ("001", True)):
        with pytest.raises(Forbidden) as refusal:
            service.namespaces.get(Call("delete_namespace", READER), name)
        assert refusal.value.hidden is hidden


def test_every_operation_has_a_rule() -> None:
    """7.1-18 to 7.1-22: all of them are rules that operators know from Glance."""
    known = {rule.name for rule in list_rules()}
    found = [each for each in OPERATIONS.values() if each.path.startswith("/v2/metadefs")]
    assert len(found) == 28
    assert {rule for each in found for rule in (each.rule, *each.first)} <= known
