"""Options that the command line and the server process which it becomes have in common."""

from __future__ import annotations

import argparse
from collections.abc import Iterator


def add_configuration(parser: argparse.ArgumentParser) -> None:
    """Where the configuration is."""
    parser.add_argument("--config-file", metavar="FILE", action="append", default=[], help="Configuration file. Can be repeated.")
    parser.add_argument("--config-dir", metavar="DIR", action="append", default=[], help="Directory of configuration files.")


def add_serving(parser: argparse.ArgumentParser) -> None:
    """How to serve; what is left out is in the configuration's group [serve]."""
    parser.add_argument("--bind", metavar="HOST:PORT", help="Where to listen, or unix:PATH (default: 127.0.0.1:9292)")
    parser.add_argument("--workers", metavar="N", type=_positive, help="Worker processes (default: one per core, at most 8)")
    parser.add_argument("--threads", metavar="N", type=_positive, help="Threads of each worker (default: 32)")


def spelled(arguments: argparse.Namespace, *names: str) -> Iterator[str]:
    """The options ``names``, as they would be typed again."""
    for name in names:
        value = getattr(arguments, name)
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                yield f"--{name.replace('_', '-')}={one}"


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number
