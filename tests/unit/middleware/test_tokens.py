"""What is remembered of tokens, where, and for how long."""

import sys
import threading
from types import SimpleNamespace

import pytest

from glancepipe.config import load
from glancepipe.middleware import tokens
from glancepipe.middleware.tokens import InProcess, in_memcached, in_region


@pytest.fixture
def conf(tmp_path):
    """A configuration with ``[cache]``, as keystonemiddleware registers it."""
    import oslo_cache

    (tmp_path / "a.conf").touch()
    conf = load(config_files=[str(tmp_path / "a.conf")])
    oslo_cache.configure(conf)

    def configure(**options):
        for name, value in options.items():
            conf.set_override(name, value, group="cache")
        return conf

    return configure


@pytest.fixture
def clock(monkeypatch):
    """The seconds that have passed."""

    class Clock:
        now = 1000.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(tokens, "monotonic", clock)
    return clock


def test_threads_of_a_process_share():
    cache = InProcess(60)
    thread = threading.Thread(target=cache.set, args=("a", b"data"), kwargs={"time": 60})
    thread.start()
    thread.join()
    assert (cache.get("a"), cache.get("b")) == (b"data", None)


def test_a_process_forgets_in_time(clock):
    cache = InProcess(60, timer=clock)
    cache.set("a", b"data", time=60)
    clock.now += 59
    assert cache.get("a") == b"data"
    clock.now += 1
    assert cache.get("a") is None


def test_a_process_keeps_so_many_bytes_and_no_more(monkeypatch):
    monkeypatch.setattr(tokens, "ROOM", 100)
    cache = InProcess(60)
    cache.set("too large", b"x" * 101, time=60)
    for key in "abc":
        cache.set(key, b"x" * 40, time=60)
    assert [key for key in ("too large", "a", "b", "c") if cache.get(key)] == ["b", "c"]


def test_a_backend_is_shared(conf):
    cache = in_region(conf(enabled=True, backend="dogpile.cache.memory"), 60)
    cache.set("a", b'{"token": {"name": "\xc3\xa4"}}', time=60)
    assert (cache.get("a"), cache.get("b")) == ('{"token": {"name": "ä"}}', None)


def test_a_backend_that_is_not_installed(conf):
    with pytest.raises(ValueError, match=r"\[cache\] backend = dogpile.cache.pylibmc can't be used: No module named 'pylibmc'"):
        in_region(conf(enabled=True, backend="dogpile.cache.pylibmc"), 60)


def test_a_backend_that_does_not_answer_is_not_asked_all_the_time(conf, clock, monkeypatch, caplog):
    """Requests go on without it: what was in it is asked of the identity service."""
    cache = in_region(conf(enabled=True, backend="dogpile.cache.memory"), 60)
    cache.set("a", b"data", time=60)
    asked = []

    def fail(key):
        asked.append(key)
        raise OSError("refused")

    with monkeypatch.context() as away:
        away.setattr(cache, "_get", fail)
        assert [cache.get("a") for _ in range(3)] == [None] * 3
        cache.set("b", b"data", time=60)
    assert len(asked) == 1
    assert caplog.text.count("does not answer") == 1
    clock.now += tokens.PAUSE
    assert (cache.get("a"), cache.get("b")) == ("data", None)


@pytest.fixture
def memcached():
    """``[keystone_authtoken]`` with what is about memcached."""
    defaults = {"memcache_sasl_enabled": False, "memcache_tls_enabled": False}
    patience = {"memcache_pool_socket_timeout": 3, "memcache_pool_dead_retry": 300}

    def memcached(**options):
        return SimpleNamespace(**{**defaults, **patience, "memcached_servers": ["127.0.0.1:1", "inet6:[::1]:1"], **options})

    return memcached


def test_memcached_away(memcached, caplog):
    cache = in_memcached(memcached(), 60)
    cache.set("a", b"data", time=60)
    assert cache.get("a") is None
    assert caplog.text.count("does not answer") == 1


def test_memcached_needs_its_client(memcached, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymemcache.client.hash", None)
    with pytest.raises(ValueError, match=r"glancepipe\[memcached\]"):
        in_memcached(memcached(), 60)


def test_memcached_with_passwords(memcached):
    with pytest.raises(ValueError, match="memcache_sasl_enabled"):
        in_memcached(memcached(memcache_sasl_enabled=True), 60)
