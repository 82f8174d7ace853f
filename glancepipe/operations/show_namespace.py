"""GET /v2/metadefs/namespaces/{namespace}: a namespace and all that is in it."""

from glancepipe.contract import KINDS, Call, DefinitionQuery, Namespace, Nouns, replace

NEWEST_FIRST = DefinitionQuery(ascending=False)
"""The order of tags (FEATURES 5.1-10)."""


def show_namespace(nouns: Nouns, call: Call, name: str) -> Namespace:
    """The namespace with its definitions. Raises NotFound, Forbidden (FEATURES 5.1-03)."""
    namespace = nouns.namespaces.get(call, name)
    found = [
        definition
        for kind in KINDS
        for definition in nouns.definitions.list(call, namespace, kind, NEWEST_FIRST if kind == "tag" else DefinitionQuery())
    ]
    return replace(namespace, definitions=tuple(found))
