"""The ends of metadata definitions, in memory: ``spaces`` has each namespace with all that is in it, ``types`` the resource types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from glancepipe.contract import (
    Association,
    Call,
    Definition,
    DefinitionQuery,
    DefinitionRepoProxy,
    Kind,
    Namespace,
    NamespacePage,
    NamespaceQuery,
    NamespaceRepoProxy,
    ResourceType,
    ResourceTypeRepoProxy,
    replace,
)
from glancepipe.contract.errors import Duplicate, NotFound

if TYPE_CHECKING:
    from glancepipe.testing.ends import Ends

R = TypeVar("R", Namespace, Definition, Association, ResourceType)
T = TypeVar("T", Namespace, Definition)


class EndsNamespaces(NamespaceRepoProxy["Ends"]):
    """Keeps namespaces in a dictionary."""

    def list(self, call: Call, query: NamespaceQuery) -> NamespacePage:
        rows = [replace(each, definitions=()) for each in self.layer.spaces.values() if _asked_for(each, query)]
        rows = _sorted(rows, query.sort_key, query.ascending)
        rows = _behind(rows, [each.namespace for each in rows], query.marker)
        page = rows[: query.limit]
        return NamespacePage(page, bool(page) and len(rows) > len(page), page[-1] if page else None)

    def get(self, call: Call, name: str) -> Namespace:
        return replace(_space(self.layer, name), definitions=())

    def add(self, call: Call, namespace: Namespace) -> Namespace:
        if namespace.namespace in self.layer.spaces:
            raise Duplicate(f"There is a namespace {namespace.namespace} already.")
        associations = tuple(_made(each) for each in namespace.associations)
        definitions = tuple(_made(each) for each in namespace.definitions)
        added = replace(_made(namespace), associations=associations, definitions=definitions)
        for association in associations:
            self.layer.types.setdefault(association.name, _made(ResourceType(association.name)))
        self.layer.spaces[added.namespace] = added
        return self.layer.noted(call, "namespaces.add", added)

    def save(self, call: Call, namespace: Namespace, changed: Namespace) -> Namespace:
        stored = _space(self.layer, namespace.namespace)
        if changed.namespace != stored.namespace and changed.namespace in self.layer.spaces:
            raise Duplicate(f"There is a namespace {changed.namespace} already.")
        saved = replace(
            changed,
            created_at=stored.created_at,
            updated_at=_now(),
            associations=stored.associations,
            definitions=stored.definitions,
        )
        del self.layer.spaces[stored.namespace]
        self.layer.spaces[saved.namespace] = saved
        return self.layer.noted(call, "namespaces.save", replace(saved, definitions=()))

    def remove(self, call: Call, namespace: Namespace) -> Namespace:
        stored = _space(self.layer, namespace.namespace)
        del self.layer.spaces[stored.namespace]
        return self.layer.noted(call, "namespaces.remove", replace(stored, definitions=()))


class EndsDefinitions(DefinitionRepoProxy["Ends"]):
    """Keeps definitions with their namespace."""

    def list(self, call: Call, namespace: Namespace, kind: Kind, query: DefinitionQuery) -> Sequence[Definition]:
        rows = _sorted(_of_kind(_space(self.layer, namespace.namespace), kind), query.sort_key, query.ascending)
        return _behind(rows, [each.name for each in rows], query.marker)[: query.limit]

    def get(self, call: Call, namespace: Namespace, kind: Kind, name: str) -> Definition:
        return _named(_space(self.layer, namespace.namespace), kind, name)

    def add(
        self, call: Call, namespace: Namespace, kind: Kind, definitions: Sequence[Definition], replacing: bool = False
    ) -> Sequence[Definition]:
        stored = _space(self.layer, namespace.namespace)
        kept = [each for each in stored.definitions if not (replacing and each.kind == kind)]
        added = [_made(each) for each in definitions]
        names = [each.name for each in (*kept, *added) if each.kind == kind]
        if len(set(names)) < len(names):
            raise Duplicate(f"A {kind} of the namespace {namespace.namespace} would be there twice.")
        self._keep(stored, *kept, *added)
        return self.layer.noted(call, "definitions.add", added)

    def save(self, call: Call, namespace: Namespace, definition: Definition, changed: Definition) -> Definition:
        stored = _space(self.layer, namespace.namespace)
        before = _named(stored, definition.kind, definition.name)
        if changed.name != before.name and any(each.name == changed.name for each in _of_kind(stored, before.kind)):
            raise Duplicate(f"There is a {before.kind} {changed.name} in the namespace {namespace.namespace} already.")
        saved = replace(changed, created_at=before.created_at, updated_at=_now())
        self._keep(stored, *(saved if each is before else each for each in stored.definitions))
        return self.layer.noted(call, "definitions.save", saved)

    def remove(self, call: Call, namespace: Namespace, definition: Definition) -> Definition:
        stored = _space(self.layer, namespace.namespace)
        removed = _named(stored, definition.kind, definition.name)
        self._keep(stored, *(each for each in stored.definitions if each is not removed))
        return self.layer.noted(call, "definitions.remove", removed)

    def clear(self, call: Call, namespace: Namespace, kind: Kind) -> int:
        stored = _space(self.layer, namespace.namespace)
        kept = [each for each in stored.definitions if each.kind != kind]
        self._keep(stored, *kept)
        return self.layer.noted(call, "definitions.clear", len(stored.definitions) - len(kept))

    def _keep(self, stored: Namespace, *definitions: Definition) -> None:
        self.layer.spaces[stored.namespace] = replace(stored, definitions=definitions)


class EndsResourceTypes(ResourceTypeRepoProxy["Ends"]):
    """Keeps associations with their namespace, types in a dictionary."""

    def list(self, call: Call) -> Sequence[ResourceType]:
        return list(self.layer.types.values())

    def associations(self, call: Call, namespace: Namespace) -> Sequence[Association]:
        return _space(self.layer, namespace.namespace).associations

    def associate(self, call: Call, namespace: Namespace, association: Association) -> Association:
        stored = _space(self.layer, namespace.namespace)
        if any(each.name == association.name for each in stored.associations):
            raise Duplicate(f"The namespace applies to the resource type {association.name} already.")
        added = _made(association)
        self.layer.types.setdefault(added.name, _made(ResourceType(added.name)))
        self.layer.spaces[stored.namespace] = replace(stored, associations=(*stored.associations, added))
        return self.layer.noted(call, "resource_types.associate", added)

    def dissociate(self, call: Call, namespace: Namespace, name: str) -> Association:
        stored = _space(self.layer, namespace.namespace)
        for removed in stored.associations:
            if removed.name == name:
                kept = tuple(each for each in stored.associations if each is not removed)
                self.layer.spaces[stored.namespace] = replace(stored, associations=kept)
                return self.layer.noted(call, "resource_types.dissociate", removed)
        raise NotFound(f"The namespace {namespace.namespace} does not apply to the resource type {name}.")


def _space(layer: Ends, name: str) -> Namespace:
    try:
        return layer.spaces[name]
    except KeyError:
        raise NotFound(f"Namespace {name} not found") from None


def _of_kind(namespace: Namespace, kind: Kind) -> list[Definition]:
    return [each for each in namespace.definitions if each.kind == kind]


def _named(namespace: Namespace, kind: Kind, name: str) -> Definition:
    for each in _of_kind(namespace, kind):
        if each.name == name:
            return each
    raise NotFound(f"There is no {kind} {name} in the namespace {namespace.namespace}.")


def _asked_for(namespace: Namespace, query: NamespaceQuery) -> bool:
    seen = query.everything or namespace.visibility == "public" or (query.viewer is not None and namespace.owner == query.viewer)
    applies = not query.resource_types or any(each.name in query.resource_types for each in namespace.associations)
    return seen and applies and query.visibility in (None, namespace.visibility)


def _sorted(rows: list[T], key: str, ascending: bool) -> list[T]:
    ordered = sorted(rows, key=lambda each: str(getattr(each, key, "") or ""))
    return ordered if ascending else ordered[::-1]


def _behind(rows: list[T], names: list[str], marker: str | None) -> list[T]:
    if marker is None:
        return rows
    if marker not in names:
        raise NotFound(f"The marker {marker} is not found.")
    return rows[names.index(marker) + 1 :]


def _made(record: R) -> R:
    now = _now()
    return replace(record, created_at=now, updated_at=now)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
