"""What a line of layers must satisfy before it is linked; each mistake has its sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from glancepipe.contract import CONTRACT, NOUNS, Layer
from glancepipe.contract.proxy import Proxy, verbs
from glancepipe.pipeline.errors import PipelineError

LayerClass = type[Layer]


def overridden(layer: LayerClass | Layer, noun: str) -> list[str]:
    """The verbs of ``noun`` on which a layer acts, in the order of the contract."""
    proxy: type[Proxy[Any]] | None = getattr(layer, noun)
    base = NOUNS[noun]
    return [] if proxy is None else [verb for verb in verbs(base) if getattr(proxy, verb) is not getattr(base, verb)]


def check_declaration(name: str, layer: Any, where: str) -> None:
    """Refuse a plugin whose declaration makes no layer. Raises PipelineError."""

    def refuse(sentence: str) -> None:
        raise PipelineError(f"{where}: the layer {name!r} {sentence}")

    if not (isinstance(layer, type) and issubclass(layer, Layer)):
        refuse(f"is no layer: its entry point must name a subclass of glancepipe.contract.Layer, not {layer!r}.")
    if layer.name != name:
        refuse(f"calls itself {layer.name!r}; its class attribute `name` and its entry point must agree.")
    major, minor = layer.contract
    if major != CONTRACT[0] or minor > CONTRACT[1]:
        refuse(
            f"is written for contract {major}.{minor}, this service has {CONTRACT[0]}.{CONTRACT[1]}; "
            f"install a version of it that fits, or take it out of the line."
        )
    acts = False
    for noun, base in NOUNS.items():
        proxy = getattr(layer, noun)
        if proxy is None:
            continue
        if not (isinstance(proxy, type) and issubclass(proxy, base)):
            refuse(f"declares {noun} = {proxy!r}, which is no {base.__name__}; derive it from that class.")
        if not overridden(layer, noun):
            refuse(f"declares {noun} = {proxy.__name__}, which overrides no verb; write one or drop the declaration.")
        acts = True
    if not acts:
        refuse("overrides nothing, so it would do nothing; take it out of the line.")
    known = {f"{noun}.{verb}" for noun in NOUNS for verb in overridden(layer, noun)}
    for verb in sorted(layer.ends - known):
        refuse(f"declares that it ends {verb}, but does not override it; write it or drop the declaration.")


def check_order(layers: Sequence[LayerClass], where: str) -> None:
    """Refuse a line whose layers can't stand in that order. Raises PipelineError."""
    place = {layer.name: index for index, layer in enumerate(layers)}
    for layer in layers:
        for other in sorted(layer.requires - place.keys()):
            raise PipelineError(f"{where}: the layer {layer.name!r} requires {other!r}, which is not in the line; add it.")
        for outer in sorted(layer.after & place.keys()):
            if place[outer] > place[layer.name]:
                raise PipelineError(f"{where}: {layer.name!r} must stand after (inside) {outer!r}; move it behind {outer!r}.")
        for inner in sorted(layer.before & place.keys()):
            if place[inner] < place[layer.name]:
                raise PipelineError(f"{where}: {layer.name!r} must stand before (outside) {inner!r}; move it in front of {inner!r}.")


def check_ends(layers: Sequence[LayerClass], where: str) -> None:
    """Refuse a line in which a verb has no end, or an end that hides layers further in. Raises PipelineError."""
    for noun, verb, acting in acting_layers(layers):
        full = f"{noun}.{verb}"
        ending = [index for index, layer in enumerate(acting) if full in layer.ends]
        if not ending:
            passes = f"{acting[-1].name!r} passes it on inwards and nobody is there" if acting else "no layer acts on it"
            raise PipelineError(f"{where}: nobody ends the verb {full} ({passes}); add the layer that does{_enders(full, layers)}.")
        if ending[0] != len(acting) - 1:
            outer, inner = acting[ending[0]].name, acting[-1].name
            raise PipelineError(f"{where}: {outer!r} ends {full}, so {inner!r} further in would never see it; move or drop one of them.")


def acting_layers(layers: Sequence[LayerClass]) -> Iterator[tuple[str, str, list[LayerClass]]]:
    """Every noun and verb with the layers that act on it, outermost first."""
    for noun, base in NOUNS.items():
        acts = {layer: overridden(layer, noun) for layer in layers}
        for verb in verbs(base):
            yield noun, verb, [layer for layer in layers if verb in acts[layer]]


def _enders(verb: str, layers: Sequence[LayerClass]) -> str:
    usual = {"domain": ("factory.", "authority."), "db": ("repo.", "members.", "usage.", "journal."), "location": ("image.",)}
    present = {layer.name for layer in layers}
    return next((f", as a rule {name!r}" for name, prefixes in usual.items() if verb.startswith(prefixes) and name not in present), "")
