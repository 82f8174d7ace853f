"""A pipeline of the layers that a test hands in, linked exactly as the service links its own."""

from __future__ import annotations

from oslo_config import cfg

from glancepipe.contract import Layer
from glancepipe.pipeline.builder import Pipeline, register_options
from glancepipe.pipeline.linking import link
from glancepipe.pipeline.ordering import check_declaration, check_ends, check_order
from glancepipe.testing.ends import Ends


def linked(*layers: type[Layer], conf: cfg.ConfigOpts | None = None) -> Pipeline:
    """``layers`` (outermost first) around ``Ends``, checked and linked, not started.

    ``conf`` defaults to an empty configuration, in which every declared option has its default.
    Raises PipelineError just as the service does at start.
    """
    if conf is None:
        conf = cfg.ConfigOpts()
        conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    line: tuple[type[Layer], ...] = (*layers, Ends)
    where = ", ".join(layer.name for layer in line)
    for layer in line:
        check_declaration(layer.name, layer, where)
        register_options(layer, conf)
    check_order(line, where)
    check_ends(line, where)
    made = [layer(conf) for layer in line]
    return Pipeline(made, link(made))
