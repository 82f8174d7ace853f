"""The worker that this process is, among all workers: its row, its heartbeat, and the burial of those that died.

What a worker holds (journal entries, reservations) hangs on its row: with the row reservations vanish and entries
become nobody's. A worker that was buried although it lives (it was suspended, say) finds its row missing at the next
heartbeat, or when it wants to hold something more, and goes on under a new id.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from oslo_db import exception as db_error
from sqlalchemy import Connection, Row, delete, insert, select, update

from glancepipe.contract.errors import DatabaseUnavailable
from glancepipe.db.database import Database
from glancepipe.db.models import journal, workers
from glancepipe.db.sql import utc_now

LOG = logging.getLogger(__name__)
T = TypeVar("T")

BEAT = 10.0
"""Seconds between two heartbeats."""
SILENCE = timedelta(seconds=60)
"""After so long without a heartbeat a worker is taken for dead, wherever it ran."""


def local_host() -> str:
    """Machine, boot and process namespace: among workers of the same one, process ids tell who is alive."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        namespace = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        # No /proc: a name that no other worker has, so that only silence tells.
        return str(uuid.uuid4())
    return f"{socket.gethostname()[:180]}/{boot}/{namespace}"


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; -1 if it is a zombie, None if that can't be told."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may contain anything; the state follows it, the start time is the 22nd field.
    state, *fields = stat.rpartition(")")[2].split()
    return -1 if state in ("Z", "X") else int(fields[18])


def is_running(pid: int, started: int) -> bool:
    """Whether the process of this machine that started then is running, as far as can be told."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return start_time(pid) in (started, None)


class Workers:
    """Registers this worker and keeps it registered. ``held`` names the journal entries that it cares for."""

    def __init__(self, database: Database, held: Callable[[], Iterable[str]]) -> None:
        self.database = database
        self.id = ""
        self._held = held
        self._host = local_host()
        self._registering = threading.Lock()
        self._stop = threading.Event()
        self._heart: threading.Thread | None = None

    def start(self) -> None:
        """Register, and keep the heart beating until ``close``. Raises DatabaseUnavailable."""
        self._register()
        self._heart = threading.Thread(target=self._beat_on, name="glancepipe-heartbeat", daemon=True)
        self._heart.start()

    def close(self) -> None:
        """Stop the heart and leave; what is still held is nobody's from now on."""
        self._stop.set()
        if self._heart is not None:
            self._heart.join()
            self._heart = None
        try:
            self.database.write(lambda connection: connection.execute(delete(workers).where(workers.c.id == self.id)))
        except DatabaseUnavailable:
            LOG.warning("Worker %s could not sign off; the others will find out that it is gone.", self.id)

    def write(self, work: Callable[[Connection, str], T]) -> T:
        """``Database.write`` of something that hangs on this worker's row, whose id ``work`` gets."""
        mine = self.id
        try:
            return self.database.write(lambda connection: work(connection, mine))
        except db_error.DBReferenceError:
            self.beat()
            return self.database.write(lambda connection: work(connection, self.id))

    def beat(self) -> None:
        """Say that this worker lives; register again if it was taken for dead."""
        mine = self.id
        seen = update(workers).where(workers.c.id == mine).values(seen_at=utc_now())
        if not self.database.write(lambda connection: connection.execute(seen).rowcount):
            LOG.warning("Worker %s was taken for dead; it goes on under a new id.", mine)
            self._register(instead_of=mine)

    def bury(self) -> None:
        """Remove the rows of dead workers."""

        def silent(connection: Connection) -> list[Row[Any]]:
            now = connection.scalar(select(utc_now()))
            assert now is not None
            return [row for row in connection.execute(select(workers)) if row.id != self.id and self._is_dead(row, now)]

        for row in self.database.read(silent):
            LOG.info("Worker %s on %s (process %d) is dead.", row.id, row.host, row.pid)
            # Unless it has just shown that it lives.
            grave = delete(workers).where(workers.c.id == row.id, workers.c.seen_at == row.seen_at)
            self.database.write(lambda connection, grave=grave: connection.execute(grave))  # type: ignore[misc]  # it infers no lambda that has a default

    def _is_dead(self, row: Row[Any], now: datetime) -> bool:
        if now - row.seen_at > SILENCE:
            return True
        return bool(row.host == self._host) and not is_running(row.pid, row.started)

    def _register(self, instead_of: str = "") -> None:
        with self._registering:
            if self.id != instead_of:
                return
            successor = str(uuid.uuid4())
            pid = os.getpid()
            row = {"id": successor, "host": self._host, "pid": pid, "started": start_time(pid) or 0, "seen_at": utc_now()}

            def register(connection: Connection) -> None:
                connection.execute(insert(workers).values(row))
                if held := list(self._held()):
                    # What nobody has adopted meanwhile.
                    mine = journal.c.id.in_(held) & journal.c.worker_id.is_(None)
                    connection.execute(update(journal).where(mine).values(worker_id=successor))

            self.database.write(register)
            self.id = successor

    def _beat_on(self) -> None:
        while not self._stop.wait(BEAT):
            try:
                self.beat()
            except Exception:
                LOG.exception("The heartbeat of worker %s failed; the next one is in %d seconds.", self.id, BEAT)
