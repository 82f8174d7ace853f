"""What can be done to an image by name: deactivate, reactivate (FEATURES 1.3-11, 1.3-12)."""

from __future__ import annotations

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.operations import deactivate as deactivating
from glancepipe.operations import reactivate as reactivating


def deactivate(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """POST /v2/images/{image_id}/actions/deactivate."""
    with call_for(shared, request) as call:
        deactivating.deactivate(shared.nouns, call, image_id)
    answers.nothing(response)


def reactivate(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """POST /v2/images/{image_id}/actions/reactivate."""
    with call_for(shared, request) as call:
        reactivating.reactivate(shared.nouns, call, image_id)
    answers.nothing(response)
