"""Objects, properties and tags of namespaces (FEATURES 5.1-06 to 5.1-11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oslo_db import exception as db_error
from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update

from glancepipe.contract.call import Call
from glancepipe.contract.errors import Duplicate, Invalid, NotFound
from glancepipe.contract.metadefs import Definition, DefinitionQuery, DefinitionRepoProxy, Kind, Namespace
from glancepipe.db.base import Base
from glancepipe.db.commits import commit
from glancepipe.db.database import now
from glancepipe.db.metadefs import rows
from glancepipe.db.models import metadef_namespaces as namespaces
from glancepipe.db.values import obstacle

SORT_KEYS = ("name", "created_at", "updated_at", "id")


class DbDefinitionRepo(DefinitionRepoProxy[Base]):
    """Ends the noun."""

    def list(self, call: Call, namespace: Namespace, kind: Kind, query: DefinitionQuery) -> Sequence[Definition]:
        """One select, and one more for a marker."""
        if query.sort_key not in SORT_KEYS:
            raise Invalid(f"The {kind} definitions can't be sorted by {query.sort_key!r}.")
        table = rows.TABLES[kind]
        key = table.c[query.sort_key]
        found = select(table).join(namespaces, namespaces.c.id == table.c.namespace_id).where(namespaces.c.namespace == namespace.namespace)

        def read(connection: Connection) -> Sequence[Row[Any]]:
            statement = found
            if query.marker is not None:
                marker = _row(connection, namespace.namespace, kind, query.marker)
                if marker is None:
                    raise _missing(namespace.namespace, kind, query.marker)
                value = getattr(marker, query.sort_key)
                beyond, after = (key > value, table.c.id > marker.id) if query.ascending else (key < value, table.c.id < marker.id)
                statement = statement.where(or_(beyond, and_(key == value, after)))
            order = [each.asc() if query.ascending else each.desc() for each in (key, table.c.id)]
            return connection.execute(statement.order_by(*order).limit(query.limit)).all()

        return [rows.definition(kind, row) for row in self.layer.read(call, read)]

    def get(self, call: Call, namespace: Namespace, kind: Kind, name: str) -> Definition:
        """One select."""
        if obstacle(rows.TABLES[kind].c.name, name):
            raise _missing(namespace.namespace, kind, name)

        def read(connection: Connection) -> Row[Any]:
            row = _row(connection, namespace.namespace, kind, name)
            if row is None:
                raise _missing(namespace.namespace, kind, name)
            return row

        return rows.definition(kind, self.layer.read(call, read))

    def add(
        self, call: Call, namespace: Namespace, kind: Kind, definitions: Sequence[Definition], replacing: bool = False
    ) -> Sequence[Definition]:
        """One transaction, in which nobody else writes to the namespace."""
        table = rows.TABLES[kind]
        values = [rows.definition_values(definition) for definition in definitions]

        def keep(connection: Connection) -> Sequence[Definition]:
            owner = {"namespace_id": rows.namespace_id(connection, namespace.namespace)}
            if replacing:
                connection.execute(delete(table).where(table.c.namespace_id == owner["namespace_id"]))
            times = {"created_at": (time := now()), "updated_at": time}
            for each in values:
                try:
                    connection.execute(insert(table).values(each | owner | times))
                except db_error.DBDuplicateEntry:
                    raise _taken(namespace.namespace, kind, each["name"]) from None
            mine = select(table).where(table.c.namespace_id == owner["namespace_id"], table.c.name.in_([each["name"] for each in values]))
            stored = {row.name: rows.definition(kind, row) for row in connection.execute(mine)}
            return [stored[each["name"]] for each in values]

        return commit(self.layer, call, "definitions.add", lambda connection, _: keep(connection))

    def save(self, call: Call, namespace: Namespace, definition: Definition, changed: Definition) -> Definition:
        """The whole row."""
        table, kind = rows.TABLES[definition.kind], definition.kind
        values = rows.definition_values(changed)

        def change(connection: Connection) -> Definition:
            mine = (table.c.namespace_id == rows.namespace_id(connection, namespace.namespace)) & (table.c.name == definition.name)
            try:
                if not connection.execute(update(table).where(mine).values(values | {"updated_at": now()})).rowcount:
                    raise _missing(namespace.namespace, kind, definition.name)
            except db_error.DBDuplicateEntry:
                raise _taken(namespace.namespace, kind, changed.name) from None
            row = _row(connection, namespace.namespace, kind, changed.name)
            assert row is not None
            return rows.definition(kind, row)

        return commit(self.layer, call, "definitions.save", lambda connection, _: change(connection))

    def remove(self, call: Call, namespace: Namespace, definition: Definition) -> Definition:
        """The row."""
        table = rows.TABLES[definition.kind]

        def drop(connection: Connection) -> Definition:
            mine = (table.c.namespace_id == rows.namespace_id(connection, namespace.namespace)) & (table.c.name == definition.name)
            if not connection.execute(delete(table).where(mine)).rowcount:
                raise _missing(namespace.namespace, definition.kind, definition.name)
            return definition

        return commit(self.layer, call, "definitions.remove", lambda connection, _: drop(connection))

    def clear(self, call: Call, namespace: Namespace, kind: Kind) -> int:
        """All rows."""
        table = rows.TABLES[kind]

        def drop(connection: Connection) -> int:
            namespace_id = rows.namespace_id(connection, namespace.namespace)
            return connection.execute(delete(table).where(table.c.namespace_id == namespace_id)).rowcount

        return commit(self.layer, call, "definitions.clear", lambda connection, _: drop(connection))


def _row(connection: Connection, namespace: str, kind: Kind, name: str) -> Row[Any] | None:
    table = rows.TABLES[kind]
    found = select(table).join(namespaces, namespaces.c.id == table.c.namespace_id)
    return connection.execute(found.where(namespaces.c.namespace == namespace, table.c.name == name)).first()


def _missing(namespace: str, kind: Kind, name: str) -> NotFound:
    return NotFound(f"There is no {kind} {name} in the namespace {namespace}.")


def _taken(namespace: str, kind: Kind, name: str) -> Duplicate:
    return Duplicate(f"There is a {kind} {name} in the namespace {namespace} already.")
