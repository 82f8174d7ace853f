"""``glancepipe db upgrade | check | version``: the schema, from the command line."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from cliff.command import Command

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from glancepipe.db.database import Database

BEHIND = 3
"""Exit status of ``db check`` for a schema that needs an upgrade."""


class _DatabaseCommand(Command):
    """Imports what it needs when it runs: the list of all commands loads this module."""

    @contextmanager
    def _database(self) -> Iterator[Database]:
        from glancepipe.db.database import Database
        from glancepipe.db.engine import OPTIONS, database_url, make_engine

        # Its tracebacks would bury the one sentence that says the same.
        logging.getLogger("oslo_db").setLevel(logging.CRITICAL)
        conf = cast("Any", self.app).conf
        conf.register_opts(OPTIONS, group="database")
        database = Database(make_engine(conf, database_url(conf)))
        try:
            yield database
        finally:
            database.close()

    def _say(self, sentence: str) -> None:
        self.app.stdout.write(f"{sentence}\n")


class Upgrade(_DatabaseCommand):
    """Make the database's schema, or bring it up to date."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0; an error, with one sentence, if the schema is another Glance's."""
        from glancepipe.db import schema

        def upgrade(connection: Connection) -> tuple[str | None, str | None]:
            before = schema.revision(connection)
            schema.upgrade(connection)
            return before, schema.revision(connection)

        with self._database() as database:
            before, after = database.write(upgrade)
        self._say(f"The database is at revision {after} already." if before == after else f"The database is now at revision {after}.")
        return 0


class Check(_DatabaseCommand):
    """Say whether the database's schema is what this release needs: exit status 0 if so, 3 if not."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0 or 3, and one sentence."""
        from glancepipe.db import schema

        with self._database() as database:
            current = database.read(schema.is_current)
        if current:
            self._say("The database is up to date.")
            return 0
        self._say("The database is not up to date: run `glancepipe db upgrade`.")
        return BEHIND


class Version(_DatabaseCommand):
    """Show the revisions of the database's schema: glancepipe's and Glance's."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0."""
        from glancepipe.db import schema

        with self._database() as database:
            own, glance = database.read(schema.revision), database.read(schema.glance_revision)
        self._say(f"glancepipe {own or 'none'} (this release: {schema.HEAD}), Glance {glance or 'none'}")
        return 0
