"""Builds the nesting of proxies, once, and points every ``inner`` past the layers that don't act on a verb."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from glancepipe.contract import NOUNS, Layer, Nouns
from glancepipe.contract.proxy import Proxy, verbs
from glancepipe.pipeline.ordering import overridden

Verbs = dict[str, Callable[..., Any]]


def link(layers: Sequence[Layer]) -> Nouns:
    """Link ``layers`` (outermost first): sets ``inner`` and ``line`` of each, answers the nouns as seen from outside.

    A verb of a tip is the bound method of the nearest layer further in that overrides it, so calling it costs
    what a direct call costs, and a traceback shows only layers that act.
    """
    nearest: dict[str, Verbs] = {noun: {verb: _nobody(noun, verb) for verb in verbs(base)} for noun, base in NOUNS.items()}
    line = tuple(map(type, layers))
    for layer in reversed(layers):
        layer.line = line
        layer.inner = inner = _nouns(nearest)
        for noun in NOUNS:
            proxy_class: type[Proxy[Any]] | None = getattr(layer, noun)
            if proxy_class is not None:
                proxy = proxy_class(layer, getattr(inner, noun))
                nearest[noun] |= {verb: getattr(proxy, verb) for verb in overridden(layer, noun)}
    return _nouns(nearest)


def _nouns(nearest: dict[str, Verbs]) -> Nouns:
    return Nouns(**{noun: _tip(base, nearest[noun]) for noun, base in NOUNS.items()})


def _tip(base: type[Proxy[Any]], verbs: Verbs) -> Any:
    """An object of the noun's own class, so that types stay true, with its verbs shadowed by the linked ones."""
    tip = object.__new__(base)
    vars(tip).update(verbs)
    return tip


def _nobody(noun: str, verb: str) -> Callable[..., NoReturn]:
    def nobody(*_args: object, **_kwargs: object) -> NoReturn:
        raise RuntimeError(f"{noun}.{verb} was passed on inwards by the layer that ends it.")

    return nobody
