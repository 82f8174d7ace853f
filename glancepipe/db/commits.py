"""Commits: a change to the records, and the journal entries that begin and end with it, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy import Connection

from glancepipe.contract.call import Call
from glancepipe.contract.records import Intent
from glancepipe.db.base import Base
from glancepipe.db.journal import open_entries

T = TypeVar("T")


def commit(
    layer: Base,
    call: Call,
    verb: str,
    work: Callable[[Connection, str], T],
    begins: Iterable[Intent] = (),
    settles: Iterable[str] = (),
) -> T:
    """What ``work`` answers, which gets the worker's id: all of it is stored, or nothing and an exception.

    With it open the entries that ``begins`` names and those that the call notes for ``verb``. ``work`` strikes out what
    ``settles`` names. Raises as ``Database.write``.
    """
    notes = call.notes(verb)

    def both(connection: Connection, worker_id: str) -> T:
        answer = work(connection, worker_id)
        open_entries(connection, [*begins, *(note.make(answer) for note in notes)], worker_id)
        return answer

    with layer.held.opening([*(intent.id for intent in begins), *(note.intent_id for note in notes)]):
        answer = layer.workers.write(both)
    layer.held.drop(*settles)
    return answer
