"""Where a database's schema stands, and bringing it up to date."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Connection, String, column, inspect, select, table, text

from glancepipe.db import indexes
from glancepipe.db.models import GLANCE_HEAD

LOG = logging.getLogger(__name__)

VERSION_TABLE = "glancepipe_alembic_version"
"""Ours; Glance's is ``alembic_version``."""

HEAD = "0005"
"""The newest revision of ``migrations/versions``. Revisions are numbers of four digits: a later one is greater."""

BEHIND, SLOW, FOREIGN = 3, 4, 5
"""Kinds of what a schema lacks, and exit statuses of ``db check``: ``db upgrade`` helps, ``db indexes create``, Glance's own command."""


class Lack(NamedTuple):
    """What a database's schema lacks, and what helps, in one sentence."""

    kind: int
    sentence: str


def revision(connection: Connection) -> str | None:
    """The database's revision, None if glancepipe has never been there."""
    return _noted(connection, VERSION_TABLE)


def glance_revision(connection: Connection) -> str | None:
    """The revision of Glance's tables, as Glance says itself; None if it has none."""
    return _noted(connection, "alembic_version")


def _noted(connection: Connection, name: str) -> str | None:
    if not inspect(connection).has_table(name):
        return None
    found = select(column("version_num", String)).select_from(table(name))
    return ", ".join(sorted(connection.scalars(found))) or None


def is_current(connection: Connection) -> bool:
    """Whether this release can work on the database: a newer one's revisions only add, so that both can run at once."""
    present = revision(connection)
    return present is not None and present >= HEAD


def foreign(noted: str | None) -> str | None:
    """Why tables at that revision of Glance can't be worked on, None if they can."""
    if noted == GLANCE_HEAD:
        return None
    return (
        f"The database has Glance's schema at {noted or 'no revision'}, not at {GLANCE_HEAD}: "
        "only `glance-manage db sync` of Glance 33 can bring an older one there, and nothing a newer one."
    )


def lacks(connection: Connection) -> list[Lack]:
    """What is between the database and this release, the gravest first; nothing if it is up to date."""
    present, noted = revision(connection), glance_revision(connection)
    if noted is not None and (sentence := foreign(noted)):
        return [Lack(FOREIGN, sentence)]
    if present is None:
        what = "has Glance's tables only" if noted else "is empty"
        return [Lack(BEHIND, f"The database {what}: run `glancepipe db upgrade`.")]
    if present < HEAD:
        return [Lack(BEHIND, f"The database is at revision {present}, and this release needs {HEAD}: run `glancepipe db upgrade`.")]
    absent = indexes.missing(connection)
    if absent:
        return [Lack(SLOW, f"Listings are slow without {', '.join(absent)}: run `glancepipe db indexes create`.")]
    return []


def upgrade(connection: Connection, say: Callable[[str], None] = LOG.info) -> bool:
    """Bring the database up to date, within the caller's transaction; False if it is already.

    Whoever else tries the same waits meanwhile. ``say`` is told of each step. Raises ValueError with one sentence if
    it holds tables of another Glance than 33.
    """
    with _alone(connection):
        if is_current(connection):
            return False
        # Workers import this module when they start; most of them never need Alembic.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", "glancepipe.db:migrations")
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        config.attributes["say"] = say
        command.upgrade(config, "head")
        return True


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """One at a time on one database: by a lock that the server keeps, and on SQLite by the transaction itself."""
    if connection.dialect.name == "postgresql":
        # Until the end of the transaction.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    if connection.dialect.name != "mysql":
        yield
        return
    # There each change of a table ends a transaction, so it can't be the lock; what is noted is to be seen before others go on.
    connection.execute(text(f"SELECT GET_LOCK({_NAME}, {_LONG})"))
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    finally:
        connection.execute(text(f"SELECT RELEASE_LOCK({_NAME})"))


_LOCK = 7381104
_NAME = "MD5(CONCAT('glancepipe db upgrade ', DATABASE()))"
_LONG = 24 * 3600
