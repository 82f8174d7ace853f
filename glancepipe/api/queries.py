"""From a query string to an ImageQuery, and to the links that lead through the pages (FEATURES 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from oslo_config import cfg

from glancepipe.api.filters import filter_of
from glancepipe.contract import ImageQuery, Page
from glancepipe.contract.errors import Invalid
from glancepipe.contract.query import VISIBILITIES

SORT_KEYS = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")
MEMBER_STATUSES = ("pending", "accepted", "rejected", "all")
MOST_PARAMETERS = 1000
"""A query with more of them is refused before it is looked at."""

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Paging:
    """How long a page is: if the request does not say, and at most."""

    default: int
    most: int

    @classmethod
    def of(cls, conf: cfg.ConfigOpts) -> Paging:
        """As configured (FEATURES 3-01)."""
        return cls(conf.limit_param_default, conf.api_limit_max)


def pairs_of(query_string: str) -> Pairs:
    """The parameters of a query string, in their order. Raises Invalid (FEATURES 1.2-07)."""
    try:
        pairs = parse_qsl(query_string, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise Invalid("The query string is not UTF-8.") from None
    except ValueError:
        raise Invalid(f"The query string has more than {MOST_PARAMETERS} parameters.") from None
    if any("\0" in text for pair in pairs for text in pair):
        raise Invalid("The query string must not contain NUL.")
    return pairs


def image_query(pairs: Pairs, paging: Paging) -> ImageQuery:
    """What a listing asks for. Raises Invalid (FEATURES 3)."""
    asked = Asked(pairs)
    limit = whole("limit", asked.last("limit"), paging.default)
    sort, tie_ascending = _sort(asked)
    visibility = asked.one_of("visibility", (*VISIBILITIES, "all"))
    member_status = asked.one_of("member_status", MEMBER_STATUSES)
    hidden = asked.last("os_hidden", "false").lower()
    if hidden not in ("true", "false"):
        raise Invalid("os_hidden must be true or false.")
    marker = asked.last("marker")
    filters = [found for name, value in asked.rest() if (found := filter_of(name, value)) is not None]
    return ImageQuery(
        filters=tuple(filters),
        sort=sort,
        tie_ascending=tie_ascending,
        limit=min(limit, paging.most),
        marker=marker,
        visibility=visibility,
        hidden=hidden == "true",
        member_status=member_status or "accepted",
    )


def links(path: str, pairs: Pairs, page: Page, limit: int) -> dict[str, str]:
    """``first``, and ``next`` if rows follow."""
    return links_behind(path, pairs, page.last.id if limit and page.more and page.last is not None else None)


def links_behind(path: str, pairs: Pairs, marker: str | None) -> dict[str, str]:
    """``first``, and ``next`` if rows follow ``marker``; every parameter is repeated as often as it was given (FEATURES 12-07)."""
    kept = [(name, value) for name, value in pairs if name != "marker"]
    found = {"first": _link(path, kept)}
    if marker is not None:
        found["next"] = _link(path, [*kept, ("marker", marker)])
    return found


def _link(path: str, pairs: Pairs) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path


@dataclass(slots=True)
class Asked:
    """Parameters by name; what was asked for by name is not among the rest."""

    pairs: Pairs
    taken: set[str] = field(default_factory=set)

    def all(self, name: str) -> list[str]:
        """Every value of a parameter."""
        self.taken.add(name)
        return [value for key, value in self.pairs if key == name]

    def last(self, name: str, otherwise: Any = None) -> Any:
        """The last value of a parameter, ``otherwise`` if it was not given."""
        values = self.all(name)
        return values[-1] if values else otherwise

    def one_of(self, name: str, allowed: Sequence[str]) -> str | None:
        """The last value of a parameter that has few. Raises Invalid."""
        value: str | None = self.last(name)
        if value is not None and value not in allowed:
            raise Invalid(f"{name} must be one of {', '.join(allowed)}.")
        return value

    def rest(self) -> Pairs:
        """What nobody asked for by name."""
        return [pair for pair in self.pairs if pair[0] not in self.taken]


def whole(name: str, text: str | None, otherwise: int) -> int:
    """The whole number that a parameter must be; ``otherwise`` if it was not given. Raises Invalid."""
    if text is None:
        return otherwise
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise Invalid(f"{name} must be a whole number of 0 or more.")
    return int(text)


def _sort(asked: Asked) -> tuple[tuple[tuple[str, bool], ...], bool]:
    """Sort keys with "is ascending", and the direction of the tie-break (FEATURES 3-05 to 3-08)."""
    combined, keys, directions = asked.all("sort"), asked.all("sort_key"), asked.all("sort_dir")
    if combined:
        if keys or directions:
            raise Invalid("Use either sort, or sort_key and sort_dir.")
        parts = [part.strip().partition(":") for part in ",".join(combined).split(",")]
        keys, directions = [key for key, _, _ in parts], [direction or "desc" for _, _, direction in parts]
    keys, directions = keys or ["created_at"], directions or ["desc"]
    for direction in directions:
        if direction not in ("asc", "desc"):
            raise Invalid("A sort direction must be asc or desc.")
    if len(directions) == 1:
        tie, directions = directions[0], directions * len(keys)
    else:
        tie = "desc"
    if len(directions) != len(keys):
        raise Invalid(f"{len(keys)} sort keys need as many sort directions, or just one.")
    found: dict[str, bool] = {}
    for key, direction in zip(keys, directions, strict=True):
        if key not in SORT_KEYS:
            raise Invalid(f"A sort key must be one of {', '.join(SORT_KEYS)}.")
        found.setdefault(key, direction == "asc")
    return tuple(found.items()), tie == "asc"
