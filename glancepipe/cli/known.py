"""Which options are understood by whom: of the core, of installed layers, stores and libraries."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import entry_points

from oslo_config import cfg

from glancepipe.cli.config import LIBRARIES
from glancepipe.cli.listing import list_opts

AUTHENTICATED = ("keystone_authtoken", "oslo_limit")
"""Groups that also take the options of an authentication plugin of keystoneauth."""
MORE = ("oslo.policy",)


class Options:
    """All options that are understood; call it with a group, an option's name, and the group's settings."""

    def __init__(self, backends: Mapping[str, str]) -> None:
        """``backends``: the type of each store, by its name, which is its group."""
        self._known: dict[tuple[str, str], cfg.Opt] = {}
        for group, options in _listed():
            name = str(getattr(group, "name", group) or "DEFAULT")
            names = [store for store, kind in backends.items() if name == f"<backend of type {kind}>"] or [name]
            for store in names:
                self._learn(store, options)

    def __call__(self, group: str, name: str, settings: Mapping[str, str]) -> cfg.Opt | None:
        """The option, None if nobody understands it."""
        found = self._known.get((group, name.replace("-", "_")))
        if found is None and group in AUTHENTICATED:
            return _of_plugin(name, settings.get("auth_type", "password"))
        return found

    def _learn(self, group: str, options: Iterable[cfg.Opt]) -> None:
        for option in options:
            for name in (option.dest, *(former.name for former in option.deprecated_opts if former.group in (None, group))):
                self._known.setdefault((group, (name or option.dest).replace("-", "_")), option)


def _listed() -> Iterable[tuple[object, Iterable[cfg.Opt]]]:
    yield from list_opts()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for entry in entry_points(group="oslo.config.opts"):
            if entry.name in (*LIBRARIES, *MORE):
                yield from entry.load()()


def _of_plugin(name: str, kind: str) -> cfg.Opt | None:
    loading = import_module("keystoneauth1.loading")
    options = [*loading.get_auth_common_conf_options(), *loading.get_session_conf_options(), *loading.get_adapter_conf_options()]
    try:
        options += loading.get_auth_plugin_conf_options(kind)
    except Exception:
        return None
    return next((option for option in options if option.dest == name.replace("-", "_") or _was(option, name)), None)


def _was(option: cfg.Opt, name: str) -> bool:
    return any(former.name and former.name.replace("-", "_") == name.replace("-", "_") for former in option.deprecated_opts)
