"""What owners store, and reservations for what is on its way."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oslo_db import exception as db_error
from sqlalchemy import ColumnElement, Connection, ScalarSelect, delete, distinct, func, insert, select, update

from glancepipe.contract.call import Call
from glancepipe.contract.errors import LimitExceeded
from glancepipe.contract.proxies import UsageProxy
from glancepipe.contract.records import Reservation, Status, Usage, UsageReport
from glancepipe.db.base import Base
from glancepipe.db.models import image_locations, image_properties, images, owners, reservations
from glancepipe.db.sql import live
from glancepipe.db.values import checked

_begin_again: Callable[[Exception], Exception] = db_error.RetryRequest


class DbUsage(UsageProxy[Base]):
    """Ends the noun."""

    def usage(self, call: Call, owner: str | None) -> Usage:
        """Counted by the database, in one statement (FEATURES 6.2-06, 6.2-09 to 6.2-12, 12-12)."""
        counts = {name: count.label(name) for name, count in counted(owner).items()}
        reserved = _held(owner, "stored", "").label("reserved")
        row = self.layer.database.read(lambda connection: connection.execute(select(*counts.values(), reserved)).one())
        return Usage(owner, **{name: int(value or 0) for name, value in row._mapping.items()})

    def report(self, call: Call, owner: str | None) -> UsageReport:
        """The database publishes no limits."""
        return {}

    def reserve(
        self,
        call: Call,
        owner: str | None,
        amount: int,
        limit: int,
        held: Reservation | None = None,
        *,
        of: str = "stored",
        image_id: str | None = None,
    ) -> Reservation:
        """Check and hold in one transaction, one after the other for each owner."""
        wanted = Reservation(held.id if held else str(uuid.uuid4()), owner, (held.amount if held else 0) + amount, of, image_id)
        others = select(counted(owner, image_id or "")[of], _held(owner, of, wanted.id))

        def hold(connection: Connection, worker_id: str) -> None:
            _take_turn(connection, owner)
            there = sum(int(count or 0) for count in connection.execute(others).one())
            if there + wanted.amount > limit:
                raise LimitExceeded(
                    f"{wanted.amount} more would exceed the limit of {limit}: {there} are there or on their way.", usage=there
                )
            values = {"id": wanted.id, "owner": owner, "amount": wanted.amount, "counts_for": of, "image_id": image_id}
            row = checked(reservations, "a reservation", {**values, "worker_id": worker_id})
            if not connection.execute(update(reservations).where(reservations.c.id == wanted.id).values(row)).rowcount:
                connection.execute(insert(reservations).values(row))

        self.layer.workers.write(hold)
        return wanted

    def release(self, call: Call, held: Reservation) -> None:
        """Delete the row, if it has not vanished with its worker."""
        gone = delete(reservations).where(reservations.c.id == held.id)
        self.layer.database.write(lambda connection: connection.execute(gone))


def counted(owner: str | None, besides: str = "") -> Mapping[str, ScalarSelect[Any]]:
    """What counts by itself, by the name in ``Usage``; images are counted without the one named ``besides``."""
    mine = _of(images.c.owner, owner) & live(images)
    # Joined to its locations an image counts once for every live copy.
    copies = select(func.sum(images.c.size)).join_from(images, image_locations, image_locations.c.image_id == images.c.id)
    # Elsewhere an image whose size is not known yet would make the sum unknown.
    sizes, numbers = select(func.sum(func.coalesce(images.c.size, 0))), select(func.count()).select_from(images)
    return {
        "stored": copies.where(mine, live(image_locations)).scalar_subquery(),
        "staged": sizes.where(mine, _is(*STAGED)).scalar_subquery(),
        "images": numbers.where(mine, images.c.id != besides).scalar_subquery(),
        "uploading": numbers.where(mine, images.c.id != besides, _is(*UPLOADING)).scalar_subquery(),
    }


def _held(owner: str | None, of: str, besides: str) -> ScalarSelect[Any]:
    """What reservations of ``owner`` other than ``besides`` hold, as far as it does not count by itself."""
    mine = _of(reservations.c.owner, owner) & (reservations.c.counts_for == of) & (reservations.c.id != besides)
    if of not in _OF_IMAGES:
        return select(func.sum(reservations.c.amount)).where(mine).scalar_subquery()
    counts = select(images.c.id).where(images.c.id == reservations.c.image_id, live(images), *_OF_IMAGES[of])
    return select(func.count(distinct(reservations.c.image_id))).where(mine, ~counts.exists()).scalar_subquery()


def _is(*statuses: str) -> ColumnElement[bool]:
    """In one of these states, or being copied to more stores (FEATURES 2.2-06)."""
    copying = select(image_properties.c.id).where(
        image_properties.c.image_id == images.c.id,
        image_properties.c.name == COPYING,
        image_properties.c.value != "",
        live(image_properties),
    )
    return images.c.status.in_(statuses) | copying.exists()


STAGED = (Status.UPLOADING, Status.IMPORTING)
UPLOADING = (Status.SAVING, *STAGED)
COPYING = "os_glance_importing_to_stores"
_OF_IMAGES: Mapping[str, Sequence[ColumnElement[bool]]] = {"images": (), "uploading": (_is(*UPLOADING),)}
"""What makes an image count by itself, where images are counted."""


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
