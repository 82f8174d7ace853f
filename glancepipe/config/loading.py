"""Finds and loads a configuration: explicit files, else those that the environment names, else the usual search path.

Every load answers a ConfigOpts of its own; there is no global one. An option may also be given as an environment
variable, ``OS_<GROUP>__<OPTION>`` (oslo.config's environment driver), which wins over files.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from oslo_config import cfg
from oslo_log import log

from glancepipe.config import options

CONFIG_DIR = "OS_GLANCEPIPE_CONFIG_DIR"
"""Directory of the configuration, for servers that have no command line of ours (FEATURES 8.2-01)."""
CONFIG_FILES = "OS_GLANCEPIPE_CONFIG_FILES"
"""Names of files in it, or paths, separated by ``;`` and read in that order."""

QUIET = ("alembic=WARN",)
"""Loggers of libraries that tell more than an operator wants to know, beyond oslo.log's own list."""


def load(
    args: Sequence[str] | None = None,
    config_files: Sequence[str] | None = None,
    config_dirs: Sequence[str] | None = None,
    project: str = "glancepipe",
) -> cfg.ConfigOpts:
    """A configuration with the core's options registered.

    ``args`` are arguments as oslo.config takes them (``--config-file F``). Unless files are named, the environment or the
    search path names them: ``~/.glancepipe``, ``~``, ``/etc/glancepipe``, ``/etc`` and ``etc/glancepipe`` of the Python
    installation. Raises cfg.Error for a file or a directory that is missing or broken.
    """
    conf = cfg.ConfigOpts()
    options.register(conf)
    log.register_options(conf)
    conf.set_default("default_log_levels", [*log.get_default_log_levels(), *QUIET])
    # As arguments, so that what was named must be there. Naming files names all of them; directories only add to files.
    named = [f"--config-file={file}" for file in config_files or ()] + [f"--config-dir={folder}" for folder in config_dirs or ()]
    files, dirs = _from_environment(project) or _from_search_path(project)
    found_dirs = [] if config_files else dirs
    conf([*named, *(args or ())], project=project, prog=project, default_config_files=files, default_config_dirs=found_dirs)
    return conf


def check_values(conf: cfg.ConfigOpts) -> None:
    """Read every option that is registered, since oslo.config finds a bad value only then.

    Raises ValueError with one sentence that names the option and the file.
    """
    for name in conf:
        value = _read(conf, name, None)
        if isinstance(value, cfg.ConfigOpts.GroupAttr):
            for option in value:
                _read(conf, option, name)


def _read(conf: cfg.ConfigOpts, option: str, group: str | None) -> object:
    try:
        return (conf[group] if group else conf)[option]
    except cfg.Error as error:
        # oslo.config tells the place only as text: get_location raises this very error again.
        told = re.search(r"detail='(?P<place>.*?)'\) is not valid: (?P<reason>.*)", str(error))
        place, reason = (f" ({told['place']})", told["reason"]) if told else ("", error.__context__ or error)
        raise ValueError(f"[{group or 'DEFAULT'}] {option}{place} can't be used: {reason}") from error


def _from_environment(project: str) -> tuple[list[str], list[str]] | None:
    home, names = os.environ.get(CONFIG_DIR), os.environ.get(CONFIG_FILES)
    if not home and not names:
        return None
    base = Path(home or "")
    files = [str(base / name.strip()) for name in (names or f"{project}.conf").split(";") if name.strip()]
    snippets = base / f"{project}.conf.d"
    return files, [str(snippets)] if home and snippets.is_dir() else []


def _from_search_path(project: str) -> tuple[list[str], list[str]]:
    # The search finds the project's file and the program's, which are one here.
    files = cfg.find_config_files(project=project, prog=project)[:1]
    dirs = cfg.find_config_dirs(project=project, prog=project)[:1]
    installed = Path(sys.prefix, "etc", project, f"{project}.conf")
    if not files and not dirs and installed.is_file():
        files = [str(installed)]
    return files, dirs
