"""``glancepipe plugins list``: what is installed, from which distribution."""

from __future__ import annotations

import argparse
from importlib.metadata import EntryPoint, entry_points

from cliff.lister import Lister

COLUMNS = ("group", "name", "distribution", "version", "module")


class List(Lister):
    """List every plugin that is installed: layers, stores, middleware, commands."""

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The entry points of all groups that are ours. Nothing is imported."""
        groups = sorted(group for group in entry_points().groups if group.startswith("glancepipe."))
        return COLUMNS, [(group, *_row(point)) for group in groups for point in sorted(entry_points(group=group))]


def _row(point: EntryPoint) -> tuple[str, str, str, str]:
    distribution = (point.dist.name, point.dist.version) if point.dist else ("?", "?")
    return point.name, *distribution, point.value
