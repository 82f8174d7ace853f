"""GET /v2/metadefs/namespaces/{namespace}/resource_types: what a namespace applies to."""

from collections.abc import Sequence

from glancepipe.contract import Association, Call, Nouns


def list_associations(nouns: Nouns, call: Call, namespace: str) -> Sequence[Association]:
    """The namespace's associations. Raises NotFound, Forbidden (FEATURES 5.1-13)."""
    return nouns.resource_types.associations(call, nouns.namespaces.get(call, namespace))
