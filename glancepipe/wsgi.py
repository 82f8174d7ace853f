"""``application``, for any WSGI server: ``gunicorn glancepipe.wsgi:application``, ``uwsgi --module glancepipe.wsgi:application``.

The configuration is found by the environment variables OS_GLANCEPIPE_CONFIG_DIR and OS_GLANCEPIPE_CONFIG_FILES or the
usual search path (``glancepipe/config/loading.py``). Nothing is started before the first request, hence none before a fork.
"""

from __future__ import annotations

import atexit

from glancepipe.config import load, logs
from glancepipe.service import Service, make_application


def _make() -> Service:
    conf = load()
    logs.set_up(conf)
    service = make_application(conf)
    atexit.register(service.close)
    return service


application = _make()
