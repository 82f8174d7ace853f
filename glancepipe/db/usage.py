"""What owners store, and reservations for what is on its way."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from oslo_db import exception as db_error
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from glancepipe.contract.call import Call
from glancepipe.contract.errors import LimitExceeded
from glancepipe.contract.proxies import UsageProxy
from glancepipe.contract.records import Reservation, Usage, UsageReport
from glancepipe.db.base import Base
from glancepipe.db.models import image_locations, images, owners, reservations
from glancepipe.db.sql import live
from glancepipe.db.values import checked

_begin_again: Callable[[Exception], Exception] = db_error.RetryRequest


class DbUsage(UsageProxy[Base]):
    """Ends the noun."""

    def usage(self, call: Call, owner: str | None) -> Usage:
        """Two sums, made by the database (FEATURES 6.2-06, 12-12)."""
        return self.layer.database.read(lambda connection: _usage(connection, owner))

    def report(self, call: Call, owner: str | None) -> UsageReport:
        """The database publishes no limits."""
        return {}

    def reserve(self, call: Call, owner: str | None, amount: int, limit: int, held: Reservation | None = None) -> Reservation:
        """Check and hold in one transaction, one after the other for each owner."""
        wanted = Reservation(held.id if held else str(uuid.uuid4()), owner, (held.amount if held else 0) + amount)

        def hold(connection: Connection, worker_id: str) -> None:
            _take_turn(connection, owner)
            others = _usage(connection, owner, besides=wanted.id)
            if others.total + wanted.amount > limit:
                raise LimitExceeded(f"{wanted.amount} more bytes would exceed the limit of {limit}: {others.total} are stored or reserved.")
            row = checked(reservations, "a reservation", {"id": wanted.id, "owner": owner, "amount": wanted.amount, "worker_id": worker_id})
            if not connection.execute(update(reservations).where(reservations.c.id == wanted.id).values(row)).rowcount:
                connection.execute(insert(reservations).values(row))

        self.layer.workers.write(hold)
        return wanted

    def release(self, call: Call, held: Reservation) -> None:
        """Delete the row, if it has not vanished with its worker."""
        gone = delete(reservations).where(reservations.c.id == held.id)
        self.layer.database.write(lambda connection: connection.execute(gone))


def _usage(connection: Connection, owner: str | None, besides: str = "") -> Usage:
    # Joined to its locations an image counts once for every live copy.
    copies = select(func.sum(images.c.size)).join_from(images, image_locations, image_locations.c.image_id == images.c.id)
    stored = copies.where(_of(images.c.owner, owner), live(images), live(image_locations))
    reserved = select(func.sum(reservations.c.amount)).where(_of(reservations.c.owner, owner), reservations.c.id != besides)
    return Usage(owner, int(connection.scalar(stored) or 0), int(connection.scalar(reserved) or 0))


def _of(column: ColumnElement[str | None], owner: str | None) -> ColumnElement[bool]:
    return column.is_(None) if owner is None else column == owner


def _take_turn(connection: Connection, owner: str | None) -> None:
    """Let nobody else reserve for ``owner`` until the end of this transaction."""
    name = owner or ""
    mine = update(owners).where(owners.c.owner == name).values(turn=owners.c.turn + 1)
    if not connection.execute(mine).rowcount:
        try:
            connection.execute(insert(owners).values(checked(owners, "a reservation", {"owner": name, "turn": 1})))
        except db_error.DBDuplicateEntry as error:
            # Another one was first to insert it: begin again, the row is there now.
            raise _begin_again(error) from error
