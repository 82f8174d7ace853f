"""Layer ``stamp``: gives every new image a property, and counts the bytes that leave with each image."""

from __future__ import annotations

import logging
import threading
from collections import Counter

from oslo_config import cfg

from glancepipe.contract import Call, Data, Ended, Image, ImageFactoryProxy, ImageProxy, ImageValues, Layer, Span, replace

log = logging.getLogger(__name__)


class StampFactory(ImageFactoryProxy["Stamp"]):
    """Acts on records while they are made."""

    def new_image(self, call: Call, values: ImageValues) -> Image:
        """Adds the property; what the caller proposes under its name gives way."""
        stamped = {**values.properties, self.layer.property: self.layer.value}
        return self.inner.new_image(call, replace(values, properties=stamped))


class StampImage(ImageProxy["Stamp"]):
    """Acts on data when it is read."""

    def get_data(self, call: Call, image: Image, span: Span | None = None, prefer: tuple[str, ...] = ()) -> Data:
        """Only wants to know how it ends, so the data goes on unchanged: a file stays a file."""
        data = self.inner.get_data(call, image, span, prefer)
        data.observe(lambda end: self.layer.count(image.id, end))
        return data


class Stamp(Layer):
    """Stamps new images, counts bytes."""

    name = "stamp"
    # The layers that end the two verbs: further in, stamp would never see a call.
    before = frozenset({"location", "domain"})
    options = {
        "stamp": [
            cfg.StrOpt("property", default="stamp", help="Name of the property that every new image gets."),
            cfg.StrOpt("value", default="glancepipe", help="Value of that property."),
        ]
    }

    factory = StampFactory
    image = StampImage

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__(conf)
        self.property: str = conf.stamp.property
        self.value: str = conf.stamp.value
        if not self.property:
            raise ValueError("[stamp] property is empty: name the property that new images get.")
        self.sent: Counter[str] = Counter()
        """Bytes that left this worker since its start, by image id."""
        self._lock = threading.Lock()

    def count(self, image_id: str, end: Ended) -> None:
        """Add one download to ``sent``, as far as it got. Called by many threads."""
        with self._lock:
            self.sent[image_id] += end.sent
            total = self.sent[image_id]
        log.info("Image %s: %d bytes sent, %d in all%s.", image_id, end.sent, total, "" if end.complete else "; the download broke off")
