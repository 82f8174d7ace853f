"""Namespaces (FEATURES 5.1-01 to 5.1-05)."""

from __future__ import annotations

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.metadefs import proposals, queries
from glancepipe.api.metadefs.views import NAMESPACES, namespace_view, path_of
from glancepipe.api.queries import links_behind, pairs_of
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.contract import replace
from glancepipe.operations.create_namespace import create_namespace
from glancepipe.operations.delete_namespace import delete_namespace
from glancepipe.operations.list_namespaces import list_namespaces
from glancepipe.operations.modify_namespace import modify_namespace
from glancepipe.operations.show_namespace import show_namespace


def index(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/metadefs/namespaces."""
    pairs = pairs_of(request.query_string)
    query = queries.namespace_query(pairs, shared.paging)
    with call_for(shared, request) as call:
        page = list_namespaces(shared.nouns, call, query)
    document = {"namespaces": [namespace_view(each) for each in page.rows], "schema": "/v2/schemas/metadefs/namespaces"}
    following = page.last.namespace if query.limit and page.more and page.last else None
    answers.json(response, document | links_behind(NAMESPACES, pairs, following))


def create(shared: Shared, request: Request, response: falcon.Response) -> None:
    """POST /v2/metadefs/namespaces."""
    proposed = proposals.new_namespace(request.body.json(shared.json_limit))
    with call_for(shared, request) as call:
        namespace = create_namespace(shared.nouns, call, proposed)
    answers.json(response, namespace_view(namespace), 201)
    # Absolute, unlike the links in the body (FEATURES 1.2-10).
    response.set_header("Location", f"{request.scheme}://{request.netloc}{path_of(namespace.namespace)}")


def show(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """GET /v2/metadefs/namespaces/{namespace}."""
    resource_type = queries.resource_type_of(pairs_of(request.query_string))
    with call_for(shared, request) as call:
        found = show_namespace(shared.nouns, call, namespace)
    answers.json(response, namespace_view(found, resource_type))


def modify(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """PUT /v2/metadefs/namespaces/{namespace}; the answer is about its attributes only."""
    proposed = proposals.changed_namespace(request.body.json(shared.json_limit))
    with call_for(shared, request) as call:
        changed = modify_namespace(shared.nouns, call, namespace, proposed)
    answers.json(response, namespace_view(replace(changed, associations=())))


def delete(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """DELETE /v2/metadefs/namespaces/{namespace}."""
    with call_for(shared, request) as call:
        delete_namespace(shared.nouns, call, namespace)
    answers.nothing(response)
