"""DELETE /v2/images/{image_id}/members/{member_id}: stop sharing an image with a project."""

from glancepipe.contract import Call, Nouns


def delete_member(nouns: Nouns, call: Call, image_id: str, member_id: str) -> None:
    """Stop sharing. Raises ImageNotFound, NotFound, Forbidden (FEATURES 4.1-05)."""
    image = nouns.repo.get(call, image_id)
    nouns.members.remove(call, image, nouns.members.get(call, image, member_id))
