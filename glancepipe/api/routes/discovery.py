"""Routes that say what the service offers: import methods, usage."""

from glancepipe.api import discovery
from glancepipe.api.openapi import view
from glancepipe.api.routes.route import Route, route

ROUTES = (
    Route("GET", "/v2/info/import", discovery.import_methods, summary="List import methods", answers={200: "import_methods"}),
    route("show_usage", discovery.usage, body=True, answers={200: "usage"}),
    Route("GET", "/v2/openapi.json", view.show, summary="Describe this API", answers={200: "description"}),
)
