"""The command line as a whole: global options, and one sentence for a mistake."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from cliff.app import App
from cliff.commandmanager import CommandManager
from oslo_config import cfg

import glancepipe
from glancepipe.cli.arguments import add_configuration
from glancepipe.config import load

GROUP = "glancepipe.commands"
"""The entry point group in which commands are found; ``db_upgrade`` is the command ``db upgrade``."""


class Glancepipe(App):
    """Finds commands by entry point. A command's ValueError or cfg.Error is shown as its one sentence."""

    NAME = "glancepipe"
    DEFAULT_VERBOSE_LEVEL = 0

    def __init__(self) -> None:
        super().__init__("An image service made of layers.", glancepipe.__version__, CommandManager(GROUP), deferred_help=True)

    def build_option_parser(
        self, description: str | None, version: str | None, argparse_kwargs: dict[str, Any] | None = None
    ) -> argparse.ArgumentParser:
        """Declare the global options, which are accepted before and after the command."""
        # With abbreviations, a command's --verb would be taken for --verbose.
        settings = {**(argparse_kwargs or {}), "prog": self.NAME, "allow_abbrev": False}
        parser = super().build_option_parser(description, version, settings)
        add_configuration(parser)
        return parser

    @cached_property
    def conf(self) -> cfg.ConfigOpts:
        """The configuration that the command line names, or the usual search finds. Raises cfg.Error."""
        return load(config_files=self.options.config_file, config_dirs=self.options.config_dir)

    def interact(self) -> None:
        """Without a command: say what there is, instead of a shell of our own."""
        self.run_subcommand(["help"])


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit status."""
    return Glancepipe().run(list(sys.argv[1:] if argv is None else argv))
