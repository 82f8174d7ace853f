"""Resource types and associations (FEATURES 5.1-12 to 5.1-14)."""

from __future__ import annotations

import threading

import pytest

from glancepipe.contract import Association, Namespace
from glancepipe.contract.errors import Duplicate, Invalid, NotFound
from glancepipe.db.layer import Db


def test_life_of_an_association(nouns, call, space):
    """5.1-13, 5.1-14: an unknown type is made, unprotected, and stays."""
    added = nouns.resource_types.associate(call, space, Association("T", "p_", "image"))
    assert (added.name, added.prefix, added.properties_target) == ("T", "p_", "image")
    assert added.created_at
    assert list(nouns.resource_types.associations(call, space)) == [added]
    assert nouns.namespaces.get(call, "n").associations == (added,)
    with pytest.raises(Duplicate):
        nouns.resource_types.associate(call, space, Association("T"))
    assert nouns.resource_types.dissociate(call, space, "T") == added
    with pytest.raises(NotFound):
        nouns.resource_types.dissociate(call, space, "T")
    (known,) = nouns.resource_types.list(call)
    assert (known.name, known.protected) == ("T", False)


def test_a_known_type_is_used_again(nouns, call, space):
    """5.1-13."""
    other = nouns.namespaces.add(call, Namespace("m", owner="p1"))
    nouns.resource_types.associate(call, space, Association("T", "a_"))
    nouns.resource_types.associate(call, other, Association("T", "b_"))
    assert len(nouns.resource_types.list(call)) == 1
    nouns.resource_types.dissociate(call, space, "T")
    assert [each.prefix for each in nouns.resource_types.associations(call, other)] == ["b_"]


def test_a_namespace_that_is_gone(nouns, call, space):
    nouns.namespaces.remove(call, space)
    with pytest.raises(NotFound):
        nouns.resource_types.associate(call, space, Association("T"))
    with pytest.raises(NotFound):
        nouns.resource_types.dissociate(call, space, "T")


@pytest.mark.parametrize("wrong", [Association("x" * 81), Association("T", prefix="\0"), Association("T", properties_target="x" * 81)])
def test_what_no_column_can_hold(db, call, wrong):
    space = db.namespaces.add(call, Namespace("n", owner="p1"))
    with pytest.raises(Invalid):
        db.resource_types.associate(call, space, wrong)
    assert list(db.resource_types.list(call)) == []
    with pytest.raises(NotFound):
        db.resource_types.dissociate(call, space, wrong.name)


def test_many_make_the_same_type_at_once(start, call):
    """5.1-13: every one of them succeeds, and the type is there once."""
    layers = [start().layer for _ in range(4)]
    spaces = [Db.namespaces(layer, None).add(call, Namespace(f"n{number}", owner="p1")) for number, layer in enumerate(layers)]
    gate, failures = threading.Barrier(len(layers)), []

    def associate(layer, space):
        gate.wait()
        try:
            Db.resource_types(layer, None).associate(call, space, Association("T"))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=associate, args=each) for each in zip(layers, spaces, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [each.name for each in Db.resource_types(layers[0], None).list(call)] == ["T"]
