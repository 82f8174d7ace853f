"""Names to plugins, through stevedore, strictly: a name that can't be loaded exactly once is an error."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoints, entry_points
from typing import Any

from stevedore import NamedExtensionManager

from glancepipe.pipeline.errors import PipelineError


def load_plugins(group: str, names: Sequence[str], *, what: str = "layer", where: str = "") -> list[Any]:
    """The objects behind the entry points ``names`` of ``group``, in that order.

    ``what`` says what such a plugin is called, ``where`` names the line of the configuration; both are for the
    sentence. Raises PipelineError for a name that is listed twice, unknown, claimed by two distributions, or
    whose import fails.
    """
    prefix = f"{where}: " if where else ""

    def missing(unknown: Iterable[str]) -> None:
        name = next(name for name in names if name in set(unknown))
        raise PipelineError(prefix + _unknown(group, name, what))

    def failed(_manager: object, entry_point: Any, error: BaseException) -> None:
        raise PipelineError(
            f"{prefix}the {what} {entry_point.name!r} ({entry_point.value}) can't be imported: {type(error).__name__}: {error}; "
            f"repair or reinstall its distribution, or take the name out of the line."
        ) from error

    points = entry_points(group=group)  # reads what every distribution has: once, not for each name
    for name, count in Counter(names).items():
        if count > 1:
            raise PipelineError(f"{prefix}the {what} {name!r} is listed {count} times; list it once.")
        _refuse_rivals(points.select(name=name), name, what, prefix)
    manager: NamedExtensionManager[Any] = NamedExtensionManager(
        group,
        list(names),
        name_order=True,
        on_missing_entrypoints_callback=missing,
        on_load_failure_callback=failed,
    )
    return [extension.plugin for extension in manager]


def installed(group: str) -> list[str]:
    """The names of all plugins of a group that are installed, sorted; none of them is imported."""
    return sorted(entry_points(group=group).names)


def _refuse_rivals(points: EntryPoints, name: str, what: str, prefix: str) -> None:
    # stevedore notices rivals only as they load, and can't tell which distributions they are from.
    claims = {(point.dist.name if point.dist else "?"): point.value for point in points}
    if len(claims) > 1:
        rivals = " and ".join(f"{dist} ({value})" for dist, value in sorted(claims.items()))
        raise PipelineError(f"{prefix}the {what} {name!r} is claimed by {rivals}; uninstall all of them but one.")


def _unknown(group: str, name: str, what: str) -> str:
    known = installed(group)
    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"installed are {', '.join(known) or 'none'}."
    return f"there is no {what} {name!r}; {hint} (A new plugin is found once its distribution is installed, or installed again.)"
