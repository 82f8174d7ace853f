"""POST /v2/images: a new record, without data."""

from glancepipe.contract import Call, Image, ImageValues, Nouns


def create_image(nouns: Nouns, call: Call, values: ImageValues) -> Image:
    """Make and keep a new image record. Raises Invalid, Forbidden, Duplicate, LimitExceeded (FEATURES 1.4)."""
    return nouns.repo.add(call, nouns.factory.new_image(call, values))
