"""Which journal entries this process cares for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Held:
    """The ids of the entries that this process cares for."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._lock = threading.Lock()

    def ids(self) -> list[str]:
        """All of them."""
        with self._lock:
            return list(self._ids)

    def take(self, entry_id: str) -> bool:
        """Start to care for an entry; False if this process does already."""
        with self._lock:
            if entry_id in self._ids:
                return False
            self._ids.add(entry_id)
            return True

    def drop(self, *entry_ids: str) -> None:
        """Care no longer."""
        with self._lock:
            self._ids.difference_update(entry_ids)

    @contextmanager
    def opening(self, entry_ids: Iterable[str]) -> Iterator[None]:
        """Hold entries from before they are committed, so that no sweep comes between; drop them if that fails."""
        taken = [entry_id for entry_id in entry_ids if self.take(entry_id)]
        try:
            yield
        except BaseException:
            self.drop(*taken)
            raise
