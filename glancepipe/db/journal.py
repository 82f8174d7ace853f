"""The journal: what is about to be done to bytes, and which worker cares for it.

An entry is *held* as long as this process cares for it. Each write of an entry asks whether it is still this
worker's: a worker that was taken for dead can't conclude what another has adopted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from glancepipe.contract.call import Call
from glancepipe.contract.proxies import JournalProxy
from glancepipe.contract.records import Intent
from glancepipe.db import records
from glancepipe.db.base import Base
from glancepipe.db.database import now
from glancepipe.db.models import journal
from glancepipe.db.values import checked


def open_entries(connection: Connection, intents: Iterable[Intent], worker_id: str) -> None:
    """Note ``intents`` as the worker's. Raises Invalid."""
    for intent in intents:
        row = {"id": intent.id, "kind": intent.kind, "image_id": intent.image_id, "details": records.to_json(intent.details)}
        holder = {"worker_id": worker_id, "created_at": now()}
        connection.execute(insert(journal).values(checked(journal, "a journal entry", row) | holder))


def close_entries(connection: Connection, entry_ids: Sequence[str], worker_id: str) -> bool:
    """Strike out the worker's entries; False if one of them was not, or no longer, the worker's."""
    if not entry_ids:
        return True
    mine = delete(journal).where(journal.c.id.in_(entry_ids), journal.c.worker_id == worker_id)
    return connection.execute(mine).rowcount == len(set(entry_ids))


class DbJournal(JournalProxy[Base]):
    """Ends the noun."""

    def begin(self, call: Call, intent: Intent) -> None:
        """Insert the entry, committed when this returns."""
        with self.layer.held.opening([intent.id]):
            self.layer.workers.write(lambda connection, worker_id: open_entries(connection, [intent], worker_id))

    def settle(self, call: Call, *intent_ids: str) -> None:
        """Delete the entries, but for those that another worker has adopted."""
        self.layer.workers.write(lambda connection, worker_id: close_entries(connection, intent_ids, worker_id))
        self.layer.held.drop(*intent_ids)

    def let_go(self, call: Call, intent_id: str) -> None:
        """Forget the entry in this process: its own next sweep finds it, or another's when this worker is dead."""
        self.layer.held.drop(intent_id)

    def adopt(self, call: Call, kind: str) -> Sequence[Intent]:
        """Make the entries of dead workers, and those that this one let go, its own."""
        self.layer.workers.bury()
        free = or_(journal.c.worker_id.is_(None), journal.c.worker_id == self.layer.workers.id)
        found = select(journal).where(journal.c.kind == kind, free).order_by(journal.c.created_at, journal.c.id)
        rows = self.layer.database.read(lambda connection: connection.execute(found).all())
        taken = [row for row in rows if self.layer.held.take(row.id)]
        adopted: list[Row[Any]] = []
        try:
            if taken:
                adopted = self.layer.workers.write(lambda connection, worker_id: _adopt(connection, taken, worker_id))
        finally:
            self.layer.held.drop(*{row.id for row in taken} - {row.id for row in adopted})
        return [records.intent(row) for row in adopted]


def _adopt(connection: Connection, rows: Iterable[Row[Any]], worker_id: str) -> list[Row[Any]]:
    def won(row: Row[Any]) -> bool:
        as_found = (journal.c.id == row.id) & journal.c.worker_id.is_not_distinct_from(row.worker_id)
        return bool(connection.execute(update(journal).where(as_found).values(worker_id=worker_id)).rowcount)

    return [row for row in rows if won(row)]
