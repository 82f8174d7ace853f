"""Finds out who calls, by ``[api] auth_strategy``, and tells the API as a ``Caller``; 401 if nobody does.

This is identity only; what a caller may see and do is for the layers ``auth`` and ``policy`` to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from oslo_context.context import RequestContext
from webob.exc import HTTPUnauthorized

from glancepipe.api.calls import CALLER, REQUEST_ID
from glancepipe.contract import Caller
from glancepipe.middleware import Host

ADMINISTRATOR = Caller(user_id="admin", project_id="admin", roles=frozenset({"admin", "member", "reader"}))
"""Everybody, under the strategy ``none``."""
ANONYMOUS = Caller(read_only=True)
"""Whoever proves nothing, under ``allow_anonymous_access`` (FEATURES 1.2-12)."""

_OF_ONE = [
    *("DOMAIN_ID", "DOMAIN_NAME", "PROJECT_ID", "PROJECT_NAME", "PROJECT_DOMAIN_ID", "PROJECT_DOMAIN_NAME", "ROLES"),
    *("USER_ID", "USER_NAME", "USER_DOMAIN_ID", "USER_DOMAIN_NAME", "IDENTITY_STATUS"),
]
IDENTITY = frozenset(
    [f"HTTP_X_{name}" for name in _OF_ONE]
    + [f"HTTP_X_SERVICE_{name}" for name in _OF_ONE]
    + [f"HTTP_X_{name}" for name in ("ROLE", "USER", "TENANT", "TENANT_ID", "TENANT_NAME", "IS_ADMIN_PROJECT", "SERVICE_CATALOG")]
    + ["HTTP_OPENSTACK_SYSTEM_SCOPE"]
)
"""The headers in which keystonemiddleware, or a trusted proxy, says who calls. From a client they are a lie."""


def make(app: WSGIApplication, service: Host) -> WSGIApplication:
    """Wrap ``app`` with the strategy that is configured. Raises ValueError if the identity service's place is not."""
    if service.conf.api.auth_strategy == "none":
        return _stripped(_fixed(app))
    anonymous = service.conf.allow_anonymous_access
    if service.conf.api.auth_strategy == "headers":
        # Where to go is known to the proxy alone, but a 401 needs a challenge (RFC 9110).
        return _confirmed(app, anonymous=anonymous, challenge={"WWW-Authenticate": "Keystone"})
    # Imported late: it costs a fifth of a second that the other strategies need not pay.
    from glancepipe.middleware.keystone import validated

    # It adds WWW-Authenticate to every 401 from further in.
    return _stripped(validated(_confirmed(app, anonymous=anonymous, challenge={}), service.conf))


def _stripped(app: WSGIApplication) -> WSGIApplication:
    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        for name in IDENTITY & environ.keys():
            del environ[name]
        return app(environ, start_response)

    return middleware


def _fixed(app: WSGIApplication) -> WSGIApplication:
    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[CALLER] = ADMINISTRATOR
        RequestContext(request_id=environ.get(REQUEST_ID), user_id=ADMINISTRATOR.user_id, project_id=ADMINISTRATOR.project_id)
        return app(environ, start_response)

    return middleware


def _confirmed(app: WSGIApplication, *, anonymous: bool, challenge: dict[str, str]) -> WSGIApplication:
    """Believe the identity headers; they are the client's no longer (FEATURES 1.2-13)."""

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_X_IDENTITY_STATUS") == "Confirmed":
            environ[CALLER] = _caller(environ)
        elif anonymous:
            environ[CALLER] = ANONYMOUS
        else:
            return HTTPUnauthorized(headers=challenge)(environ, start_response)
        return app(environ, start_response)

    return middleware


def _caller(environ: WSGIEnvironment) -> Caller:
    context = RequestContext.from_environ(environ, request_id=environ.get(REQUEST_ID))
    scope = "system" if context.system_scope else "domain" if context.domain_id and not context.project_id else "project"
    return Caller(
        user_id=context.user_id or None,
        project_id=context.project_id or None,
        roles=_lower(context.roles),
        service_roles=_lower(context.service_roles),
        scope=scope,
        user_domain_id=context.user_domain_id or None,
        project_domain_id=context.project_domain_id or None,
        domain_id=context.domain_id or None,
        system_scope=context.system_scope or None,
        token=context.auth_token or None,
    )


def _lower(roles: Iterable[str]) -> frozenset[str]:
    return frozenset(role.lower() for role in roles if role)
