"""Conditions of a download: whether the client has the data already, or a part of the same data (FEATURES 12-15; RFC 9110, 13).

An image's data never changes once it is active, so its digest is a strong validator.
"""

from __future__ import annotations

from glancepipe.contract import Image


def etag(image: Image) -> str | None:
    """The entity tag of the data, None if its digest is not known."""
    digest = image.os_hash_value or image.checksum
    return f'"{digest}"' if digest else None


def validators(image: Image) -> dict[str, str]:
    """What an answer with data, or instead of it, says so that the client can ask better next time."""
    tag = etag(image)
    return {"Accept-Ranges": "bytes"} | ({"ETag": tag} if tag else {})


def is_known(if_none_match: str | None, image: Image) -> bool:
    """Whether the client has the data: one of its tags is the data's, weak or not, or any will do."""
    tag = etag(image)
    if if_none_match is None or tag is None:
        return False
    tags = [given.strip().removeprefix("W/") for given in if_none_match.split(",")]
    return tag in tags or tags == ["*"]


def is_current(if_range: str | None, image: Image) -> bool:
    """Whether the part that the client asks for belongs to what it has; else it needs the whole."""
    return if_range is None or if_range.strip() == etag(image)
