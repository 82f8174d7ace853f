import os

import pytest
from oslo_config import cfg

from glancepipe.pipeline.backends import OPTIONS
from glancepipe.stores.file import FileStore


@pytest.fixture
def make(tmp_path):
    """Makes a store of a driver as the service would: ``make(FileStore, option=value)``. Not started."""

    def make(driver, name="fast", **settings):
        conf = cfg.ConfigOpts()
        conf.register_opts([cfg.StrOpt("state_path", default=str(tmp_path / "state"))])
        conf.register_opts([*OPTIONS, *driver.options], group=name)
        conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
        for option, value in settings.items():
            conf.set_override(option, value, group=name)
        return driver(conf, name)

    return make


@pytest.fixture
def started(make):
    def started(**settings):
        store = make(FileStore, **settings)
        store.start()
        return store

    return started


@pytest.fixture
def store(started, tmp_path):
    return started(filesystem_store_datadir=str(tmp_path / "images"))


@pytest.fixture
def files():
    """Everything that a store's directories contain, temporary names included."""

    def files(store):
        return sorted(entry for directory in store.directories for entry in os.listdir(directory))

    return files
