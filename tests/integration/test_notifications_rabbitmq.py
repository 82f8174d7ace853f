"""Notifications through a real RabbitMQ, read as another service would read them."""

import json
import os
import queue
import socket
import threading
import uuid
from contextlib import contextmanager, suppress
from importlib import import_module
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from oslo_config import cfg

from glancepipe.contract import Call, Caller, Data, Ended, ImageValues, Services, Target
from glancepipe.contract.errors import Invalid
from glancepipe.layers.notifier import GROUP, Notifier
from glancepipe.operations.create_image import create_image
from glancepipe.operations.delete_image import delete_image
from glancepipe.operations.download_image import download_image
from glancepipe.operations.upload_image import upload_image
from glancepipe.testing import linked

pytestmark = pytest.mark.integration

URL = os.environ.get("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
ALICE = Caller(user_id="alice", project_id="red", roles=frozenset({"member"}))


@pytest.fixture
def broker():
    kombu = import_module("kombu")
    with kombu.Connection(URL, connect_timeout=5) as connection:
        try:
            connection.ensure_connection(max_retries=1, timeout=5)
        except Exception as error:
            if os.environ.get("CI_REQUIRE") == "1":
                raise
            pytest.skip(f"no RabbitMQ at {connection.as_uri()}: {error}")
        yield connection


@pytest.fixture
def topic(broker):
    name = f"glancepipe-test-{uuid.uuid4().hex}"
    yield name
    with broker.channel() as channel:
        for priority in ("info", "error"):
            channel.queue_delete(f"{name}.{priority}")


@contextmanager
def service(tmp_path, topic, url=URL, more=""):
    """A pipeline that is configured as an operator would do it, by a file."""
    file = tmp_path / "glancepipe.conf"
    url = url.replace("amqp://", "rabbit://", 1)
    file.write_text(f"[{GROUP}]\ndriver = messagingv2\ntransport_url = {url}\ntopics = {topic}\n{more}")
    conf = cfg.ConfigOpts()
    conf([], project="glancepipe", default_config_files=[str(file)], default_config_dirs=[])
    pipeline = linked(Notifier, conf=conf)
    pipeline.start(Services(SimpleNamespace(multiple=False, default="")))
    try:
        yield pipeline
    finally:
        pipeline.close()


def listen(broker, queue_name, count):
    """The next ``count`` messages of a queue that is bound to the exchange ``glance``."""
    kombu = import_module("kombu")
    exchange = kombu.Exchange("glance", "topic", durable=False)
    bound = kombu.Queue(queue_name, exchange, routing_key=queue_name, durable=False)
    heard = queue.Queue()
    with kombu.Consumer(broker, [bound], callbacks=[lambda body, message: (heard.put(body), message.ack())]):
        while heard.qsize() < count:
            broker.drain_events(timeout=10)
    envelopes = [heard.get() for _ in range(count)]
    return [json.loads(envelope["oslo.message"]) for envelope in envelopes]


def test_the_life_of_an_image_is_heard(broker, topic, tmp_path):
    """FEATURES 6.3, 12.1-05: exchange, queues, envelope, order."""

    def broken():
        yield b"da"
        raise Invalid("Cut off.")

    with service(tmp_path, topic) as pipeline:
        nouns = pipeline.nouns
        values = ImageValues({"owner": "red", "disk_format": "raw", "container_format": "bare"})
        image = create_image(nouns, Call("create_image", ALICE), values)
        with pytest.raises(Invalid), Call("upload_image", ALICE) as call:
            upload_image(nouns, call, image.id, Data(broken()), Target())
        with Call("upload_image", ALICE) as call:
            upload_image(nouns, call, image.id, Data([b"data"], 4), Target())
        _, data = download_image(nouns, Call("download_image", ALICE), image.id, lambda _: None)
        data.ended(Ended(4, True))
        delete_image(nouns, Call("delete_image", ALICE), image.id)

    expected = ["create", "update", "prepare", "update", "update", "prepare", "upload", "activate", "update", "send", "delete"]
    infos = listen(broker, f"{topic}.info", len(expected))
    assert [message["event_type"] for message in infos] == [f"image.{event}" for event in expected]
    assert {message["publisher_id"] for message in infos} == {"image.localhost"}
    assert infos[-1]["payload"]["deleted"] is True
    assert infos[8]["payload"]["size"] == 4
    (failed,) = listen(broker, f"{topic}.error", 1)
    assert (failed["event_type"], failed["priority"]) == ("image.upload", "ERROR")
    assert failed["payload"] == f"Failed to upload image data for image {image.id}: Cut off."


class Line:
    """The way to the broker, which can be cut."""

    def __init__(self):
        broker = urlsplit(URL)
        self.there = (broker.hostname, broker.port or 5672)
        self.whole = True
        self.cut_off = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"amqp://{broker.username}:{broker.password}@127.0.0.1:{self.listener.getsockname()[1]}{broker.path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if not self.whole:
                    client.close()
                    continue
                server = socket.create_connection(self.there)
                self.cut_off += [client, server]
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source, target):
        with suppress(OSError):
            while received := source.recv(65536):
                target.sendall(received)
        target.close()

    def cut(self):
        self.whole = False
        for end in self.cut_off:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.cut()
        self.listener.close()


@pytest.fixture
def line(broker):
    line = Line()
    yield line
    line.close()


def test_what_the_outbox_keeps_arrives_when_the_broker_is_back(broker, topic, line, tmp_path, wait_until):
    """DESIGN 5: nothing is lost while it is away, and the order is that of the changes."""
    with service(tmp_path, topic, line.url, "[notifier]\noutbox = true\n") as pipeline:
        nouns, entries = pipeline.nouns, pipeline.layers[-1].intents

        def create(name):
            return create_image(nouns, Call("create_image", ALICE), ImageValues({"owner": "red", "name": name}))

        create("before")
        wait_until(lambda: not entries, "the first one is sent")
        line.cut()
        for name in ("while", "it", "was", "away"):
            create(name)
        assert len(entries) == 4
        line.whole = True
        create("after")
        wait_until(lambda: not entries, "the others are sent", 60)
    messages = listen(broker, f"{topic}.info", 6)
    assert [message["payload"]["name"] for message in messages] == ["before", "while", "it", "was", "away", "after"]
    ids = [message["_context_event_id"] for message in messages]
    assert ids == sorted(set(ids))
    assert messages[0]["_context_redelivered"] is False
