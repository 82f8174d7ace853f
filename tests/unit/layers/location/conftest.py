"""Workers of one service, around shared records, a shared journal and shared stores."""

import itertools
import os
import shutil

import pytest
from oslo_config import cfg

from glancepipe.contract import SERVICE, Call, Caller, Data, Image, Services, Store, Target
from glancepipe.contract.errors import StatusChanged
from glancepipe.layers.domain import Domain
from glancepipe.layers.location import Location
from glancepipe.operations.delete_image import delete_image
from glancepipe.operations.download_image import download_image
from glancepipe.operations.upload_image import upload_image
from glancepipe.pipeline import backends
from glancepipe.pipeline.backends import Backends
from glancepipe.pipeline.linking import link
from glancepipe.stores.file import FileStore
from glancepipe.stores.memory import MemoryStore
from glancepipe.testing import Ends
from glancepipe.testing.ends import EndsJournal, EndsRepo

ALICE = Caller(user_id="alice", project_id="red", roles=frozenset({"member"}))


class SharedRepo(EndsRepo):
    """Refuses, as the database does, to conclude what another worker has taken over."""

    def save(self, call, image, changes):
        if any(self.layer.holders.get(intent_id) is not self.layer for intent_id in changes.settles):
            raise StatusChanged
        return super().save(call, image, changes)

    def _journal(self, call, changes):
        super()._journal(call, changes)
        self.layer.holders |= {intent.id: self.layer for intent in changes.begins}


class SharedJournal(EndsJournal):
    """Knows which worker holds an entry."""

    def begin(self, call, intent):
        super().begin(call, intent)
        self.layer.holders[intent.id] = self.layer

    def settle(self, call, *intent_ids):
        super().settle(call, *(intent_id for intent_id in intent_ids if self.layer.holders.get(intent_id) is self.layer))

    def let_go(self, call, intent_id):
        if self.layer.holders.get(intent_id) is self.layer:
            self.layer.holders[intent_id] = None

    def adopt(self, call, kind):
        found = [i for i in self.layer.intents.values() if i.kind == kind and self.layer.holders[i.id] is None]
        self.layer.holders |= {intent.id: self.layer for intent in found}
        return found


class Shared(Ends):
    """One worker's view of the records and the journal."""

    repo = SharedRepo
    journal = SharedJournal

    def __init__(self, conf, world):
        super().__init__(conf)
        self.images, self.intents, self.holders = world.images, world.intents, world.holders


class ReadOnlyStore(Store):
    """Somebody else's web server."""

    schemes = ("web",)
    read_only = True
    contents = {"web://there/image": b"from the web"}

    def read(self, url, span=None):
        return Data([self.contents[url]], len(self.contents[url]))

    def size(self, url):
        return len(self.contents.get(url, b""))

    def owns(self, url):
        return url.startswith("web://")


