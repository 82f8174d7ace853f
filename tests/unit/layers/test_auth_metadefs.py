"""Who may know of a namespace, and whose it is (FEATURES 5.2-01, 5.2-06, 6.1-05, 6.1-06)."""

from __future__ import annotations

from typing import Any

import pytest

from glancepipe.contract import SERVICE, Call, Caller, Layer, Namespace, NamespaceQuery, NamespaceRepoProxy, replace
from glancepipe.contract.errors import Forbidden, NotFound
from glancepipe.layers.auth import Auth
from glancepipe.testing import linked

ALICE = Caller(user_id="alice", project_id="mine", roles=frozenset({"member"}))
ADMIN = Caller(user_id="root", project_id="ops", roles=frozenset({"admin"}), is_admin=True)
NOBODY = Caller()
READER = replace(ALICE, read_only=True)


class RefusingNamespaces(NamespaceRepoProxy["Refusing"]):
    def get(self, call: Call, name: str) -> Namespace:
        namespace = self.inner.get(call, name)
        if not call.actor.service:
            raise Forbidden("no")
        return namespace


class Refusing(Layer):
    """Refuses whatever is asked of it by anybody but the service."""

    name = "refusing"
    namespaces = RefusingNamespaces


@pytest.fixture
def nouns() -> Any:
    return linked(Auth).nouns


def held(nouns: Any, **values: Any) -> Namespace:
    return nouns.namespaces.add(Call("create_namespace", SERVICE), Namespace("n", **values))


@pytest.mark.parametrize(
    ("caller", "owner", "visibility", "seen"),
    [
        (ALICE, "mine", "private", True),
        (ALICE, "theirs", "private", False),
        (ALICE, "theirs", "public", True),
        (ALICE, None, "private", False),
        (NOBODY, None, "private", False),
        (NOBODY, "theirs", "public", True),
        (ADMIN, "theirs", "private", True),
        (SERVICE, "theirs", "private", True),
    ],
)
def test_who_may_know_of_it(caller: Caller, owner: str | None, visibility: str, seen: bool) -> None:
    """5.2-06: by name and in listings, as a marker too."""
    pipeline = linked(Auth)
    nouns = pipeline.nouns
    pipeline.layers[-1].spaces["n"] = Namespace("n", owner=owner, visibility=visibility)
    listed = nouns.namespaces.list(Call("list_namespaces", caller), NamespaceQuery())
    assert bool(listed.rows) is seen
    if seen:
        assert nouns.namespaces.get(Call("show_namespace", caller), "n").namespace == "n"
        return
    with pytest.raises(NotFound):
        nouns.namespaces.get(Call("show_namespace", caller), "n")
    with pytest.raises(NotFound):
        nouns.namespaces.list(Call("list_namespaces", caller), NamespaceQuery(marker="n"))


@pytest.mark.parametrize(("visibility", "expected"), [("private", NotFound), ("public", Forbidden)])
def test_a_refusal_further_in_gives_nothing_away(visibility: str, expected: type[Exception]) -> None:
    """6.1-05: who can't see the namespace is told that there is none."""
    nouns = linked(Auth, Refusing).nouns
    held(nouns, owner="theirs", visibility=visibility)
    with pytest.raises(expected):
        nouns.namespaces.get(Call("modify_namespace", ALICE), "n")


def test_whose_it_is(nouns: Any) -> None:
    """5.2-01, 5.1-04: the caller's project, unless another one is named."""
    call = Call("create_namespace", ADMIN)
    assert nouns.namespaces.add(call, Namespace("a")).owner == "ops"
    added = nouns.namespaces.add(call, Namespace("b", owner="theirs"))
    assert added.owner == "theirs"
    assert nouns.namespaces.save(Call("modify_namespace", ADMIN), added, Namespace("b")).owner == "ops"
    assert nouns.namespaces.save(Call("modify_namespace", ADMIN), added, Namespace("b", owner="others")).owner == "others"


@pytest.mark.parametrize("operation", ["modify_namespace", "create_object", "clear_tags", "associate", "delete_property"])
def test_who_may_only_read_changes_nothing(nouns: Any, operation: str) -> None:
    """6.1-06: refused before anything is seen; Glance has no such guard on most of these."""
    held(nouns, owner="mine")
    assert nouns.namespaces.get(Call("show_namespace", READER), "n").owner == "mine"
    with pytest.raises(Forbidden):
        nouns.namespaces.get(Call(operation, READER), "n")
    with pytest.raises(Forbidden):
        nouns.namespaces.add(Call("create_namespace", READER), Namespace("m"))
