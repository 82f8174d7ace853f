"""``glancepipe db metadefs load | unload | export``: metadata definitions from files and into files (FEATURES 5.3)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from glancepipe.db.command import DatabaseCommand

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from glancepipe.contract.metadefs import Namespace
    from glancepipe.db.database import Database
    from glancepipe.db.metadefs.loading import Mode


class FilesCommand(DatabaseCommand):
    """Base of the commands that know where files are."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Declare the path."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--path", metavar="PATH", help="Where the files are, instead of `metadata_source_path`")
        return parser

    def path(self, parsed_args: argparse.Namespace) -> Path:
        """Where the files are."""
        from glancepipe.db.metadefs.options import OPTIONS

        conf = cast("Any", self.app).conf
        conf.register_opts(OPTIONS)
        return Path(parsed_args.path or conf.metadata_source_path)


class Load(FilesCommand):
    """Load namespaces from a file, or from all files *.json of a directory. Those that are there already are skipped."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Declare what becomes of namespaces that are there already; Glance's spelling is understood too."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--merge", action="store_true", help="Add what is missing in namespaces that are there already")
        parser.add_argument("--prefer-new", "--prefer_new", action="store_true", help="With --merge: the file's values replace those there")
        parser.add_argument("--overwrite", action="store_true", help="With --merge: delete the namespace first, with all that is in it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0, or 1 if a file could not be loaded; a sentence for each. Raises ValueError for options that exclude each other."""
        from glancepipe.db.metadefs import files

        mode = _mode(parsed_args)
        paths = files.paths(self.path(parsed_args))
        with self.current_database() as database:
            loaded = [self._load(database, path, mode) for path in paths]
        return 0 if all(loaded) else 1

    def _load(self, database: Database, path: Path, mode: Mode) -> bool:
        from glancepipe.contract.errors import Duplicate, Invalid
        from glancepipe.db.metadefs import files
        from glancepipe.db.metadefs.loading import load

        try:
            namespace = files.read(path)
            done = database.write(lambda connection: load(connection, namespace, mode))
        except (ValueError, Duplicate, Invalid) as error:
            self.say(f"{path} is not loaded: {error}")
            return False
        if done:
            self.say(f"{path}: {namespace.namespace} is loaded.")
        else:
            self.say(f"{path} is skipped: {namespace.namespace} is there already; --merge would add to it.")
        return True


class Unload(DatabaseCommand):
    """Delete all metadata definitions, those that users made too."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0; a line for each table."""
        from glancepipe.db.metadefs.loading import unload

        with self.current_database() as database:
            emptied = database.write(lambda connection: list(unload(connection)))
        for table, count in emptied:
            self.say(f"{table}: {count} rows removed")
        return 0


class Export(FilesCommand):
    """Write every namespace into a file of its own, which `load` reads again."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Exit status 0; a sentence for each namespace. Raises ValueError if the files can't be written."""
        from glancepipe.db.metadefs import files
        from glancepipe.db.metadefs.loading import stored

        def read(connection: Connection) -> list[Namespace]:
            return list(stored(connection))

        with self.current_database() as database:
            namespaces = database.read(read)
        folder = self.path(parsed_args)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for namespace, name in zip(namespaces, files.names(each.namespace for each in namespaces).values(), strict=True):
                files.write(namespace, folder / name)
                self.say(f"{namespace.namespace} is in {folder / name}.")
        except OSError as error:
            raise ValueError(f"{error.filename or folder} can't be written: {error.strerror}.") from None
        if not namespaces:
            self.say("There are no namespaces.")
        return 0


def _mode(parsed_args: argparse.Namespace) -> Mode:
    from glancepipe.db.metadefs.loading import Mode

    if not parsed_args.merge and (parsed_args.prefer_new or parsed_args.overwrite):
        raise ValueError("--prefer-new and --overwrite say how to merge: use them with --merge.")
    if parsed_args.prefer_new and parsed_args.overwrite:
        raise ValueError("Use either --prefer-new or --overwrite.")
    if parsed_args.overwrite:
        return Mode.OVERWRITE
    if parsed_args.prefer_new:
        return Mode.PREFER_NEW
    return Mode.MERGE if parsed_args.merge else Mode.SKIP
