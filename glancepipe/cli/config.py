"""``glancepipe config sample | from-glance``: the options that are understood, and a Glance's in our words."""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

from oslo_config import cfg

from glancepipe.cli.command import Command

LIBRARIES = (
    "keystonemiddleware.auth_token",
    "oslo.cache",
    "oslo.limit",
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
        parser.add_argument("glance", metavar="glance-api.conf", help="Glance's file; the others beside it that Glance reads are read too")
        parser.add_argument("paste", metavar="glance-api-paste.ini", nargs="?", help="Its paste file, if that is not Glance's own")
        parser.add_argument("--output", metavar="FILE", help="Write glancepipe.conf there; it must not exist yet, and only you may read it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print the report, with secrets masked, and write the file. Raises ValueError with one sentence."""
        from glancepipe.cli.known import Options
        from glancepipe.config.glance.translation import lines, translate
        from glancepipe.config.options import PIPELINE, WSGI

        files = files_of(parsed_args.glance)
        stores = backends(files)
        types = entry_points(group="glancepipe.stores").names
        translation = translate(files, Options(stores), PIPELINE[0].default, WSGI[0].default, stores, types, parsed_args.paste)
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


def files_of(glance: str) -> list[str]:
    """The files that Glance reads, in its order, if the one given is its ``glance-api.conf`` (FEATURES 8.2-01)."""
    home = Path(glance).parent
    before = [home / "glance-image-import.conf"]
    after = [snippet for name in ("glance.conf.d", "glance-api.conf.d") for snippet in sorted((home / name).glob("*.conf"))]
    return [str(path) for path in before if path.is_file()] + [glance] + [str(path) for path in after]


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
