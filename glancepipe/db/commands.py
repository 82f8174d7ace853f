"""``glancepipe db upgrade | check | version``: the schema, from the command line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from glancepipe.db.command import DatabaseCommand

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Upgrade(DatabaseCommand):
    """Make the database's schema, or bring it up to date."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0, and a line for each step; an error, with one sentence, if the schema is another Glance's."""
        from glancepipe.db import schema

        def upgrade(connection: Connection) -> tuple[bool, str | None]:
            return schema.upgrade(connection, self.say), schema.revision(connection)

        with self.database() as database:
            changed, revision = database.write(upgrade)
        self.say(f"The database is now at revision {revision}." if changed else f"The database is at revision {revision} already.")
        return 0


class Check(DatabaseCommand):
    """Say what the database's schema lacks for this release.

    The exit status is 0 if that is nothing, 3 if `glancepipe db upgrade` is to be run, 4 if indexes are missing
    (`glancepipe db indexes create`), and 5 if the schema is that of another release of Glance.
    """

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0, 3, 4 or 5, and one sentence."""
        from glancepipe.db import schema

        with self.database() as database:
            lacks = database.read(schema.lacks)
        for lack in lacks:
            self.say(lack.sentence)
        if not lacks:
            self.say("The database is up to date.")
        return lacks[0].kind if lacks else 0


class CreateIndexes(DatabaseCommand):
    """Make those indexes for listings that the database does not have."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0, and a line for each."""
        from glancepipe.db import indexes

        with self.current_database() as database:
            database.write(lambda connection: indexes.create(connection, self.say))
        self.say("All indexes are there.")
        return 0


class DropIndexes(DatabaseCommand):
    """Remove the indexes that glancepipe added to Glance's tables, before Glance's own migrations for example."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0, and a line for each."""
        from glancepipe.db import indexes

        with self.database() as database:
            for name in database.write(indexes.drop):
                self.say(f"Index {name} is removed.")
        self.say("None of the indexes is there.")
        return 0


class Version(DatabaseCommand):
    """Show the revisions of the database's schema: glancepipe's and Glance's."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0."""
        from glancepipe.db import schema

        with self.database() as database:
            own, glance = database.read(schema.revision), database.read(schema.glance_revision)
        self.say(f"glancepipe {own or 'none'} (this release: {schema.HEAD}), Glance {glance or 'none'}")
        return 0
