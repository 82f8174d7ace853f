"""Makes the SQLAlchemy engine out of the ``[database]`` options, with what each kind of database needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from oslo_config import cfg
from oslo_db import options
from oslo_db.sqlalchemy import exc_filters
from sqlalchemy import URL, Connection, Engine, ExecutionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

_HONOURED = (
    "connection",
    "slave_connection",
    "connection_parameters",
    "connection_recycle_time",
    "max_pool_size",
    "max_overflow",
    "pool_timeout",
    "max_retries",
    "retry_interval",
    "sqlite_synchronous",
    "mysql_sql_mode",
    "mysql_wsrep_sync_wait",
)
OPTIONS: list[cfg.Opt] = [
    *(option for option in options.database_opts if option.name in _HONOURED),
    # The defaults of these four, a second and more, are too slow for a request that only lost a race.
    cfg.IntOpt("db_max_retries", default=20, min=0, help="How often a transaction that lost a conflict with another one is tried again."),
    cfg.FloatOpt("db_retry_interval", default=0.02, min=0, help="Seconds before it is tried again for the first time."),
    cfg.BoolOpt("db_inc_retry_interval", default=True, help="Whether each try waits longer than the last one."),
    cfg.FloatOpt("db_max_retry_interval", default=1, min=0, help="The longest that a try waits, in seconds."),
]
"""The options of ``[database]`` (FEATURES 8.1-08): oslo.db's own, those that have a meaning here."""

WRITES = "glancepipe_writes"
"""The execution option of a connection that is going to write."""

VARIES = "glancepipe_varies"
"""The execution option of a statement whose best plan depends on the values: none is kept for all of them."""

LOCK_PATIENCE = 30
"""Seconds that SQLite waits for another process's lock: its queue is unfair, 5 s were not enough under load."""


def database_url(conf: cfg.ConfigOpts) -> URL:
    """The database that ``conf`` names, by default an SQLite file in ``state_path``.

    Raises ValueError with one sentence, which never contains the URL itself: it may hold a password.
    """
    if not conf.database.connection:
        return URL.create("sqlite", database=f"{conf.state_path}/glancepipe.sqlite")
    return _url(conf, "connection")


def replica_url(conf: cfg.ConfigOpts) -> URL | None:
    """The database from which listings are read, None if there is no other one. Raises ValueError."""
    return _url(conf, "slave_connection") if conf.database.slave_connection else None


def _url(conf: cfg.ConfigOpts, option: str) -> URL:
    try:
        url = make_url(conf.database[option])
    except (ArgumentError, ValueError):
        raise ValueError(f"[database] {option} is not a database URL, such as postgresql+psycopg://user:password@host/name.") from None
    if url.drivername.startswith("mariadb"):
        # The same driver and SQL; oslo.db's filters know the errors under this name only.
        url = url.set(drivername=url.drivername.replace("mariadb", "mysql", 1))
    if url.get_backend_name() not in ("sqlite", "postgresql", "mysql"):
        raise ValueError(f"[database] {option} names {url.drivername!r}; supported are sqlite, postgresql, mysql and mariadb.")
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError(f"[database] {option} names an SQLite database in memory, which threads and workers can't share; name a file.")
    if conf.database.connection_parameters:
        url = url.update_query_pairs(parse_qsl(conf.database.connection_parameters), append=True)
    return url


def make_engine(conf: cfg.ConfigOpts, url: URL) -> Engine:
    """An engine for ``url``; nothing is connected yet. Raises ValueError if its driver is not installed."""
    settings = conf.database
    if not settings.connection:
        Path(conf.state_path).mkdir(parents=True, exist_ok=True)
    arguments: dict[str, Any] = {
        "pool_size": settings.max_pool_size,
        "max_overflow": settings.max_overflow,
        "pool_recycle": settings.connection_recycle_time,
        # What a failed statement was given may be a location with credentials in it, and errors are logged.
        "hide_parameters": True,
    }
    if settings.pool_timeout is not None:
        arguments["pool_timeout"] = settings.pool_timeout
    if url.get_backend_name() == "sqlite":
        arguments["connect_args"] = {"timeout": LOCK_PATIENCE}
    elif url.get_backend_name() == "mysql":
        # Each statement sees what is committed: what a writer reads behind a lock is what the last one left.
        arguments["isolation_level"] = "READ COMMITTED"
    try:
        engine = create_engine(url, **arguments)
    except (ImportError, NoSuchModuleError):
        raise ValueError(
            f"[database] connection names the driver {url.drivername!r}, which is not installed; "
            "pip install glancepipe[postgresql] brings postgresql+psycopg, glancepipe[mysql] mysql+pymysql."
        ) from None
    exc_filters.register_engine(engine)  # type: ignore[no-untyped-call]  # oslo.db ships no types
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, synchronous=settings.sqlite_synchronous)
    elif engine.driver == "psycopg":
        event.listen(engine, "do_execute", _plan_anew)
    elif engine.dialect.name == "mysql":
        _prepare_mysql(engine, settings.mysql_sql_mode, settings.mysql_wsrep_sync_wait)
    return engine


def _plan_anew(cursor: Any, statement: str, parameters: Any, context: ExecutionContext) -> bool:
    """PostgreSQL takes a plan for unknown values, after a few times, if it seems to cost less: it may be far from true."""
    if not context.execution_options.get(VARIES):
        return False
    cursor.execute(statement, parameters, prepare=False)
    return True


def _on_connect(engine: Engine, *statements: str) -> None:
    def connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()

    event.listen(engine, "connect", connect)


def _prepare_sqlite(engine: Engine, *, synchronous: bool) -> None:
    """WAL, and a transaction that will write says so from the start: upgrading a read lock is what deadlocks."""

    def no_implicit_begin(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", no_implicit_begin)
    event.listen(engine, "begin", begin)
    _on_connect(
        engine,
        "PRAGMA journal_mode = WAL",
        f"PRAGMA synchronous = {'FULL' if synchronous else 'OFF'}",
        "PRAGMA foreign_keys = ON",
    )


def _prepare_mysql(engine: Engine, sql_mode: str | None, wsrep_sync_wait: int | None) -> None:
    # MariaDB cuts JSON_ARRAYAGG off at this length; the properties of one image can be longer than its default.
    statements = ["SET SESSION group_concat_max_len = 1073741824"]
    if sql_mode:
        statements.append("SET SESSION sql_mode = '{}'".format(sql_mode.replace("'", "''")))
    if wsrep_sync_wait is not None:
        statements.append(f"SET SESSION wsrep_sync_wait = {wsrep_sync_wait:d}")
    _on_connect(engine, *statements)
