"""POST /v2/images/{image_id}/members: share an image with one more project."""

from glancepipe.contract import Call, Member, Nouns


def add_member(nouns: Nouns, call: Call, image_id: str, member_id: str) -> Member:
    """Share the image. Raises ImageNotFound, Forbidden, Duplicate, LimitExceeded (FEATURES 4.1-02)."""
    return nouns.members.add(call, nouns.repo.get(call, image_id), member_id)
