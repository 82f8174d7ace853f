"""DELETE /v2/images/{image_id}/tags/{tag}: one tag less."""

from glancepipe.contract import Call, ChangeSet, Image, Nouns
from glancepipe.contract.errors import NotFound


def remove_tag(nouns: Nouns, call: Call, image_id: str, tag: str) -> Image:
    """Remove the tag. Raises ImageNotFound, Forbidden, NotFound if it isn't there (FEATURES 4.2-02)."""
    image = nouns.repo.get(call, image_id)
    if tag not in image.tags:
        raise NotFound(f"Image {image_id} has no tag {tag!r}.")
    return nouns.repo.save(call, image, ChangeSet.of(image, tags=image.tags - {tag}))
