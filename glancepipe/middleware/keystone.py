"""Validates tokens with the identity service, by keystonemiddleware; 503 while that service can't be asked."""

from __future__ import annotations

from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import oslo_cache
from keystoneauth1.exceptions import ConnectFailure, DiscoveryFailure, EndpointNotFound, RequestTimeout
from keystonemiddleware.auth_token import AuthProtocol, list_opts
from keystonemiddleware.auth_token._exceptions import InvalidToken, ServiceError
from oslo_config import cfg
from webob.exc import HTTPServiceUnavailable

from glancepipe.middleware.tokens import make_tokens

GROUP = "keystone_authtoken"
AWAY = (ConnectFailure, DiscoveryFailure, EndpointNotFound, RequestTimeout, ServiceError)
"""What is no verdict on a token."""
CONNECT_TIMEOUT = 10
"""Seconds that each attempt to ask may take, unless `http_connect_timeout` says otherwise; keystonemiddleware would wait for ever."""
TOKENS = "glancepipe.tokens"
"""Where in a request's environment keystonemiddleware finds the cache of tokens."""


class Protocol(AuthProtocol):
    """Tells a token that is not valid from one that could not be validated: the first is 401, and the client's fault."""

    def fetch_token(self, token: str, allow_expired: bool = False, **how: Any) -> Any:
        """What the identity service says of a token. Raises InvalidToken, and HTTPServiceUnavailable if it says nothing."""
        try:
            return super().fetch_token(token, allow_expired, **how)
        except (InvalidToken, EndpointNotFound) as error:
            if isinstance(error, EndpointNotFound) or isinstance(error.__context__, AWAY):
                raise HTTPServiceUnavailable("The identity service is not there to validate your token; try again later.") from error
            raise


def validated(app: WSGIApplication, conf: cfg.ConfigOpts) -> WSGIApplication:
    """Tell ``app`` who calls, in headers; without a token or with an invalid one, that it is not known.

    Raises ValueError with one sentence for a mistake in the configuration.
    """
    for group, options in list_opts():
        conf.register_opts(options, group=group)
    oslo_cache.configure(conf)
    conf.set_default("http_connect_timeout", CONNECT_TIMEOUT, group=GROUP)
    # Access rules of application credentials are about services by type (without it, any rule refuses everything).
    conf.set_default("service_type", "image", group=GROUP)
    settings = conf[GROUP]
    if not settings.www_authenticate_uri:
        # It would ask the identity service for it in the middle of a request, and fail that if it gets no answer.
        raise ValueError(f"[{GROUP}] www_authenticate_uri is not set; set it to the identity service's public URL.")
    if not settings.auth_type and not settings.auth_section:
        raise ValueError(f"[{GROUP}] auth_type is not set; set it and what it needs, as for any OpenStack service.")
    return _with(make_tokens(conf), Protocol(app, {"oslo_config_config": conf, "delay_auth_decision": True, "cache": TOKENS}))


def _with(tokens: object, app: WSGIApplication) -> WSGIApplication:
    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        environ[TOKENS] = tokens
        return app(environ, start_response)

    return middleware
