"""``serve`` checks first, tells what it serves, and becomes the server."""

import sys

import pytest
from gunicorn.workers.gthread import ThreadWorker

from glancepipe.cli.server import Server, _arguments


@pytest.fixture
def becomes(monkeypatch):
    """What would have been executed."""
    executed = []
    monkeypatch.setattr("os.execv", lambda path, words: executed.append((path, words)))
    return executed


def test_becomes_the_server(run, becomes):
    done = run("serve", "--bind", "127.0.0.1:9999", "--workers", "3")
    ((path, words),) = becomes
    assert path == sys.executable
    assert words[1:] == ["-m", "glancepipe.cli.server", "--bind=127.0.0.1:9999", "--workers=3", f"--config-file={done.file}"]
    assert "pipeline: auth > notifier > policy > quota > location > domain > db\n" in done.out
    assert "stores:   file\n" in done.out


def test_tells_the_stores(run, becomes):
    done = run("serve", conf="[DEFAULT]\nenabled_backends = a:file, b:memory\n[glance_store]\ndefault_backend = b\n")
    assert "stores:   a (file), b (memory, default)\n" in done.out


def test_does_not_serve_a_mistake(run, becomes):
    done = run("serve", conf="[pipeline]\nlayers = auth\n")
    assert done.status == 1
    assert done.err.count("\n") == 1
    assert becomes == []


@pytest.mark.parametrize("workers", ["0", "many"])
def test_number_of_workers(run, becomes, workers):
    assert run("serve", "--workers", workers).status == 2
    assert becomes == []


def settings(tmp_path, conf, *words):
    file = tmp_path / "a.conf"
    file.write_text(conf)
    return Server(_arguments([*words, f"--config-file={file}"])).cfg


def test_settings_of_the_server(tmp_path):
    found = settings(tmp_path, "")
    assert found.address == [("127.0.0.1", 9292)]
    assert (found.threads, found.keepalive) == (32, 60)
    assert issubclass(found.worker_class, ThreadWorker)
    assert found.control_socket_disable
    assert found.graceful_timeout >= 60


def test_command_line_wins_over_the_file(tmp_path):
    conf = "[serve]\nbind = 127.0.0.1:1\nworkers = 5\nthreads = 6\n"
    found = settings(tmp_path, conf)
    assert (found.address, found.workers, found.threads) == ([("127.0.0.1", 1)], 5, 6)
    found = settings(tmp_path, conf, "--bind", "127.0.0.1:2", "--workers", "3")
    assert (found.address, found.workers, found.threads) == ([("127.0.0.1", 2)], 3, 6)
