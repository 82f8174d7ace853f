"""The objects of namespaces (FEATURES 5.1-08, 5.1-09)."""

from __future__ import annotations

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.metadefs import proposals, queries
from glancepipe.api.metadefs.views import object_view, objects_view
from glancepipe.api.queries import pairs_of
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.operations.clear_definitions import clear_definitions
from glancepipe.operations.create_definitions import create_definitions
from glancepipe.operations.delete_definition import delete_definition
from glancepipe.operations.list_definitions import list_definitions
from glancepipe.operations.modify_definition import modify_definition
from glancepipe.operations.show_definition import show_definition


def index(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """GET /v2/metadefs/namespaces/{namespace}/objects."""
    query = queries.object_query(pairs_of(request.query_string))
    with call_for(shared, request) as call:
        found = list_definitions(shared.nouns, call, namespace, "object", query)
    answers.json(response, objects_view(namespace, found))


def create(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """POST /v2/metadefs/namespaces/{namespace}/objects."""
    proposed = proposals.one_object(request.body.json(shared.json_limit))
    with call_for(shared, request) as call:
        (created,) = create_definitions(shared.nouns, call, namespace, "object", [proposed])
    answers.json(response, object_view(namespace, created), 201)


def clear(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """DELETE /v2/metadefs/namespaces/{namespace}/objects."""
    with call_for(shared, request) as call:
        clear_definitions(shared.nouns, call, namespace, "object")
    answers.nothing(response)


def show(shared: Shared, request: Request, response: falcon.Response, namespace: str, object_name: str) -> None:
    """GET /v2/metadefs/namespaces/{namespace}/objects/{object_name}."""
    with call_for(shared, request) as call:
        found = show_definition(shared.nouns, call, namespace, "object", object_name)
    answers.json(response, object_view(namespace, found))


def modify(shared: Shared, request: Request, response: falcon.Response, namespace: str, object_name: str) -> None:
    """PUT /v2/metadefs/namespaces/{namespace}/objects/{object_name}."""
    proposed = proposals.one_object(request.body.json(shared.json_limit))
    with call_for(shared, request) as call:
        changed = modify_definition(shared.nouns, call, namespace, object_name, proposed)
    answers.json(response, object_view(namespace, changed))


def delete(shared: Shared, request: Request, response: falcon.Response, namespace: str, object_name: str) -> None:
    """DELETE /v2/metadefs/namespaces/{namespace}/objects/{object_name}."""
    with call_for(shared, request) as call:
        delete_definition(shared.nouns, call, namespace, "object", object_name)
    answers.nothing(response)
