"""Query strings: paging, sorting, links."""

from __future__ import annotations

from typing import Any

import pytest

from glancepipe.api.queries import Paging, image_query, links, pairs_of
from glancepipe.contract import Image, ImageQuery, Page
from glancepipe.contract.errors import Invalid

PAGING = Paging(default=25, most=1000)


def query(text: str) -> ImageQuery:
    return image_query(pairs_of(text), PAGING)


@pytest.mark.parametrize(("text", "limit"), [("", 25), ("limit=3", 3), ("limit=0", 0), ("limit=5000", 1000), ("limit=%2B1", None)])
def test_limit(text: str, limit: int | None) -> None:
    """FEATURES 3-01."""
    if limit is None:
        with pytest.raises(Invalid):
            query(text)
    else:
        assert query(text).limit == limit


@pytest.mark.parametrize("limit", ["-1", "x", "", "1.5", "1_0", "9" * 5000, "%D9%A3"])
def test_limit_must_be_a_number(limit: str) -> None:
    with pytest.raises(Invalid, match="limit"):
        query(f"limit={limit}")


@pytest.mark.parametrize(
    ("text", "sort", "tie_ascending"),
    [
        ("", (("created_at", False),), False),
        ("sort=name:asc", (("name", True),), True),
        ("sort=name", (("name", False),), False),
        ("sort=name:asc,size:desc", (("name", True), ("size", False)), False),
        ("sort=name:", (("name", False),), False),
        ("sort_key=name", (("name", False),), False),
        ("sort_key=name&sort_dir=asc", (("name", True),), True),
        ("sort_dir=asc", (("created_at", True),), True),
        ("sort_key=name&sort_key=size&sort_dir=asc", (("name", True), ("size", True)), True),
        ("sort_key=name&sort_key=size&sort_dir=asc&sort_dir=desc", (("name", True), ("size", False)), False),
        ("sort=name:asc,name:desc", (("name", True),), False),
    ],
)
def test_sort(text: str, sort: Any, tie_ascending: bool) -> None:
    """FEATURES 3-05 to 3-08."""
    found = query(text)
    assert (found.sort, found.tie_ascending) == (sort, tie_ascending)


@pytest.mark.parametrize(
    "text",
    [
        "sort=name&sort_dir=asc",
        "sort=name&sort_key=size",
        "sort=owner",
        "sort_key=foo",
        "sort=name:up",
        "sort_dir=up",
        "sort_key=name&sort_dir=asc&sort_dir=desc",
        "sort=",
    ],
)
def test_sort_refused(text: str) -> None:
    with pytest.raises(Invalid):
        query(text)


def test_enumerations() -> None:
    """FEATURES 3-09, 3-10, 3-16."""
    found = query("visibility=all&member_status=pending&os_hidden=True&marker=m")
    assert (found.visibility, found.member_status, found.hidden, found.marker) == ("all", "pending", True, "m")
    assert (query("").visibility, query("").member_status, query("").hidden) == (None, "accepted", False)


@pytest.mark.parametrize("text", ["visibility=secret", "visibility=", "member_status=x", "os_hidden=1", "os_hidden="])
def test_enumerations_refused(text: str) -> None:
    with pytest.raises(Invalid):
        query(text)


@pytest.mark.parametrize("text", ["name=%ff", "%ff=a", "name=%00", "&".join(f"a{n}=1" for n in range(1001))])
def test_a_query_that_is_no_text(text: str) -> None:
    """FEATURES 1.2-07."""
    with pytest.raises(Invalid):
        query(text)


def test_links_keep_repeated_parameters() -> None:
    """FEATURES 3-03, 12-07."""
    pairs = pairs_of("tag=a&tag=b%20c&marker=old&limit=2")
    page = Page(rows=[Image("x"), Image("y")], more=True, last=Image("z"))
    assert links("/v2/images", pairs, page, 2) == {
        "first": "/v2/images?tag=a&tag=b+c&limit=2",
        "next": "/v2/images?tag=a&tag=b+c&limit=2&marker=z",
    }


def test_no_next_link_where_nothing_follows() -> None:
    """FEATURES 3-01, 3-04: none on the last page, however full it is, and none if nothing was asked for."""
    assert links("/v2/images", [], Page(rows=[Image("x")], more=False, last=Image("x")), 1) == {"first": "/v2/images"}
    assert "next" not in links("/v2/images", [], Page(more=True, last=Image("x")), 0)
