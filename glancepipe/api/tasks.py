"""Tasks: those of the tasks API, and those of one image (FEATURES 1.3-10, 1.3-35, 1.3-36, 4.3)."""

from __future__ import annotations

import re
from typing import Any

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.queries import Asked, Paging, Pairs, links_behind, pairs_of, whole
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.api.task_schemas import STATUSES
from glancepipe.api.task_views import raw_view, task_row, task_view
from glancepipe.api.uuids import UUID
from glancepipe.contract import TaskQuery
from glancepipe.contract.errors import Invalid
from glancepipe.operations.create_task import create_task
from glancepipe.operations.delete_task import delete_task
from glancepipe.operations.list_image_tasks import list_image_tasks
from glancepipe.operations.list_tasks import list_tasks
from glancepipe.operations.show_task import show_task

LISTED_TYPES = ("import",)
"""The types by which a listing can be narrowed (FEATURES 4.3-04)."""
SORT_KEYS = ("id", "type", "status", "owner", "created_at", "updated_at")
SORT_DIRECTIONS = ("asc", "desc")


def index(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/tasks (FEATURES 4.3-04)."""
    pairs = pairs_of(request.query_string)
    query = task_query(pairs, shared.paging)
    with call_for(shared, request) as call:
        page = list_tasks(shared.nouns, call, query)
    document = {"tasks": [task_row(task) for task in page.rows], "schema": "/v2/schemas/tasks"}
    answers.json(response, document | links_behind("/v2/tasks", pairs, page.rows[-1].id if page.more else None))


def create(shared: Shared, request: Request, response: falcon.Response) -> None:
    """POST /v2/tasks (FEATURES 4.3-03)."""
    kind, given = _proposal(request.body.json(shared.json_limit))
    with call_for(shared, request) as call:
        task, entry = create_task(shared.nouns, call, kind, given, shared.runner.flows)
    shared.runner.run(entry)
    answers.json(response, task_view(task), 201)
    response.set_header("Location", f"{request.scheme}://{request.netloc}/v2/tasks/{task.id}")


def show(shared: Shared, request: Request, response: falcon.Response, task_id: str) -> None:
    """GET /v2/tasks/{task_id}."""
    with call_for(shared, request) as call:
        task = show_task(shared.nouns, call, task_id)
    answers.json(response, task_view(task))


def delete(shared: Shared, request: Request, response: falcon.Response, task_id: str) -> None:
    """DELETE /v2/tasks/{task_id} (FEATURES 1.3-36)."""
    with call_for(shared, request) as call:
        delete_task(shared.nouns, call)
    raise falcon.HTTPMethodNotAllowed(["GET"], description="Tasks can't be deleted: they expire a while after they have ended.")


def of_image(shared: Shared, request: Request, response: falcon.Response, image_id: str) -> None:
    """GET /v2/images/{image_id}/tasks (FEATURES 1.3-10)."""
    with call_for(shared, request) as call:
        tasks = list_image_tasks(shared.nouns, call, image_id)
    answers.json(response, {"tasks": [raw_view(task) for task in tasks]})


def task_query(pairs: Pairs, paging: Paging) -> TaskQuery:
    """What a listing asks for. Raises Invalid."""
    asked = Asked(pairs)
    marker = asked.last("marker")
    if marker is not None and not re.fullmatch(UUID, marker):
        raise Invalid("The marker must be the ID of a task.")
    return TaskQuery(
        type=asked.one_of("type", LISTED_TYPES),
        status=asked.one_of("status", STATUSES),
        limit=min(whole("limit", asked.last("limit"), paging.default), paging.most),
        marker=marker,
        sort_key=asked.one_of("sort_key", SORT_KEYS) or "created_at",
        ascending=asked.one_of("sort_dir", SORT_DIRECTIONS) == "asc",
    )


def _proposal(document: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(document, dict):
        raise Invalid("The body must be a JSON object.")
    kind, given = document.get("type"), document.get("input")
    if not isinstance(kind, str):
        raise Invalid("The body must give the task's type, a string.")
    if not isinstance(given, dict):
        raise Invalid("The body must give the task's input, an object.")
    return kind, given
