"""Who may see a namespace; what is in it is seen by the same callers (FEATURES 5.2-06). Part of the layer ``auth``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glancepipe.contract import Call, Caller, Namespace, NamespacePage, NamespaceQuery, NamespaceRepoProxy, replace
from glancepipe.contract.errors import Forbidden, NotFound
from glancepipe.layers.auth.relations import administers

if TYPE_CHECKING:
    from glancepipe.layers.auth.layer import Auth


def visible(caller: Caller, namespace: Namespace) -> bool:
    """Whether the caller may know of the namespace."""
    own = caller.project_id is not None and namespace.owner == caller.project_id
    return administers(caller) or own or namespace.visibility == "public"


class AuthNamespaces(NamespaceRepoProxy["Auth"]):
    """Hides the private namespaces of other projects, and gives new ones their owner."""

    def list(self, call: Call, query: NamespaceQuery) -> NamespacePage:
        """Public ones, and those of the caller's project; an administrator sees all."""
        return self.inner.list(call, replace(query, viewer=call.actor.project_id, everything=administers(call.actor)))

    def get(self, call: Call, name: str) -> Namespace:
        """An invisible namespace is not found, whatever is said of it further in."""
        self.layer.refuse_readers(call)
        try:
            namespace = self.inner.get(call, name)
        except Forbidden:
            if not visible(call.actor, self.inner.get(call.as_service(), name)):
                raise _missing(name) from None
            raise
        if not visible(call.actor, namespace):
            raise _missing(name)
        return namespace

    def add(self, call: Call, namespace: Namespace) -> Namespace:
        """The owner is the caller's project unless another one is named (FEATURES 5.2-01)."""
        self.layer.refuse_readers(call)
        owned = namespace if namespace.owner is not None else replace(namespace, owner=call.actor.project_id)
        return self.inner.add(call, owned)

    def save(self, call: Call, namespace: Namespace, changed: Namespace) -> Namespace:
        """An owner that is left out becomes the caller's project (FEATURES 5.1-04)."""
        owned = changed if changed.owner is not None else replace(changed, owner=call.actor.project_id)
        return self.inner.save(call, namespace, owned)


def _missing(name: str) -> NotFound:
    return NotFound(f"Namespace {name} not found")
