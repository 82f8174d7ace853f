"""What hangs on an image: properties, tags, locations; written while the transaction holds the image's row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from oslo_db import exception as db_error
from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, insert, select, update

from glancepipe.contract.changes import ABSENT, Change
from glancepipe.contract.records import Location, Status
from glancepipe.db.models import image_locations, image_members, image_properties, image_tags
from glancepipe.db.records import to_json
from glancepipe.db.sql import live
from glancepipe.db.values import checked

MOMENT = timedelta(seconds=5)
"""Within which a Glance removes an image's properties and then the image, however busy it is."""


class Writer:
    """Writes the children of one image, at one time. All methods raise Invalid for what a column can't hold."""

    def __init__(self, connection: Connection, image_id: str, time: datetime) -> None:
        self.connection = connection
        self.image_id = image_id
        self.time = time

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Insert properties, none of which has a row."""
        self._insert(image_properties, [_property(name, value) for name, value in properties.items()])

    def add_tags(self, tags: Iterable[str]) -> None:
        """Insert tags, none of which the image has."""
        self._insert(image_tags, [checked(image_tags, "a tag", {"value": tag}) for tag in sorted(tags)])

    def add_locations(self, locations: Iterable[Location]) -> None:
        """Insert locations."""
        self._insert(image_locations, [_location(location) | {"status": "active"} for location in locations])

    def change_properties(self, changes: Mapping[str, Change]) -> None:
        """Each property on its own: set it (in the row of a removed one, if there is), or soft-delete it (FEATURES 6.6-06)."""
        wanted = {name: _property(name, change.new) for name, change in changes.items() if change.new is not ABSENT}
        present = {name: id for name, id in self._property_rows().items() if name in wanted} if wanted else {}
        if present:
            row = image_properties.c.id == bindparam("row")
            revived = (
                update(image_properties).where(row).values(value=bindparam("new"), deleted=False, deleted_at=None, updated_at=self.time)
            )
            self.connection.execute(revived, [{"row": id, "new": wanted[name]["value"]} for name, id in present.items()])
        self._insert(image_properties, [values for name, values in wanted.items() if name not in present])
        self._remove(image_properties, image_properties.c.name, [name for name in changes if name not in wanted])

    def claim(self, name: str, value: str) -> bool:
        """Set a property that the image does not have; False if it has."""
        values = _property(name, value)
        free = update(image_properties).where(
            image_properties.c.image_id == self.image_id, image_properties.c.name == name, ~live(image_properties)
        )
        if self.connection.execute(free.values(value=value, deleted=False, deleted_at=None, updated_at=self.time)).rowcount:
            return True
        try:
            self._insert(image_properties, [values])
        except db_error.DBDuplicateEntry:
            return False
        return True

    def change_tags(self, change: Change) -> None:
        """The difference only: tags that another caller added meanwhile stay."""
        added, removed = set(change.new) - set(change.old), set(change.old) - set(change.new)
        mine = select(image_tags.c.value).where(image_tags.c.image_id == self.image_id, live(image_tags))
        self.add_tags(added - set(self.connection.scalars(mine)) if added else ())
        self._remove(image_tags, image_tags.c.value, removed)

    def change_locations(self, change: Change) -> None:
        """The difference only, by id: those without one are new (FEATURES 6.6-04)."""
        before = {location.id: location for location in change.old}
        self.add_locations(location for location in change.new if location.id is None)
        for location in change.new:
            if location.id is not None and location != before.get(location.id):
                row = (image_locations.c.id == location.id) & (image_locations.c.image_id == self.image_id)
                self.connection.execute(update(image_locations).where(row).values(_location(location) | {"updated_at": self.time}))
        gone = before.keys() - {location.id for location in change.new}
        self._remove(image_locations, image_locations.c.id, gone)

    def remove_all(self, location_status: str = "deleted") -> None:
        """Soft-delete everything (FEATURES 6.6-05)."""
        for table in (image_properties, image_tags, image_locations, image_members):
            if self.connection.dialect.name == "mysql":
                self._set_apart(table)
            self._soft_delete(table, location_status=location_status)

    def restore_all(self, removed_at: datetime) -> None:
        """Undo ``remove_all`` of that time, or what Glance did in its place, where bytes are still there."""
        back = {"deleted": False, "deleted_at": None, "updated_at": self.time}

        def restore(table: Table, when: ColumnElement[bool]) -> int:
            return self.connection.execute(update(table).where(table.c.image_id == self.image_id, when).values(back)).rowcount

        for table in (image_tags, image_members):
            restore(table, table.c.deleted_at == removed_at)
        gone = image_properties.c.deleted_at
        if not restore(image_properties, gone == removed_at):
            # Glance removes each of them at a time of its own, before it removes the image.
            restore(image_properties, gone.between(removed_at - MOMENT, removed_at))
        waiting = (image_locations.c.image_id == self.image_id) & (image_locations.c.status == Status.PENDING_DELETE)
        self.connection.execute(update(image_locations).where(waiting).values(back | {"status": "active"}))

    def bury_locations(self) -> None:
        """The bytes that waited are gone."""
        waiting = (image_locations.c.image_id == self.image_id) & (image_locations.c.status == Status.PENDING_DELETE)
        self.connection.execute(update(image_locations).where(waiting).values(status="deleted", updated_at=self.time))

    def _property_rows(self) -> dict[str, int]:
        """The row of each property that has one, deleted or not."""
        mine = select(image_properties.c.name, image_properties.c.id).where(image_properties.c.image_id == self.image_id)
        return {row.name: row.id for row in self.connection.execute(mine)}

    def _insert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            common = {"image_id": self.image_id, "created_at": self.time, "updated_at": self.time, "deleted": False}
            self.connection.execute(insert(table), [row | common for row in rows])

    def _remove(self, table: Table, column: Column[Any], values: Iterable[Any]) -> None:
        if values:
            self._soft_delete(table, column.in_(list(values)))

    def _set_apart(self, table: Table) -> None:
        """Where times are whole seconds: what was removed on its own within this second was removed before it."""
        second = self.time.replace(microsecond=0)
        before = update(table).where(table.c.image_id == self.image_id, ~live(table), table.c.deleted_at >= second)
        self.connection.execute(before.values(deleted_at=second - timedelta(seconds=1)))

    def _soft_delete(self, table: Table, *which: Any, location_status: str = "deleted") -> None:
        gone: dict[str, Any] = {"deleted": True, "deleted_at": self.time, "updated_at": self.time}
        if table is image_locations:
            gone["status"] = location_status
        self.connection.execute(update(table).where(table.c.image_id == self.image_id, live(table), *which).values(gone))


def _property(name: str, value: str) -> dict[str, Any]:
    return checked(image_properties, f"property {name[:60]!r}", {"name": name, "value": value})


def _location(location: Location) -> dict[str, Any]:
    return checked(image_locations, "a location", {"value": location.url, "meta_data": to_json(location.metadata)})
