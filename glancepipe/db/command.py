"""Base of the commands on the database."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from cliff.command import Command

if TYPE_CHECKING:
    from glancepipe.db.database import Database


class DatabaseCommand(Command):
    """Imports what it needs when it runs: the list of all commands loads the modules of commands."""

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database that the configuration names, for as long as the block lasts. Raises ValueError."""
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

    @contextmanager
    def current_database(self) -> Iterator[Database]:
        """The same, if it has the schema of this release. Raises ValueError."""
        from glancepipe.db import schema

        with self.database() as database:
            if not database.read(schema.is_current):
                raise ValueError("The database is not up to date: run `glancepipe db upgrade`.")
            yield database

    def say(self, sentence: str) -> None:
        """Write a line to standard output."""
        self.app.stdout.write(f"{sentence}\n")
