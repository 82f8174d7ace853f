"""The document as a whole: what it is about, its paths, and what these have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from oslo_config import cfg

import glancepipe
from glancepipe.api.openapi import components, operations, refusals
from glancepipe.api.routes.route import Route

VERSION = "3.1.0"
"""Of OpenAPI: its schemas are JSON Schema 2020-12."""


def describe(conf: cfg.ConfigOpts, routes: Sequence[Route], published: Mapping[str, bytes]) -> dict[str, Any]:
    """The description of ``routes``, with the schemas that ``published`` has under ``/v2/schemas`` and those that only this has.

    ``conf`` needs the options of core and API. Raises KeyError for a route that names a schema which nobody describes.
    """
    paths: dict[str, dict[str, Any]] = {}
    schemas = components.schemas(conf, {name: orjson.loads(document) for name, document in published.items()})
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = operations.operation(route, routes, schemas)
    document: dict[str, Any] = {
        "openapi": VERSION,
        "info": {
            "title": "glancepipe",
            "version": glancepipe.__version__,
            "summary": "An image service that speaks the OpenStack Image API v2",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": conf.public_endpoint.rstrip("/") if conf.public_endpoint else "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": {"request_id": operations.REQUEST_ID},
            "headers": {"request_id": operations.REQUEST_ID_SENT},
            "responses": refusals.RESPONSES,
        },
    }
    if conf.api.auth_strategy == "keystone":
        document["components"]["securitySchemes"] = {"token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}}
        document["security"] = [{"token": []}]
    return document