class World:
    """What outlives a worker. ``stores``: as ``enabled_backends``; None for the one unnamed store."""

    def __init__(self, root, stores="fast:file, slow:file", **options):
        self.root = self.origin = root
        self.enabled, self.options = stores, options
        self.images, self.intents, self.holders = {}, {}, {}
        self.numbers = itertools.count(1)
        self.conf = cfg.ConfigOpts()
        self.conf.register_opts(
            [
                cfg.StrOpt("state_path", default=str(root)),
                cfg.DictOpt("enabled_backends"),
                *Location.options["DEFAULT"],
                *Domain.options["DEFAULT"],
            ]
        )
        self.conf.register_opts(
            [cfg.StrOpt("default_backend"), cfg.StrOpt("default_store", default="file"), cfg.ListOpt("stores", default=["file"])],
            group="glance_store",
        )
        self.conf.register_opts(Location.options["image_format"], group="image_format")
        self.conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
        for option, value in options.items():
            self.conf.set_override(option, value)
        if stores:
            self.conf.set_override("enabled_backends", dict(each.strip().split(":") for each in stores.split(",")))
            self.conf.set_override("default_backend", next(iter(self.conf.enabled_backends)), group="glance_store")
        self.stores = Backends(self.conf)
        for store in self.stores:
            if "filesystem_store_datadir" in self.conf[store.name]:
                store.directories = {str(root / store.name): 0}
        self.stores.start()

    def worker(self):
        return Worker(self)

    def image(self, **fields):
        image = Image(**{"id": f"image-{next(self.numbers)}", "disk_format": "raw", "container_format": "bare", "owner": "red", **fields})
        self.images[image.id] = image
        return image

    def files(self):
        """Everything in the file stores, temporary names included, by backend and name."""
        found = {}
        for store in self.stores:
            directory = self.root / store.name
            for name in sorted(os.listdir(directory)) if directory.is_dir() else ():
                found[store.name, name] = (directory / name).read_bytes()
        return found

    def photo(self, root):
        """The world as another boot finds it after a power cut now."""
        other = World(root, self.enabled, **self.options)
        other.images |= self.images
        other.intents |= self.intents
        other.holders |= dict.fromkeys(self.intents)
        for store in self.stores:
            shutil.rmtree(root / store.name, ignore_errors=True)
            shutil.copytree(self.root / store.name, root / store.name)
        # The URLs name the directories of the first world.
        other.origin = self.origin
        _move(other.stores, f"{self.origin}/", f"{root}/")
        return other


def _move(stores, before, after):
    """Have the stores find under ``after`` what the records say is under ``before``."""
    for store in stores:
        for name in ("read", "size", "erase", "owns"):
            method = getattr(store, name)
            setattr(store, name, lambda url, *args, method=method: method(url.replace(before, after), *args))


class Worker:
    """One process: a pipeline around the world's records and stores."""

    def __init__(self, world):
        self.world = world
        self.location = Location(world.conf)
        self.ends = Shared(world.conf, world)
        self.nouns = link([self.location, Domain(world.conf), self.ends])
        self.location.start(Services(world.stores))

    def call(self, operation="modify_image"):
        return Call(operation, ALICE)

    def get(self, image_id):
        return self.nouns.repo.get(self.call("show_image"), image_id)

    def upload(self, image, blocks, size=None, store=None, watch=None):
        data = Data(blocks, size)
        if watch is not None:
            data.watch(watch)
        with self.call("upload_image") as call:
            return upload_image(self.nouns, call, image.id, data, Target(store))

    def copy(self, image, store):
        with self.call() as call:
            changes = self.nouns.image.add_copy(call, self.get(image.id), Target(store))
            return self.nouns.repo.save(call, self.get(image.id), changes)

    def download(self, image, span=None):
        _, data = download_image(self.nouns, self.call("download_image"), image.id, lambda image: span)
        try:
            return b"".join(data)
        finally:
            data.close()

    def save(self, image, changes):
        with self.call() as call:
            return self.nouns.repo.save(call, image, changes)

    def delete(self, image):
        with self.call("delete_image") as call:
            delete_image(self.nouns, call, image.id)

    def sweep(self):
        with Call("sweep", SERVICE) as call:
            self.location.sweep(call)

    def die(self):
        """Killed: nobody holds its entries any more."""
        for intent_id, holder in self.world.holders.items():
            if holder is self.ends:
                self.world.holders[intent_id] = None


@pytest.fixture(autouse=True)
def drivers(monkeypatch):
    """The types for ``enabled_backends``."""
    found = {"file": FileStore, "memory": MemoryStore, "web": ReadOnlyStore}
    monkeypatch.setattr(backends, "load_plugins", lambda group, names, **words: [found[name] for name in names])


@pytest.fixture
def make_world(tmp_path):
    def make_world(*args, **options):
        root = tmp_path / "world"
        root.mkdir(exist_ok=True)
        return World(root, *args, **options)

    return make_world


@pytest.fixture
def world(make_world):
    return make_world()


@pytest.fixture
def worker(world):
    return world.worker()
