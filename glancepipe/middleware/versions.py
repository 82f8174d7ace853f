"""Version discovery and negotiation, before anybody asks for a token (FEATURES 1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from webob import Request, Response
from webob.exc import HTTPFound

from glancepipe.api.versions import minors, versions_document
from glancepipe.middleware import Host

MEDIA_TYPE = "application/vnd.openstack.images-"
"""What an Accept header begins with that names a version (FEATURES 1.1-07)."""


def make(app: WSGIApplication, service: Host) -> WSGIApplication:
    """Wrap ``app``, which knows ``/v2/`` only. Every other version gets the list of versions, with status 300."""
    allowed = {"v2", *(f"v2.{minor}" for minor in minors(service.conf))}

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Whoever joins an endpoint's URL and a path may double the slash.
        path = re.sub("//+", "/", environ["PATH_INFO"])
        version, slash, rest = path.removeprefix("/").partition("/")
        if version == "versions":
            return _listed(environ, 200)(environ, start_response)
        accepted = environ.get("HTTP_ACCEPT", "")
        if accepted.startswith(MEDIA_TYPE):
            # The header names the version, so the path does not (FEATURES 1.1-07).
            version, slash, rest = accepted.removeprefix(MEDIA_TYPE), "/", path.removeprefix("/")
        if version not in allowed:
            return _listed(environ, 300)(environ, start_response)
        if not slash:
            return HTTPFound(location=f"{Request(environ).application_url}/v2/")(environ, start_response)
        # There is no gate per minor version: all of them are served as /v2 (FEATURES 1.1-06).
        environ["PATH_INFO"] = f"/v2/{rest}"
        return app(environ, start_response)

    def _listed(environ: WSGIEnvironment, status: int) -> Response:
        return Response(status=status, json={"versions": versions_document(service.conf, Request(environ).application_url)})

    return middleware
