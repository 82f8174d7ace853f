"""GET /v2/metadefs/namespaces: a page of namespaces."""

from glancepipe.contract import Call, NamespacePage, NamespaceQuery, Nouns


def list_namespaces(nouns: Nouns, call: Call, query: NamespaceQuery) -> NamespacePage:
    """The page that ``query`` asks for. Raises NotFound (marker), Invalid, Forbidden (FEATURES 5.1-01)."""
    return nouns.namespaces.list(call, query)
