"""Where a database's schema stands, and bringing it up to date."""

from __future__ import annotations

from sqlalchemy import Connection, String, column, inspect, select, table

VERSION_TABLE = "glancepipe_alembic_version"
"""Ours; Glance's is ``alembic_version``."""

HEAD = "0004"
"""The newest revision of ``migrations/versions``. Revisions are numbers of four digits: a later one is greater."""


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


def upgrade(connection: Connection) -> None:
    """Bring the database up to date, within the caller's transaction; nothing to do if it is.

    Raises ValueError with one sentence if it holds tables of another Glance than 33.
    """
    if is_current(connection):
        return
    # Workers import this module when they start; most of them never need Alembic.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "glancepipe.db:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
