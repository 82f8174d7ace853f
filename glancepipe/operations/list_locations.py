"""GET /v2/images/{image_id}/locations: where an image's data is."""

from collections.abc import Sequence

from glancepipe.contract import Call, Location, Nouns


def list_locations(nouns: Nouns, call: Call, image_id: str) -> Sequence[Location]:
    """The locations. Raises ImageNotFound, Forbidden (FEATURES 4.6-06)."""
    return nouns.repo.get(call, image_id).locations
