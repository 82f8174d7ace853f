"""PUT /v2/metadefs/namespaces/{namespace}: other attributes, what is in it stays."""

from glancepipe.contract import Call, Namespace, Nouns


def modify_namespace(nouns: Nouns, call: Call, name: str, changed: Namespace) -> Namespace:
    """Replace the attributes, the name included. Raises NotFound, Duplicate, Invalid, Forbidden (FEATURES 5.1-04)."""
    return nouns.namespaces.save(call, nouns.namespaces.get(call, name), changed)
