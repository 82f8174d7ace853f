"""GET /v2/info/stores/detail: how the stores are configured."""

from collections.abc import Sequence

from glancepipe.contract import Call, Nouns, Store, Stores


def show_stores(nouns: Nouns, call: Call, stores: Stores) -> Sequence[Store]:
    """All stores, for those who may know them in detail. Raises Forbidden (FEATURES 4.4-02)."""
    nouns.authority.permit(call)
    return list(stores)
