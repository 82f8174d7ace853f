"""Gathers every option of core, API, layers and stores, for the generator of sample configurations."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from oslo_config import cfg
from stevedore.extension import Extension, ExtensionManager

from glancepipe.api.options import OPTIONS as API
from glancepipe.config.options import CORE
from glancepipe.pipeline.backends import OPTIONS as BACKEND


def list_opts() -> list[tuple[str, Sequence[cfg.Opt]]]:
    """Options by group. Those of a store driver stand under ``<backend of type ...>``: the real group has the store's name."""
    options = [*CORE.items(), *API.items()]
    for extension in _plugins("glancepipe.layers"):
        options += extension.plugin.options.items()
    for extension in _plugins("glancepipe.stores"):
        options.append((f"<backend of type {extension.name}>", (*BACKEND, *extension.plugin.options)))
    return copy.deepcopy(options)


def _plugins(group: str) -> Iterable[Extension[Any]]:
    manager: ExtensionManager[Any] = ExtensionManager(group)
    return sorted(manager, key=lambda extension: extension.name)
