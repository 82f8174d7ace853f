"""``glancepipe db upgrade | check | version``: the schema, from the command line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from glancepipe.db.command import DatabaseCommand

if TYPE_CHECKING:
    from sqlalchemy import Connection

BEHIND = 3
"""Exit status of ``db check`` for a schema that needs an upgrade."""


class Upgrade(DatabaseCommand):
    """Make the database's schema, or bring it up to date."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0; an error, with one sentence, if the schema is another Glance's."""
        from glancepipe.db import schema

        def upgrade(connection: Connection) -> tuple[str | None, str | None]:
            before = schema.revision(connection)
            schema.upgrade(connection)
            return before, schema.revision(connection)

        with self.database() as database:
            before, after = database.write(upgrade)
        self.say(f"The database is at revision {after} already." if before == after else f"The database is now at revision {after}.")
        return 0


class Check(DatabaseCommand):
    """Say whether the database's schema is what this release needs: exit status 0 if so, 3 if not."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0 or 3, and one sentence."""
        from glancepipe.db import schema

        with self.database() as database:
            current = database.read(schema.is_current)
        if current:
            self.say("The database is up to date.")
            return 0
        self.say("The database is not up to date: run `glancepipe db upgrade`.")
        return BEHIND


class Version(DatabaseCommand):
    """Show the revisions of the database's schema: glancepipe's and Glance's."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0."""
        from glancepipe.db import schema

        with self.database() as database:
            own, glance = database.read(schema.revision), database.read(schema.glance_revision)
        self.say(f"glancepipe {own or 'none'} (this release: {schema.HEAD}), Glance {glance or 'none'}")
        return 0
