"""Resource types, and to which of them namespaces apply (FEATURES 5.1-12 to 5.1-14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from oslo_db import exception as db_error
from sqlalchemy import Connection, delete, insert, select

from glancepipe.contract.call import Call
from glancepipe.contract.errors import Duplicate, NotFound
from glancepipe.contract.metadefs import Association, Namespace, ResourceType, ResourceTypeRepoProxy
from glancepipe.db.base import Base
from glancepipe.db.commits import commit
from glancepipe.db.database import now
from glancepipe.db.metadefs import rows
from glancepipe.db.models import metadef_namespace_resource_types as associations
from glancepipe.db.models import metadef_namespaces as namespaces
from glancepipe.db.models import metadef_resource_types as types
from glancepipe.db.values import checked

_begin_again: Callable[[Exception], Exception] = db_error.RetryRequest


class DbResourceTypeRepo(ResourceTypeRepoProxy[Base]):
    """Ends the noun."""

    def list(self, call: Call) -> Sequence[ResourceType]:
        """One select."""
        found = select(types).order_by(types.c.id)
        read = self.layer.read(call, lambda connection: connection.execute(found).all())
        return [ResourceType(row.name, bool(row.protected), row.created_at, row.updated_at) for row in read]

    def associations(self, call: Call, namespace: Namespace) -> Sequence[Association]:
        """One select."""
        mine = select(namespaces.c.id).where(namespaces.c.namespace == namespace.namespace)

        def read(connection: Connection) -> Sequence[Association]:
            namespace_id = connection.scalar(mine)
            return associations_of(connection, [namespace_id]).get(namespace_id, ()) if namespace_id is not None else ()

        return self.layer.read(call, read)

    def associate(self, call: Call, namespace: Namespace, association: Association) -> Association:
        """A type that nobody knows is made on the way."""

        def keep(connection: Connection) -> Association:
            namespace_id = rows.namespace_id(connection, namespace.namespace)
            apply(connection, namespace_id, association)
            return next(each for each in associations_of(connection, [namespace_id])[namespace_id] if each.name == association.name)

        return commit(self.layer, call, "resource_types.associate", lambda connection, _: keep(connection))

    def dissociate(self, call: Call, namespace: Namespace, name: str) -> Association:
        """The association alone."""

        def drop(connection: Connection) -> Association:
            namespace_id = rows.namespace_id(connection, namespace.namespace)
            found = [each for each in associations_of(connection, [namespace_id]).get(namespace_id, ()) if each.name == name]
            if not found:
                raise NotFound(f"The namespace {namespace.namespace} does not apply to the resource type {name}.")
            mine = associations.c.namespace_id == namespace_id
            known = select(types.c.id).where(types.c.name == name).scalar_subquery()
            connection.execute(delete(associations).where(mine, associations.c.resource_type_id == known))
            return found[0]

        return commit(self.layer, call, "resource_types.dissociate", lambda connection, _: drop(connection))


def associations_of(connection: Connection, namespace_ids: Sequence[int]) -> Mapping[int, tuple[Association, ...]]:
    """The associations of several namespaces, by the namespaces' rows, in one select."""
    found: dict[int, tuple[Association, ...]] = {}
    if namespace_ids:
        joined = select(associations, types.c.name).join(types, types.c.id == associations.c.resource_type_id)
        for row in connection.execute(joined.where(associations.c.namespace_id.in_(namespace_ids)).order_by(types.c.id)):
            each = Association(row.name, row.prefix, row.properties_target, row.created_at, row.updated_at)
            found[row.namespace_id] = (*found.get(row.namespace_id, ()), each)
    return found


def apply(connection: Connection, namespace_id: int, association: Association, protected: bool = False) -> None:
    """Associate a namespace's row with a type; ``protected`` is what a new type becomes. Raises Duplicate, Invalid."""
    time = now()
    name = checked(types, "the resource type", {"name": association.name})["name"]
    known = select(types.c.id).where(types.c.name == name)
    type_id = connection.scalar(known)
    if type_id is None:
        try:
            connection.execute(insert(types).values(name=name, protected=protected, created_at=time, updated_at=time))
        except db_error.DBDuplicateEntry as error:
            # Another transaction has made it meanwhile; the next attempt finds it.
            raise _begin_again(error) from None
        type_id = connection.scalar(known)
    values = {"prefix": association.prefix, "properties_target": association.properties_target}
    row = checked(associations, "the resource type", values) | {"namespace_id": namespace_id, "resource_type_id": type_id}
    try:
        connection.execute(insert(associations).values(row | {"created_at": time, "updated_at": time}))
    except db_error.DBDuplicateEntry:
        raise Duplicate(f"The namespace applies to the resource type {association.name} already.") from None
