"""Steps: places in the code that a test names, at which a process dies or waits, once.

Everything is said through files, since the process that dies and the test that arms it share nothing else:
``<directory>/kill`` and ``<directory>/hold`` contain the name of the step, ``<directory>/trace`` gets a line for each
step that was reached. Whoever reaches an armed step removes the file first, so nobody dies of it twice. Whoever waits
makes a file ``held by <process id>`` and waits until somebody removes it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oslo_config import cfg

OPTIONS = [cfg.StrOpt("directory", help="Where steps are armed and noted.")]


class Steps:
    """The steps of one layer or store."""

    def __init__(self, conf: cfg.ConfigOpts, place: str) -> None:
        conf.register_opts(OPTIONS, group="crash")
        self._directory = Path(conf.crash.directory)
        self._place = place

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        """A step before and, if all goes well, one after what happens within."""
        self.reached(f"before {what}")
        yield
        self.reached(f"after {what}")

    def reached(self, what: str) -> None:
        step = f"{self._place} {what}"
        with open(self._directory / "trace", "a") as trace:
            trace.write(f"{os.getpid()} {step}\n")
        if self._armed("kill", step):
            os.kill(os.getpid(), signal.SIGKILL)
        if self._armed("hold", step):
            held = self._directory / f"held by {os.getpid()}"
            held.touch()
            while held.exists():
                time.sleep(0.01)

    def _armed(self, what: str, step: str) -> bool:
        file = self._directory / what
        try:
            armed = file.read_text() == step
            if armed:
                file.unlink()
        except FileNotFoundError:
            return False
        return armed
