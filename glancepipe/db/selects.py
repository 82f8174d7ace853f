"""The select statements that find an image by its id, and whatever hangs on images.

Whatever does comes with the image, in one statement: each kind as one column of JSON (PERF 6).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, DateTime, Enum, FromClause, Select, String, Table, bindparam, select, type_coerce

from glancepipe.contract.records import Status
from glancepipe.db.models import image_locations, image_members, image_properties, image_tags, images
from glancepipe.db.records import BASE
from glancepipe.db.sql import json_rows, live


def with_children(parent: FromClause, location_status: str = "active") -> Select[Any]:
    """Everything that ``records.image`` needs of the images in ``parent``; the parameter is caller."""

    def rows(child: Table, *columns: str, condition: ColumnElement[bool] | None = None) -> ColumnElement[str]:
        gathered = select(json_rows(*(child.c[name] for name in columns)))
        which = live(child) if condition is None else condition
        return gathered.where(child.c.image_id == parent.c.id, which).correlate(parent).scalar_subquery()

    located = image_locations.c.status == location_status
    if location_status == "active":
        located = live(image_locations) & located

    membership = select(image_members.c.status).where(
        image_members.c.image_id == parent.c.id,
        image_members.c.member == bindparam("caller", type_=image_members.c.member.type),
        live(image_members),
    )
    return select(
        # An enumeration's values are checked when they are written; that is enough.
        *(type_coerce(column, String) if isinstance(column.type, Enum) else column for column in (parent.c[name] for name in BASE)),
        rows(image_properties, "name", "value"),
        rows(image_tags, "value"),
        rows(image_locations, "id", "value", "meta_data", condition=located),
        membership.limit(1).correlate(parent).scalar_subquery(),
    )


STORED = with_children(images).where(images.c.id == bindparam("id", type_=String()))
"""An image by its id, deleted or not."""

PENDING = (
    with_children(images, location_status=Status.PENDING_DELETE)
    .where(images.c.deleted, images.c.status == Status.PENDING_DELETE)
    .where(images.c.deleted_at <= bindparam("before", type_=DateTime()), images.c.id > bindparam("after", type_=String()))
    .order_by(images.c.id)
    .limit(100)
)
"""Deleted images whose bytes wait to be erased, with the locations that wait."""

PRESENT = STORED.where(live(images))
"""An image by its id, if it is not deleted."""
