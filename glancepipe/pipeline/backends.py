"""The stores that the configuration enables: names to drivers, and which of them can't be written at the moment."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping

from oslo_config import cfg

from glancepipe.contract.errors import ImageServiceError, NoData
from glancepipe.contract.store import Store
from glancepipe.pipeline.errors import PipelineError
from glancepipe.pipeline.loading import installed, load_plugins

log = logging.getLogger(__name__)

GROUP = "glancepipe.stores"
"""The entry point group in which store drivers are found."""

SINGLE = "glance_store"
"""The group, and so the name, of the one store while ``enabled_backends`` is unset (FEATURES 8.1-03)."""

RESERVED = "os_glance_"
"""Prefix of the names that Glance keeps for itself (FEATURES 8.1-01)."""

OPTIONS = (
    cfg.IntOpt("weight", default=0, help="Where an image is in several stores the heaviest is read first."),
    cfg.StrOpt("store_description", help="What users learn about the store."),
)
"""Options of every store beside those of its driver (FEATURES 8.1-04)."""


class Backends:
    """The registry of stores: what the contract's ``Stores`` promises, made from a configuration.

    A store that can't start doesn't stop the service: it is ``down``, and tried again whenever somebody asks for it
    by name (an upload, the health check).
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        """Load and configure the drivers, without side effects. Raises PipelineError."""
        self.conf = conf
        enabled = _enabled(conf)
        self.multiple = enabled is not None
        self.default = SINGLE if enabled is None else _default(conf, enabled)
        self.down: dict[str, str] = {}
        self._trial = threading.Lock()
        if enabled is None:
            types = {SINGLE: conf.glance_store.default_store, **_others(conf)}
            where = f"[glance_store] default_store = {conf.glance_store.default_store}"
        else:
            types = dict(enabled)
            where = f"enabled_backends = {', '.join(map(':'.join, enabled.items()))}"
        self._kinds: dict[str, str] = types
        kinds = list(dict.fromkeys(types.values()))
        drivers: dict[str, type[Store]] = dict(zip(kinds, load_plugins(GROUP, kinds, what="store driver", where=where), strict=True))
        self._stores = {name: _make(conf, name if self.multiple else SINGLE, kind, drivers[kind]) for name, kind in types.items()}

    def start(self) -> None:
        """Get every store ready in this process; those that can't be are ``down``."""
        for name in self._stores:
            self._try(name)

    def check(self) -> Mapping[str, str]:
        """Try again what is down; answers what still is, and why."""
        for name in list(self.down):
            self._try(name)
        return self.down

    def close(self) -> None:
        """Close every store."""
        for store in self._stores.values():
            store.close()

    def __iter__(self) -> Iterator[Store]:
        return iter(self._stores.values())

    def __getitem__(self, name: str) -> Store:
        """The store of that name; if it is down it is tried again first. Raises KeyError."""
        store = self._stores[name]
        if name in self.down:
            self._try(name)
        return store

    def holding(self, url: str, name: str | None = None) -> Store:
        """The store that holds ``url``: ``name`` if it is enabled and reads such URLs, else whoever owns it. Raises NoData."""
        named = self._stores.get(name) if name else None
        if named is not None and url.partition("://")[0] in named.schemes:
            return named
        for store in self._stores.values():
            if store.owns(url):
                return store
        raise NoData("No enabled store holds this location.")

    def kind(self, name: str) -> str:
        """The store's type."""
        return self._kinds[name]

    def weight(self, name: str) -> int:
        """The store's weight."""
        weight: int = self.conf[name].weight
        return weight

    def _try(self, name: str) -> None:
        with self._trial:
            try:
                self._stores[name].start()
            except ImageServiceError as error:
                if self.down.get(name) != error.message:
                    log.error("The store %r is down: %s", name, error.message)
                self.down[name] = error.message
            else:
                if self.down.pop(name, None) is not None:
                    log.info("The store %r is back.", name)


def _enabled(conf: cfg.ConfigOpts) -> dict[str, str] | None:
    try:
        enabled: dict[str, str] | None = conf.enabled_backends
    except (ValueError, cfg.Error) as error:
        raise PipelineError(f"enabled_backends is not of the form name:type, name:type: {error}") from error
    if enabled is None:
        return None
    if not enabled:
        raise PipelineError("enabled_backends is empty; name at least one store as name:type, or remove the line.")
    for name, kind in enabled.items():
        if name.startswith(RESERVED):
            raise PipelineError(f"enabled_backends: the prefix {RESERVED} is reserved, so {name!r} can't be a store; give it another name.")
        if not name or not kind:
            raise PipelineError(f"enabled_backends: {name}:{kind} lacks a name or a type; write name:type.")
    return enabled


def _others(conf: cfg.ConfigOpts) -> dict[str, str]:
    """What is read beside the one unnamed store: the other types in ``[glance_store] stores``, as far as they are installed."""
    known = installed(GROUP)
    kinds = [kind for kind in dict.fromkeys(conf.glance_store.stores) if kind != conf.glance_store.default_store]
    for kind in kinds:
        if kind not in known:
            log.warning("[glance_store] stores: there is no store driver %r; images in such stores can't be read.", kind)
    return {kind: kind for kind in kinds if kind in known}


def _default(conf: cfg.ConfigOpts, enabled: Mapping[str, str]) -> str:
    default: str | None = conf.glance_store.default_backend
    names = ", ".join(enabled)
    if not default:
        raise PipelineError(f"[glance_store] default_backend is not set; set it to one of enabled_backends ({names}).")
    if default not in enabled:
        raise PipelineError(
            f"[glance_store] default_backend = {default} is not in enabled_backends ({names}); add it there or name one of those."
        )
    return default


def _make(conf: cfg.ConfigOpts, name: str, kind: str, driver: type[Store]) -> Store:
    if not (isinstance(driver, type) and issubclass(driver, Store)):
        raise PipelineError(f"The store driver {kind!r} is no subclass of glancepipe.contract.Store but {driver!r}; choose another type.")
    options = (*OPTIONS, *driver.options)
    try:
        conf.register_opts(options, group=name)
        for option in options:
            # Reading a value is what checks it: a mistake shall show at start and not in an upload.
            conf[name][option.dest]
        return driver(conf, name)
    except cfg.DuplicateOptError as error:
        raise PipelineError(
            f"The group [{name}] has an option {error.opt_name!r} already, so a store of type {kind!r} can't be configured there; "
            f"give the store another name."
        ) from error
    except (ValueError, cfg.Error) as error:
        raise PipelineError(f"The store [{name}] of type {kind!r} can't be configured: {error}") from error
