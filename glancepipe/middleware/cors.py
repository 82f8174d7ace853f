"""Lets browsers of other origins in (oslo.middleware), and answers OPTIONS before anybody asks for a token (FEATURES 1.3-42)."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from oslo_middleware import cors

from glancepipe.middleware import Host

DEFAULTS = {
    "allow_methods": ["GET", "PUT", "POST", "DELETE", "PATCH"],
    "allow_headers": [
        "Content-MD5",
        "X-Image-Meta-Checksum",
        "X-Storage-Token",
        "Accept-Encoding",
        "X-Auth-Token",
        "X-Identity-Status",
        "X-Roles",
        "X-Service-Catalog",
        "X-User-Id",
        "X-Tenant-Id",
        "X-OpenStack-Request-ID",
    ],
    "expose_headers": ["X-Image-Meta-Checksum", "X-Auth-Token", "X-Subject-Token", "X-Service-Token", "X-OpenStack-Request-ID"],
}
"""What Glance changes in oslo.middleware's defaults (FEATURES 8.2-05)."""


def make(app: WSGIApplication, service: Host) -> WSGIApplication:
    """Wrap ``app``; a request without an ``Origin`` passes by at no cost."""
    service.conf.register_opts(cors.CORS_OPTS, group="cors")
    for option, value in DEFAULTS.items():
        service.conf.set_default(option, value, group="cors")
    handler = cors.CORS(app, service.conf)

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        inner = handler if "HTTP_ORIGIN" in environ or environ["REQUEST_METHOD"] == "OPTIONS" else app
        return inner(environ, start_response)

    return middleware


def set_sample_defaults() -> None:
    """Tell the generator of sample configurations about our defaults; it runs in a process of its own."""
    cors.set_defaults(**DEFAULTS)
