"""GET /v2/metadefs/resource_types: the types of resources that namespaces may apply to."""

from collections.abc import Sequence

from glancepipe.contract import Call, Nouns, ResourceType


def list_resource_types(nouns: Nouns, call: Call) -> Sequence[ResourceType]:
    """All known types. Raises Forbidden (FEATURES 5.1-12)."""
    return nouns.resource_types.list(call)
