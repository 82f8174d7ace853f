"""GET /v2/images: a page of records."""

from glancepipe.contract import Call, ImageQuery, Nouns, Page


def list_images(nouns: Nouns, call: Call, query: ImageQuery) -> Page:
    """The page that ``query`` asks for. Raises Invalid (marker), Forbidden (FEATURES 3)."""
    return nouns.repo.list(call, query)
