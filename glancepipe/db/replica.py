"""Reads that may lag behind: from a replica while it answers, and what it has no answer to from the primary."""

from __future__ import annotations

import logging
import time
from typing import TypeVar

from glancepipe.contract.errors import DatabaseUnavailable
from glancepipe.contract.operations import OPERATIONS
from glancepipe.db.database import Database, Work

LOG = logging.getLogger(__name__)
T = TypeVar("T")

LAGGING = frozenset({"list_images", "show_image", "list_members", "show_member"}) | {
    operation.name for operation in OPERATIONS.values() if operation.method == "GET" and operation.path.startswith("/v2/metadefs")
}
"""Operations that change nothing, and whose answer may be a moment old. Downloads and tasks are not among them: what is
done with a location or a status must not be out of date."""

PAUSE = 10.0
"""Seconds for which a replica that could not be reached is left alone."""


class Replica:
    """Reads like ``Database``, and can't write."""

    def __init__(self, replica: Database, primary: Database) -> None:
        self.reachable = True
        self._replica = replica
        self._primary = primary
        self._again_at = 0.0

    def read(self, work: Work[T]) -> T:
        """What ``work`` reads; whatever goes wrong on the replica, the primary has the last word. Raises DatabaseUnavailable."""
        if time.monotonic() >= self._again_at:
            try:
                result = self._replica.read(work)
            except DatabaseUnavailable as error:
                self.reachable = False
                self._again_at = time.monotonic() + PAUSE
                LOG.warning("The replica can't be read, the primary is for the next %d seconds: %s", PAUSE, error.__cause__ or error)
            except Exception as error:
                # What has just been made may not have arrived: a record, or a table.
                LOG.debug("The replica has no answer, asking the primary: %s", error)
            else:
                self.reachable = True
                return result
        return self._primary.read(work)

    def close(self) -> None:
        """Close the connections to the replica."""
        self._replica.close()
