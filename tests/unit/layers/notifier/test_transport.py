"""How notifications get to a broker: what a mistake in the configuration says, and that nobody has to wait."""

import socket
import threading
import time
from importlib import import_module
from types import SimpleNamespace

import pytest
from oslo_config import cfg

from glancepipe.contract import Services
from glancepipe.layers import notifier
from glancepipe.layers.notifier import Notifier
from glancepipe.layers.notifier.layer import GROUP, DriverOpt
from glancepipe.pipeline.errors import PipelineError
from glancepipe.testing import linked

ONE_STORE = SimpleNamespace(multiple=False, default="")


def test_two_applications_have_a_transport_each(service):
    """DESIGN: no global configuration; the exchange is Glance's in ours alone."""
    one, other = service(transport_url="fake://one"), service(transport_url="fake://other")
    for made in (one, other):
        assert made.pipeline.layers[0].conf.control_exchange == "glance"
        assert made.pipeline.layers[0]._sender._transport._driver._default_exchange == "glance"
    options = import_module("oslo_messaging.transport")._transport_opts
    assert {option.name: option.default for option in options}["control_exchange"] == "openstack"


def test_the_operator_s_exchange_counts(service):
    assert service(control_exchange="mine").pipeline.layers[0]._sender._transport._driver._default_exchange == "mine"


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_the_driver_option_and_that_of_the_library_pass_for_one(first):
    conf = cfg.ConfigOpts()
    ours, theirs = [DriverOpt("driver", default=[])], import_module("oslo_messaging.notify.notifier")._notifier_opts
    for options in (ours, theirs) if first == "ours" else (theirs, ours):
        conf.register_opts(options, group=GROUP)
    conf([], project="glancepipe", default_config_files=[])
    assert (conf[GROUP].driver, conf[GROUP].topics) == ([], ["notifications"])
    with pytest.raises(cfg.DuplicateOptError):
        conf.register_opt(cfg.StrOpt("driver"), group=GROUP)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"driver": ["messagingv3"]}, r"driver = messagingv3: there is no such driver; choose from .*messagingv2"),
        ({"transport_url": "nosuch://user:secret@127.0.0.1/"}, "transport_url of .* can't be used: DriverLoadFailure"),
        ({"transport_url": "rabbit://user:secret@127.0.0.1:port/"}, "transport_url of .* can't be used: ValueError"),
    ],
)
def test_a_mistake_in_the_configuration_stops_the_start(options, sentence, configure):
    """One sentence that names the line, and no password."""
    pipeline = linked(Notifier, conf=configure(**options))
    with pytest.raises(PipelineError, match=sentence) as stopped:
        pipeline.start(Services(ONE_STORE))
    assert "secret" not in str(stopped.value)


def test_a_broker_that_is_down_costs_nothing_but_log_lines(service, eventually, caplog, monkeypatch):
    """Requests neither fail nor wait."""
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0.1)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but nobody listens
        one = service(driver=["messagingv2"], transport_url=f"rabbit://guest:guest@127.0.0.1:{nobody.getsockname()[1]}/")
        assert one.new().status == "queued"
        eventually(lambda: "Could not send notification" in caplog.text)
        one.pipeline.close()
    assert "did not take the last" in caplog.text


def test_a_broker_that_does_not_answer_holds_nobody_up(service, caplog, monkeypatch):
    """The library waits 5 seconds for each event; requests don't, and neither does the end of the worker."""
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        one = service(driver=["messagingv2"], transport_url=f"rabbit://guest:guest@127.0.0.1:{silent.getsockname()[1]}/")
        thread = one.pipeline.layers[0]._sender._thread
        began = time.monotonic()
        for _ in range(20):
            one.new()
        one.pipeline.close()
        assert time.monotonic() - began < 3
        assert "did not take the last" in caplog.text
    thread.join(60)


class Stuck:
    """A driver that sends nothing until it is let go, and breaks on the first event."""

    _send_notification = None

    def __init__(self):
        self.go = threading.Event()
        self.stuck = threading.Event()
        self.sent = []

    def info(self, context, event, payload):
        self.stuck.set()
        self.go.wait(60)
        if not self.sent:
            self.sent.append("broken")
            raise OSError("broken")
        self.sent.append(payload)

    def cleanup(self):
        self.sent.append("cleaned up")


def test_events_that_nobody_takes_are_dropped_and_reported(monkeypatch, caplog, configure):
    """Memory stays bounded, the health check knows, and what was taken is sent in order."""
    monkeypatch.setattr(notifier.sending, "CAPACITY", 2)
    driver = Stuck()
    monkeypatch.setattr(notifier.layer, "_open", lambda conf: (driver, driver))
    layer = Notifier(configure())
    layer.start(Services(ONE_STORE))
    layer.announce("image.update", lambda: "0")
    assert driver.stuck.wait(60)
    for number in range(1, 6):
        layer.announce("image.update", str(number).format)
    assert [finding.down for finding in layer.check()] == [False]
    assert "3 notifications were lost" in next(iter(layer.check())).sentence
    assert caplog.text.count("Notifications are being lost") == 1
    driver.go.set()
    layer.close()
    assert driver.sent == ["broken", "1", "2", "cleaned up"]
    assert "image.update could not be sent" in caplog.text


def test_closing_gives_up_on_a_full_queue_too(monkeypatch, caplog, configure):
    monkeypatch.setattr(notifier.sending, "CAPACITY", 1)
    monkeypatch.setattr(notifier.sending, "PATIENCE", 0.05)
    driver = Stuck()
    monkeypatch.setattr(notifier.layer, "_open", lambda conf: (driver, driver))
    layer = Notifier(configure())
    layer.start(Services(ONE_STORE))
    thread = layer._sender._thread
    layer.announce("image.update", lambda: "0")
    assert driver.stuck.wait(60)
    layer.announce("image.update", lambda: "1")
    layer.close()
    layer.close()
    assert "did not take the last 1 notifications" in caplog.text
    assert thread.daemon  # the process can end all the same
    driver.go.set()
