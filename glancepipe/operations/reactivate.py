"""POST /v2/images/{image_id}/actions/reactivate: allow downloads."""

from glancepipe.contract import Call, Image, Nouns


def reactivate(nouns: Nouns, call: Call, image_id: str) -> Image:
    """Allow downloads again of the image; nothing happens if that is so already. Raises ImageNotFound, Forbidden."""
    image = nouns.repo.get(call, image_id)
    changes = nouns.image.reactivate(call, image)
    return image if changes.empty else nouns.repo.save(call, image, changes)
