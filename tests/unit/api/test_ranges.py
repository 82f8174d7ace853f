"""Parts of an image."""

from __future__ import annotations

import pytest

from glancepipe.api.ranges import span_of
from glancepipe.contract import Span
from glancepipe.contract.errors import Invalid, NotSatisfiable


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        (None, None),
        ("bytes=0-3", Span(0, 4)),
        ("bytes=9-100", Span(9, 1)),
        ("bytes=4-", Span(4, 6)),
        ("bytes=-3", Span(7, 3)),
        ("bytes=-100", Span(0, 10)),
        (" BYTES = 1 - 2 ", Span(1, 2)),
    ],
)
def test_range(asked: str | None, span: Span | None) -> None:
    """FEATURES 1.7-05."""
    assert span_of(10, asked, None) == span


@pytest.mark.parametrize(
    "asked", ["bytes=10-", "bytes=5-2", "bytes=", "bytes=-", "items=0-1", "x", "bytes=a-b", "bytes=-0", "bytes=" + "9" * 99 + "-"]
)
def test_range_outside(asked: str) -> None:
    """FEATURES 1.7-05."""
    with pytest.raises(NotSatisfiable):
        span_of(10, asked, None)


def test_several_ranges() -> None:
    """FEATURES 1.7-05."""
    with pytest.raises(Invalid):
        span_of(10, "bytes=0-1,3-4", None)


def test_no_range_is_in_an_empty_image() -> None:
    with pytest.raises(NotSatisfiable):
        span_of(0, "bytes=0-", None)


@pytest.mark.parametrize(("alias", "span"), [("bytes 2-3/10", Span(2, 2)), ("bytes 0-9/*", Span(0, 10)), ("bytes 0-3/99", Span(0, 4))])
def test_content_range(alias: str, span: Span) -> None:
    """FEATURES 1.7-06."""
    assert span_of(10, None, alias) == span
    assert span_of(10, "bytes=0-0", alias) == Span(0, 1)


@pytest.mark.parametrize("alias", ["bytes 0-10/*", "bytes 0-9/5", "bytes 5-2/10", "garbage", "bytes=0-1"])
def test_content_range_outside(alias: str) -> None:
    """FEATURES 1.7-06."""
    with pytest.raises(NotSatisfiable):
        span_of(10, None, alias)
