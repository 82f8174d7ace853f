"""From a configuration to a running pipeline, and its life after that."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from oslo_config import cfg

from glancepipe.contract import SERVICE, Call, Finding, Layer, Nouns, Services
from glancepipe.pipeline import ordering
from glancepipe.pipeline.errors import PipelineError
from glancepipe.pipeline.linking import link
from glancepipe.pipeline.loading import load_plugins

log = logging.getLogger(__name__)

GROUP = "glancepipe.layers"
"""The entry point group in which layers are found."""


class Pipeline:
    """A linked line of layers. ``nouns`` is what operations play on; ``layers`` are outermost first."""

    def __init__(self, layers: Sequence[Layer], nouns: Nouns) -> None:
        self.layers = tuple(layers)
        self.nouns = nouns
        self._started: list[Layer] = []

    @property
    def line(self) -> str:
        """The line as the operator would type it."""
        return ", ".join(layer.name for layer in self.layers)

    def start(self, services: Services) -> None:
        """Start every layer, innermost first. Raises PipelineError; what was started by then is closed again."""
        for layer in reversed(self.layers):
            self._started.append(layer)
            try:
                layer.start(services)
            except ValueError as error:
                self.close()
                raise PipelineError(f"The layer {layer.name!r} can't start: {error}") from error
            except BaseException:
                self.close()
                raise

    def sweep(self) -> None:
        """Have every layer finish or undo what a crash interrupted; what fails is tried again next time."""
        for layer in self.layers:
            try:
                with Call("sweep", SERVICE) as call:
                    layer.sweep(call)
            except Exception:
                log.exception("The layer %s could not sweep; it tries again later.", layer.name)

    def reload(self) -> None:
        """Have every layer read its files again, innermost first as at start. Raises PipelineError if one refuses."""
        for layer in reversed(self.layers):
            try:
                layer.reload()
            except ValueError as error:
                raise PipelineError(f"The layer {layer.name!r} refuses to reload: {error}") from error

    def check(self) -> Iterator[Finding]:
        """What the layers have to report about their condition, outermost first."""
        for layer in self.layers:
            yield from layer.check()

    def close(self) -> None:
        """Close the layers that were started, outermost first."""
        while self._started:
            self._started.pop().close()


def build(conf: cfg.ConfigOpts) -> Pipeline:
    """The pipeline that ``[pipeline] layers`` describes, linked and not started. Raises PipelineError."""
    names = [name.strip() for name in conf.pipeline.layers]
    where = _where(conf, names)
    if not names:
        raise PipelineError(f"{where}: the line is empty; name at least the layers that end the verbs.")
    classes: list[ordering.LayerClass] = load_plugins(GROUP, names, where=where)
    for name, layer in zip(names, classes, strict=True):
        ordering.check_declaration(name, layer, where)
    ordering.check_order(classes, where)
    ordering.check_ends(classes, where)
    layers = [_make(layer, conf, where) for layer in classes]
    return Pipeline(layers, link(layers))


def register_options(layer: ordering.LayerClass, conf: cfg.ConfigOpts) -> None:
    """Register what a layer declares. Raises cfg.DuplicateOptError if another plugin means something else by it."""
    for group, options in layer.options.items():
        conf.register_opts(options, group=None if group == "DEFAULT" else group)


def _make(layer: ordering.LayerClass, conf: cfg.ConfigOpts, where: str) -> Layer:
    try:
        register_options(layer, conf)
        return layer(conf)
    except cfg.DuplicateOptError as error:
        raise PipelineError(
            f"{where}: the layer {layer.name!r} declares the option {error.opt_name!r}, which another one declares "
            f"differently; take one of the two out of the line."
        ) from error
    except (ValueError, cfg.Error) as error:
        raise PipelineError(f"The layer {layer.name!r} can't be configured: {error}") from error


def _where(conf: cfg.ConfigOpts, names: Sequence[str]) -> str:
    location = conf.get_location("layers", "pipeline")
    file = f" ({location.detail})" if location is not None and location.location is cfg.Locations.user else ""
    return f"[pipeline] layers = {', '.join(names)}{file}"
