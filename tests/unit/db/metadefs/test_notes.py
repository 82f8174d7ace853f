"""What a layer notes with a call is kept in the transaction of the change, and only if there is one (docs/decisions/0004-outbox.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from glancepipe.contract import SERVICE, Association, Call, Definition, Intent, Namespace, Note
from glancepipe.contract.errors import Duplicate, NotFound

TAG = Definition("tag", "t")
CHANGES: dict[str, Callable[[Any, Call, Namespace], Any]] = {
    "namespaces.add": lambda db, call, space: db.namespaces.add(call, Namespace("other", owner="p1")),
    "namespaces.save": lambda db, call, space: db.namespaces.save(call, space, Namespace("n", "New", owner="p1")),
    "namespaces.remove": lambda db, call, space: db.namespaces.remove(call, space),
    "definitions.add": lambda db, call, space: db.definitions.add(call, space, "tag", [Definition("tag", "u")]),
    "definitions.save": lambda db, call, space: db.definitions.save(call, space, TAG, Definition("tag", "u")),
    "definitions.remove": lambda db, call, space: db.definitions.remove(call, space, TAG),
    "definitions.clear": lambda db, call, space: db.definitions.clear(call, space, "tag"),
    "resource_types.associate": lambda db, call, space: db.resource_types.associate(call, space, Association("U")),
    "resource_types.dissociate": lambda db, call, space: db.resource_types.dissociate(call, space, "T"),
}


def noting(verb: str) -> tuple[Call, list[Any]]:
    """A call with a note for the verb, and what the note will be made of."""
    call, seen = Call("show_namespace", SERVICE), []

    def make(answer: Any) -> Intent:
        seen.append(answer)
        return Intent("e1", "test", "", {})

    call.note(Note(verb, "e1", make))
    return call, seen


@pytest.fixture
def space(db: Any) -> Namespace:
    made = Namespace("n", owner="p1", associations=(Association("T"),), definitions=(TAG,))
    return db.namespaces.add(Call("create_namespace", SERVICE), made)


@pytest.mark.parametrize("verb", CHANGES)
def test_kept_with_the_change(db: Any, world: Any, space: Namespace, verb: str) -> None:
    """The entry is made of what the verb answers."""
    call, seen = noting(verb)
    answer = CHANGES[verb](db, call, space)
    assert seen == [answer]
    assert world.sql("SELECT id, kind FROM glancepipe_journal") == [("e1", "test")]


@pytest.mark.parametrize("verb", ["namespaces.add", "definitions.add", "resource_types.associate", "definitions.remove"])
def test_nothing_is_kept_of_what_fails(db: Any, world: Any, space: Namespace, verb: str) -> None:
    """All or nothing."""
    CHANGES[verb](db, Call("show_namespace", SERVICE), space)
    call, _ = noting(verb)
    with pytest.raises((Duplicate, NotFound)):
        CHANGES[verb](db, call, space)
    assert world.sql("SELECT id FROM glancepipe_journal") == []
