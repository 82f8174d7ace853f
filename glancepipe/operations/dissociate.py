"""DELETE /v2/metadefs/namespaces/{namespace}/resource_types/{resource_type}: a namespace applies to it no longer."""

from glancepipe.contract import Call, Nouns


def dissociate(nouns: Nouns, call: Call, namespace: str, resource_type: str) -> None:
    """Take the association away. Raises NotFound, Forbidden if the namespace is protected (FEATURES 5.1-14)."""
    nouns.resource_types.dissociate(call, nouns.namespaces.get(call, namespace), resource_type)
