"""There and back again: Glance makes images, glancepipe serves and changes them, Glance serves all of it (issue 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.integration


def compare(theirs: dict[Any, Any], ours: dict[Any, Any]) -> None:
    """The answers of Glance and ours, field by field."""
    assert theirs.keys() == ours.keys()
    differences = [f"{key}: {told}" for key in theirs for told in between(theirs[key], ours[key])]
    assert not differences, "\n".join(differences)


def between(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """Where two values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            yield from between(one.get(name, "(not there)"), other.get(name, "(not there)"), f"{where}/{name}")
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for place, each in enumerate(one):
            yield from between(each, other[place], f"{where}/{place}")
    elif one != other:
        yield f"{where} is {one!r} of Glance, {other!r} of glancepipe"


def test_there_and_back_again(home: Any, life: Any) -> None:
    home.sync()
    with home.glance() as glance:
        made = life.begin(glance)
        life.imports(glance, made)
        life.definitions(glance)
        asked = list(life.questions(made))
        theirs = life.answers(glance, asked)
    home.own("db", "upgrade")
    with home.glancepipe() as glancepipe:
        compare(theirs, life.answers(glancepipe, asked))
        life.go_on(glancepipe, made, "one")
        asked = list(life.questions(made))
        ours = life.answers(glancepipe, asked)
    with home.glance() as glance:
        compare(life.answers(glance, asked), ours)
        life.go_on(glance, made, "two")
        asked = list(life.questions(made))
        theirs = life.answers(glance, asked)
    with home.glancepipe() as glancepipe:
        compare(theirs, life.answers(glancepipe, asked))
