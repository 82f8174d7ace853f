"""The versions that the service advertises: which minors, in which order, and the document (FEATURES 1.1-08 to 1.1-12).

Minors are only advertised: every route works under plain ``/v2``, and ``/v2.N`` means the same for an allowed N.
"""

from __future__ import annotations

from typing import Any

from oslo_config import cfg

NEWEST = 18
CACHE = frozenset({14, 16, 18})
"""Minors that speak of the image cache."""
STORES = frozenset({8, 10, 11, 12, 13})
"""Minors that speak of several stores."""


def minors(conf: cfg.ConfigOpts) -> list[int]:
    """The allowed minors of version 2, in the order of the document."""
    cache, stores = _has_cache(conf), bool(conf.enabled_backends)
    found = [n for n in range(NEWEST, -1, -1) if (cache or n not in CACHE) and (stores or n not in STORES)]
    # Without a cache Glance lists the current minor, 17, behind those from 15 to 8; the order is matched.
    return found if cache else sorted(found, key=lambda n: (n < 8, n == 17, -n))


def versions_document(conf: cfg.ConfigOpts, base_url: str) -> list[dict[str, Any]]:
    """What ``versions`` lists. ``base_url`` is the application's own URL; ``public_endpoint`` wins (FEATURES 1.1-04)."""
    base = (conf.public_endpoint or base_url).rstrip("/")
    found = minors(conf)
    current = max(found)
    return [
        {
            "id": f"v2.{n}",
            "status": "CURRENT" if n == current else "SUPPORTED",
            "links": [{"rel": "self", "href": f"{base}/v2/"}],
        }
        for n in found
    ]


def _has_cache(conf: cfg.ConfigOpts) -> bool:
    # The option belongs to the cache, which need not be installed.
    return "image_cache_dir" in conf and bool(conf.image_cache_dir)
