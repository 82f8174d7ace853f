"""What an update wants to alter: an immutable value that travels through the layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from glancepipe.contract.records import Image, Intent


class Absent(Enum):
    """The type of ``ABSENT``: "there is none", which is not the same as None."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Change:
    """One touched field: its value before and after. A custom property may be ABSENT on either side."""

    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Every field that an operation touched, even if its value stays the same (FEATURES 1.5-14).

    ``base`` holds base attributes, ``tags`` and ``locations`` by name; ``properties`` the custom properties.
    Fields that are not in it are never written, so a layer or a caller can't lose what it can't see.
    A change of ``status`` is a compare-and-swap: saving raises StatusChanged if the stored status is no
    longer ``old``. ``begins`` and ``settles`` are journal entries that open and close with this very commit.
    """

    base: Mapping[str, Change] = field(default_factory=dict)
    properties: Mapping[str, Change] = field(default_factory=dict)
    begins: tuple[Intent, ...] = ()
    settles: tuple[str, ...] = ()

    @classmethod
    def of(cls, image: Image, **values: Any) -> ChangeSet:
        """The change that gives base attributes of ``image`` new values."""
        return cls({name: Change(getattr(image, name), value) for name, value in values.items()})

    def plus(self, other: ChangeSet) -> ChangeSet:
        """Both changes in one; where both touch a field the older ``old`` and the newer ``new`` stay."""
        return ChangeSet(
            _merged(self.base, other.base),
            _merged(self.properties, other.properties),
            self.begins + other.begins,
            self.settles + other.settles,
        )

    def beginning(self, *intents: Intent) -> ChangeSet:
        """The same change, which also opens journal entries."""
        return ChangeSet(self.base, self.properties, self.begins + intents, self.settles)

    def settling(self, *intent_ids: str) -> ChangeSet:
        """The same change, which also closes journal entries."""
        return ChangeSet(self.base, self.properties, self.begins, self.settles + intent_ids)

    def __contains__(self, name: str) -> bool:
        return name in self.base

    def __iter__(self) -> Iterator[tuple[str, Change]]:
        """Base attributes that were touched, with their changes."""
        return iter(self.base.items())

    def new(self, name: str, otherwise: Any = None) -> Any:
        """The value that a base attribute is to have, or ``otherwise`` if it is not touched."""
        change = self.base.get(name)
        return otherwise if change is None else change.new

    def alters(self, name: str) -> bool:
        """Whether a base attribute gets a value that differs from the one before."""
        change = self.base.get(name)
        return change is not None and change.old != change.new

    @property
    def empty(self) -> bool:
        """Whether nothing at all was touched."""
        return not (self.base or self.properties or self.begins or self.settles)


def _merged(first: Mapping[str, Change], then: Mapping[str, Change]) -> Mapping[str, Change]:
    if not first or not then:
        return first or then
    return {**first, **{name: Change(first[name].old if name in first else change.old, change.new) for name, change in then.items()}}
