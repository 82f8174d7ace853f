"""memory: images in the worker's own memory, for tests; nothing survives the process or is shared with another."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from oslo_config import cfg

from glancepipe.contract import BLOCK, Data, Span, Store, Written
from glancepipe.contract.errors import Duplicate, NoData


class MemoryStore(Store):
    """URLs are ``memory://<backend>/<image id>``."""

    schemes = ("memory",)
    ranged = True

    def __init__(self, conf: cfg.ConfigOpts, name: str) -> None:
        super().__init__(conf, name)
        self.prefix = f"memory://{name}/"
        self._images: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def write(self, image_id: str, data: Iterable[bytes], size: int | None) -> Written:
        url = self.prefix + image_id
        if url in self._images:
            raise Duplicate
        content = b"".join(data)
        with self._lock:
            if url in self._images:
                raise Duplicate
            self._images[url] = content
        return Written(url, len(content))

    def read(self, url: str, span: Span | None = None) -> Data:
        content = self._content(url)
        if span is not None:
            content = content[span.start : span.start + span.length]
        return Data(_blocks(content), len(content))

    def size(self, url: str) -> int:
        return len(self._content(url))

    def erase(self, url: str) -> None:
        self._images.pop(url, None)

    def discard(self, image_id: str) -> None:
        self.erase(self.prefix + image_id)

    def owns(self, url: str) -> bool:
        return url.startswith(self.prefix)

    def _content(self, url: str) -> bytes:
        try:
            return self._images[url]
        except KeyError:
            raise NoData from None


def _blocks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), BLOCK):
        yield content[start : start + BLOCK]
