"""What a protected namespace keeps (FEATURES 5.2-08, 5.1-14)."""

from __future__ import annotations

from typing import Any

import pytest

from glancepipe.contract import SERVICE, Association, Call, Definition, DefinitionQuery, Layer, Namespace, replace
from glancepipe.contract.errors import Forbidden
from glancepipe.layers.domain.metadefs import DomainDefinitions, DomainNamespaces, DomainResourceTypes
from glancepipe.testing import linked


class Keeping(Layer):
    """Of the layer domain no more than what it does to metadata definitions."""

    name = "keeping"
    namespaces = DomainNamespaces
    definitions = DomainDefinitions
    resource_types = DomainResourceTypes


CALL = Call("show_namespace", SERVICE)


@pytest.fixture
def nouns() -> Any:
    return linked(Keeping).nouns


@pytest.fixture
def protected(nouns: Any) -> Namespace:
    """A protected namespace with a tag and a resource type."""
    space = Namespace("n", protected=True, owner="p1", definitions=(Definition("tag", "t"),), associations=(Association("T"),))
    return replace(nouns.namespaces.add(CALL, space), definitions=())


def test_nothing_can_be_deleted(nouns: Any, protected: Namespace) -> None:
    """Whoever asks, the service itself too."""
    for verb in (
        lambda: nouns.namespaces.remove(CALL, protected),
        lambda: nouns.definitions.remove(CALL, protected, Definition("tag", "t")),
        lambda: nouns.definitions.clear(CALL, protected, "tag"),
        lambda: nouns.resource_types.dissociate(CALL, protected, "T"),
    ):
        with pytest.raises(Forbidden, match="protected"):
            verb()
    assert nouns.namespaces.get(CALL, "n") == protected
    assert len(nouns.definitions.list(CALL, protected, "tag", DefinitionQuery())) == 1


def test_it_can_be_changed_and_more_can_come(nouns: Any, protected: Namespace) -> None:
    nouns.definitions.add(CALL, protected, "tag", [Definition("tag", "u")])
    nouns.definitions.save(CALL, protected, Definition("tag", "t"), Definition("tag", "v"))
    nouns.resource_types.associate(CALL, protected, Association("U"))
    open_again = nouns.namespaces.save(CALL, protected, replace(protected, protected=False))
    assert nouns.definitions.clear(CALL, open_again, "tag") == 2
    nouns.resource_types.dissociate(CALL, open_again, "T")
    nouns.namespaces.remove(CALL, open_again)
