"""``serve`` checks first, tells what it serves, and becomes the server."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

from glancepipe.cli.server import CarefulArbiter, Server, _arguments


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
    assert "stores:   file, http\n" in done.out


STORES = "[DEFAULT]\nenabled_backends = a:file, b:memory\n[glance_store]\ndefault_backend = b\n"


def test_tells_the_stores(run, becomes):
    done = run("serve", "--bind", "127.0.0.1:9999", conf=STORES)
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


@pytest.fixture
def worker(tmp_path):
    """A worker that is about to start its service, and what gunicorn calls then."""

    def worker(start):
        noted = []
        hook = settings(tmp_path, "").post_worker_init
        hook(SimpleNamespace(wsgi=SimpleNamespace(service=SimpleNamespace(start=start)), log=SimpleNamespace(exception=noted.append)))
        return noted

    return worker


def test_worker_whose_configuration_can_not_be_meant_ends(worker, capsys):
    def start():
        raise ValueError("The layer 'db' can't start: it holds another release.")

    with pytest.raises(SystemExit) as stop:
        worker(start)
    assert stop.value.code == Arbiter.WORKER_BOOT_ERROR
    assert capsys.readouterr().err == "The layer 'db' can't start: it holds another release.\n"


def test_worker_waits_for_what_is_only_away(worker):
    def start():
        raise OSError("connection refused")

    assert len(worker(start)) == 1
    assert worker(lambda: None) == []


def test_reload_is_checked_by_a_process_of_its_own(tmp_path, monkeypatch, capsys):
    """The own reload of gunicorn takes the service down if the new workers can't start."""
    file = tmp_path / "a.conf"
    file.write_text("")
    reloads, refusals = [], []
    monkeypatch.setattr(Arbiter, "handle_hup", lambda arbiter: reloads.append(arbiter))
    arbiter = object.__new__(CarefulArbiter)
    arbiter.app = Server(_arguments([f"--config-file={file}"]))
    arbiter.cfg = SimpleNamespace(settings={"bind": SimpleNamespace(get=lambda: ["127.0.0.1:9292"])})
    arbiter.log = SimpleNamespace(error=lambda *words: refusals.append(words))

    def check(status):
        def run(command, **_how):
            assert command[1:] == ["-m", "glancepipe.cli", "pipeline", "check", "--rehearse", f"--config-file={file}"]
            return subprocess.CompletedProcess(command, status, "", "a sentence\n")

        monkeypatch.setattr(subprocess, "run", run)
        arbiter.handle_hup()

    check(1)
    assert (reloads, refusals) == ([], [("reload refused: %s", "a sentence")])
    check(0)
    assert reloads == [arbiter]
    assert capsys.readouterr().out == "reloading\n"


@pytest.mark.parametrize(("bind", "refused"), [("127.0.0.1:99999", True), ("127.0.0.1:1", False)])
def test_a_reload_to_an_impossible_address_is_refused(tmp_path, monkeypatch, bind, refused):
    """gunicorn gives up the old listeners before it tries the new ones; the present address needs no trial."""
    file = tmp_path / "a.conf"
    file.write_text(f"[serve]\nbind = {bind}\n")
    monkeypatch.setattr(subprocess, "run", lambda command, **_how: subprocess.CompletedProcess(command, 0, "", ""))
    arbiter = object.__new__(CarefulArbiter)
    arbiter.app = Server(_arguments([f"--config-file={file}"]))
    arbiter.cfg = SimpleNamespace(settings={"bind": SimpleNamespace(get=lambda: ["127.0.0.1:1"])})
    assert ("can't listen at" in arbiter._refusal()) == refused
