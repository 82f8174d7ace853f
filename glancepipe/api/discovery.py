"""What the service offers: import methods, usage (FEATURES 1.3-23, 1.3-26, 4.4-03); no policy guards these."""

from __future__ import annotations

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for, caller_of
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.operations.show_usage import show_usage


def import_methods(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/info/import."""
    caller_of(request)
    methods = {"description": "Import methods that can be used here", "type": "array", "value": shared.import_methods}
    answers.json(response, {"import-methods": methods})


def usage(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/info/usage; empty where no unified limits are kept (FEATURES 4.4-03)."""
    with call_for(shared, request) as call:
        report = show_usage(shared.nouns, call)
    answers.json(response, {"usage": {name: {"usage": used, "limit": limit} for name, (used, limit) in report.items()}})
