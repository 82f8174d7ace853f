"""Image records: create, list, show, change, delete (FEATURES 1.3-01 to 1.3-05)."""

from __future__ import annotations

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.patches import MEDIA_TYPES, edit_of
from glancepipe.api.queries import image_query, links, pairs_of
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.contract.errors import LimitExceeded, UnsupportedContent
from glancepipe.operations.create_image import create_image
from glancepipe.operations.delete_image import delete_image
from glancepipe.operations.list_images import list_images
from glancepipe.operations.modify_image import modify_image
from glancepipe.operations.show_image import show_image


def create(shared: Shared, request: Request, response: falcon.Response) -> None:
    """POST /v2/images (FEATURES 1.4)."""
    values = shared.checks.new_image(request.body.json(shared.json_limit))
    with call_for(shared, request) as call:
        image = create_image(shared.nouns, call, values)
    answers.json(response, shared.view(image, call.initiator.is_admin), 201)
    # Absolute, unlike the links in the body (FEATURES 1.2-10).
    response.set_header("Location", f"{request.scheme}://{request.netloc}/v2/images/{image.id}")
    if shared.import_methods:
        response.set_header("OpenStack-image-import-methods", ",".join(shared.import_methods))
    if shared.stores.multiple:
        response.set_header("OpenStack-image-store-ids", ",".join(store.name for store in shared.stores))


def index(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/images (FEATURES 3)."""
    pairs = pairs_of(request.query_string)
    query = image_query(pairs, shared.paging)
    with call_for(shared, request) as call:
        page = list_images(shared.nouns, call, query)
    view, admin = shared.view, call.initiator.is_admin
    document = {"images": [view(image, admin) for image in page.rows], "schema": "/v2/schemas/images"}
    answers.json(response, document | links("/v2/images", pairs, page, query.limit))


def show(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """GET /v2/images/{image_id}."""
    with call_for(shared, request) as call:
        image = show_image(shared.nouns, call, image_id)
    answers.json(response, shared.view(image, call.initiator.is_admin))


def modify(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """PATCH /v2/images/{image_id} (FEATURES 1.5)."""
    draft = MEDIA_TYPES.get(request.media_type)
    if draft is None:
        response.set_header("Accept-Patch", ", ".join(MEDIA_TYPES))
        raise UnsupportedContent(f"The Content-Type of a change must be one of {', '.join(MEDIA_TYPES)}.")
    document = request.body.json(shared.json_limit)
    if isinstance(document, list) and len(document) > shared.patch_limit:
        raise LimitExceeded(f"A change may have at most {shared.patch_limit} operations.")
    edit = edit_of(document, draft, shared.checks, shared.locations_shown)
    with call_for(shared, request) as call:
        image = modify_image(shared.nouns, call, image_id, edit)
    answers.json(response, shared.view(image, call.initiator.is_admin))


def delete(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """DELETE /v2/images/{image_id}."""
    with call_for(shared, request) as call:
        delete_image(shared.nouns, call, image_id)
    answers.nothing(response)
