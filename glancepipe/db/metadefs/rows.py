"""Rows of the metadef tables as the contract's records, and back. The JSON inside of them is as Glance writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from glancepipe.contract.errors import Invalid, NotFound
from glancepipe.contract.metadefs import Association, Definition, Kind, Namespace
from glancepipe.db import records
from glancepipe.db.models import metadef_namespaces, metadef_objects, metadef_properties, metadef_tags
from glancepipe.db.values import checked

TABLES: Mapping[Kind, Table] = {"object": metadef_objects, "property": metadef_properties, "tag": metadef_tags}

LONGEST = 65535
"""Bytes of a text, on every database: what MySQL's TEXT holds."""

FIELDS = ("namespace", "display_name", "description", "visibility", "protected", "owner")
"""Of a namespace, those that are columns of its own row and not the database's to set."""


def namespace(row: Row[Any], associations: tuple[Association, ...] = ()) -> Namespace:
    """A namespace. Files that Glance loaded may have left its visibility out: such a namespace is private.

    The column must have an owner; who has no project is nobody there (FEATURES 9-18).
    """
    return Namespace(
        row.namespace,
        row.display_name,
        row.description,
        row.visibility or "private",
        bool(row.protected),
        row.owner or None,
        row.created_at,
        row.updated_at,
        associations,
    )


def namespace_values(record: Namespace) -> dict[str, Any]:
    """The columns of a namespace. Raises Invalid for what they can't hold."""
    values = {name: getattr(record, name) for name in FIELDS}
    return checked(metadef_namespaces, "the namespace", {**values, "owner": record.owner or ""})


def definition(kind: Kind, row: Row[Any]) -> Definition:
    """A definition."""
    if kind == "tag":
        schema: dict[str, Any] = {}
    elif kind == "property":
        schema = records.from_json(row.json_schema)
    else:
        schema = {"properties": records.from_json(row.json_schema)}
        if row.description is not None:
            schema["description"] = row.description
        if row.required:
            schema["required"] = row.required.split(",")
    return Definition(kind, row.name, schema, row.created_at, row.updated_at)


def definition_values(record: Definition) -> dict[str, Any]:
    """The columns of a definition. Raises Invalid for what they can't hold."""
    values: dict[str, Any] = {"name": record.name}
    if record.kind == "property":
        values["json_schema"] = records.to_json(record.schema)
    elif record.kind == "object":
        values["json_schema"] = records.to_json(record.schema.get("properties") or {})
        values["description"] = record.schema.get("description")
        # A list with commas between its members is what Glance reads.
        values["required"] = ",".join(record.schema.get("required") or ()) or None
    of = f"the {record.kind} {record.name[:60]!r}"
    for name, value in checked(TABLES[record.kind], of, values).items():
        if value is not None and len(value.encode()) > LONGEST:
            raise Invalid(f"The {name} of {of} has more than {LONGEST} bytes.")
    return values


def namespace_id(connection: Connection, name: str) -> int:
    """The row of a namespace, locked until the end of the transaction. Raises NotFound if it is gone."""
    found = select(metadef_namespaces.c.id).where(metadef_namespaces.c.namespace == name).with_for_update()
    row = connection.scalar(found)
    if row is None:
        raise missing_namespace(name)
    return int(row)


def missing_namespace(name: str) -> NotFound:
    """What is raised where a namespace is not, or must not be known of."""
    return NotFound(f"Namespace {name} not found")
