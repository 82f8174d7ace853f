"""A pipeline of the layers that judge, in which nothing is done: what is asked for gets as far as their verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from oslo_config import cfg

from glancepipe.contract import NOUNS, Layer, Services
from glancepipe.contract.proxy import verbs
from glancepipe.pipeline import Pipeline, build
from glancepipe.pipeline.backends import Backends
from glancepipe.pipeline.linking import link
from glancepipe.pipeline.ordering import overridden

READING = frozenset({"get", "list", "associations", "is_admin", "allows"})
"""Verbs that are not stopped: what they answer is what is judged."""


class Passed(BaseException):
    """The layers that judge have let something pass that would now be done. No error: nobody is to handle it."""


class Stop(Layer):
    """Stands behind the layers that judge, and lets nothing through but questions."""

    name = "stop"


def _passed(self: Any, *_args: Any, **_kwargs: Any) -> Any:
    raise Passed


for _noun, _base in NOUNS.items():
    _stopped = dict.fromkeys((verb for verb in verbs(_base) if verb not in READING), _passed)
    if _stopped:
        setattr(Stop, _noun, type(f"Stop{_noun}", (_base,), _stopped))


@contextmanager
def judging(conf: cfg.ConfigOpts) -> Iterator[Pipeline]:
    """The layers of the configured line that have a say in what is read, started, for as long as the block lasts.

    Others are left out: they do things when they start, and refuse for other reasons than who asks. Raises PipelineError.
    """
    line = build(conf)
    with suppress(cfg.NoSuchOptError, cfg.NoSuchGroupError):
        # Whoever asks a question does not wait for a database to come back.
        conf.set_override("max_retries", 0, group="database")
    layers = [layer for layer in line.layers if layer.authority is not None or "get" in overridden(layer, "repo")]
    judge = next(place for place, layer in enumerate(layers) if layer.authority is not None)
    layers.insert(judge + 1, Stop(conf))
    pipeline = Pipeline(layers, link(layers))
    pipeline.start(Services(stores=Backends(conf)))
    try:
        yield pipeline
    finally:
        pipeline.close()
