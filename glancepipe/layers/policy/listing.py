"""Keeps what ``get_image`` denies out of listings. Part of the layer ``policy`` (FEATURES 3-20, 12-07).

A rule that looks at relation and visibility only, as the default does, is asked once per sight, and the database
never finds what it denies. Any other rule is asked row by row, and the page is filled up from behind the last row
that was examined, so that markers stay right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from glancepipe.contract import Caller, Image, ImageQuery, Page, Sight, replace
from glancepipe.contract.query import EVERYTHING
from glancepipe.layers.policy.targets import sight_target

PAGES = 10
"""How many pages' worth of rows are examined for one: a rule that lets little pass must not make a listing scan the table."""

_MEMBER = Sight("member", "shared")
_OTHER = Sight("other", "shared")


def narrowed(query: ImageQuery, caller: Caller, allows: Callable[[Mapping[str, Any]], bool]) -> ImageQuery | None:
    """The query less the sights that ``allows`` denies; None if sights can't tell, and each row must be asked.

    That is so if an administrator's answer for others' shared images depends on whether they are shared with its
    own project: to an administrator both are one sight.
    """
    sights = EVERYTHING if query.sights is None else query.sights
    answers = {sight: allows(sight_target(sight, caller)) for sight in sights}
    if _OTHER in answers and answers[_OTHER] != allows(sight_target(_MEMBER, caller)):
        return None
    if all(answers.values()):
        return query
    return replace(query.narrowed(answers.__getitem__), viewer=caller.project_id)


def filled(fetch: Callable[[ImageQuery], Page], query: ImageQuery, keep: Callable[[Image], bool]) -> Page:
    """A page of the rows that ``keep`` accepts, as full as can be had within the bound."""
    rows: list[Image] = []
    for _ in range(PAGES):
        page = fetch(query)
        for position, image in enumerate(page.rows, 1):
            if keep(image):
                rows.append(image)
                if len(rows) == query.limit:
                    return Page(rows, page.more or position < len(page.rows), image)
        if not page.more or page.last is None:
            break
        query = replace(query, after=page.last, marker=None)
    return Page(rows, page.more, page.last)
