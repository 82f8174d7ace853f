"""Runs commands in this process, as a shell would."""

import logging
from types import SimpleNamespace

import pytest

from glancepipe.cli.main import main


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """``run("pipeline", "check", conf="[pipeline]...")``: exit status and what it printed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    file = tmp_path / "glancepipe.conf"

    def run(*words, conf=""):
        file.write_text(conf)
        # What another test's log left there would write to where that test was.
        root.handlers[:] = [handler for handler in handlers if type(handler).__module__.startswith("_pytest")]
        try:
            status = main([*words, f"--config-file={file}"])
        except SystemExit as stop:
            status = stop.code or 0
        finally:
            root.setLevel(level)
            root.handlers[:] = handlers
        out, err = capsys.readouterr()
        return SimpleNamespace(status=status, out=out, err=err, file=file)

    return run
