"""From ``enabled_backends`` to stores; every mistake has its sentence (FEATURES 8.1-01 to 8.1-04)."""

import errno
import os

import pytest
from oslo_config import cfg

from glancepipe.contract import Data, Store
from glancepipe.contract.errors import NoData, StoreUnavailable
from glancepipe.pipeline import backends as module
from glancepipe.pipeline.backends import Backends
from glancepipe.pipeline.errors import PipelineError
from glancepipe.stores.memory import MemoryStore


class Unread(Store):
    """A driver from which nothing is read here."""

    def read(self, url, span=None):
        raise AssertionError(url)

    def size(self, url):
        raise AssertionError(url)


class FlakyStore(Unread):
    """Down as long as ``broken`` says why."""

    schemes = ("flaky",)
    options = (cfg.IntOpt("tries", default=1, min=1),)
    broken = ""

    def start(self):
        if self.broken:
            raise StoreUnavailable(self.broken)


class WebStore(Unread):
    schemes = ("web", "webs")
    read_only = True

    def read(self, url, span=None):
        return Data([b"x"], 1)

    def owns(self, url):
        return url.startswith(("web://", "webs://"))


class Picky(Unread):
    def __init__(self, conf, name):
        raise ValueError("its options contradict each other.")


class Clashing(Unread):
    options = (cfg.IntOpt("weight", default=7),)


DRIVERS = {"flaky": FlakyStore, "web": WebStore, "picky": Picky, "clashing": Clashing, "alien": object}
"""Drivers of this test; all others are found through their entry points."""


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """The backends of a configuration file."""
    load = module.load_plugins

    def load_plugins(group, names, **words):
        installed = [name for name in names if name not in DRIVERS]
        found = DRIVERS | dict(zip(installed, load(group, installed, **words), strict=True))
        return [found[name] for name in names]

    monkeypatch.setattr(module, "load_plugins", load_plugins)

    def configured(text):
        file = tmp_path / "glancepipe.conf"
        file.write_text(text)
        conf = cfg.ConfigOpts()
        conf.register_opts([cfg.StrOpt("state_path", default=str(tmp_path / "state")), cfg.DictOpt("enabled_backends")])
        conf.register_opts(
            [cfg.StrOpt("default_backend"), cfg.StrOpt("default_store", default="file"), cfg.ListOpt("stores", default=["file"])],
            group="glance_store",
        )
        conf(["--config-file", str(file)], project="glancepipe")
        return Backends(conf)

    return configured


TWO = "[DEFAULT]\nenabled_backends = fast:memory, slow:memory\n[glance_store]\ndefault_backend = fast\n"


def test_backends_in_the_order_of_the_configuration(configured):
    stores = configured(TWO + "[slow]\nweight = 10\nstore_description = for the patient\n")
    assert [store.name for store in stores] == ["fast", "slow"]
    assert isinstance(stores["slow"], MemoryStore)
    assert (stores.multiple, stores.default, stores.down) == (True, "fast", {})
    assert (stores.weight("fast"), stores.weight("slow")) == (0, 10)
    assert stores.conf.slow.store_description == "for the patient"
    with pytest.raises(KeyError):
        stores["none"]


def test_each_backend_has_its_own_group(configured, tmp_path):
    stores = configured(
        f"[DEFAULT]\nenabled_backends = a:file, b:file\n[glance_store]\ndefault_backend = b\n"
        f"[a]\nfilesystem_store_datadir = {tmp_path}/a\n"
        f"[b]\nfilesystem_store_datadirs = {tmp_path}/b:1\nfilesystem_store_datadirs = {tmp_path}/c:2\n"
    )
    stores.start()
    assert stores["a"].write("x", [b""], 0).url == f"file://{tmp_path}/a/x"
    assert stores["b"].write("x", [b""], 0).url == f"file://{tmp_path}/c/x"


def test_without_backends_there_is_one_store(configured, tmp_path):
    """FEATURES 8.1-03: its options stand in [glance_store], under the legacy names."""
    stores = configured(f"[glance_store]\nfilesystem_store_datadir = {tmp_path}/images\n")
    stores.start()
    (store,) = stores
    assert (stores.multiple, stores.default) == (False, store.name)
    assert store.write("x", [b""], 0).url == f"file://{tmp_path}/images/x"
    assert stores[stores.default] is store
    assert stores.weight(store.name) == 0


def test_other_types_are_read_beside_it(configured, tmp_path, monkeypatch):
    """FEATURES 8.1-03: images that Glance has elsewhere; what is not installed is passed over."""
    monkeypatch.setattr(module, "installed", lambda group: ["file", "web"])
    stores = configured(f"[glance_store]\nstores = rbd, web, file\nfilesystem_store_datadir = {tmp_path}/images\n")
    assert stores.multiple is False
    assert [type(store).__name__ for store in stores] == ["FileStore", "WebStore"]
    assert isinstance(stores.holding("web://there/image"), WebStore)
    assert stores[stores.default].name == stores.default == "glance_store"


