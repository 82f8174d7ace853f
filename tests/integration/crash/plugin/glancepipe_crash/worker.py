"""One worker process of the service without a server around it: requests come through a pipe, one after the other.

It starts by a fork of a process that has imported everything, so a test may have as many of them as it likes.
"""

from __future__ import annotations

import logging
from importlib.metadata import entry_points
from multiprocessing.connection import Connection
from pathlib import Path

from webob import Request

from glancepipe.config import load
from glancepipe.service import Service, make_application

# What every worker would import.
for group in ("glancepipe.layers", "glancepipe.middleware", "glancepipe.stores"):
    for point in entry_points(group=group):
        point.load()


def work(config: Path, connection: Connection) -> None:
    """Say that the service has started, then answer what comes until nothing more can come; close it in the end."""
    logging.basicConfig(filename=config.with_suffix(".log"), level=logging.INFO, format="%(process)d %(levelname)s %(name)s %(message)s")
    service = make_application(load(config_files=[str(config)]))
    service.start()
    try:
        connection.send(None)
        while True:
            connection.send(answer(service, *connection.recv()))
    except EOFError:
        service.close()


def answer(service: Service, method: str, path: str, headers: dict[str, str], body: bytes, announced: bool) -> tuple[int, bytes]:
    """Status and body that the service gives to one request; ``announced`` says whether it has a Content-Length."""
    request = Request.blank(path, method=method, headers=headers, body=body)
    if not announced:
        del request.environ["CONTENT_LENGTH"]
        request.environ["wsgi.input_terminated"] = True
    response = request.get_response(service)
    return response.status_int, response.body
