"""Whole namespaces into the database and out of it, as the operator's commands do (FEATURES 5.3). No layer is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum

from sqlalchemy import Connection, delete, insert, select, update

from glancepipe.contract.metadefs import KINDS, Association, Definition, Kind, Namespace
from glancepipe.db.database import now
from glancepipe.db.metadefs import rows
from glancepipe.db.metadefs.namespaces import erase, store
from glancepipe.db.metadefs.resource_types import apply, associations_of
from glancepipe.db.models import metadef_namespace_resource_types as associations
from glancepipe.db.models import metadef_namespaces as namespaces
from glancepipe.db.models import metadef_resource_types as types
from glancepipe.db.values import checked


class Mode(Enum):
    """What becomes of a namespace that is there already."""

    SKIP = "skip"
    MERGE = "merge"
    PREFER_NEW = "prefer new"
    OVERWRITE = "overwrite"


def load(connection: Connection, namespace: Namespace, mode: Mode) -> bool:
    """Whether anything was done for it. New resource types become protected. Raises Duplicate, Invalid."""
    known = connection.scalar(select(namespaces.c.id).where(namespaces.c.namespace == namespace.namespace).with_for_update())
    if known is not None and mode is Mode.SKIP:
        return False
    if known is not None and mode is not Mode.OVERWRITE:
        _merge(connection, known, namespace, prefer_new=mode is Mode.PREFER_NEW)
        return True
    if known is not None:
        erase(connection, known)
    store(connection, namespace, protected=True)
    return True


def unload(connection: Connection) -> Iterator[tuple[str, int]]:
    """Empty all tables of metadata definitions; the name of each and how many rows it had."""
    for table in (*rows.TABLES.values(), associations, namespaces, types):
        yield table.name, connection.execute(delete(table)).rowcount


def stored(connection: Connection) -> Iterator[Namespace]:
    """Every namespace with all that is in it, by name."""
    for row in connection.execute(select(namespaces).order_by(namespaces.c.namespace)).all():
        applied = associations_of(connection, [row.id]).get(row.id, ())
        definitions = [each for kind in KINDS for each in _definitions(connection, row.id, kind)]
        yield replace(rows.namespace(row, applied), definitions=tuple(definitions))


def _definitions(connection: Connection, namespace_id: int, kind: Kind) -> Iterator[Definition]:
    table = rows.TABLES[kind]
    for row in connection.execute(select(table).where(table.c.namespace_id == namespace_id).order_by(table.c.id)):
        yield rows.definition(kind, row)


def _merge(connection: Connection, namespace_id: int, namespace: Namespace, *, prefer_new: bool) -> None:
    if prefer_new:
        values = rows.namespace_values(namespace) | {"updated_at": now()}
        connection.execute(update(namespaces).where(namespaces.c.id == namespace_id).values(values))
    there = {each.name for each in associations_of(connection, [namespace_id]).get(namespace_id, ())}
    for association in namespace.associations:
        if association.name not in there:
            apply(connection, namespace_id, association, protected=True)
        elif prefer_new:
            _change_association(connection, namespace_id, association)
    for definition in namespace.definitions:
        _merge_definition(connection, namespace_id, definition, prefer_new=prefer_new)


def _merge_definition(connection: Connection, namespace_id: int, definition: Definition, *, prefer_new: bool) -> None:
    table, values, time = rows.TABLES[definition.kind], rows.definition_values(definition), now()
    mine = (table.c.namespace_id == namespace_id) & (table.c.name == definition.name)
    if connection.scalar(select(table.c.id).where(mine)) is None:
        connection.execute(insert(table).values(values | {"namespace_id": namespace_id, "created_at": time, "updated_at": time}))
    elif prefer_new:
        connection.execute(update(table).where(mine).values(values | {"updated_at": time}))


def _change_association(connection: Connection, namespace_id: int, association: Association) -> None:
    values = checked(associations, "the resource type", {"prefix": association.prefix, "properties_target": association.properties_target})
    known = select(types.c.id).where(types.c.name == association.name).scalar_subquery()
    mine = (associations.c.namespace_id == namespace_id) & (associations.c.resource_type_id == known)
    connection.execute(update(associations).where(mine).values(values | {"updated_at": now()}))
