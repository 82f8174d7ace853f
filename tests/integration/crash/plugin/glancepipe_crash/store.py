"""crash_file: the built-in file store with steps within what it does to the disk."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from oslo_config import cfg

from glancepipe.contract import Written
from glancepipe.stores.file import FileStore
from glancepipe_crash.steps import Steps

MIDDLE = 2
"""Blocks after which an upload is in the middle."""


class CrashStore(FileStore):
    """Steps between the blocks, and before each link and removal that the file store asks of the system."""

    def __init__(self, conf: cfg.ConfigOpts, name: str) -> None:
        super().__init__(conf, name)
        self._steps = Steps(conf, "store:")
        self._listening = threading.local()

    def start(self) -> None:
        super().start()
        # An audit hook can't be taken out again: this process lives for one test.
        sys.addaudithook(self._heard)

    def write(self, image_id: str, data: Iterable[bytes], size: int | None) -> Written:
        with self._around("write"):
            return super().write(image_id, self._stepping(data), size)

    def erase(self, url: str) -> None:
        with self._around("erase"):
            super().erase(url)

    def discard(self, image_id: str) -> None:
        with self._around("discard"):
            super().discard(image_id)

    @contextmanager
    def _around(self, verb: str) -> Iterator[None]:
        with self._steps.around(verb):
            self._listening.now = True
            try:
                yield
            finally:
                self._listening.now = False

    def _stepping(self, data: Iterable[bytes]) -> Iterator[bytes]:
        for number, block in enumerate(data):
            if number == 0:
                self._reached("before the first block")
            elif number == MIDDLE:
                self._reached("in the middle")
            yield block
        self._reached("after the last block")

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("os.link", "os.remove") and getattr(self._listening, "now", False):
            self._reached(f"before {event}")

    def _reached(self, step: str) -> None:
        # A step removes files of its own, which is not what it listens to.
        self._listening.now = False
        self._steps.reached(step)
        self._listening.now = True
