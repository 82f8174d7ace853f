"""``glancepipe serve``: the embedded server (``server.py``), after the configuration was checked."""

from __future__ import annotations

import argparse
import os
import sys

import glancepipe
from glancepipe.cli.address import check_address
from glancepipe.cli.arguments import add_serving, spelled
from glancepipe.cli.command import Command
from glancepipe.config import logs
from glancepipe.contract import Store, Stores


class Serve(Command):
    """Serve the API with the embedded server, until SIGTERM (drains) or SIGINT; SIGHUP reads the configuration again."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Declare the options."""
        parser = super().get_parser(prog_name)
        add_serving(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Check the configuration, say what will be served, and become the server. Raises ValueError, cfg.Error."""
        from glancepipe.service import check

        service = check(self.app.conf, rehearse=True)
        logs.check(self.app.conf)
        check_address(parsed_args.bind or self.app.conf.serve.bind)
        self.say(f"glancepipe {glancepipe.__version__}")
        self.say(f"  pipeline: {' > '.join(layer.name for layer in service.pipeline.layers)}")
        self.say(f"  stores:   {', '.join(_told(store, service.stores) for store in service.stores)}")
        arguments = [
            *spelled(parsed_args, "bind", "workers", "threads"),
            *spelled(self.app.options, "config_file", "config_dir"),
        ]
        # A process anew, with nothing imported: workers are forked from it, and after a reload they must see new code
        # and newly installed plugins.
        os.execv(sys.executable, [sys.executable, "-m", "glancepipe.cli.server", *arguments])  # noqa: S606


def _told(store: Store, stores: Stores) -> str:
    if not stores.multiple:
        return store.schemes[0]
    return f"{store.name} ({store.schemes[0]}{', default' if store.name == stores.default else ''})"
