"""Advertised versions."""

from __future__ import annotations

import pytest
from oslo_config import cfg

from glancepipe.api.versions import minors, versions_document

OLD = [7, 6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("cache", "backends", "expected"),
    [
        ("/cache", "a:file", list(range(18, -1, -1))),
        ("/cache", None, [18, 17, 16, 15, 14, 9, *OLD]),
        (None, "a:file", [15, 13, 12, 11, 10, 9, 8, 17, *OLD]),
        (None, None, [15, 9, 17, *OLD]),
        ("", None, [15, 9, 17, *OLD]),
    ],
)
def test_minors(conf: cfg.ConfigOpts, cache: str | None, backends: str | None, expected: list[int]) -> None:
    """FEATURES 1.1-08 to 1.1-28."""
    if cache is not None:
        conf.register_opt(cfg.StrOpt("image_cache_dir"))
        conf.set_override("image_cache_dir", cache)
    if backends:
        conf.set_override("enabled_backends", dict([backends.split(":")]))
    assert minors(conf) == expected
    document = versions_document(conf, "http://h/")
    assert [entry["id"] for entry in document] == [f"v2.{n}" for n in expected]
    assert [entry["id"] for entry in document if entry["status"] == "CURRENT"] == [f"v2.{max(expected)}"]


def test_links(conf: cfg.ConfigOpts) -> None:
    """FEATURES 1.1-04: exactly one slash before the version."""
    for base in ("http://h", "http://h/"):
        assert versions_document(conf, base)[0]["links"] == [{"rel": "self", "href": "http://h/v2/"}]
    conf.set_override("public_endpoint", "https://public/image")
    assert versions_document(conf, "http://h")[0]["links"][0]["href"] == "https://public/image/v2/"
