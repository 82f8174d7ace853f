"""Resource types, and what of them namespaces apply to (FEATURES 5.1-12 to 5.1-14)."""

from __future__ import annotations

import falcon

from glancepipe.api import answers
from glancepipe.api.calls import call_for
from glancepipe.api.metadefs import proposals
from glancepipe.api.metadefs.views import association_view, resource_type_view
from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.operations import associate as associating
from glancepipe.operations import dissociate as dissociating
from glancepipe.operations.list_associations import list_associations
from glancepipe.operations.list_resource_types import list_resource_types


def index(shared: Shared, request: Request, response: falcon.Response) -> None:
    """GET /v2/metadefs/resource_types."""
    with call_for(shared, request) as call:
        found = list_resource_types(shared.nouns, call)
    answers.json(response, {"resource_types": [resource_type_view(each) for each in found]})


def associations(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """GET /v2/metadefs/namespaces/{namespace}/resource_types."""
    with call_for(shared, request) as call:
        found = list_associations(shared.nouns, call, namespace)
    answers.json(response, {"resource_type_associations": [association_view(each) for each in found]})


def associate(shared: Shared, request: Request, response: falcon.Response, namespace: str) -> None:
    """POST /v2/metadefs/namespaces/{namespace}/resource_types."""
    proposed = proposals.association(request.body.json(shared.json_limit))
    with call_for(shared, request) as call:
        added = associating.associate(shared.nouns, call, namespace, proposed)
    answers.json(response, association_view(added), 201)


def dissociate(shared: Shared, request: Request, response: falcon.Response, namespace: str, resource_type: str) -> None:
    """DELETE /v2/metadefs/namespaces/{namespace}/resource_types/{resource_type}."""
    with call_for(shared, request) as call:
        dissociating.dissociate(shared.nouns, call, namespace, resource_type)
    answers.nothing(response)
