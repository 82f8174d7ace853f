"""The routes as a page of tables: what each is, the policy rule that guards it, the notifications that it sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from glancepipe.api.openapi.operations import tag
from glancepipe.api.routes.route import Route
from glancepipe.contract import OPERATIONS

_HEAD = (
    "# The API",
    "",
    "What can be asked of the service; made by `make docs` (`glancepipe openapi --markdown`). Parameters, bodies, answers and refusals",
    "are in the description that `GET /v2/openapi.json` answers to any caller, and `glancepipe openapi` prints.",
)


def page(routes: Sequence[Route]) -> Iterator[str]:
    """The lines of the page, in Markdown."""
    yield from _HEAD
    for kind, found in groupby(sorted(routes, key=tag), key=tag):
        yield from ("", f"## {kind}", "", "| request | what it does | policy rule | events |", "|---|---|---|---|")
        yield from map(_row, found)


def _row(route: Route) -> str:
    operation = OPERATIONS[route.operation] if route.operation else None
    rules = (*operation.first, operation.rule) if operation else ()
    events = operation.events if operation else ()
    cells = (
        f"`{route.method} {route.path}`",
        route.summary,
        *(", ".join(f"`{each}`" for each in some if each) for some in (rules, events)),
    )
    return f"| {' | '.join(cells)} |"
