"""PUT /v2/images/{image_id}/members/{member_id}: accept or reject a shared image."""

from glancepipe.contract import Call, Member, Nouns


def modify_member(nouns: Nouns, call: Call, image_id: str, member_id: str, status: str) -> Member:
    """Set the membership's status. Raises ImageNotFound, NotFound, Forbidden, Invalid (FEATURES 4.1-03)."""
    image = nouns.repo.get(call, image_id)
    return nouns.members.save(call, image, nouns.members.get(call, image, member_id), status)
