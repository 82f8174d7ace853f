"""Conditions of a listing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from glancepipe.api.filters import NOTHING, filter_of
from glancepipe.contract import Filter
from glancepipe.contract.errors import Invalid


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("name", "a", Filter("name", "eq", "a")),
        ("name", "eq:ubuntu:22", Filter("name", "eq", "ubuntu:22")),
        ("name", "in:a,b", Filter("name", "in", ("a", "b"))),
        ("name", 'in:"a,b",c', Filter("name", "in", ("a,b", "c"))),
        ("name", 'in:"a\\"b"', Filter("name", "in", ('a"b',))),
        ("name", "in:", Filter("name", "in", ("",))),
        ("name", "in:a,,b", Filter("name", "in", ("a", "", "b"))),
        ("id", "in:x", Filter("id", "in", ("x",))),
        ("tag", " a ", Filter("tag", "eq", "a")),
        ("owner", "gt:x", Filter("owner", "eq", "gt:x")),
        ("checksum", "abc", Filter("checksum", "eq", "abc")),
        ("protected", "true", Filter("protected", "eq", True)),
        ("min_ram", "512", Filter("min_ram", "eq", 512)),
        ("size", "abc", NOTHING),
        ("size", "9" * 30, NOTHING),
        ("size_min", "5", Filter("size", "gte", 5)),
        ("min_ram_max", "-5", Filter("min_ram", "lte", -5)),
        ("deleted", "true", None),
        ("deleted_at", "x", NOTHING),
        ("os_distro", "in:a,b", Filter("os_distro", "eq", "in:a,b", custom=True)),
        ("direct_url", "x", Filter("direct_url", "eq", "x", custom=True)),
        ("created_at", "2026-01-02", Filter("created_at", "eq", datetime(2026, 1, 2))),
        ("created_at", "gte:2026-01-02T03:04:05Z", Filter("created_at", "gte", datetime(2026, 1, 2, 3, 4, 5))),
        ("updated_at", "2026-01-02T03:04:05+01:00", Filter("updated_at", "eq", datetime(2026, 1, 2, 2, 4, 5))),
    ],
)
def test_filter(name: str, value: str, expected: Any) -> None:
    """FEATURES 3-11 to 3-19."""
    assert filter_of(name, value) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "ubuntu:22"),
        ("name", "neq:a"),
        ("name", 'in:"a'),
        ("name", 'in:"a"b'),
        ("name", 'in:a"b"'),
        ("created_at", "yesterday"),
        ("created_at", "in:2026-01-02"),
        ("created_at", "gt:"),
        ("created_at", "0001-01-01T00:00:00+05:00"),
        ("protected", "True"),
        ("size_min", "a"),
        ("size_max", "9" * 30),
        ("foo_min", "1"),
        ("name_max", "1"),
        ("changes-since", "2026-01-01"),
        ("locations", "x"),
        ("properties", "x"),
        ("tags", "x"),
    ],
)
def test_refused(name: str, value: str) -> None:
    """FEATURES 3-11 to 3-19, 12-05: each of them with a sentence."""
    with pytest.raises(Invalid) as refused:
        filter_of(name, value)
    assert refused.value.message
