"""The properties of namespaces (FEATURES 5.1-06, 5.1-07)."""

from __future__ import annotations

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.metadefs import proposals, queries
from glancepipe.api.metadefs.views import properties_view, property_view
from glancepipe.api.queries import pairs_of
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.contract import DefinitionQuery
from glancepipe.operations.clear_definitions import clear_definitions
from glancepipe.operations.create_definitions import create_definitions
from glancepipe.operations.delete_definition import delete_definition
from glancepipe.operations.list_definitions import list_definitions
from glancepipe.operations.modify_definition import modify_definition
from glancepipe.operations.show_property import show_property


def index(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """GET /v2/metadefs/namespaces/{namespace}/properties."""
    with call_for(shared, request) as call:
        found = list_definitions(shared.nouns, call, namespace, "property", DefinitionQuery())
    answers.json(response, {"properties": properties_view(found)})


def create(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """POST /v2/metadefs/namespaces/{namespace}/properties."""
    proposed = proposals.one_property(request.body.json(shared.json_limit))
    with call_for(shared, request) as call:
        (created,) = create_definitions(shared.nouns, call, namespace, "property", [proposed])
    answers.json(response, property_view(created), 201)


def clear(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """DELETE /v2/metadefs/namespaces/{namespace}/properties."""
    with call_for(shared, request) as call:
        clear_definitions(shared.nouns, call, namespace, "property")
    answers.nothing(response)


def show(shared: Shared, request: Request, response: falcon.Response, namespace: str, property_name: str) -> None:
    """GET /v2/metadefs/namespaces/{namespace}/properties/{property_name}."""
    resource_type = queries.resource_type_of(pairs_of(request.query_string))
    with call_for(shared, request) as call:
        found = show_property(shared.nouns, call, namespace, property_name, resource_type)
    answers.json(response, property_view(found))


def modify(shared: Shared, request: Request, response: falcon.Response, namespace: str, property_name: str) -> None:
    """PUT /v2/metadefs/namespaces/{namespace}/properties/{property_name}."""
    proposed = proposals.one_property(request.body.json(shared.json_limit))
    with call_for(shared, request) as call:
        changed = modify_definition(shared.nouns, call, namespace, property_name, proposed)
    answers.json(response, property_view(changed))


def delete(shared: Shared, request: Request, response: falcon.Response, namespace: str, property_name: str) -> None:
    """DELETE /v2/metadefs/namespaces/{namespace}/properties/{property_name}."""
    with call_for(shared, request) as call:
        delete_definition(shared.nouns, call, namespace, "property", property_name)
    answers.nothing(response)
