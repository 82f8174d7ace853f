"""What the units of the API need: a configuration, stores without drivers, requests."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from oslo_config import cfg

from glancepipe.api.options import OPTIONS
from glancepipe.config import options
from glancepipe.contract import Data, Span, Store
from glancepipe.contract.errors import NoData


@pytest.fixture
def conf() -> cfg.ConfigOpts:
    """The core's options and the API's, all at their defaults."""
    conf = cfg.ConfigOpts()
    options.register(conf)
    for group, opts in OPTIONS.items():
        conf.register_opts(opts, group=group)
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    return conf


class FakeStore(Store):
    """A store by name only."""

    def read(self, url: str, span: Span | None = None) -> Data:
        raise NoData

    def size(self, url: str) -> int:
        raise NoData


class FakeStores:
    """Backends by name, with weights."""

    def __init__(self, conf: cfg.ConfigOpts, weights: dict[str, int], multiple: bool) -> None:
        for name in weights:
            conf.register_opts([cfg.StrOpt("store_description")], group=name)
        self.multiple = multiple
        self.default = next(iter(weights))
        self.down: dict[str, str] = {}
        self.weights = weights
        self.stores = [FakeStore(conf, name) for name in weights]

    def __iter__(self) -> Iterator[Store]:
        return iter(self.stores)

    def __getitem__(self, name: str) -> Store:
        return {store.name: store for store in self.stores}[name]

    def holding(self, url: str, name: str | None = None) -> Store:
        raise NoData

    def weight(self, name: str) -> int:
        return self.weights[name]


@pytest.fixture
def stores(conf: cfg.ConfigOpts) -> FakeStores:
    """Two backends, of which ``slow`` is the heavier."""
    return FakeStores(conf, {"fast": 1, "slow": 5}, multiple=True)


@pytest.fixture
def single(conf: cfg.ConfigOpts) -> FakeStores:
    """One unnamed backend."""
    return FakeStores(conf, {"glance_store": 0}, multiple=False)


@pytest.fixture
def environ() -> Callable[..., dict[str, Any]]:
    """Make a WSGI environment of a request with that body."""

    def make(body: bytes | Any = b"", **more: Any) -> dict[str, Any]:
        source = io.BytesIO(body) if isinstance(body, bytes) else body
        return {"REQUEST_METHOD": "PUT", "PATH_INFO": "/", "wsgi.input": source, **more}

    return make
