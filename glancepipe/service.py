"""Puts a service together from its configuration: stores, pipeline, tasks, API and the middleware around it."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import reduce
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from oslo_config import cfg
from webob.exc import HTTPServiceUnavailable

from glancepipe.api.application import make_api
from glancepipe.api.errors import RETRY_AFTER
from glancepipe.api.options import OPTIONS as API_OPTIONS
from glancepipe.config.loading import check_values
from glancepipe.contract import Finding, Services
from glancepipe.pipeline import Pipeline, build
from glancepipe.pipeline.backends import Backends
from glancepipe.pipeline.loading import load_plugins
from glancepipe.tasks.runner import Runner

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that a request waits for the service to be started by another one."""

MIDDLEWARE = "glancepipe.middleware"
"""The entry point group in which middleware is found."""


class Service:
    """A WSGI application with a life: it starts once in each process that serves requests, and is closed there.

    Nothing is started before the first request (or an explicit ``start``), so that a server may fork after it was
    made. Two services can live in one process.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        """Build everything and start nothing. Raises ValueError with one sentence for a mistake in the configuration."""
        # The core's options first, so that a mistake in one is told as such and not as a layer's.
        check_values(conf)
        self.conf = conf
        self.stores = Backends(conf)
        self.pipeline: Pipeline = build(conf)
        for group, options in API_OPTIONS.items():
            conf.register_opts(options, group=group)
        self.runner = Runner(self.pipeline.nouns, conf.wsgi.task_pool_threads)
        self._app = self._surrounded(make_api(conf, self.pipeline.nouns, self.stores, self.runner))
        check_values(conf)
        self._process: int | None = None
        self._starting = threading.Lock()
        self._stop = threading.Event()
        self._sweeper: threading.Thread

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; 503 as long as the service can't be started."""
        if self._process != os.getpid():
            try:
                self.start(patience=PATIENCE)
            except Exception:
                log.exception("The service can't start; the next request tries again.")
                return HTTPServiceUnavailable("The service is not ready.", headers=[("Retry-After", RETRY_AFTER)])(environ, start_response)
        return self._app(environ, start_response)

    def start(self, patience: float = -1) -> None:
        """Start stores and layers in this process, tasks and the sweeps; once, whoever calls how often.

        Raises PipelineError for a mistake in the configuration, TimeoutError if another thread is at it for more than
        ``patience`` seconds, and whatever a layer raises if what it needs is away.
        """
        if not self._starting.acquire(timeout=patience):
            raise TimeoutError("The service is still being started by another thread.")
        try:
            if self._process != os.getpid():
                self._start()
        finally:
            self._starting.release()

    def _start(self) -> None:
        self.stores.start()
        try:
            self.pipeline.start(Services(stores=self.stores))
        except BaseException:
            self.stores.close()
            raise
        self.runner.start()
        self._stop.clear()
        self._sweeper = threading.Thread(target=self._sweep, args=(self._stop,), name="sweep", daemon=True)
        self._sweeper.start()
        self._process = os.getpid()

    def check(self) -> Iterator[Finding]:
        """What stores and layers have to report about their condition."""
        for name, reason in self.stores.check().items():
            yield Finding(f"The store {name!r} is down: {reason}")
        yield from self.pipeline.check()

    def close(self) -> None:
        """Stop the sweeps, let running tasks end, and give back what ``start`` took in this process.

        A service that never started stays so.
        """
        with self._starting:
            if self._process != os.getpid():
                return
            self._process = None
            self._stop.set()
            # A pass may be cut off: the next one finishes what it began.
            self._sweeper.join(timeout=10)
            self.runner.close()
            self.pipeline.close()
            self.stores.close()

    def _sweep(self, stop: threading.Event) -> None:
        while True:
            self.pipeline.sweep()
            self.runner.sweep()
            if stop.wait(self.conf.sweep_interval):
                return

    def _surrounded(self, api: WSGIApplication) -> WSGIApplication:
        names = [name.strip() for name in self.conf.wsgi.middleware]
        makers = load_plugins(MIDDLEWARE, names, what="middleware", where=f"[wsgi] middleware = {', '.join(names)}")
        return reduce(lambda app, make: make(app, self), reversed(makers), api)


def make_application(conf: cfg.ConfigOpts) -> Service:
    """The service that ``conf`` describes. Raises ValueError with one sentence for a mistake in the configuration."""
    return Service(conf)


def check(conf: cfg.ConfigOpts, *, rehearse: bool = False) -> Service:
    """The service that ``conf`` describes, after its layers have read their files too; it is not to be started.

    With ``rehearse``, stores and layers are started as a worker would, and closed again. What is only away, such as a
    database, is not the configuration's fault. Raises ValueError with one sentence for a mistake in the configuration.
    """
    service = make_application(conf)
    service.pipeline.reload()
    if rehearse:
        with suppress(cfg.NoSuchOptError, cfg.NoSuchGroupError):
            # What is away need not come back before the verdict.
            conf.set_override("max_retries", 0, group="database")
        service.stores.start()
        try:
            service.pipeline.start(Services(stores=service.stores))
        except ValueError:
            raise
        except Exception as error:
            log.warning("The service could not start yet: %s", error)
        finally:
            service.pipeline.close()
            service.stores.close()
    return service
