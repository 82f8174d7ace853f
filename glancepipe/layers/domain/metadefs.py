"""A protected namespace loses nothing, whoever asks (FEATURES 5.2-08). Part of the layer ``domain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from glancepipe.contract.errors import Forbidden

if TYPE_CHECKING:
    from glancepipe.layers.domain.layer import Domain


class DomainNamespaces(NamespaceRepoProxy["Domain"]):
    """Keeps protected namespaces."""

    def remove(self, call: Call, namespace: Namespace) -> Namespace:
        """Refused for a protected one."""
        _refuse_protected(namespace)
        return self.inner.remove(call, namespace)


class DomainDefinitions(DefinitionRepoProxy["Domain"]):
    """Keeps what is in protected namespaces; it may be changed, and more may come."""

    def remove(self, call: Call, namespace: Namespace, definition: Definition) -> Definition:
        """Refused in a protected namespace."""
        _refuse_protected(namespace)
        return self.inner.remove(call, namespace, definition)

    def clear(self, call: Call, namespace: Namespace, kind: Kind) -> int:
        """Refused in a protected namespace."""
        _refuse_protected(namespace)
        return self.inner.clear(call, namespace, kind)


class DomainResourceTypes(ResourceTypeRepoProxy["Domain"]):
    """Keeps associations of protected namespaces (FEATURES 5.1-14)."""

    def dissociate(self, call: Call, namespace: Namespace, name: str) -> Association:
        """Refused for a protected namespace."""
        _refuse_protected(namespace)
        return self.inner.dissociate(call, namespace, name)


def _refuse_protected(namespace: Namespace) -> None:
    if namespace.protected:
        raise Forbidden(f"The namespace {namespace.namespace} is protected: nothing can be deleted from it.")
