"""GET /v2/images/{image_id}: one record."""

from glancepipe.contract import Call, Image, Nouns


def show_image(nouns: Nouns, call: Call, image_id: str) -> Image:
    """The image's record. Raises ImageNotFound, Forbidden."""
    return nouns.repo.get(call, image_id)
