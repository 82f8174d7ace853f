"""The nouns of metadata definitions, once as the database ends them and once as the testing kit's ``Ends`` does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from glancepipe.contract import SERVICE, Call, Definition, Namespace
from glancepipe.db.layer import Db
from glancepipe.testing import linked


@pytest.fixture
def call() -> Call:
    return Call("show_namespace", SERVICE)


@pytest.fixture
def db(world: Any) -> Any:
    """The database's."""
    nouns = (Db.namespaces, Db.definitions, Db.resource_types)
    namespaces, definitions, resource_types = (noun(world.layer, None) for noun in nouns)
    return SimpleNamespace(namespaces=namespaces, definitions=definitions, resource_types=resource_types, database=world.database)


@pytest.fixture(params=["db", "ends"])
def nouns(request: pytest.FixtureRequest, db: Any) -> Any:
    """Each of both: they keep the same promises."""
    return db if request.param == "db" else linked().nouns


@pytest.fixture
def space(nouns: Any, call: Call) -> Namespace:
    """A namespace with two objects."""
    content = (Definition("object", "a", {"properties": {}}), Definition("object", "b", {"properties": {}}))
    return nouns.namespaces.add(call, Namespace("n", owner="p1", definitions=content))
