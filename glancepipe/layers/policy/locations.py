"""Where the data of a location may lie that a caller hands over (FEATURES 4.6-02). Part of the layer ``policy``."""

from __future__ import annotations

from collections.abc import Iterable

from glancepipe.contract import Caller, Location, Stores
from glancepipe.contract.errors import Forbidden
from glancepipe.contract.uris import SCHEMES


def refuse_strange_places(caller: Caller, locations: Iterable[Location], stores: Stores) -> None:
    """Other services know what they point to; everybody else may name what lies on the web, if that is taken. Raises Forbidden."""
    if "service" in caller.roles | caller.service_roles:
        return
    if not any(set(SCHEMES).intersection(store.schemes) for store in stores):
        raise Forbidden("Only other services may add locations here, since no store of the type http is enabled.")
    if not all(location.url.partition("://")[0] in SCHEMES for location in locations):
        raise Forbidden("Only other services may add a location that does not begin with http:// or https://.")
