"""PUT /v2/images/{image_id}/tags/{tag}: one more tag."""

from glancepipe.contract import Call, ChangeSet, Image, Nouns


def add_tag(nouns: Nouns, call: Call, image_id: str, tag: str) -> Image:
    """Add the tag, which may be there already. Raises ImageNotFound, Forbidden, Invalid, LimitExceeded (FEATURES 4.2-01)."""
    image = nouns.repo.get(call, image_id)
    return nouns.repo.save(call, image, ChangeSet.of(image, tags=image.tags | {tag}))
