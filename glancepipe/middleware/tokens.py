"""Remembers what the identity service says of tokens, so that it is not asked again with every request.

keystonemiddleware has caches of its own, but the one in memory is searched from end to end at every request, and there are as
many of it as threads that ask at once; and the one in memcached imports eventlet where that is installed, after which a worker
can't end. It takes another cache from a request's environment: here is one for all threads of a process, bounded in bytes, and
one that all processes and nodes share, in memcached or any backend of oslo.cache, such as Redis.
"""

from __future__ import annotations

import json
import logging
import re
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, Protocol, cast

import oslo_cache
from cachetools import TTLCache
from dogpile.cache import make_region
from dogpile.cache.api import NO_VALUE
from oslo_config import cfg

log = logging.getLogger(__name__)

ROOM = 32 << 20
"""Bytes that a process keeps: some thousand tokens, with their catalogs."""
PAUSE = 10.0
"""Seconds for which a shared cache that failed is not asked again."""


class Tokens(Protocol):
    """What keystonemiddleware asks of a cache."""

    def get(self, key: str) -> bytes | str | None:
        """What is kept under the key, None if nothing is, or no longer."""

    def set(self, key: str, value: bytes, time: int) -> None:
        """Keep a value."""


class InProcess:
    """A cache for all threads of a process."""

    def __init__(self, seconds: int, timer: Callable[[], float] = monotonic) -> None:
        self._kept: TTLCache[str, bytes] = TTLCache(ROOM, seconds, timer, getsizeof=len)
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """What is kept under the key."""
        with self._lock:
            return self._kept.get(key)

    def set(self, key: str, value: bytes, time: int) -> None:
        """Keep a value; the oldest ones make room for it."""
        # It refuses what is larger than all its room.
        with self._lock, suppress(ValueError):
            self._kept[key] = value


class Shared:
    """A cache for all processes and nodes. While it is away, nothing is remembered."""

    def __init__(self, get: Callable[[str], Any], set: Callable[[str, bytes], Any]) -> None:
        """``get`` and ``set`` of where it is kept; both may fail."""
        self._get = get
        self._set = set
        self._silent_until = 0.0

    def get(self, key: str) -> bytes | str | None:
        """What is kept under the key."""
        return cast("bytes | str | None", self._ask(self._get, key))

    def set(self, key: str, value: bytes, time: int) -> None:
        """Keep a value, for as long as all of them are kept."""
        self._ask(self._set, key, value)

    def _ask(self, verb: Callable[..., Any], *words: object) -> Any:
        if monotonic() < self._silent_until:
            return None
        try:
            return verb(*words)
        except Exception as error:
            log.warning("The cache of tokens does not answer, tokens are validated without it: %s", error)
            self._silent_until = monotonic() + PAUSE
            return None


def in_region(conf: cfg.ConfigOpts, seconds: int) -> Shared:
    """A cache where ``[cache]`` says; connects to nothing yet. Raises ValueError with one sentence for a mistake there."""
    conf.set_default("expiration_time", seconds, group="cache")
    if any(kind in conf.cache.backend for kind in ("redis", "memcache")):
        # What the service no longer believes, the backend need not keep.
        conf.set_default("backend_expiration_time", conf.cache.expiration_time, group="cache")
    # JSON and not pickles: who can write into the cache must not be able to run code here.
    region = make_region(serializer=lambda value: json.dumps(value).encode(), deserializer=json.loads)
    try:
        oslo_cache.configure_cache_region(conf, region)
    except Exception as error:
        raise ValueError(f"[cache] backend = {conf.cache.backend} can't be used: {error}") from error

    def get(key: str) -> Any:
        found = region.get(key)
        return None if found is NO_VALUE else found

    return Shared(get, lambda key, value: region.set(key, value.decode()))


def in_memcached(settings: Any, seconds: int) -> Shared:
    """A cache where ``[keystone_authtoken]`` says; connects to nothing yet. Raises ValueError with one sentence for a mistake there."""
    try:
        from pymemcache.client.hash import HashClient
    except ImportError:
        raise ValueError("[keystone_authtoken] memcached_servers needs pymemcache; install glancepipe[memcached].") from None
    if settings.memcache_sasl_enabled:
        raise ValueError("[keystone_authtoken] memcache_sasl_enabled is not possible; [cache] knows backends that are protected.")
    patience = settings.memcache_pool_socket_timeout
    client = HashClient(
        # The family in front of an address is found out anyway.
        [re.sub("^inet6?:", "", server) for server in settings.memcached_servers],
        use_pooling=True,
        connect_timeout=patience,
        timeout=patience,
        dead_timeout=settings.memcache_pool_dead_retry,
        tls_context=_tls(settings) if settings.memcache_tls_enabled else None,
    )
    return Shared(client.get, partial(client.set, expire=seconds))


def _tls(settings: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.memcache_tls_cafile)
    if settings.memcache_tls_certfile:
        context.load_cert_chain(settings.memcache_tls_certfile, settings.memcache_tls_keyfile)
    if settings.memcache_tls_allowed_ciphers:
        context.set_ciphers(settings.memcache_tls_allowed_ciphers)
    return context


def make_tokens(conf: cfg.ConfigOpts) -> Tokens:
    """The cache that is configured, or one of this process. Raises ValueError with one sentence for a mistake there."""
    settings = conf.keystone_authtoken
    if settings.memcached_servers:
        return in_memcached(settings, settings.token_cache_time)
    return in_region(conf, settings.token_cache_time) if conf.cache.enabled else InProcess(settings.token_cache_time)
