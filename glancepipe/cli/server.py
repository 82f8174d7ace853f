"""The embedded server: gunicorn with threads, told what it must know and nothing that a reload should renew.

This module is the whole process: ``glancepipe serve`` becomes it. It imports the service only in its workers.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker
from oslo_config import cfg

from glancepipe.cli.address import check_address
from glancepipe.cli.arguments import add_configuration, add_serving, spelled
from glancepipe.config import load, logs

if TYPE_CHECKING:
    from glancepipe.cli.closing import Closing

CHECK_TIMEOUT = 60
"""Seconds for the check before a reload, in which the process does nothing else."""


class Server(BaseApplication):
    """The service under gunicorn. ``arguments`` are those of the command line; what is left out is in group [serve]."""

    cfg: Any

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        super().__init__(prog="glancepipe")

    def load_config(self) -> None:
        """Settings of gunicorn; read again at every reload."""
        conf = load(config_files=self.arguments.config_file, config_dirs=self.arguments.config_dir)
        settings = conf.serve
        for name, value in {
            "bind": self.arguments.bind or settings.bind,
            "workers": self.arguments.workers or settings.workers,
            "threads": self.arguments.threads or settings.threads,
            "worker_class": PoliteWorker,
            "graceful_timeout": settings.graceful_timeout,
            # For threaded workers this is a heartbeat, which long requests don't hold up but a busy machine may.
            "timeout": 300,
            "keepalive": 60,
            # The most that it can do; the limits of the API are below, or the same.
            "limit_request_line": 8190,
            "limit_request_fields": conf.api.max_headers,
            "limit_request_field_size": conf.api.max_header_size,
            # The control socket's path would be shared by all services of a user.
            "control_socket_disable": True,
            # Which proxy is believed is for the middleware http_proxy_to_wsgi to say.
            "forwarded_allow_ips": "",
            "loglevel": "warning",
            "when_ready": _ready,
            "post_worker_init": _start,
            "worker_exit": _stop,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Closing:
        """Build the service, in a worker."""
        from glancepipe.cli.closing import Closing
        from glancepipe.service import make_application

        conf = load(config_files=self.arguments.config_file, config_dirs=self.arguments.config_dir)
        try:
            logs.set_up(conf)
            return Closing(make_application(conf))
        except ValueError as error:
            _give_up(error)

    def run(self) -> None:
        """Serve until told to stop."""
        CarefulArbiter(self).run()


class PoliteWorker(ThreadWorker):
    """Refuses new connections while its last requests end; gunicorn's own would leave them waiting, unanswered."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or not; when the worker is told to stop, close its share of the listening sockets."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()


class CarefulArbiter(Arbiter):
    """Looks before it leaps: gunicorn's own reload tells the old workers to stop before it knows whether new ones start."""

    app: Server
    log: Any

    def handle_hup(self) -> None:
        """Reload, if the configuration is good; if it is not, say why and go on as before."""
        refusal = self._refusal()
        if refusal:
            self.log.error("reload refused: %s", refusal)
        else:
            print("reloading", flush=True)
            super().handle_hup()

    def _refusal(self) -> str:
        """What a process of its own finds wrong with the configuration; empty if nothing."""
        arguments = spelled(self.app.arguments, "config_file", "config_dir")
        command = [sys.executable, "-m", "glancepipe.cli", "pipeline", "check", "--rehearse", *arguments]
        try:
            # Our own command, with the arguments that we were started with.
            check = subprocess.run(command, capture_output=True, text=True, timeout=CHECK_TIMEOUT, check=False)  # noqa: S603
        except subprocess.TimeoutExpired:
            return f"the check did not end within {CHECK_TIMEOUT} s; is the database there?"
        if check.returncode:
            # What libraries warn of comes before the sentence.
            return check.stderr.strip().rpartition("\n")[2]
        try:
            settings = load(config_files=self.app.arguments.config_file, config_dirs=self.app.arguments.config_dir).serve
            bind = self.app.arguments.bind or settings.bind
            if [bind] != self.cfg.settings["bind"].get():
                check_address(bind)
        except (ValueError, cfg.Error) as error:
            return str(error)
        return ""


def _ready(arbiter: Arbiter) -> None:
    urls = ", ".join(str(listener) for listener in arbiter.LISTENERS)
    print(f"  serving:  {urls} ({arbiter.num_workers} workers, {arbiter.cfg.threads} threads each)", flush=True)


def _start(worker: Any) -> None:
    try:
        worker.wsgi.service.start()
    except ValueError as error:
        _give_up(error)
    except Exception:
        worker.log.exception("The service can't start yet; it tries again with the next request.")


def _give_up(error: ValueError) -> NoReturn:
    """A worker can't start with this configuration, and another one can't either."""
    print(error, file=sys.stderr, flush=True)
    sys.exit(Arbiter.WORKER_BOOT_ERROR)


def _stop(_arbiter: Arbiter, worker: Any) -> None:
    # A worker that could not start has none.
    served = getattr(worker, "wsgi", None)
    if served is not None:
        served.service.close()


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="glancepipe serve", allow_abbrev=False)
    add_serving(parser)
    add_configuration(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    Server(_arguments(sys.argv[1:])).run()
