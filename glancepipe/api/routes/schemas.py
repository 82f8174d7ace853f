"""Routes of the JSON schemas."""

from glancepipe.api import schemas_view
from glancepipe.api.metadefs.schemas import DOCUMENTS
from glancepipe.api.routes.route import Route

NAMES = ("image", "images", "member", "members", "task", "tasks")

METADEFS = tuple(f"metadefs/{name}" for name in DOCUMENTS)

ROUTES = tuple(
    Route("GET", f"/v2/schemas/{name}", schemas_view.show, summary=f"Show the schema {name}", answers={200: "schema"})
    for name in (*NAMES, *METADEFS)
)
