"""Metadata definitions: what properties mean, in namespaces. Their records, queries and nouns (FEATURES 5).

They pass ``auth`` (who may see a namespace), ``notifier``, ``policy`` and ``db``. Whoever got a ``Namespace`` from
``namespaces.get`` may see it; what is in it has no visibility of its own (FEATURES 5.2-06).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from glancepipe.contract.call import Call
from glancepipe.contract.proxy import L, Proxy

Kind = Literal["object", "property", "tag"]
KINDS: tuple[Kind, ...] = ("object", "property", "tag")


@dataclass(slots=True)
class Definition:
    """One object, property or tag of a namespace, by its name.

    ``schema`` is JSON and keeps its types (FEATURES 12-25). Of a property: its JSON schema (``type``, ``title``, ...).
    Of an object: ``description``, ``required`` (a list of names), ``properties`` (schemas by name), each if given.
    Of a tag: empty.
    """

    kind: Kind
    name: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(slots=True)
class Association:
    """A resource type to which a namespace applies; ``prefix`` stands before its properties' names there (FEATURES 5.1-13)."""

    name: str
    prefix: str | None = None
    properties_target: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(slots=True)
class ResourceType:
    """A type of resource that namespaces may apply to (FEATURES 5.1-12)."""

    name: str
    protected: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(slots=True)
class Namespace:
    """A namespace (FEATURES 5.2-01). Times are naive UTC.

    ``associations`` come with every namespace that is read. ``definitions`` are what ``add`` stores with it, all in one
    transaction, and gives back; other verbs leave them out.
    """

    namespace: str
    display_name: str | None = None
    description: str | None = None
    visibility: str = "private"
    protected: bool = False
    owner: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    associations: tuple[Association, ...] = ()
    definitions: tuple[Definition, ...] = ()


@dataclass(frozen=True, slots=True)
class NamespaceQuery:
    """A listing of namespaces (FEATURES 5.1-01). ``marker`` is a name; ``sort_key`` a field of ``Namespace``.

    ``viewer`` is set by auth: only public namespaces and those of this project are listed, all if ``everything``.
    """

    limit: int = 25
    marker: str | None = None
    sort_key: str = "created_at"
    ascending: bool = False
    visibility: str | None = None
    resource_types: tuple[str, ...] = ()
    viewer: str | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class NamespacePage:
    """A part of a listing; ``more``: rows follow ``last``, the last row *examined*. As ``Page`` is for images."""

    rows: Sequence[Namespace] = ()
    more: bool = False
    last: Namespace | None = None


@dataclass(frozen=True, slots=True)
class DefinitionQuery:
    """A listing of one kind in a namespace (FEATURES 5.1-10). ``marker`` is a name; no ``limit`` means all."""

    limit: int | None = None
    marker: str | None = None
    sort_key: str = "created_at"
    ascending: bool = True


class NamespaceRepoProxy(Proxy[L]):
    """Keeps namespaces."""

    def list(self, call: Call, query: NamespaceQuery) -> NamespacePage:
        """A page of namespaces. Raises NotFound (marker), Forbidden."""
        return self.inner.list(call, query)

    def get(self, call: Call, name: str) -> Namespace:
        """One namespace, with its associations. Raises NotFound, Forbidden."""
        return self.inner.get(call, name)

    def add(self, call: Call, namespace: Namespace) -> Namespace:
        """Keep a new namespace with all that it carries, or nothing. Raises Duplicate, Invalid, Forbidden."""
        return self.inner.add(call, namespace)

    def save(self, call: Call, namespace: Namespace, changed: Namespace) -> Namespace:
        """Replace the fields of ``namespace`` by those of ``changed``, whose name may differ. Raises Duplicate, NotFound, Forbidden."""
        return self.inner.save(call, namespace, changed)

    def remove(self, call: Call, namespace: Namespace) -> Namespace:
        """Delete a namespace and all that is in it. Raises NotFound, Forbidden (protected too)."""
        return self.inner.remove(call, namespace)


class DefinitionRepoProxy(Proxy[L]):
    """Keeps the objects, properties and tags of namespaces."""

    def list(self, call: Call, namespace: Namespace, kind: Kind, query: DefinitionQuery) -> Sequence[Definition]:
        """Those of one kind. Raises NotFound (marker), Forbidden."""
        return self.inner.list(call, namespace, kind, query)

    def get(self, call: Call, namespace: Namespace, kind: Kind, name: str) -> Definition:
        """One of them. Raises NotFound, Forbidden."""
        return self.inner.get(call, namespace, kind, name)

    def add(
        self, call: Call, namespace: Namespace, kind: Kind, definitions: Sequence[Definition], replacing: bool = False
    ) -> Sequence[Definition]:
        """Keep all of ``definitions`` or none; ``replacing`` deletes what there was of that kind. Raises Duplicate, NotFound, Forbidden."""
        return self.inner.add(call, namespace, kind, definitions, replacing)

    def save(self, call: Call, namespace: Namespace, definition: Definition, changed: Definition) -> Definition:
        """Replace ``definition`` by ``changed``, whose name may differ. Raises Duplicate, NotFound, Forbidden."""
        return self.inner.save(call, namespace, definition, changed)

    def remove(self, call: Call, namespace: Namespace, definition: Definition) -> Definition:
        """Delete one. Raises NotFound, Forbidden (protected namespaces too, FEATURES 5.2-08)."""
        return self.inner.remove(call, namespace, definition)

    def clear(self, call: Call, namespace: Namespace, kind: Kind) -> int:
        """Delete all of a kind; answers how many there were. Raises NotFound, Forbidden (protected namespaces too)."""
        return self.inner.clear(call, namespace, kind)


class ResourceTypeRepoProxy(Proxy[L]):
    """Keeps resource types, and to which of them a namespace applies."""

    def list(self, call: Call) -> Sequence[ResourceType]:
        """All known types. Raises Forbidden."""
        return self.inner.list(call)

    def associations(self, call: Call, namespace: Namespace) -> Sequence[Association]:
        """Those of a namespace. Raises Forbidden."""
        return self.inner.associations(call, namespace)

    def associate(self, call: Call, namespace: Namespace, association: Association) -> Association:
        """Apply the namespace to a type, which is made if it isn't known. Raises Duplicate, NotFound, Forbidden."""
        return self.inner.associate(call, namespace, association)

    def dissociate(self, call: Call, namespace: Namespace, name: str) -> Association:
        """Undo that; the type stays. Raises NotFound, Forbidden (protected namespaces too, FEATURES 5.1-14)."""
        return self.inner.dissociate(call, namespace, name)
