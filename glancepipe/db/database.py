"""Transactions: run one, repeat it if that helps, and say in the domain's words why it failed."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from oslo_config import cfg
from oslo_db import exception as db_error
from oslo_db.api import wrap_db_retry
from sqlalchemy import Connection, Engine
from sqlalchemy import exc as sa_error

from glancepipe.contract.errors import DatabaseUnavailable, Duplicate, Invalid
from glancepipe.db.engine import WRITES

T = TypeVar("T")
Work = Callable[[Connection], T]
"""What is done in a transaction. It may be called again after it failed, so it changes nothing but the database."""

_SERIALIZATION_FAILURES = frozenset({"40001", "40P01"})
_DEADLOCK = 1213
"""MySQL's number. oslo.db goes by the sentence, and doesn't know those of a Galera cluster whose COMMIT fails."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often what lost a conflict is tried again, and after how many seconds: first, and at most."""

    retries: int = 20
    first: float = 0.02
    longest: float = 1
    grows: bool = True

    @classmethod
    def of(cls, conf: cfg.ConfigOpts) -> Patience:
        """As ``[database]`` says."""
        settings = conf.database
        return cls(settings.db_max_retries, settings.db_retry_interval, settings.db_max_retry_interval, settings.db_inc_retry_interval)


class Database:
    """Reads and writes through one engine, from any thread."""

    def __init__(self, engine: Engine, patience: Patience | None = None) -> None:
        self.engine = engine
        patience = patience or Patience()
        self._contending = _retry(
            max_retries=patience.retries,
            retry_interval=patience.first,
            inc_retry_interval=patience.grows,
            max_retry_interval=patience.longest,
            exception_checker=_is_conflict,
        )
        # A single select needs no BEGIN and ROLLBACK: that saves PostgreSQL two round trips.
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT") if engine.dialect.name == "postgresql" else engine
        self._writer = engine.execution_options(**{WRITES: True})
        # SQLite's own queue lets a writer wait for seconds; a process that queues its threads itself is fair and faster.
        self._turn: AbstractContextManager[object] = threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()

    def read(self, work: Work[T]) -> T:
        """What ``work`` reads, with one statement or several that need not agree with each other.

        Raises DatabaseUnavailable.
        """
        with _domain_errors():
            return self._patient(self._read)(work)

    def write(self, work: Work[T]) -> T:
        """Do ``work`` in a transaction of its own: all of it, or nothing and an exception.

        Raises DatabaseUnavailable, Duplicate, Invalid (a value that the database refuses), and what ``work`` raises.
        """
        with _domain_errors():
            return self._patient(self._write)(work)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _patient(self, attempt: Callable[[Work[T]], T]) -> Callable[[Work[T]], T]:
        return self._contending(_reconnecting(attempt))  # type: ignore[no-any-return]  # oslo.db ships no types

    def _read(self, work: Work[T]) -> T:
        with self._reader.connect() as connection:
            return work(connection)

    def _write(self, work: Work[T]) -> T:
        with self._turn, self._writer.connect() as connection, connection.begin() as transaction:
            result = work(connection)
            try:
                transaction.commit()
            except db_error.DBConnectionError as error:
                # It may have been committed or not, so it must not be done again.
                raise DatabaseUnavailable("The connection to the database was lost while it stored the change.") from error
        return result


def now() -> datetime:
    """The time as the records have it: naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def _is_conflict(error: Exception) -> bool:
    if isinstance(error, (db_error.DBDeadlock, db_error.DBConsistencyError)):
        return True
    if not isinstance(error, sa_error.OperationalError) or error.orig is None:
        return False
    return getattr(error.orig, "sqlstate", None) in _SERIALIZATION_FAILURES or error.orig.args[:1] == (_DEADLOCK,)


# A pooled connection may have been closed by the server: try once with a new one.
_retry: Callable[..., Any] = wrap_db_retry
_reconnecting = _retry(max_retries=1, retry_interval=0, retry_on_disconnect=True)


@contextmanager
def _domain_errors() -> Iterator[None]:
    try:
        yield
    except db_error.DBDuplicateEntry as error:
        raise Duplicate("The database has such an entry already.") from error
    except (db_error.DBDataError, db_error.DBInvalidUnicodeParameter) as error:
        raise Invalid("A value is too long or has characters that the database can't store.") from error
    except (db_error.DBConnectionError, db_error.DBDeadlock, db_error.DBConsistencyError, db_error.DBNonExistentDatabase) as error:
        raise DatabaseUnavailable from error
    except (sa_error.OperationalError, sa_error.TimeoutError) as error:
        raise DatabaseUnavailable from error
    except db_error.DBError as error:
        if getattr(error.inner_exception, "orig", None).__class__ is sqlite3.DatabaseError:
            # Not a mistake of ours in a statement: the file is no database, or a broken one.
            raise DatabaseUnavailable(f"The database file can't be used: {error.inner_exception.orig}.") from error
        if isinstance(error.inner_exception, sa_error.DataError):
            raise Invalid("A value is too long or has characters that the database can't store.") from error
        raise
