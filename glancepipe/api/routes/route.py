"""One row of the routes tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Concatenate

import falcon

from glancepipe.api.request import Request
from glancepipe.api.shared import Shared
from glancepipe.contract import OPERATIONS

Handler = Callable[Concatenate[Shared, Request, falcon.Response, ...], None]
"""Answers a request; the fields of the path come as keyword arguments."""

BYTES = "bytes"
"""In ``takes`` and ``answers``: an image's data instead of a JSON document."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter or header that a route knows, or a header of an answer. ``schema`` is its JSON schema.

    An array may be given several times; an object stands for all parameters that have no row of their own.
    """

    name: str
    schema: Mapping[str, object]
    summary: str = ""
    where: str = "query"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path, with what its OpenAPI description says of it.

    ``body``: a request may have one, elsewhere it is refused (FEATURES 1.2-03). ``takes`` names the body's schema.
    ``answers``: the statuses of success, each with the name of the schema of what is answered, None if that is nothing.
    ``refuses``: statuses of refusals beside those that any route of its kind may answer (``openapi.refusals``).
    ``sends``: headers of a success. ``yields``: fields of paths that the document answered can fill, each with a JSON
    pointer into it (RFC 6901); from these the description's links are made.
    """

    method: str
    path: str
    handler: Handler
    operation: str | None = None
    body: bool = False
    summary: str = ""
    takes: str | None = None
    answers: Mapping[int, str | None] = field(default_factory=lambda: {200: None})
    refuses: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    sends: tuple[Parameter, ...] = ()
    yields: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the route is called in the description: its operation, or for lack of one its method and path."""
        words = [self.method.lower(), *re.findall(r"[a-z0-9]+", self.path.removeprefix("/v2"))]
        return self.operation or "_".join(words)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the path, in their order."""
        return tuple(re.findall(r"{(\w+)}", self.path))


def route(
    operation: str,
    handler: Handler,
    *,
    takes: str | None = None,
    body: bool | None = None,
    answers: Mapping[int, str | None],
    refuses: tuple[int, ...] = (),
    parameters: tuple[Parameter, ...] = (),
    sends: tuple[Parameter, ...] = (),
    yields: Mapping[str, str] | None = None,
) -> Route:
    """The row of an operation: its method, path and summary are those of the table of operations."""
    row = OPERATIONS[operation]
    accepts = takes is not None if body is None else body
    return Route(row.method, row.path, handler, operation, accepts, row.summary, takes, answers, refuses, parameters, sends, yields or {})
