"""What a listing asks for, and what it answers: auth says what may be seen, policy narrows it, db applies it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from glancepipe.contract.records import Image

Relation = Literal["own", "member", "other"]
VISIBILITIES = ("public", "private", "shared", "community")


@dataclass(frozen=True, slots=True)
class Sight:
    """One class of images that a listing may contain: the caller's relation to it, and its visibility.

    ``own``: the caller's project owns it. ``member``: shared with that project. ``other``: everything else,
    and for an administrator everything that is not its own. The whole of what may be seen is a set of these.
    """

    relation: Relation
    visibility: str


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. ``attribute`` is a base attribute, ``tag``, or a custom property if ``custom``.

    ``op``: ``eq neq gt gte lt lte in``; ``in`` takes a tuple. Values have the attribute's own type.
    """

    attribute: str
    op: Literal["eq", "neq", "gt", "gte", "lt", "lte", "in"]
    value: str | int | bool | datetime | tuple[str, ...] | None
    custom: bool = False


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """A listing (FEATURES 3). ``sort`` pairs are (attribute, ascending); the database appends created_at and id.

    ``marker`` is the id that the caller named; auth replaces it by ``after``, the record behind which the page
    starts. ``visibility`` is the caller's filter; ``sights`` is what auth makes of it, None meaning everything.
    ``viewer`` is the project whose relations ``sights`` speak of; ``member_status`` counts for ``member``.
    """

    filters: tuple[Filter, ...] = ()
    sort: tuple[tuple[str, bool], ...] = (("created_at", False),)
    tie_ascending: bool = False
    limit: int = 25
    marker: str | None = None
    after: Image | None = None
    visibility: str | None = None
    hidden: bool = False
    member_status: str = "accepted"
    viewer: str | None = None
    sights: frozenset[Sight] | None = None

    def narrowed(self, keep: Callable[[Sight], bool]) -> ImageQuery:
        """The query less the sights that ``keep`` rejects."""
        sights = self.sights if self.sights is not None else EVERYTHING
        return replace(self, sights=frozenset(filter(keep, sights)))


EVERYTHING: frozenset[Sight] = frozenset(
    Sight(relation, visibility)
    for relation in ("own", "member", "other")
    for visibility in VISIBILITIES
    if relation != "member" or visibility == "shared"
)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a listing. ``more``: rows follow. ``last`` is the last row *examined*, where the next page starts.

    A layer that drops rows keeps ``last``; it may ask on from there to refill the page, within a bound.
    """

    rows: Sequence[Image] = field(default_factory=tuple)
    more: bool = False
    last: Image | None = None
