"""The process's log, as oslo.log's options say. It belongs to the process: only commands and ``wsgi`` set it up."""

from __future__ import annotations

import logging

from oslo_config import cfg
from oslo_log import log


def set_up(conf: cfg.ConfigOpts) -> None:
    """Log as ``conf`` says, from now on. Raises ValueError with one sentence if that is not possible."""
    try:
        log.setup(conf, "glancepipe")
    except (log.LogConfigError, OSError) as error:
        raise ValueError(f"The log can't be set up: {' '.join(str(error).split())}") from error


def check(conf: cfg.ConfigOpts) -> None:
    """Whether ``set_up`` would work; this process logs as before. Raises ValueError with one sentence."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        set_up(conf)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
