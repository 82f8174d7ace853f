"""Image records: read as ``selects`` and ``listings`` say, written column by column and property by property.

A change locks the image's row first and then writes what was touched and nothing else, all in one transaction. So
two writers of one image follow each other, and neither loses what the other one wrote (FEATURES 12-08).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oslo_db import exception as db_error
from sqlalchemy import Connection, Select, insert, select, update

from glancepipe.contract.call import Call
from glancepipe.contract.changes import ChangeSet
from glancepipe.contract.errors import Conflict, Duplicate, ImageNotFound, Invalid, StatusChanged
from glancepipe.contract.proxies import ImageRepoProxy
from glancepipe.contract.query import ImageQuery, Page
from glancepipe.contract.records import Image, Status
from glancepipe.db import children, listings, records, selects
from glancepipe.db.base import Base
from glancepipe.db.commits import commit
from glancepipe.db.database import now
from glancepipe.db.journal import close_entries
from glancepipe.db.models import images, tombstones
from glancepipe.db.sql import live
from glancepipe.db.values import checked, obstacle

LOCK = "os_glance_import_task"
"""The property by which a task owns an image (FEATURES 4.5-08)."""

_SERVICE_KEPT = frozenset({"id", "created_at", "updated_at", "deleted_at", "deleted"})
_WRITABLE = frozenset(records.BASE) - _SERVICE_KEPT


class DbImageRepo(ImageRepoProxy[Base]):
    """Ends the noun."""

    def get(self, call: Call, image_id: str) -> Image:
        """One select. Raises ImageNotFound, for deleted images too."""
        if obstacle(images.c.id, image_id):
            raise ImageNotFound(image_id)
        caller = call.actor.project_id
        return self.layer.read(call, lambda connection: _read(connection, selects.PRESENT, image_id, caller))

    def list(self, call: Call, query: ImageQuery) -> Page:
        """One select for a page, a small one before it that tells how, and none where no image can match (FEATURES 3)."""
        if not query.limit:
            return Page()
        asked = listings.page(query, call.actor.project_id)
        if asked is None:
            return Page()
        rows = self.layer.read(call, asked.rows)
        found = [records.image(row) for row in rows[: query.limit]]
        return Page(found, more=len(rows) > query.limit, last=found[-1] if found else None)

    def add(self, call: Call, image: Image) -> Image:
        """Row, properties, tags and locations in one transaction (FEATURES 12-19). Raises Duplicate, Invalid."""
        time = now()
        row = checked(images, "the image", {name: getattr(image, name) for name in _WRITABLE | {"id"}})
        times = {"created_at": image.created_at or time, "updated_at": image.updated_at or time}

        def keep(connection: Connection, worker_id: str) -> Image:
            if connection.scalar(select(tombstones.c.id).where(tombstones.c.id == image.id)) is not None:
                raise Duplicate(f"Image ID {image.id} already exists!")
            try:
                connection.execute(insert(images).values(row | times | {"deleted": False}))
            except db_error.DBDuplicateEntry:
                raise Duplicate(f"Image ID {image.id} already exists!") from None
            writer = children.Writer(connection, image.id, time)
            writer.add_properties(image.properties)
            writer.add_tags(image.tags)
            writer.add_locations(image.locations)
            return _read(connection, selects.PRESENT, image.id, call.actor.project_id)

        return commit(self.layer, call, "repo.add", keep)

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Write what was touched; ``updated_at`` if anything was, the journal apart.

        Raises StatusChanged if the status is no longer what ``changes`` says it was, if two removals of locations together
        would leave none, or if the change concludes a journal entry that another worker has adopted: what it protected may
        have been undone.
        """
        plan = _Plan.of(changes)

        def store(connection: Connection, worker_id: str) -> Image:
            if plan.touches:
                time = now()
                _update(connection, image.id, plan.columns | {"updated_at": time}, plan.status)
                writer = children.Writer(connection, image.id, time)
                writer.change_properties(changes.properties)
                if "tags" in changes:
                    writer.change_tags(changes.base["tags"])
                if "locations" in changes:
                    writer.change_locations(changes.base["locations"])
            if not close_entries(connection, changes.settles, worker_id):
                raise StatusChanged(f"Image {image.id}: another worker has taken over what this change was to conclude.")
            stored = _read(connection, selects.PRESENT, image.id, call.actor.project_id)
            if "locations" in changes and changes.new("locations") and not stored.locations:
                raise StatusChanged(f"Image {image.id}: what this change was to leave has been removed meanwhile.")
            return stored

        return commit(self.layer, call, "repo.save", store, changes.begins, changes.settles)

    def remove(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Soft-delete the row and what hangs on it (FEATURES 6.6-05); answers the record as it was, deleted.

        The status may have changed meanwhile, but not the locations: bytes that arrived since the caller looked
        would never be erased. An image that is deleted but for its bytes loses the last trace of these.
        Raises ImageNotFound (for the second of two, too), StatusChanged.
        """
        plan = _Plan.of(changes)
        known = {location.id for location in image.locations}

        def delete(connection: Connection, worker_id: str) -> Image:
            time = now()
            if image.deleted:
                return bury(connection, time, worker_id)
            _update(connection, image.id, plan.columns | {"updated_at": time, "deleted_at": time, "deleted": True})
            removed = _read(connection, selects.STORED, image.id, call.actor.project_id)
            if any(location.id not in known for location in removed.locations):
                raise StatusChanged(f"Image {image.id} has received data meanwhile.")
            waits = Status.PENDING_DELETE if plan.columns.get("status") == Status.PENDING_DELETE else "deleted"
            children.Writer(connection, image.id, time).remove_all(waits)
            close_entries(connection, changes.settles, worker_id)
            return removed

        def bury(connection: Connection, time: datetime, worker_id: str) -> Image:
            if not close_entries(connection, changes.settles, worker_id):
                raise StatusChanged(f"Image {image.id}: another worker erases its data.")
            waiting = (images.c.id == image.id) & images.c.deleted & (images.c.status == Status.PENDING_DELETE)
            if not connection.execute(update(images).where(waiting).values(plan.columns | {"updated_at": time})).rowcount:
                raise ImageNotFound(image.id)
            children.Writer(connection, image.id, time).bury_locations()
            return _read(connection, selects.STORED, image.id, call.actor.project_id)

        return commit(self.layer, call, "repo.remove", delete, changes.begins, changes.settles)

    def pending(self, call: Call, before: datetime, after: str | None = None) -> Sequence[Image]:
        """Up to a hundred at a time."""
        values = {"before": before, "after": after or "", "caller": None}
        rows = self.layer.database.read(lambda connection: connection.execute(selects.PENDING, values).all())
        return [records.image(row) for row in rows]

    def restore(self, call: Call, image_id: str) -> Image:
        """Row and children as they were before they were deleted. Raises ImageNotFound, Conflict."""

        def bring_back(connection: Connection) -> Image:
            time = now()
            row = connection.execute(images.select().where(images.c.id == image_id, images.c.deleted).with_for_update()).first()
            if row is None:
                raise ImageNotFound(image_id)
            if row.status != Status.PENDING_DELETE:
                raise Conflict(f"Image {image_id} can't be restored: its data is erased.")
            back = {"status": Status.ACTIVE, "deleted": False, "deleted_at": None, "updated_at": time}
            connection.execute(update(images).where(images.c.id == image_id).values(back))
            children.Writer(connection, image_id, time).restore_all(row.deleted_at)
            return _read(connection, selects.PRESENT, image_id, call.actor.project_id)

        return self.layer.database.write(bring_back)

    def claim(self, call: Call, image: Image, task_id: str) -> Image:
        """Insert the lock property, or revive it where an earlier task left it deleted. Raises Conflict."""

        def take(connection: Connection) -> Image:
            time = now()
            _update(connection, image.id, {"updated_at": time})
            if not children.Writer(connection, image.id, time).claim(LOCK, task_id):
                raise Conflict(f"Image {image.id} is being worked on by another task.")
            return _read(connection, selects.PRESENT, image.id, call.actor.project_id)

        return self.layer.database.write(take)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A change set as far as it concerns the image's own row."""

    columns: dict[str, Any]
    status: str | None
    """What the status must be before, if it is to change."""
    touches: bool

    @classmethod
    def of(cls, changes: ChangeSet) -> _Plan:
        columns = {name: change.new for name, change in changes if name not in ("tags", "locations")}
        for name in columns.keys() - _WRITABLE:
            raise Invalid(f"The {name} of an image can't be changed.")
        status = changes.base["status"].old if "status" in changes else None
        return cls(checked(images, "the image", columns), status, bool(changes.base or changes.properties))


def _read(connection: Connection, statement: Select[Any], image_id: str, caller: str | None) -> Image:
    row = connection.execute(statement, {"id": image_id, "caller": caller}).first()
    if row is None:
        raise ImageNotFound(image_id)
    return records.image(row)


def _update(connection: Connection, image_id: str, values: Mapping[str, Any], status: str | None = None) -> None:
    """Change the row of an image that is not deleted, and lock it by that. Raises ImageNotFound, StatusChanged."""
    there = update(images).where(images.c.id == image_id, live(images))
    if status is not None:
        there = there.where(images.c.status == status)
    if connection.execute(there.values(values)).rowcount:
        return
    present = connection.execute(images.select().where(images.c.id == image_id, live(images))).first()
    if present is None:
        raise ImageNotFound(image_id)
    raise StatusChanged(f"The status of image {image_id} is {present.status!r} and no longer {status!r}.")