def test_the_one_store_may_be_of_another_type(configured):
    stores = configured("[glance_store]\ndefault_store = memory\n")
    assert isinstance(stores[stores.default], MemoryStore)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[DEFAULT]\nenabled_backends = fast:memory\n",
            r"\[glance_store\] default_backend is not set; set it to one of enabled_backends \(fast\)",
        ),
        (
            "[DEFAULT]\nenabled_backends = fast:memory\n[glance_store]\ndefault_backend = slow\n",
            r"\[glance_store\] default_backend = slow is not in enabled_backends \(fast\); add it there",
        ),
        ("[DEFAULT]\nenabled_backends = os_glance_x:memory\n", r"enabled_backends: the prefix os_glance_ is reserved.*another name"),
        ("[DEFAULT]\nenabled_backends =\n", r"enabled_backends is empty; name at least one store"),
        ("[DEFAULT]\nenabled_backends = fast\n", r"enabled_backends is not of the form name:type"),
        ("[DEFAULT]\nenabled_backends = fast:\n", r"enabled_backends: fast: lacks a name or a type; write name:type"),
        ("[DEFAULT]\nenabled_backends = a:memory, a:file\n", r"enabled_backends is not of the form name:type"),
        (TWO.replace("slow:memory", "slow:memry"), r"enabled_backends = fast:memory, slow:memry: there is no store driver 'memry'"),
        (
            TWO.replace("slow:memory", "slow:picky"),
            r"The store \[slow\] of type 'picky' can't be configured: its options contradict each other",
        ),
        (
            TWO.replace("slow:memory", "slow:flaky") + "[slow]\ntries = none\n",
            r"The store \[slow\] of type 'flaky' can't be configured: .*tries",
        ),
        (
            TWO.replace("slow:memory", "slow:flaky") + "[slow]\ntries = 0\n",
            r"The store \[slow\] of type 'flaky' can't be configured: .*tries",
        ),
        (TWO + "[slow]\nweight = heavy\n", r"The store \[slow\] of type 'memory' can't be configured: .*weight"),
        (TWO.replace("slow:memory", "slow:clashing"), r"The group \[slow\] has an option 'weight' already.*another name"),
        (TWO.replace("slow:memory", "slow:alien"), r"The store driver 'alien' is no subclass of glancepipe.contract.Store"),
        ("[glance_store]\ndefault_store = flie\n", r"\[glance_store\] default_store = flie: there is no store driver 'flie'"),
    ],
)
def test_mistakes_stop_the_start(configured, text, said):
    with pytest.raises(PipelineError, match=said) as caught:
        configured(text)
    assert "\n" not in str(caught.value)


# Who holds a location


def test_a_location_is_held_by_the_store_that_it_names(configured):
    stores = configured(TWO)
    url = stores["fast"].write("x", [b""], 0).url
    assert stores.holding(url, "fast") is stores["fast"]
    assert stores.holding(url, "slow") is stores["slow"]  # the record knows best


@pytest.mark.parametrize("name", [None, "", "unknown"])
def test_or_else_by_the_store_that_owns_it(configured, name):
    """FEATURES 2.2-03: images that were stored before there were several stores."""
    stores = configured(TWO)
    assert stores.holding(stores["slow"].write("x", [b""], 0).url, name) is stores["slow"]


def test_a_store_is_not_asked_for_urls_that_it_can_not_read(configured):
    stores = configured(TWO.replace("slow:memory", "slow:web"))
    url = stores["fast"].write("x", [b""], 0).url
    assert stores.holding(url, "slow") is stores["fast"]
    assert stores.holding("webs://somewhere/x", "fast") is stores["slow"]


@pytest.mark.parametrize("url", ["memory://elsewhere/x", "rbd://x", "", "nonsense"])
def test_nobody_holds_what_nobody_owns(configured, url):
    with pytest.raises(NoData):
        configured(TWO).holding(url)


# Stores that are down


def test_a_store_that_is_down_does_not_stop_the_service(configured, monkeypatch, caplog):
    stores = configured(TWO.replace("slow:memory", "slow:flaky"))
    monkeypatch.setattr(FlakyStore, "broken", "no route")
    stores.start()
    assert stores.down == {"slow": "no route"}
    assert "'slow' is down: no route" in caplog.text
    assert stores["fast"].write("x", [b""], 0).size == 0
    stores.close()


@pytest.mark.parametrize("ask", [lambda stores: stores.check(), lambda stores: stores["slow"]])
def test_it_is_tried_again_when_somebody_asks(configured, monkeypatch, ask, caplog):
    stores = configured(TWO.replace("slow:memory", "slow:flaky"))
    monkeypatch.setattr(FlakyStore, "broken", "no route")
    stores.start()
    caplog.clear()
    ask(stores)
    assert stores.down == {"slow": "no route"}
    assert not caplog.records  # said once
    monkeypatch.setattr(FlakyStore, "broken", "")
    ask(stores)
    assert stores.down == {}
    assert stores.check() == {}


def test_a_directory_that_becomes_writable_is_back(configured, tmp_path, monkeypatch):
    stores = configured(f"[glance_store]\nfilesystem_store_datadir = {tmp_path}/images\n")
    with monkeypatch.context() as patch:

        def refuse(*args, **kwargs):
            raise OSError(errno.EROFS, "Read-only file system")

        patch.setattr(os, "makedirs", refuse)
        stores.start()
        assert list(stores.down) == [stores.default]
    assert stores[stores.default].write("x", [b""], 0).size == 0
    assert stores.down == {}


def test_making_backends_has_no_side_effects(configured, tmp_path):
    configured(f"[glance_store]\nfilesystem_store_datadir = {tmp_path}/images\n")
    assert not (tmp_path / "images").exists()


def test_two_configurations_in_one_process(configured, tmp_path):
    first = configured(f"[glance_store]\nfilesystem_store_datadir = {tmp_path}/a\n")
    second = configured(f"[glance_store]\nfilesystem_store_datadir = {tmp_path}/b\n")
    assert [list(store.directories) for store in (*first, *second)] == [[f"{tmp_path}/a"], [f"{tmp_path}/b"]]
