"""``glancepipe policy sample``: every policy rule with its default."""

from __future__ import annotations

import argparse

from oslo_config import cfg

from glancepipe.cli.command import Command


class Sample(Command):
    """Print a sample policy file: all rules with their defaults, commented out."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print it."""
        from oslo_policy import generator

        generator.generate_sample(["--namespace=glancepipe"], conf=cfg.ConfigOpts())
