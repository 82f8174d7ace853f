"""Routes of stores."""

from glancepipe.api import stores
from glancepipe.api.routes.route import Route, route

ROUTES = (
    Route("GET", "/v2/info/stores", stores.index, summary="List stores", answers={200: "stores"}, refuses=(404,)),
    route("show_stores", stores.detail, answers={200: "stores_in_detail"}, refuses=(404,)),
    route("delete_copy", stores.delete, answers={204: None}, refuses=(409,)),
)
