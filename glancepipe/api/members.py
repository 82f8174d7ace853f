"""The projects with which an image is shared (FEATURES 4.1)."""

from __future__ import annotations

from typing import Any

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.request import Request
from glancepipe.api.schemas import MEMBER_STATUSES
from glancepipe.api.shared import Shared
from glancepipe.api.views import member_view
from glancepipe.contract.errors import Invalid
from glancepipe.operations.add_member import add_member
from glancepipe.operations.delete_member import delete_member
from glancepipe.operations.list_members import list_members
from glancepipe.operations.modify_member import modify_member
from glancepipe.operations.show_member import show_member

LONGEST = 255


def index(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """GET /v2/images/{image_id}/members."""
    with call_for(shared, request) as call:
        members = list_members(shared.nouns, call, image_id)
    answers.json(response, {"members": [member_view(member) for member in members], "schema": "/v2/schemas/members"})


def show(shared: Shared, request: Request, response: falcon.Response, image_id: str, member_id: str) -> None:
    """GET /v2/images/{image_id}/members/{member_id}."""
    with call_for(shared, request) as call:
        member = show_member(shared.nouns, call, image_id, member_id)
    answers.json(response, member_view(member))


def add(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """POST /v2/images/{image_id}/members; the answer is 200, not 201 (FEATURES 4.1-02)."""
    member_id = _project(_document(shared, request).get("member"))
    with call_for(shared, request) as call:
        member = add_member(shared.nouns, call, image_id, member_id)
    answers.json(response, member_view(member))


def modify(shared: Shared, request: Request, response: falcon.Response, image_id: str, member_id: str) -> None:
    """PUT /v2/images/{image_id}/members/{member_id}; other members of the body are tolerated (FEATURES 4.1-03)."""
    status = _document(shared, request).get("status")
    if status not in MEMBER_STATUSES:
        raise Invalid(f"The body must give a status, one of {', '.join(MEMBER_STATUSES)}.")
    with call_for(shared, request) as call:
        member = modify_member(shared.nouns, call, image_id, member_id, status)
    answers.json(response, member_view(member))


def delete(shared: Shared, request: Request, response: falcon.Response, image_id: str, member_id: str) -> None:
    """DELETE /v2/images/{image_id}/members/{member_id}."""
    with call_for(shared, request) as call:
        delete_member(shared.nouns, call, image_id, member_id)
    answers.nothing(response)


def _document(shared: Shared, request: Request) -> dict[str, Any]:
    document = request.body.json(shared.json_limit)
    if not isinstance(document, dict):
        raise Invalid("The body must be a JSON object.")
    return document


def _project(value: Any) -> str:
    # Some clients send numbers (FEATURES 4.1-02).
    member = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(member, str) or not 0 < len(member) <= LONGEST:
        raise Invalid(f"The body must give a member: a project's ID of 1 to {LONGEST} characters.")
    return member
