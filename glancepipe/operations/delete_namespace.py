"""DELETE /v2/metadefs/namespaces/{namespace}: a namespace and all that is in it."""

from glancepipe.contract import Call, Nouns


def delete_namespace(nouns: Nouns, call: Call, name: str) -> None:
    """Delete it. Raises NotFound, Forbidden if it is protected (FEATURES 5.1-05)."""
    nouns.namespaces.remove(call, nouns.namespaces.get(call, name))
