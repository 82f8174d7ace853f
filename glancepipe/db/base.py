"""What the proxies of the ``db`` layer find in their layer once it has started."""

from __future__ import annotations

from glancepipe.contract.layer import Layer
from glancepipe.db.database import Database
from glancepipe.db.held import Held
from glancepipe.db.workers import Workers


class Base(Layer):
    """The state of the layer in this process; the proxies have none of their own."""

    database: Database
    workers: Workers
    held: Held
