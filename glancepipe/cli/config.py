"""``glancepipe config sample``: every option that is understood, with its default."""

from __future__ import annotations

import argparse
import warnings
from importlib.metadata import entry_points

from oslo_config import cfg

from glancepipe.cli.command import Command

LIBRARIES = (
    "keystonemiddleware.auth_token",
    "oslo.log",
    "oslo.messaging",
    "oslo.middleware.cors",
    "oslo.middleware.healthcheck",
    "oslo.middleware.http_proxy_to_wsgi",
)
"""Namespaces of the libraries whose options the service reads."""


class Sample(Command):
    """Print a sample configuration: all options of core, layers, stores, middleware and libraries, commented out."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print it."""
        from oslo_config import generator

        # Distributions of plugins may list options of their own in a namespace that begins like ours.
        ours = sorted(name for name in entry_points(group="oslo.config.opts").names if name.startswith("glancepipe"))
        conf = cfg.ConfigOpts()
        generator.register_cli_opts(conf)
        conf([f"--namespace={namespace}" for namespace in (*ours, *LIBRARIES)])
        with warnings.catch_warnings():
            # Listing the options of oslo.messaging imports what warns of its own age.
            warnings.simplefilter("ignore")
            generator.generate(conf, output_file=self.app.stdout)
