"""POST /v2/images/{image_id}/actions/deactivate: forbid downloads."""

from glancepipe.contract import Call, Image, Nouns


def deactivate(nouns: Nouns, call: Call, image_id: str) -> Image:
    """Forbid downloads of the image; nothing happens if that is so already. Raises ImageNotFound, Forbidden."""
    image = nouns.repo.get(call, image_id)
    changes = nouns.image.deactivate(call, image)
    return image if changes.empty else nouns.repo.save(call, image, changes)
