"""What the service offers: import methods, stores, usage (FEATURES 1.3-23 to 1.3-26, 4.4); no policy guards these."""

from __future__ import annotations

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import caller_of
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.contract import Store
from glancepipe.contract.errors import NotFound


def import_methods(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/info/import."""
    caller_of(request)
    methods = {"description": "Import methods that can be used here", "type": "array", "value": shared.import_methods}
    answers.json(response, {"import-methods": methods})


def stores(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/info/stores; there is nothing to choose from where only one store is configured (FEATURES 4.4-01)."""
    caller_of(request)
    if not shared.stores.multiple:
        raise NotFound("This service has a single store.")
    answers.json(response, {"stores": [_store(store, shared.stores.default) for store in shared.stores]})


def usage(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/info/usage; empty as long as no unified limits are kept (FEATURES 4.4-03)."""
    caller_of(request)
    answers.json(response, {"usage": {}})


def _store(store: Store, default: str) -> dict[str, str]:
    view = {"id": store.name}
    if store.settings.store_description:
        view["description"] = store.settings.store_description
    # Clients know these as strings, and as absent if they are not so (FEATURES 4.4-01).
    if store.name == default:
        view["default"] = "true"
    if store.read_only:
        view["read-only"] = "true"
    return view
