"""Namespaces: listed by key, stored with all that they carry (FEATURES 5.1-01 to 5.1-05)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from oslo_db import exception as db_error
from sqlalchemy import Boolean, ColumnElement, Connection, DateTime, Row, Select, and_, delete, func, insert, literal, or_, select, update

from glancepipe.contract.call import Call
from glancepipe.contract.errors import Duplicate, Invalid
from glancepipe.contract.metadefs import Namespace, NamespacePage, NamespaceQuery, NamespaceRepoProxy
from glancepipe.db.base import Base
from glancepipe.db.commits import commit
from glancepipe.db.database import now
from glancepipe.db.metadefs import rows
from glancepipe.db.metadefs.resource_types import apply, associations_of
from glancepipe.db.models import metadef_namespace_resource_types as associations
from glancepipe.db.models import metadef_namespaces as namespaces
from glancepipe.db.models import metadef_resource_types as resource_types
from glancepipe.db.values import obstacle

SORT_KEYS = (*rows.FIELDS, "created_at", "updated_at", "id")


class DbNamespaceRepo(NamespaceRepoProxy[Base]):
    """Ends the noun."""

    def list(self, call: Call, query: NamespaceQuery) -> NamespacePage:
        """One select for the page, one for its associations."""
        if query.sort_key not in SORT_KEYS:
            raise Invalid(f"Namespaces can't be sorted by {query.sort_key!r}.")

        def read(connection: Connection) -> NamespacePage:
            marker = None
            if query.marker is not None:
                marker = _row(connection, query.marker)
                if marker is None or not _visible(query, marker):
                    raise rows.missing_namespace(query.marker)
            if not query.limit:
                return NamespacePage()
            found = connection.execute(_page(query, marker)).all()
            page = found[: query.limit]
            applied = associations_of(connection, [row.id for row in page])
            records = [rows.namespace(row, applied.get(row.id, ())) for row in page]
            return NamespacePage(records, len(found) > query.limit, records[-1] if records else None)

        return self.layer.read(call, read)

    def get(self, call: Call, name: str) -> Namespace:
        """The namespace and its associations."""
        if obstacle(namespaces.c.namespace, name):
            raise rows.missing_namespace(name)
        return self.layer.read(call, lambda connection: _read(connection, name))

    def add(self, call: Call, namespace: Namespace) -> Namespace:
        """All in one transaction."""
        return commit(self.layer, call, "namespaces.add", lambda connection, _: store(connection, namespace))

    def save(self, call: Call, namespace: Namespace, changed: Namespace) -> Namespace:
        """The row alone: what is in the namespace stays."""
        values = rows.namespace_values(changed)

        def change(connection: Connection) -> Namespace:
            mine = update(namespaces).where(namespaces.c.namespace == namespace.namespace)
            try:
                if not connection.execute(mine.values(values | {"updated_at": now()})).rowcount:
                    raise rows.missing_namespace(namespace.namespace)
            except db_error.DBDuplicateEntry:
                raise _taken(changed.namespace) from None
            return _read(connection, changed.namespace)

        return commit(self.layer, call, "namespaces.save", lambda connection, _: change(connection))

    def remove(self, call: Call, namespace: Namespace) -> Namespace:
        """The row and what is in it; resource types stay (FEATURES 5.2-10)."""

        def delete_all(connection: Connection) -> Namespace:
            namespace_id = rows.namespace_id(connection, namespace.namespace)
            removed = _read(connection, namespace.namespace)
            erase(connection, namespace_id)
            return removed

        return commit(self.layer, call, "namespaces.remove", lambda connection, _: delete_all(connection))


def store(connection: Connection, namespace: Namespace, protected: bool = False) -> Namespace:
    """Insert a namespace with all that it carries; ``protected`` is what new resource types become. Raises Duplicate, Invalid."""
    values = rows.namespace_values(namespace)
    definitions = [(definition.kind, rows.definition_values(definition)) for definition in namespace.definitions]
    _refuse_twins(namespace)
    times = {"created_at": (time := now()), "updated_at": time}
    try:
        connection.execute(insert(namespaces).values(values | times))
    except db_error.DBDuplicateEntry:
        raise _taken(namespace.namespace) from None
    owner = {"namespace_id": rows.namespace_id(connection, namespace.namespace)}
    for association in namespace.associations:
        apply(connection, owner["namespace_id"], association, protected)
    for kind, each in definitions:
        connection.execute(insert(rows.TABLES[kind]).values(each | owner | times))
    added = _read(connection, namespace.namespace)
    stored = (replace(each, created_at=added.created_at, updated_at=added.updated_at) for each in namespace.definitions)
    return replace(added, definitions=tuple(stored))


def erase(connection: Connection, namespace_id: int) -> None:
    """Delete the row of a namespace, and all that is in it."""
    for table in (*rows.TABLES.values(), associations):
        connection.execute(delete(table).where(table.c.namespace_id == namespace_id))
    connection.execute(delete(namespaces).where(namespaces.c.id == namespace_id))


def _row(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(namespaces).where(namespaces.c.namespace == name)).first()


def _read(connection: Connection, name: str) -> Namespace:
    row = _row(connection, name)
    if row is None:
        raise rows.missing_namespace(name)
    return rows.namespace(row, associations_of(connection, [row.id]).get(row.id, ()))


def _visible(query: NamespaceQuery, row: Row[Any]) -> bool:
    return query.everything or row.visibility == "public" or row.owner == query.viewer


def _page(query: NamespaceQuery, marker: Row[Any] | None) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if not query.everything:
        own = namespaces.c.owner == query.viewer if query.viewer is not None else namespaces.c.id.is_(None)
        conditions.append(or_(namespaces.c.visibility == "public", own))
    if query.visibility is not None:
        private = or_(namespaces.c.visibility == "private", namespaces.c.visibility.is_(None))
        conditions.append(private if query.visibility == "private" else namespaces.c.visibility == query.visibility)
    if query.resource_types:
        wanted = [name for name in query.resource_types if not obstacle(resource_types.c.name, name)]
        applied = select(associations.c.namespace_id).join(resource_types, resource_types.c.id == associations.c.resource_type_id)
        conditions.append(namespaces.c.id.in_(applied.where(resource_types.c.name.in_(wanted))))
    key = _sort_expression(query.sort_key)
    if marker is not None:
        value = getattr(marker, query.sort_key)
        value = literal(_floor(query.sort_key) if value is None else value, namespaces.c[query.sort_key].type)
        beyond, after = (key > value, namespaces.c.id > marker.id) if query.ascending else (key < value, namespaces.c.id < marker.id)
        conditions.append(or_(beyond, and_(key == value, after)))
    order = [key, namespaces.c.id]
    ordered = [each.asc() if query.ascending else each.desc() for each in order]
    return select(namespaces).where(*conditions).order_by(*ordered).limit(query.limit + 1)


def _floor(name: str) -> Any:
    kind = namespaces.c[name].type
    if isinstance(kind, DateTime):
        return datetime(1970, 1, 1)
    return False if isinstance(kind, Boolean) else ""


def _sort_expression(name: str) -> ColumnElement[Any]:
    column = namespaces.c[name]
    return func.coalesce(column, literal(_floor(name), column.type)) if column.nullable else column


def _refuse_twins(namespace: Namespace) -> None:
    for what, names in (
        ("resource type", [association.name for association in namespace.associations]),
        *((kind, [each.name for each in namespace.definitions if each.kind == kind]) for kind in rows.TABLES),
    ):
        twice = _twice(names)
        if twice is not None:
            raise Duplicate(f"The {what} {twice} is there twice.")


def _twice(names: Sequence[str]) -> str | None:
    return next((name for place, name in enumerate(names) if name in names[:place]), None)


def _taken(name: str) -> Duplicate:
    return Duplicate(f"There is a namespace {name} already.")
