"""POST /v2/metadefs/namespaces/{namespace}/resource_types: apply a namespace to one more type of resource."""

from glancepipe.contract import Association, Call, Nouns


def associate(nouns: Nouns, call: Call, namespace: str, association: Association) -> Association:
    """Add the association. Raises NotFound, Duplicate, Invalid, Forbidden (FEATURES 5.1-13)."""
    return nouns.resource_types.associate(call, nouns.namespaces.get(call, namespace), association)
