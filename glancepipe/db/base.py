"""What the proxies of the ``db`` layer find in their layer once it has started."""

from __future__ import annotations

from typing import TypeVar

from glancepipe.contract.call import Call
from glancepipe.contract.layer import Layer
from glancepipe.db.database import Database, Work
from glancepipe.db.held import Held
from glancepipe.db.replica import LAGGING, Replica
from glancepipe.db.workers import Workers

T = TypeVar("T")


class Base(Layer):
    """The state of the layer in this process; the proxies have none of their own."""

    database: Database
    workers: Workers
    held: Held
    replica: Replica | None

    def read(self, call: Call, work: Work[T]) -> T:
        """What ``work`` reads, from the replica where the answer may be a moment old. Raises DatabaseUnavailable."""
        if self.replica is not None and call.operation.name in LAGGING:
            return self.replica.read(work)
        return self.database.read(work)
