"""Routes of the locations of an image."""

from glancepipe.api import locations
from glancepipe.api.routes.route import route

ROUTES = (
    route("add_location", locations.add, takes="new_location", answers={202: None}, refuses=(409,)),
    route("list_locations", locations.index, answers={200: "locations"}),
)
