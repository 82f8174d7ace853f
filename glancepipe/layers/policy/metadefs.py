"""Judges who may do what with metadata definitions (FEATURES 7.1-18 to 7.1-22). Part of the layer ``policy``.

What is in a namespace has the namespace for its target. A verb is judged by the operation's rule, as long as the
operation is about what the verb is about; where it shows a whole namespace each verb has a rule of its own (5.1-03).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

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
from glancepipe.layers.policy.targets import caller_target

if TYPE_CHECKING:
    from glancepipe.layers.policy.layer import Policy

GET_NAMESPACE = "get_metadef_namespace"
GET_OBJECT = "get_metadef_object"
LIST_TYPES = "list_metadef_resource_types"
GET_ASSOCIATION = "get_metadef_resource_type"
ADD_ASSOCIATION = "add_metadef_resource_type_association"
KINDS: Mapping[Kind, str] = {"object": "objects", "property": "properties", "tag": "tags"}

ON_NAMESPACES = frozenset({"show_namespace", "modify_namespace", "delete_namespace"})
"""Operations whose rule is about the namespace itself."""

PAGES = 10
"""How many pages' worth of namespaces are examined for one."""


class PolicyNamespaces(NamespaceRepoProxy["Policy"]):
    """Judges namespaces."""

    def list(self, call: Call, query: NamespaceQuery) -> NamespacePage:
        """Asks the operation's rules, and leaves out what ``get_metadef_namespace`` denies (FEATURES 5.1-01)."""
        if call.actor.service:
            return self.inner.list(call, query)
        self.layer.admit(call, seen_by=GET_NAMESPACE)
        rows: list[Namespace] = []
        page = NamespacePage()
        for _ in range(PAGES):
            page = self.inner.list(call, query)
            for place, namespace in enumerate(page.rows, 1):
                if self.layer.allows(call, GET_NAMESPACE, namespace_target(namespace)):
                    rows.append(namespace)
                    if len(rows) == query.limit:
                        return NamespacePage(rows, page.more or place < len(page.rows), namespace)
            if not page.more or page.last is None:
                break
            query = replace(query, marker=page.last.namespace)
        return NamespacePage(rows, page.more, page.last)

    def get(self, call: Call, name: str) -> Namespace:
        """Asks the operation's rule if it is about the namespace itself; who is shown a whole one sees associations too (5.1-03)."""
        namespace = self.inner.get(call, name)
        if call.operation.name in ON_NAMESPACES and call.operation.rule is not None:
            self.layer.require_in(call, call.operation.rule, namespace)
        if call.operation.name == "show_namespace":
            self.layer.require_in(call, LIST_TYPES, namespace)
        return namespace

    def add(self, call: Call, namespace: Namespace) -> Namespace:
        """Asks for the namespace and for each kind of thing that it brings with it (FEATURES 5.1-02)."""
        needed = ["add_metadef_namespace"] + [ADD_ASSOCIATION] * bool(namespace.associations)
        needed += [f"add_metadef_{kind}" for kind in KINDS if any(each.kind == kind for each in namespace.definitions)]
        if not call.actor.service:
            hidden = not self.layer.allows(call, GET_NAMESPACE, caller_target(call.actor))
            for rule in needed:
                self.layer.require(call, rule, namespace_target(namespace), hidden=hidden)
        return self.inner.add(call, namespace)


class PolicyDefinitions(DefinitionRepoProxy["Policy"]):
    """Judges objects, properties and tags."""

    def list(self, call: Call, namespace: Namespace, kind: Kind, query: DefinitionQuery) -> Sequence[Definition]:
        """Asks the operation's rule, or ``get_metadef_KINDS`` where a whole namespace is shown.

        Objects are listed for those only who may see one of them: all in a namespace have the same target.
        """
        self._judge(call, namespace, f"get_metadef_{KINDS[kind]}")
        if call.operation.name == "list_objects" and not self.layer.permits_in(call, GET_OBJECT, namespace):
            return ()
        return self.inner.list(call, namespace, kind, query)

    def get(self, call: Call, namespace: Namespace, kind: Kind, name: str) -> Definition:
        """Asks the operation's rule: who may change something need not be allowed to show it."""
        self._judge(call, namespace, f"get_metadef_{kind}")
        return self.inner.get(call, namespace, kind, name)

    def add(
        self, call: Call, namespace: Namespace, kind: Kind, definitions: Sequence[Definition], replacing: bool = False
    ) -> Sequence[Definition]:
        """Asks the operation's rule."""
        self._judge(call, namespace, f"add_metadef_{kind}")
        return self.inner.add(call, namespace, kind, definitions, replacing)

    def clear(self, call: Call, namespace: Namespace, kind: Kind) -> int:
        """Asks the operation's rules (FEATURES 5.1-06)."""
        self._judge(call, namespace, "delete_metadef_namespace")
        return self.inner.clear(call, namespace, kind)

    def _judge(self, call: Call, namespace: Namespace, otherwise: str) -> None:
        self.layer.judge_in(call, namespace, otherwise)


class PolicyResourceTypes(ResourceTypeRepoProxy["Policy"]):
    """Judges resource types and associations."""

    def list(self, call: Call) -> Sequence[ResourceType]:
        """Asks the operation's rule about the caller's own project."""
        if not call.actor.service:
            self.layer.admit(call, seen_by=GET_NAMESPACE)
        return self.inner.list(call)

    def associations(self, call: Call, namespace: Namespace) -> Sequence[Association]:
        """Asks the operation's rule and leaves out what ``get_metadef_resource_type`` denies; other operations need that one."""
        if call.operation.name != "list_associations":
            self.layer.require_in(call, GET_ASSOCIATION, namespace)
        else:
            self.layer.require_in(call, LIST_TYPES, namespace)
            if not self.layer.permits_in(call, GET_ASSOCIATION, namespace):
                return ()
        return self.inner.associations(call, namespace)

    def associate(self, call: Call, namespace: Namespace, association: Association) -> Association:
        """Asks the operation's rule."""
        self.layer.judge_in(call, namespace, ADD_ASSOCIATION)
        return self.inner.associate(call, namespace, association)

    def dissociate(self, call: Call, namespace: Namespace, name: str) -> Association:
        """Asks the operation's rule."""
        self.layer.judge_in(call, namespace, "remove_metadef_resource_type_association")
        return self.inner.dissociate(call, namespace, name)


def namespace_target(namespace: Namespace) -> dict[str, Any]:
    """The target that a namespace is, and everything in it: its fields, and ``project_id``, which is the owner."""
    return {
        "namespace": namespace.namespace,
        "display_name": namespace.display_name,
        "description": namespace.description,
        "visibility": namespace.visibility,
        "protected": namespace.protected,
        "owner": namespace.owner,
        "project_id": namespace.owner,
    }
