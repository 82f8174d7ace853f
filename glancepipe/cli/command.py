"""Base of our commands: knows which application it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cliff.command import Command as CliffCommand

if TYPE_CHECKING:
    from glancepipe.cli.main import Glancepipe


class Command(CliffCommand):
    """A command of ``glancepipe``; ``self.app.conf`` is the configuration."""

    app: Glancepipe

    def say(self, line: str = "") -> None:
        """Write a line to standard output."""
        print(line, file=self.app.stdout, flush=True)
