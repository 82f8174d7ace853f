"""The data behind ``glancepipe pipeline show``: who acts on what, and where that is written."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from glancepipe.contract import NOUNS, Layer
from glancepipe.contract.proxy import verbs
from glancepipe.pipeline.ordering import LayerClass, acting_layers, overridden


@dataclass(frozen=True, slots=True)
class Act:
    """One layer acting on one verb: ``place`` is ``file:line``, ``summary`` the first line of its doc."""

    layer: str
    place: str
    summary: str
    ends: bool


def onion(layers: Sequence[LayerClass | Layer]) -> dict[str, list[str]]:
    """Per noun the names of the layers that wrap it, outermost first."""
    return {noun: [layer.name for layer in layers if overridden(layer, noun)] for noun in NOUNS}


def acts(layers: Sequence[Layer]) -> dict[str, list[Act]]:
    """Per verb, as ``noun.verb``, who acts on it, outermost first."""
    classes = [type(layer) for layer in layers]
    return {f"{noun}.{verb}": [_act(layer, noun, verb) for layer in acting] for noun, verb, acting in acting_layers(classes)}


def meaning(verb: str) -> str:
    """The contract's first line about ``noun.verb``. Raises KeyError."""
    noun, _, name = verb.partition(".")
    if name not in verbs(NOUNS[noun]):
        raise KeyError(verb)
    return _first_line(getattr(NOUNS[noun], name))


def _act(layer: LayerClass, noun: str, verb: str) -> Act:
    proxy = getattr(layer, noun)
    function = inspect.unwrap(getattr(proxy, verb))
    file = os.path.relpath(inspect.getsourcefile(function) or "?")
    if file.startswith(".."):
        file = os.path.abspath(file)
    summary = _first_line(function) or _first_line(proxy) or _first_line(layer)
    return Act(layer.name, f"{file}:{function.__code__.co_firstlineno}", summary, f"{noun}.{verb}" in layer.ends)


def _first_line(thing: Any) -> str:
    # Not inspect.getdoc: an inherited docstring says what the verb is, not what this layer does to it.
    doc = thing.__doc__ or ""
    return doc.strip().partition("\n")[0]
