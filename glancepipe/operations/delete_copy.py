"""DELETE /v2/stores/{store_id}/{image_id}: one of several copies of an image's data."""

from glancepipe.contract import Call, ChangeSet, Image, Nouns, Status
from glancepipe.contract.errors import Conflict, Forbidden, NotFound


def delete_copy(nouns: Nouns, call: Call, image_id: str, store: str) -> Image:
    """Take the copy in ``store`` off the record and erase it. What is checked, and in which order, is FEATURES 1.3-22.

    Raises ImageNotFound, Forbidden (the last copy, too), Conflict, NotFound (it is not in that store), InUse.
    """
    image = nouns.repo.get(call, image_id)
    if image.status != Status.ACTIVE:
        raise Conflict(f"Only an active image's data can be deleted from a store; image {image_id} is {image.status}.")
    if len(image.locations) == 1:
        raise Forbidden("The only copy of an image's data can't be deleted; delete the image instead.")
    copy = next((location for location in image.locations if location.store == store), None)
    if copy is None:
        raise NotFound(f"Image {image_id} has no data in the store '{store}'.")
    return nouns.repo.save(call, image, ChangeSet.of(image, locations=tuple(kept for kept in image.locations if kept is not copy)))
