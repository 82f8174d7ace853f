"""A notifier at work: what it sends arrives at a driver that keeps it."""

import time
from importlib import import_module
from types import SimpleNamespace

import pytest
from oslo_config import cfg

from glancepipe.contract import Call, Caller, Data, ImageValues, Services, Target
from glancepipe.layers.notifier import GROUP, Notifier
from glancepipe.operations.create_image import create_image
from glancepipe.operations.upload_image import upload_image
from glancepipe.pipeline.builder import register_options
from glancepipe.testing import linked

ALICE = Caller(user_id="alice", project_id="red", roles=frozenset({"member"}))
ONE_STORE = SimpleNamespace(multiple=False, default="")


def configuration(driver=("test",), **options):
    conf = cfg.ConfigOpts()
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    register_options(Notifier, conf)
    if not options.keys() <= {"default_publisher_id", "disabled_notifications"}:
        conf.register_opts(dict(import_module("oslo_messaging.opts").list_opts())[None])  # those of the library
    conf.set_override("driver", list(driver), group=GROUP)
    for name, value in options.items():
        conf.set_override(name, value)
    return conf


@pytest.fixture
def configure():
    """Makes a configuration with the notifier's options, and others that are given."""
    return configuration


@pytest.fixture
def eventually():
    """Waits until a condition holds."""

    def eventually_(condition):
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    return eventually_


class Service:
    """A started pipeline of the notifier, the inner layers given and ``Ends``; ``heard`` is what arrives at the driver."""

    def __init__(self, *inner, stores=ONE_STORE, **options):
        self._driver = import_module("oslo_messaging.notify._impl_test")
        self._driver.reset()
        self.pipeline = linked(Notifier, *inner, conf=configuration(**options))
        self.pipeline.start(Services(stores))
        self.nouns, self.ends = self.pipeline.nouns, self.pipeline.layers[-1]

    def call(self, operation, caller=ALICE):
        return Call(operation, caller)

    def new(self, **base):
        base = {"owner": "red", "disk_format": "raw", "container_format": "bare", **base}
        return create_image(self.nouns, self.call("create_image"), ImageValues(base))

    def upload(self, image, blocks=(b"data",), size=None, target=Target()):  # noqa: B008 - a Target never changes
        with self.call("upload_image") as call:
            return upload_image(self.nouns, call, image.id, Data(blocks, size), target)

    def heard(self):
        """Every event so far, as (priority, type, payload), after the layer was closed and had to deliver."""
        self.pipeline.close()
        return [(priority, message["event_type"], message["payload"]) for _, message, priority, _ in self._driver.NOTIFICATIONS]

    def messages(self):
        self.pipeline.close()
        return [message for _, message, _, _ in self._driver.NOTIFICATIONS]

    def types(self):
        return [event for _, event, _ in self.heard()]


@pytest.fixture
def service():
    made = []

    def make(*inner, **options):
        made.append(Service(*inner, **options))
        return made[-1]

    yield make
    for one in made:
        one.pipeline.close()
