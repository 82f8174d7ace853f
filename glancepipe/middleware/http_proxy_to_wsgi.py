"""Believes a proxy in front about scheme, host and client (oslo.middleware; FEATURES 8.2-07)."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from oslo_middleware.http_proxy_to_wsgi import HTTPProxyToWSGI
from webob import Request

from glancepipe.middleware import Host


def make(app: WSGIApplication, service: Host) -> WSGIApplication:
    """Wrap ``app``, unless ``[oslo_middleware] enable_proxy_headers_parsing`` is off."""
    proxy = HTTPProxyToWSGI(app, service.conf)
    if not service.conf.oslo_middleware.enable_proxy_headers_parsing:
        return app

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Only the request changes, so the answer need not pass through WebOb.
        proxy.process_request(Request(environ))
        return app(environ, start_response)

    return middleware
