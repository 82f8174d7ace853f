"""DELETE /v2/images/{image_id}: the record and the data."""

from glancepipe.contract import Call, Nouns
from glancepipe.contract.errors import StatusChanged

ATTEMPTS = 5
"""How often a deletion starts afresh when the image's status changes under it (an upload that just ended)."""


def delete_image(nouns: Nouns, call: Call, image_id: str) -> None:
    """Delete the image. Raises ImageNotFound, Forbidden, InvalidTransition, InUse, StoreUnavailable (FEATURES 1.3-05)."""
    for attempt in range(1, ATTEMPTS + 1):
        image = nouns.repo.get(call, image_id)
        try:
            nouns.repo.remove(call, image, nouns.image.delete(call, image))
        except StatusChanged:
            if attempt == ATTEMPTS:
                raise
        else:
            return
