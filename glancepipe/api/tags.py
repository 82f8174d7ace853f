"""Tags, one at a time (FEATURES 4.2)."""

from __future__ import annotations

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.contract.errors import Invalid
from glancepipe.operations.add_tag import add_tag
from glancepipe.operations.remove_tag import remove_tag

LONGEST = 255


def add(shared: Shared, request: Request, response: falcon.Response, image_id: str, tag: str) -> None:
    """PUT /v2/images/{image_id}/tags/{tag} (FEATURES 1.3-15)."""
    if len(tag) > LONGEST:
        raise Invalid(f"A tag may have at most {LONGEST} characters.")
    with call_for(shared, request) as call:
        add_tag(shared.nouns, call, image_id, tag)
    answers.nothing(response)


def remove(shared: Shared, request: Request, response: falcon.Response, image_id: str, tag: str) -> None:
    """DELETE /v2/images/{image_id}/tags/{tag} (FEATURES 1.3-16)."""
    with call_for(shared, request) as call:
        remove_tag(shared.nouns, call, image_id, tag)
    answers.nothing(response)
