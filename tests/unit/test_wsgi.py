"""``glancepipe.wsgi:application``, as a WSGI server imports it."""

import atexit
import logging
import runpy
import sys

import pytest
from webob import Request

from glancepipe.config.loading import CONFIG_DIR


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Import the module with a configuration. It sets up logging, which is the process's and is put back."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setenv(CONFIG_DIR, str(tmp_path))
    made = []

    def imported(conf=""):
        (tmp_path / "glancepipe.conf").write_text(f"[DEFAULT]\nstate_path = {tmp_path}/state\n{conf}")
        made.append(runpy.run_module("glancepipe.wsgi")["application"])
        return made[-1]

    yield imported
    for application in made:
        atexit.unregister(application.close)
        application.close()
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.setLevel(level)
    root.handlers[:] = handlers


def test_configured_by_the_environment(imported, tmp_path):
    application = imported("limit_param_default = 7\n")
    assert application.conf.limit_param_default == 7
    assert not (tmp_path / "state").exists()
    assert Request.blank("/v2/images").get_response(application).status_int == 200


def test_a_mistake_stops_the_server(imported):
    with pytest.raises(ValueError, match="quotta"):
        imported("[pipeline]\nlayers = quotta\n")
