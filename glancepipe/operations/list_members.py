"""GET /v2/images/{image_id}/members: the projects with which an image is shared."""

from collections.abc import Sequence

from glancepipe.contract import Call, Member, Nouns


def list_members(nouns: Nouns, call: Call, image_id: str) -> Sequence[Member]:
    """The memberships that the caller may see. Raises ImageNotFound, Forbidden."""
    return nouns.members.list(call, nouns.repo.get(call, image_id))
