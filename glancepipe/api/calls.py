"""From a request to a Call: who asks (as the middleware says), for which operation, under which request id."""

from __future__ import annotations

from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.contract import Call, Caller
from glancepipe.contract.call import with_admin
from glancepipe.contract.errors import Unauthenticated

CALLER = "glancepipe.caller"
"""Where the authentication middleware puts the Caller in the WSGI environment."""

REQUEST_ID = "glancepipe.request_id"
"""Where the request id middleware puts the id in the WSGI environment."""


def caller_of(request: Request) -> Caller:
    """Who asks. Raises Unauthenticated if no middleware said so (FEATURES 1.2-13)."""
    caller = request.env.get(CALLER)
    if not isinstance(caller, Caller):
        raise Unauthenticated
    return caller


def call_for(shared: Shared, request: Request) -> Call:
    """The Call of the operation that the request's route names; use it as a context manager."""
    assert request.route is not None
    assert request.route.operation is not None
    caller = caller_of(request)
    caller = with_admin(caller, shared.nouns.authority.is_admin(caller))
    return Call(request.route.operation, caller, request_id=request.env.get(REQUEST_ID))
