"""POST /v2/metadefs/namespaces: a new namespace, with what is in it."""

from glancepipe.contract import Call, Namespace, Nouns


def create_namespace(nouns: Nouns, call: Call, namespace: Namespace) -> Namespace:
    """Keep it with all that it carries, or nothing. Raises Duplicate, Invalid, Forbidden (FEATURES 5.1-02)."""
    return nouns.namespaces.add(call, namespace)
