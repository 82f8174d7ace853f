"""The stores: which there are, and what an image has in one of them (FEATURES 1.3-22, 1.3-24, 1.3-25, 4.4)."""

from __future__ import annotations

from typing import Any

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for, caller_of
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.contract import Store
from glancepipe.contract.errors import Conflict, NotFound
from glancepipe.operations.delete_copy import delete_copy
from glancepipe.operations.show_stores import show_stores


def index(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/info/stores; no policy guards it (FEATURES 4.4-01)."""
    caller_of(request)
    _require_several(shared)
    answers.json(response, {"stores": [_store(store, shared.stores.default) for store in shared.stores]})


def detail(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/info/stores/detail (FEATURES 4.4-02)."""
    with call_for(shared, request) as call:
        _require_several(shared)
        found = show_stores(shared.nouns, call, shared.stores)
    answers.json(response, {"stores": [_store_in_detail(shared, store) for store in found]})


def delete(shared: Shared, request: Request, response: falcon.Response, store_id: str, image_id: str) -> None:
    """DELETE /v2/stores/{store_id}/{image_id}: the store is looked at first (FEATURES 1.3-22)."""
    with call_for(shared, request) as call:
        _require_several(shared)
        if store_id not in {store.name for store in shared.stores}:
            raise Conflict(f"The store {store_id!r} is not available here.")
        delete_copy(shared.nouns, call, image_id, store_id)
    answers.nothing(response)


def _require_several(shared: Shared) -> None:
    """There is nothing to choose from where only one store is configured."""
    if not shared.stores.multiple:
        raise NotFound("This service has a single store.")


def _store(store: Store, default: str) -> dict[str, Any]:
    view = {"id": store.name}
    if store.settings.store_description:
        view["description"] = store.settings.store_description
    # Clients know these as strings, and as absent if they are not so (FEATURES 4.4-01).
    if store.name == default:
        view["default"] = "true"
    if store.read_only:
        view["read-only"] = "true"
    return view


def _store_in_detail(shared: Shared, store: Store) -> dict[str, Any]:
    more = {"type": shared.stores.kind(store.name), "weight": shared.stores.weight(store.name), "properties": store.properties()}
    return _store(store, shared.stores.default) | more
