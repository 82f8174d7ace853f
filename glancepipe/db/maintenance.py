"""``glancepipe db purge | stats``: what an operator does to the records now and then."""

from __future__ import annotations

import argparse
from datetime import timedelta

from glancepipe.db.command import DatabaseCommand


class Purge(DatabaseCommand):
    """Remove for good what was deleted long ago. An image's ID stays known, and is never used again."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Declare the age."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--age-in-days", type=_days, default=30, metavar="N", help="Only what was deleted at least N days ago (30); 0 is everything"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0; a line for each batch of rows. It can be interrupted at any time, and started again."""
        from glancepipe.db.database import now
        from glancepipe.db.purge import purge

        total = 0
        with self.current_database() as database:
            for table, count in purge(database, now() - timedelta(days=parsed_args.age_in_days)):
                self.say(f"{table}: {count} rows removed")
                total += count
        self.say(f"{total} rows are purged." if total else "There is nothing to purge.")
        return 0


class Stats(DatabaseCommand):
    """Count what the database holds."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0; a line for each count, with bytes where that means something."""
        from glancepipe.db.stats import stats

        with self.current_database() as database:
            counts = database.read(lambda connection: list(stats(connection)))
        width = max(len(what) for what, _, _ in counts)
        for what, count, size in counts:
            self.say(f"{what:<{width}} {count:>10}" + ("" if size is None else f" {size:>16} bytes"))
        return 0


def _days(text: str) -> int:
    days = int(text)
    if not 0 <= days <= 36500:
        raise argparse.ArgumentTypeError("a number of days from 0 to 36500")
    return days
