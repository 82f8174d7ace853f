"""``user_storage_quota``: the same bytes for every owner (FEATURES 6.2-06)."""

from __future__ import annotations

import re

from glancepipe.contract import Call
from glancepipe.contract.errors import LimitExceeded
from glancepipe.layers.quota.limits import Limits

_UNITS = {"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_STORAGE = re.compile(r"([0-9]+)(|B|KB|MB|GB|TB)")
_INT64 = (1 << 63) - 1


class LocalLimits(Limits):
    """Bytes that all images of one owner may have; None is no limit."""

    least = 1
    midstream = True

    def __init__(self, storage: int | None) -> None:
        self.storage = storage

    def most(self, call: Call, owner: str | None, of: str) -> int | None:
        return self.storage if of == "stored" else None

    def exceeded(self, call: Call, owner: str | None, of: str, amount: int, error: LimitExceeded) -> LimitExceeded:
        return LimitExceeded(f"The storage quota of {self.storage} bytes would be exceeded.")


def storage_quota(text: str) -> int | None:
    """Bytes that ``user_storage_quota`` means, None if there is no limit. Raises ValueError with one sentence."""
    match = _STORAGE.fullmatch(text)
    if match is None:
        raise ValueError(f"user_storage_quota = {text}: write a number, or a number directly followed by B, KB, MB, GB or TB.")
    number = int(match[1]) * _UNITS[match[2]]
    if number > _INT64:
        raise ValueError(f"user_storage_quota = {text}: it can be at most {_INT64} bytes; 0 means no limit.")
    return number or None
