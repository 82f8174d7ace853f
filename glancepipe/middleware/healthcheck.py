"""``GET /healthcheck``: whether a load balancer should send requests here (FEATURES 1.3-41).

Plain text: ``OK``, or 503 and the reason. With ``?detailed`` or ``Accept: application/json``: everything that layers and
stores have to report, in the shape of oslo.middleware's health check.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from oslo_middleware.healthcheck.opts import DISABLE_BY_FILE_OPTS
from webob import Request, Response
from webob.exc import HTTPMethodNotAllowed

from glancepipe.contract import Finding
from glancepipe.middleware import Host


def make(app: WSGIApplication, service: Host) -> WSGIApplication:
    """Wrap ``app``. While the file ``[healthcheck] disable_by_file_path`` exists the service says it is down."""
    service.conf.register_opts(DISABLE_BY_FILE_OPTS, group="healthcheck")

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/healthcheck":
            return app(environ, start_response)
        request = Request(environ)
        if request.method not in ("GET", "HEAD"):
            return HTTPMethodNotAllowed(headers={"Allow": "GET, HEAD"})(environ, start_response)
        return _answer(request, _findings(service))(environ, start_response)

    return middleware


def _findings(service: Host) -> list[Finding]:
    disabling = service.conf.healthcheck.disable_by_file_path
    if disabling and Path(disabling).exists():
        return [Finding("DISABLED BY FILE", down=True)]
    return list(service.check())


def _answer(request: Request, findings: list[Finding]) -> Response:
    down = [finding.sentence for finding in findings if finding.down]
    status = 503 if down else 200
    preferred = request.accept.acceptable_offers(["text/plain", "application/json"])[:1]
    if "detailed" in request.GET or (preferred and preferred[0][0] == "application/json"):
        reasons = [{"reason": finding.sentence, "down": finding.down} for finding in findings] or [{"reason": "OK", "down": False}]
        return Response(status=status, json={"detailed": True, "reasons": reasons})
    return Response(status=status, text="\n".join(down) or "OK", content_type="text/plain")
