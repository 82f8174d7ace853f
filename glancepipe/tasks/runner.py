"""Runs the tasks of this process: a bounded pool of threads, fed by requests and by every sweep."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress

from glancepipe.contract import SERVICE, Call, Intent, Nouns
from glancepipe.tasks.entries import KIND, call_of, task_of
from glancepipe.tasks.location_import import location_import
from glancepipe.tasks.work import Flow, Work

log = logging.getLogger(__name__)

FLOWS: Mapping[str, Flow] = {"location_import": location_import}
"""What is done for each type of tasks. One of another type, which only another version can have left, fails and says so."""


class Runner:
    """Started and closed with the service. What it holds when the process dies is adopted by another worker, or the next."""

    def __init__(self, nouns: Nouns, threads: int, flows: Mapping[str, Flow] = FLOWS) -> None:
        """Start nothing; the process may fork yet."""
        self.flows = flows
        self._nouns = nouns
        self._threads = threads
        self._pool: Executor

    def start(self) -> None:
        """Get ready in this process."""
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="task")

    def run(self, entry: Intent) -> None:
        """Carry out, soon, the task of an entry that this worker holds."""
        # A pool that is closed takes no more: with this worker's end the entry is for another one to adopt.
        with suppress(RuntimeError):
            self._pool.submit(self._run, entry)

    def sweep(self) -> None:
        """Take over the tasks of dead workers, and those that could not be recorded."""
        try:
            with Call("sweep", SERVICE) as call:
                for entry in self._nouns.journal.adopt(call, KIND):
                    log.info("Task %s is taken over.", task_of(entry).id)
                    self.run(entry)
        except Exception:
            log.exception("Tasks could not be taken over; this worker tries again later.")

    def close(self) -> None:
        """Let running tasks end; those that have not begun are for another worker to adopt."""
        self._pool.shutdown(cancel_futures=True)

    def _run(self, entry: Intent) -> None:
        try:
            with call_of(entry) as call:
                self._carry_out(Work(self._nouns, call, entry))
        except Exception:
            log.exception("The task of the journal's entry %s can't be carried out by this worker.", entry.id)

    def _carry_out(self, work: Work) -> None:
        try:
            work.carry_out(self.flows.get(work.task.type))
        except Exception as error:
            log.warning("Task %s goes on with the next sweep, if it is still this worker's: %r", work.task.id, error)
            self._nouns.journal.let_go(work.call, work.entry.id)
