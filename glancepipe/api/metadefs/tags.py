"""The tags of namespaces (FEATURES 5.1-10, 5.1-11)."""

from __future__ import annotations

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.metadefs import proposals, queries
from glancepipe.api.metadefs.views import tag_view, tags_view
from glancepipe.api.queries import pairs_of
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.operations.clear_definitions import clear_definitions
from glancepipe.operations.create_definitions import create_definitions
from glancepipe.operations.delete_definition import delete_definition
from glancepipe.operations.list_definitions import list_definitions
from glancepipe.operations.modify_definition import modify_definition
from glancepipe.operations.show_definition import show_definition

APPEND = "X-Openstack-Append"
"""The header that lets tags be appended."""
TRUE = ("true", "t", "1", "yes", "y", "on")


def index(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """GET /v2/metadefs/namespaces/{namespace}/tags."""
    query = queries.tag_query(pairs_of(request.query_string))
    with call_for(shared, request) as call:
        found = list_definitions(shared.nouns, call, namespace, "tag", query)
    answers.json(response, {"tags": tags_view(found)})


def create_several(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """POST /v2/metadefs/namespaces/{namespace}/tags: instead of those that there are, unless the header says to append."""
    proposed = proposals.several_tags(request.body.json(shared.json_limit))
    appending = (request.get_header(APPEND) or "").strip().lower() in TRUE
    with call_for(shared, request) as call:
        created = create_definitions(shared.nouns, call, namespace, "tag", proposed, replacing=not appending)
    answers.json(response, {"tags": tags_view(created)}, 201)


def clear(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """DELETE /v2/metadefs/namespaces/{namespace}/tags."""
    with call_for(shared, request) as call:
        clear_definitions(shared.nouns, call, namespace, "tag")
    answers.nothing(response)


def show(shared: Shared, request: Request, response: falcon.Response, namespace: str, tag_name: str) -> None:
    """GET /v2/metadefs/namespaces/{namespace}/tags/{tag_name}."""
    with call_for(shared, request) as call:
        found = show_definition(shared.nouns, call, namespace, "tag", tag_name)
    answers.json(response, tag_view(found))


def create(shared: Shared, request: Request, response: falcon.Response, namespace: str, tag_name: str) -> None:
    """POST /v2/metadefs/namespaces/{namespace}/tags/{tag_name}."""
    proposed = proposals.tag_named(tag_name)
    with call_for(shared, request) as call:
        (created,) = create_definitions(shared.nouns, call, namespace, "tag", [proposed])
    answers.json(response, tag_view(created), 201)


def modify(shared: Shared, request: Request, response: falcon.Response, namespace: str, tag_name: str) -> None:
    """PUT /v2/metadefs/namespaces/{namespace}/tags/{tag_name}: another name."""
    proposed = proposals.one_tag(request.body.json(shared.json_limit))
    with call_for(shared, request) as call:
        changed = modify_definition(shared.nouns, call, namespace, tag_name, proposed)
    answers.json(response, tag_view(changed))


def delete(shared: Shared, request: Request, response: falcon.Response, namespace: str, tag_name: str) -> None:
    """DELETE /v2/metadefs/namespaces/{namespace}/tags/{tag_name}."""
    with call_for(shared, request) as call:
        delete_definition(shared.nouns, call, namespace, "tag", tag_name)
    answers.nothing(response)
