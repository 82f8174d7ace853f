"""GET /v2/images/{image_id}/members/{member_id}: one membership."""

from glancepipe.contract import Call, Member, Nouns


def show_member(nouns: Nouns, call: Call, image_id: str, member_id: str) -> Member:
    """The membership of that project. Raises ImageNotFound, NotFound, Forbidden."""
    return nouns.members.get(call, nouns.repo.get(call, image_id), member_id)
