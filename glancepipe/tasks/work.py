"""One task while a worker is at it.

Whatever it records also renews or closes its entry in the journal, in the same commit. So a worker that was taken for dead,
and whose entry another one has adopted, can record nothing any more: StatusChanged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from glancepipe.contract import Call, ChangeSet, Image, Intent, Nouns, TaskStatus, replace
from glancepipe.contract.errors import DatabaseUnavailable, ImageServiceError, NotFound, StatusChanged
from glancepipe.tasks.entries import renewed, task_of

log = logging.getLogger(__name__)

LONGEST = 1000
"""Characters of a task's message."""


class Work:
    """A task, its entry, and the call of the service that carries it out."""

    def __init__(self, nouns: Nouns, call: Call, entry: Intent) -> None:
        self.nouns = nouns
        self.call = call
        self.entry = entry
        self.task = task_of(entry)

    def carry_out(self, flow: Flow | None) -> None:
        """From where the record says to its end. Raises what keeps it from being recorded; then the work is not over.

        ``flow`` may have been interrupted at any step, and does all of it again; None if nothing here runs such tasks.
        """
        self._begin()
        failure: str | None = self.entry.details.get("failure")
        result = None
        if failure is None:
            try:
                if flow is None:
                    raise NotFound(f"Nothing that is installed here runs tasks of the type {self.task.type!r}.")
                result = flow(self)
            except (StatusChanged, DatabaseUnavailable):
                raise
            except Exception as error:
                failure = told(error)
                log.warning("Task %s (%s) has failed: %s", self.task.id, self.task.type, failure)
        status = TaskStatus.SUCCESS if failure is None else TaskStatus.FAILURE
        ended = replace(self.task, status=status, result=result, message=failure or "")
        self.nouns.tasks.save(self.call, self.task, ended, (self.entry.id,))

    def keep(self, image: Image, changes: ChangeSet, **noted: Any) -> Image:
        """Save changes to an image, as long as the task is this worker's. ``failure`` can be noted: then it has failed."""
        follows = renewed(self.entry, **noted)
        image = self.nouns.repo.save(self.call, image, changes.settling(self.entry.id).beginning(follows))
        self.entry = follows
        return image

    def _begin(self) -> None:
        tasks = self.nouns.tasks
        try:
            self.task = tasks.get(self.call, self.task.id)
        except NotFound:
            # Whoever opened the entry died before it had written the record.
            self.task = tasks.add(self.call, self.task)
        if self.task.status == TaskStatus.PENDING:
            self.task = tasks.save(self.call, self.task, replace(self.task, status=TaskStatus.PROCESSING))


Flow = Callable[[Work], Mapping[str, Any]]
"""Does what a type of tasks is for, and answers the task's result. What it raises is the task's failure."""


def told(error: Exception) -> str:
    """What the task's message says of an error: only domain errors promise to carry no secrets."""
    if isinstance(error, ImageServiceError):
        return "".join(filter(str.isprintable, error.message))[:LONGEST]
    log.error("A task met an error that nobody expected.", exc_info=error)
    return "Internal error. The service's log tells why."
