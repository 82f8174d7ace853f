"""The part of an image that a download asks for, by Range or by its older alias Content-Range (FEATURES 1.7-05, 1.7-06)."""

from __future__ import annotations

import re

from glancepipe.contract import Span
from glancepipe.contract.errors import Invalid, NotSatisfiable

_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,19})\s*-\s*([0-9]{0,19})\s*", re.ASCII | re.IGNORECASE)
_CONTENT_RANGE = re.compile(r"\s*bytes\s+([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19}|\*)\s*", re.ASCII | re.IGNORECASE)


def span_of(size: int, asked: str | None, alias: str | None) -> Span | None:
    """The span of ``size`` bytes that the headers ask for, None for everything. Raises NotSatisfiable, Invalid."""
    if asked:
        if "," in asked:
            raise Invalid("Only one range can be asked for at a time.")
        found = _RANGE.fullmatch(asked)
        if found is None or not any(found.groups()):
            raise NotSatisfiable("The Range header does not name a range of bytes.")
        first, last = (int(text) if text else None for text in found.groups())
        return Span.within(size, first, last)
    if alias:
        found = _CONTENT_RANGE.fullmatch(alias)
        if found is None:
            raise NotSatisfiable("The Content-Range header does not name a range of bytes.")
        first, last = int(found[1]), int(found[2])
        # Unlike a Range it must lie within the data, and within what it claims of that (FEATURES 1.7-06).
        if last >= size or (found[3] != "*" and last >= int(found[3])):
            raise NotSatisfiable
        return Span.within(size, first, last)
    return None
