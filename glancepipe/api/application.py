"""Makes the API out of a configuration, the pipeline's nouns, the stores and the runner of tasks: a WSGI application."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import Any

import falcon
from oslo_config import cfg

from glancepipe.api import answers, errors, openapi, schemas
from glancepipe.api.gate import Gate, Path
from glancepipe.api.metadefs import schemas as metadef_schemas
from glancepipe.api.queries import Paging
from glancepipe.api.request import Request
from glancepipe.api.routes import ROUTES
from glancepipe.api.shared import Shared
from glancepipe.api.validation import Checks
from glancepipe.api.views import ImageView
from glancepipe.contract import Nouns, Stores
from glancepipe.pipeline.loading import installed
from glancepipe.tasks.runner import Runner

IMPORTERS = "glancepipe.importers"
"""The entry point group in which import methods are found."""


def make_api(conf: cfg.ConfigOpts, nouns: Nouns, stores: Stores, runner: Runner) -> falcon.App[Any, Any]:
    """The API, which knows ``/v2/`` only and trusts the WSGI environment as to who calls (see ``calls``).

    Raises ValueError with one sentence if the file of custom properties is wrong.
    """
    custom = schemas.custom_properties(conf)
    image_schema = schemas.image_schema(conf, custom)
    # Clients choose a method by what is announced: only what an importer can do is.
    importers = installed(IMPORTERS)
    documents = schemas.documents(image_schema)

    @cache
    def description() -> bytes:
        # Made when somebody asks for it, which few do.
        return answers.encoded(openapi.describe(conf, ROUTES, documents))

    shared = Shared(
        nouns=nouns,
        stores=stores,
        runner=runner,
        view=ImageView(conf, stores),
        checks=Checks(image_schema, custom),
        paging=Paging.of(conf),
        schemas=documents | metadef_schemas.documents(),
        description=description,
        import_methods=tuple(method for method in conf.enabled_import_methods if method in importers),
        locations_shown=conf.show_multiple_locations,
        json_limit=conf.api.max_json_body_size,
        patch_limit=conf.api.max_patch_operations,
    )
    app: falcon.App[Any, Any] = falcon.App(request_type=Request, middleware=[Gate()])
    # A comma in a header's or parameter's value is for handlers to judge.
    app.req_options.auto_parse_qs_csv = False
    errors.add_handlers(app)
    for path, routes in groupby(sorted(ROUTES, key=lambda route: route.path), key=lambda route: route.path):
        app.add_route(path, Path(shared, list(routes)))
    return app
