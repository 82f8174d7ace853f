"""Metadata definitions as clients see them; what is null is left out (FEATURES 5.1, 5.2-01)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from glancepipe.contract import KINDS, Association, Definition, Namespace, ResourceType

NAMESPACES = "/v2/metadefs/namespaces"
_SCHEMAS = "/v2/schemas/metadefs"
_UNQUOTED = "!$&'()*+,;=:@"
"""What a part of a path may contain beside letters, digits and ``-._~``."""


def path_of(namespace: str) -> str:
    """The path of a namespace."""
    return f"{NAMESPACES}/{quote(namespace, _UNQUOTED)}"


def namespace_view(namespace: Namespace, resource_type: str | None = None) -> dict[str, Any]:
    """A namespace and what it has with it, its properties named as they are on a resource of that type (FEATURES 5.1-03)."""
    prefix = next((each.prefix or "" for each in namespace.associations if each.name == resource_type), "")
    own = {kind: [each for each in namespace.definitions if each.kind == kind] for kind in KINDS}
    content = {
        "resource_type_associations": [association_view(each) for each in namespace.associations],
        "properties": {f"{prefix}{name}": schema for name, schema in properties_view(own["property"]).items()},
        "objects": [object_view(namespace.namespace, each, prefix) for each in own["object"]],
        "tags": tags_view(own["tag"]),
    }
    view = {
        "namespace": namespace.namespace,
        "display_name": namespace.display_name,
        "description": namespace.description,
        "visibility": namespace.visibility,
        "protected": namespace.protected,
        "owner": namespace.owner,
        "created_at": namespace.created_at,
        "updated_at": namespace.updated_at,
        **{name: value for name, value in content.items() if value},
        "self": path_of(namespace.namespace),
        "schema": f"{_SCHEMAS}/namespace",
    }
    return _told(view)


def object_view(namespace: str, definition: Definition, prefix: str = "") -> dict[str, Any]:
    """An object; ``prefix`` comes before the names of its properties."""
    schema = definition.schema
    view = {
        "name": definition.name,
        "description": schema.get("description"),
        "required": [f"{prefix}{name}" for name in schema.get("required") or ()],
        "properties": {f"{prefix}{name}": each for name, each in (schema.get("properties") or {}).items()},
        "created_at": definition.created_at,
        "updated_at": definition.updated_at,
        "self": f"{path_of(namespace)}/objects/{quote(definition.name, _UNQUOTED)}",
        "schema": f"{_SCHEMAS}/object",
    }
    return _told(view)


def objects_view(namespace: str, definitions: Iterable[Definition]) -> dict[str, Any]:
    """All objects of a namespace; the link has no slash in front (FEATURES 5.1-08, 12-18)."""
    return {"objects": [object_view(namespace, each) for each in definitions], "schema": "v2/schemas/metadefs/objects"}


def property_view(definition: Definition) -> dict[str, Any]:
    """A property on its own."""
    return {**definition.schema, "name": definition.name}


def properties_view(definitions: Iterable[Definition]) -> dict[str, Any]:
    """The schemas of properties, by name."""
    return {each.name: each.schema for each in definitions}


def tag_view(definition: Definition) -> dict[str, Any]:
    """A tag on its own."""
    return _told({"name": definition.name, "created_at": definition.created_at, "updated_at": definition.updated_at})


def tags_view(definitions: Iterable[Definition]) -> list[dict[str, Any]]:
    """Tags by nothing but their names."""
    return [{"name": each.name} for each in definitions]


def association_view(association: Association) -> dict[str, Any]:
    """An association of a namespace."""
    view = {"name": association.name, "prefix": association.prefix, "properties_target": association.properties_target}
    return _told({**view, "created_at": association.created_at, "updated_at": association.updated_at})


def resource_type_view(resource_type: ResourceType) -> dict[str, Any]:
    """A type of resource."""
    return _told({"name": resource_type.name, "created_at": resource_type.created_at, "updated_at": resource_type.updated_at})


def _told(view: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in view.items() if value is not None}
