"""The operator's command: a deleted image whose data is still there comes back."""

from glancepipe.contract import Call, Image, Nouns


def restore_image(nouns: Nouns, call: Call, image_id: str) -> Image:
    """The image, active again. Raises ImageNotFound, Conflict if its data is gone (FEATURES 2.3-16)."""
    return nouns.repo.restore(call, image_id)
