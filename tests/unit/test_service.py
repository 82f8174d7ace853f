"""The service as a whole: built without side effects, started once in a process, closed."""

import os
import threading
import time

import pytest
from webob import Request

from glancepipe.config import load
from glancepipe.service import check, make_application


@pytest.fixture
def conf(tmp_path):
    """A configuration of its own; ``conf("one")`` and ``conf("two")`` share nothing."""

    def conf(name="one", **options):
        conf = load(config_files=[os.devnull])
        conf.set_override("state_path", str(tmp_path / name))
        for option, value in options.items():
            conf.set_override(option, value)
        return conf

    return conf


@pytest.fixture
def make():
    """Make services that are closed in the end."""
    made = []

    def make(conf):
        made.append(make_application(conf))
        return made[-1]

    yield make
    for service in made:
        service.close()


def sweepers():
    """Threads that sweep; other tests may have some of their own."""
    return {thread for thread in threading.enumerate() if thread.name == "sweep"}


def get(service, path="/v2/images", **kwargs):
    return Request.blank(path, **kwargs).get_response(service)


def test_making_one_does_nothing(conf, make, tmp_path):
    before = threading.active_count()
    make(conf())
    assert threading.active_count() == before
    assert not (tmp_path / "one").exists()


def test_first_request_starts_it_once(conf, make):
    service, others = make(conf()), sweepers()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(get(service).status_int)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert len(sweepers() - others) == 1


def test_two_in_one_process(conf, make):
    one, two = make(conf("one")), make(conf("two", limit_param_default=1))
    assert Request.blank("/v2/images", method="POST", body=b'{"name": "mine"}').get_response(one).status_int == 201
    assert [image["name"] for image in get(one).json["images"]] == ["mine"]
    assert get(two).json["images"] == []


def test_closing_stops_the_sweeps_and_can_be_repeated(conf, make):
    service, others = make(conf()), sweepers()
    get(service)
    assert sweepers() - others
    service.close()
    service.close()
    assert not sweepers() - others
    assert get(service).status_int == 200


def test_sweeps_after_start_and_every_so_often(conf, make, monkeypatch):
    service = make(conf(sweep_interval=1))
    passes = threading.Semaphore(0)
    monkeypatch.setattr(service.pipeline, "sweep", passes.release)
    service.start()
    begun = time.monotonic()
    assert passes.acquire(timeout=10)
    assert passes.acquire(timeout=10)
    assert time.monotonic() - begun >= 0.5


def test_what_can_not_start_is_tried_again(conf, make, monkeypatch):
    service = make(conf())
    with monkeypatch.context() as broken:
        broken.setattr(service.pipeline, "start", lambda services: 1 / 0)
        assert get(service).status_int == 503
    assert get(service).status_int == 200


def test_requests_do_not_queue_up_behind_a_start_that_takes_long(conf, make, monkeypatch):
    monkeypatch.setattr("glancepipe.service.PATIENCE", 0.1)
    service = make(conf())
    begun, go_on = threading.Event(), threading.Event()
    start = service.pipeline.start
    monkeypatch.setattr(service.pipeline, "start", lambda services: (begun.set(), go_on.wait(30), start(services)))
    first = []
    starter = threading.Thread(target=lambda: first.append(get(service).status_int))
    starter.start()
    assert begun.wait(10)
    assert get(service).status_int == 503
    go_on.set()
    starter.join()
    assert first == [200]


def test_started_anew_in_a_child(conf, make, monkeypatch):
    """A server may fork after the first request: the child has no threads of its parent."""
    service = make(conf())
    sweep, swept = service.pipeline.sweep, threading.Event()
    monkeypatch.setattr(service.pipeline, "sweep", lambda: (sweep(), swept.set()))
    assert get(service).status_int == 200
    # SQLite's own locks do not survive a fork in the middle of what another thread does.
    assert swept.wait(10)
    child = os.fork()
    if not child:
        try:
            good = get(service).status_int == 200 and len(sweepers()) == 1
            service.close()
            os._exit(0 if good else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert get(service).status_int == 200


def test_store_that_is_down_is_reported(conf, make, tmp_path):
    (tmp_path / "file").touch()
    service = make(conf())
    service.conf.set_override("filesystem_store_datadir", str(tmp_path / "file" / "images"), group="glance_store")
    service = make(service.conf)
    answer = get(service, "/healthcheck?detailed")
    assert answer.status_int == 200
    assert "store" in answer.json["reasons"][0]["reason"]


@pytest.mark.parametrize(("group", "option", "value"), [("wsgi", "middleware", ["auth", "auth"]), ("pipeline", "layers", ["auth"])])
def test_mistakes_are_found_before_anything_is_started(conf, group, option, value):
    mistaken = conf()
    mistaken.set_override(option, value, group=group)
    with pytest.raises(ValueError, match=option):
        check(mistaken)


def test_middleware_is_surrounded_in_the_order_of_the_line(conf, make):
    """Without `auth` nobody says who calls, so the API refuses."""
    configured = conf()
    configured.set_override("middleware", ["request_id", "versions"], group="wsgi")
    service = make(configured)
    assert get(service).status_int == 401
    assert get(service, "/healthcheck").status_int == 300
