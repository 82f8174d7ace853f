"""``glancepipe config sample | from-glance``: the options that are understood, and a Glance's in our words."""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Sequence
from importlib.metadata import entry_points

from oslo_config import cfg

from glancepipe.cli.command import Command

LIBRARIES = (
    "keystonemiddleware.auth_token",
    "oslo.cache",
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


class FromGlance(Command):
    """Say what becomes of each option of a Glance's configuration, and write the same for glancepipe."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Declare the files."""
        parser = super().get_parser(prog_name)
        parser.add_argument("glance", metavar="glance-api.conf", help="Glance's file; glance-image-import.conf beside it is read before it")
        parser.add_argument("paste", metavar="glance-api-paste.ini", nargs="?", help="Its paste file, if that is not Glance's own")
        parser.add_argument("--output", metavar="FILE", help="Write glancepipe.conf there; it must not exist yet, and only you may read it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print the report, with secrets masked, and write the file. Raises ValueError with one sentence."""
        from glancepipe.cli.known import Options
        from glancepipe.config.glance.translation import lines, translate
        from glancepipe.config.options import PIPELINE, WSGI

        files = [path for path in (os.path.join(os.path.dirname(parsed_args.glance), "glance-image-import.conf"),) if os.path.isfile(path)]
        files.append(parsed_args.glance)
        known = Options(backends(files))
        translation = translate(files, known, PIPELINE[0].default, WSGI[0].default, parsed_args.paste)
        for line in lines(translation):
            self.say(line)
        if parsed_args.output:
            try:
                target = os.open(parsed_args.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except OSError as error:
                raise ValueError(f"{parsed_args.output} can't be written: {error.strerror}.") from error
            with os.fdopen(target, "w", encoding="utf-8") as file:
                file.write(translation.file)
            self.say(f"{parsed_args.output} is written; `glancepipe pipeline check --config-file {parsed_args.output}` checks it.")


def backends(files: Sequence[str]) -> dict[str, str]:
    """The types of the stores that files of Glance enable, by the name of their group. Raises ValueError."""
    conf = cfg.ConfigOpts()
    conf.register_opt(cfg.DictOpt("enabled_backends", default={}))
    conf.register_opt(cfg.StrOpt("default_store", default="file"), group="glance_store")
    try:
        conf([], project="glance", default_config_files=list(files), default_config_dirs=[])
        return conf.enabled_backends or {"glance_store": conf.glance_store.default_store}
    except (cfg.Error, ValueError) as error:
        raise ValueError(f"{files[-1]} can't be read: {error}") from error
