"""GET /v2/images/{image_id}/file: the image's data, or a part of it."""

from collections.abc import Callable

from glancepipe.contract import Call, Data, Image, Nouns, Span


def download_image(
    nouns: Nouns, call: Call, image_id: str, choose: Callable[[Image], Span | None], prefer: tuple[str, ...] = ()
) -> tuple[Image, Data]:
    """The record, and the data that ``choose`` picks of it, from a store among ``prefer`` if one of them has it.

    Whoever gets the data must end and close it. Raises what ``choose`` raises, and ImageNotFound, Forbidden, Invalid,
    NoData, NotSatisfiable, StoreUnavailable (FEATURES 1.7).
    """
    image = nouns.repo.get(call, image_id)
    return image, nouns.image.get_data(call, image, choose(image), prefer)
