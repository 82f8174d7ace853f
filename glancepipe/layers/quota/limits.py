"""What an owner may have, as the layer ``quota`` asks for it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from glancepipe.contract import Call, UsageReport
from glancepipe.contract.errors import LimitExceeded
from glancepipe.contract.records import Usage


class Limits(ABC):
    """The limits of all owners. ``of`` is what of an owner's usage one is about, as in ``Reservation``."""

    least: int
    """Bytes that must be left for data of unknown size."""
    midstream: bool
    """Whether data of unknown size is stopped where it exceeds the limit; else it counts for others while it arrives."""

    @abstractmethod
    def most(self, call: Call, owner: str | None, of: str) -> int | None:
        """The most that ``owner`` may have, in the unit of ``Usage``; None is no limit. Raises LimitsUnavailable."""

    @abstractmethod
    def exceeded(self, call: Call, owner: str | None, of: str, amount: int, error: LimitExceeded) -> LimitExceeded:
        """The refusal of ``amount`` more, in the words of whoever sets the limit. ``error`` says what there is."""

    def check(self) -> None:
        """See whether the limits can be found out. Raises LimitsUnavailable."""

    def report(self, call: Call, usage: Usage) -> UsageReport:
        """Limits and usage by name, as far as they are published (FEATURES 4.4-03). Raises LimitsUnavailable."""
        return {}
