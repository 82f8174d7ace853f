"""Remembers what the identity service says of tokens, so that it is not asked again with every request.

keystonemiddleware knows memcached, and without it keeps a cache per thread, each of which is searched from end to end at
every request. It takes another cache from a request's environment: here is one for all threads of a process, bounded
in bytes, and one that all processes and nodes share, in any backend of oslo.cache, such as Redis.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, Protocol

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
    """A cache for all processes and nodes, where ``[cache]`` says. While it is away, nothing is remembered."""

    def __init__(self, conf: cfg.ConfigOpts, seconds: int) -> None:
        """Connects to nothing yet. Raises ValueError with one sentence for a mistake in the configuration."""
        conf.set_default("expiration_time", seconds, group="cache")
        if any(kind in conf.cache.backend for kind in ("redis", "memcache")):
            # What the service no longer believes, the backend need not keep.
            conf.set_default("backend_expiration_time", conf.cache.expiration_time, group="cache")
        # JSON and not pickles: who can write into the cache must not be able to run code here.
        self._region = make_region(serializer=lambda value: json.dumps(value).encode(), deserializer=json.loads)
        try:
            oslo_cache.configure_cache_region(conf, self._region)
        except Exception as error:
            raise ValueError(f"[cache] backend = {conf.cache.backend} can't be used: {error}") from error
        self._silent_until = 0.0

    def get(self, key: str) -> str | None:
        """What is kept under the key."""
        found = self._ask(self._region.get, key)
        return None if found is NO_VALUE else found

    def set(self, key: str, value: bytes, time: int) -> None:
        """Keep a value, for as long as the backend is told to keep all of them."""
        self._ask(self._region.set, key, value.decode())

    def _ask(self, verb: Callable[..., Any], *words: str) -> Any:
        if monotonic() < self._silent_until:
            return NO_VALUE
        try:
            return verb(*words)
        except Exception as error:
            log.warning("The cache of tokens does not answer, tokens are validated without it: %s", error)
            self._silent_until = monotonic() + PAUSE
            return NO_VALUE


def make_tokens(conf: cfg.ConfigOpts) -> Tokens:
    """The cache that is configured: the one in ``[cache]`` if that is enabled, else one of this process."""
    seconds = conf.keystone_authtoken.token_cache_time
    return Shared(conf, seconds) if conf.cache.enabled else InProcess(seconds)
