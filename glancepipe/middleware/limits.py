"""Refuses requests whose URL or headers are longer than anybody needs: 414, 431 (RFC 9110, 15.5.15; RFC 6585, 5).

Servers have limits of their own, which differ; these hold under any of them. What a middleware further in adds to the
headers, such as a catalog of services, is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from webob.exc import HTTPRequestHeaderFieldsTooLarge, HTTPRequestURITooLong

from glancepipe.middleware import Host


def make(app: WSGIApplication, service: Host) -> WSGIApplication:
    """Wrap ``app`` with the limits of group [api]: ``max_url_length``, ``max_headers``, ``max_header_size``."""
    settings = service.conf.api
    url, count, size = settings.max_url_length, settings.max_headers, settings.max_header_size

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        inner = app
        headers = [name for name in environ if name.startswith("HTTP_")]
        if len(environ["PATH_INFO"]) + len(environ.get("QUERY_STRING", "")) > url:
            inner = HTTPRequestURITooLong(f"Path and query string may have at most {url} bytes together.")
        elif len(headers) > count:
            inner = HTTPRequestHeaderFieldsTooLarge(f"A request may have at most {count} headers.")
        elif any(len(name) - len("HTTP_") + len(environ[name]) > size for name in headers):
            inner = HTTPRequestHeaderFieldsTooLarge(f"A header may have at most {size} bytes.")
        return inner(environ, start_response)

    return middleware
