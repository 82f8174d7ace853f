"""From query strings to what listings of metadata definitions ask for (FEATURES 5.1-01, 5.1-08, 5.1-10)."""

from __future__ import annotations

from collections.abc import Sequence

from glancepipe.api.metadefs.schemas import VISIBILITIES
from glancepipe.api.queries import Asked, Paging, Pairs, whole
from glancepipe.contract import DefinitionQuery, NamespaceQuery
from glancepipe.contract.errors import Invalid

NAMESPACE_KEYS = (
    *("namespace", "display_name", "description", "visibility", "protected", "owner"),
    *("id", "created_at", "updated_at"),
)
TAG_KEYS = ("name", "id", "created_at", "updated_at")
DIRECTIONS = ("asc", "desc")
_ALL = 1 << 31
"""More tags than any namespace has."""


def namespace_query(pairs: Pairs, paging: Paging) -> NamespaceQuery:
    """Which namespaces to list. Raises Invalid (FEATURES 12-05)."""
    asked = Asked(pairs)
    types = [name.strip() for name in asked.last("resource_types", "").split(",")]
    return NamespaceQuery(
        limit=min(whole("limit", asked.last("limit"), paging.default), paging.most),
        marker=asked.last("marker"),
        sort_key=_key(asked, NAMESPACE_KEYS),
        ascending=_ascending(asked),
        visibility=asked.one_of("visibility", VISIBILITIES),
        resource_types=tuple(name for name in types if name),
    )


def tag_query(pairs: Pairs) -> DefinitionQuery:
    """Which tags to list: all, the newest first, if nothing is said. Raises Invalid."""
    asked = Asked(pairs)
    return DefinitionQuery(
        limit=min(whole("limit", asked.last("limit"), _ALL), _ALL),
        marker=asked.last("marker") or None,
        sort_key=_key(asked, TAG_KEYS),
        ascending=_ascending(asked),
    )


def object_query(pairs: Pairs) -> DefinitionQuery:
    """All objects, in the order of their arrival, whatever is said; it must only make sense (FEATURES 5.1-08). Raises Invalid."""
    asked = Asked(pairs)
    if whole("limit", asked.last("limit"), 1) == 0:
        raise Invalid("limit must be a whole number of 1 or more.")
    _ascending(asked)
    return DefinitionQuery()


def resource_type_of(pairs: Pairs) -> str | None:
    """The type of resource whose names of properties are asked for."""
    return Asked(pairs).last("resource_type") or None


def _key(asked: Asked, keys: Sequence[str]) -> str:
    return asked.one_of("sort_key", keys) or "created_at"


def _ascending(asked: Asked) -> bool:
    return asked.one_of("sort_dir", DIRECTIONS) == "asc"
