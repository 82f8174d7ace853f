"""PATCH /v2/images/{image_id}: several changes to one record, all of them or none."""

from collections.abc import Callable

from glancepipe.contract import Call, ChangeSet, Image, Nouns


def modify_image(nouns: Nouns, call: Call, image_id: str, edit: Callable[[Image], ChangeSet]) -> Image:
    """Save what ``edit`` makes of the record; nothing if it touches nothing (FEATURES 1.5-02, 1.5-16).

    Raises ImageNotFound, Forbidden, Invalid, Conflict, LimitExceeded, and what ``edit`` raises.
    """
    image = nouns.repo.get(call, image_id)
    changes = edit(image)
    return image if changes.empty else nouns.repo.save(call, image, changes)
