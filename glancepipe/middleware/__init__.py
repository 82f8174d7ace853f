"""WSGI middleware, one module each; ``[wsgi] middleware`` says which and in what order.

A middleware is an entry point in ``glancepipe.middleware``: a callable ``(app, service)`` that answers a WSGI
application. ``service`` is a ``Host``: what the middleware may know of what it stands in front of.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from oslo_config import cfg

from glancepipe.contract import Finding, Stores
from glancepipe.pipeline import Pipeline


class Host(Protocol):
    """The service, as middleware sees it."""

    conf: cfg.ConfigOpts
    pipeline: Pipeline
    stores: Stores

    def check(self) -> Iterable[Finding]:
        """What there is to report about the condition of layers and stores."""
