"""Tells of metadata definitions (FEATURES 6.3-11 to 6.3-15). Part of the layer ``notifier``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from glancepipe.contract import (
    Association,
    Call,
    Definition,
    DefinitionRepoProxy,
    Kind,
    Namespace,
    NamespaceRepoProxy,
    ResourceTypeRepoProxy,
)
from glancepipe.layers.notifier.payloads import iso

if TYPE_CHECKING:
    from glancepipe.layers.notifier.layer import Notifier, Told


KINDS: Mapping[Kind, str] = {"object": "objects", "property": "properties", "tag": "tags"}

SCHEMA = (
    *("type", "title", "description", "default", "minimum", "maximum", "enum", "pattern", "minLength", "maxLength"),
    *("confidential", "items", "uniqueItems", "minItems", "maxItems", "additionalItems"),
)
"""What an event says of a property's schema, null where the schema does not."""


class NotifierNamespaces(NamespaceRepoProxy["Notifier"]):
    """Tells of namespaces."""

    def add(self, call: Call, namespace: Namespace) -> Namespace:
        """Sends ``metadef_namespace.create``, and an event for each thing that the namespace brings with it."""

        def told(added: Namespace) -> Iterator[Told]:
            yield "metadef_namespace.create", lambda: namespace_payload(added)
            for association in added.associations:
                yield "metadef_resource_type.create", partial(association_payload, added, association)
            for definition in added.definitions:
                yield f"metadef_{definition.kind}.create", partial(definition_payload, added, definition)

        return self.layer.telling(call, "namespaces.add", "", partial(self.inner.add, call, namespace), told)

    def save(self, call: Call, namespace: Namespace, changed: Namespace) -> Namespace:
        """Sends ``metadef_namespace.update``."""

        def told(saved: Namespace) -> Iterator[Told]:
            yield "metadef_namespace.update", lambda: namespace_payload(saved) | {"namespace_old": namespace.namespace}

        return self.layer.telling(call, "namespaces.save", "", partial(self.inner.save, call, namespace, changed), told)

    def remove(self, call: Call, namespace: Namespace) -> Namespace:
        """Sends ``metadef_namespace.delete``."""

        def told(removed: Namespace) -> Iterator[Told]:
            yield "metadef_namespace.delete", lambda: namespace_payload(removed) | _gone()

        return self.layer.telling(call, "namespaces.remove", "", partial(self.inner.remove, call, namespace), told)


class NotifierDefinitions(DefinitionRepoProxy["Notifier"]):
    """Tells of objects, properties and tags."""

    def add(
        self, call: Call, namespace: Namespace, kind: Kind, definitions: Sequence[Definition], replacing: bool = False
    ) -> Sequence[Definition]:
        """Sends ``metadef_KIND.create``, one for each."""

        def told(added: Sequence[Definition]) -> Iterator[Told]:
            for definition in added:
                yield f"metadef_{kind}.create", partial(definition_payload, namespace, definition)

        store = partial(self.inner.add, call, namespace, kind, definitions, replacing)
        return self.layer.telling(call, "definitions.add", "", store, told)

    def save(self, call: Call, namespace: Namespace, definition: Definition, changed: Definition) -> Definition:
        """Sends ``metadef_KIND.update``."""

        def told(saved: Definition) -> Iterator[Told]:
            yield f"metadef_{saved.kind}.update", lambda: definition_payload(namespace, saved) | {"name_old": definition.name}

        return self.layer.telling(call, "definitions.save", "", partial(self.inner.save, call, namespace, definition, changed), told)

    def remove(self, call: Call, namespace: Namespace, definition: Definition) -> Definition:
        """Sends ``metadef_KIND.delete``."""

        def told(removed: Definition) -> Iterator[Told]:
            yield f"metadef_{removed.kind}.delete", lambda: definition_payload(namespace, removed) | _gone()

        return self.layer.telling(call, "definitions.remove", "", partial(self.inner.remove, call, namespace, definition), told)

    def clear(self, call: Call, namespace: Namespace, kind: Kind) -> int:
        """Sends ``metadef_namespace.delete_KINDS``, and nothing for each of them."""

        def told(_count: int) -> Iterator[Told]:
            yield f"metadef_namespace.delete_{KINDS[kind]}", lambda: namespace_payload(namespace)

        return self.layer.telling(call, "definitions.clear", "", partial(self.inner.clear, call, namespace, kind), told)


class NotifierResourceTypes(ResourceTypeRepoProxy["Notifier"]):
    """Tells of associations."""

    def associate(self, call: Call, namespace: Namespace, association: Association) -> Association:
        """Sends ``metadef_resource_type.create``."""

        def told(added: Association) -> Iterator[Told]:
            yield "metadef_resource_type.create", lambda: association_payload(namespace, added)

        return self.layer.telling(call, "resource_types.associate", "", partial(self.inner.associate, call, namespace, association), told)

    def dissociate(self, call: Call, namespace: Namespace, name: str) -> Association:
        """Sends ``metadef_resource_type.delete``."""

        def told(removed: Association) -> Iterator[Told]:
            yield "metadef_resource_type.delete", lambda: association_payload(namespace, removed) | _gone()

        return self.layer.telling(call, "resource_types.dissociate", "", partial(self.inner.dissociate, call, namespace, name), told)


def namespace_payload(namespace: Namespace) -> dict[str, Any]:
    """What an event says of a namespace (FEATURES 6.3-11)."""
    return {
        "namespace": namespace.namespace,
        "namespace_old": namespace.namespace,
        "display_name": namespace.display_name,
        "protected": namespace.protected,
        "visibility": namespace.visibility,
        "owner": namespace.owner,
        "description": namespace.description,
        **_times(namespace),
    }


def definition_payload(namespace: Namespace, definition: Definition) -> dict[str, Any]:
    """What an event says of an object, a property or a tag (FEATURES 6.3-12, 6.3-13, 6.3-15)."""
    said: dict[str, Any] = {"namespace": namespace.namespace, "name": definition.name, "name_old": definition.name}
    schema = definition.schema
    if definition.kind == "property":
        # Of a property Glance tells no times of creation and change.
        return {**said, **_schema(schema), "deleted": False, "deleted_at": None}
    if definition.kind == "object":
        properties = [{"name": name, **_schema(each)} for name, each in (schema.get("properties") or {}).items()]
        said |= {"properties": properties, "required": schema.get("required") or [], "description": schema.get("description")}
    return {**said, **_times(definition)}


def association_payload(namespace: Namespace, association: Association) -> dict[str, Any]:
    """What an event says of an association (FEATURES 6.3-14)."""
    said = {"namespace": namespace.namespace, "name": association.name, "name_old": association.name}
    return {**said, "prefix": association.prefix, "properties_target": association.properties_target, **_times(association)}


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: schema.get(name) for name in SCHEMA}


def _times(record: Namespace | Definition | Association) -> dict[str, Any]:
    return {"created_at": iso(record.created_at), "updated_at": iso(record.updated_at), "deleted": False, "deleted_at": None}


def _gone() -> dict[str, Any]:
    return {"deleted": True, "deleted_at": iso(datetime.now(UTC))}
