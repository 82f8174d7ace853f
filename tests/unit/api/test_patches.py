"""JSON patches: syntax of both drafts, and the edit that they make."""

from __future__ import annotations

from typing import Any

import pytest
from oslo_config import cfg

from glancepipe.api.patches import edit_of, parse
from glancepipe.api.schemas import Custom, image_schema
from glancepipe.api.validation import Checks
from glancepipe.contract import ABSENT, Change, ChangeSet, Image, Location, Status
from glancepipe.contract.errors import Conflict, Forbidden, Invalid

IMAGE = Image("i", name="n", tags=frozenset({"t"}), properties={"foo": "bar"}, status=Status.ACTIVE)


@pytest.fixture
def checks(conf: cfg.ConfigOpts) -> Checks:
    return Checks(image_schema(conf, Custom()), Custom())


@pytest.fixture
def edit(checks: Checks) -> Any:
    """Edit an image by a patch."""

    def apply(*steps: dict[str, Any], image: Image = IMAGE, draft: int = 10, locations_shown: bool = True) -> ChangeSet:
        return edit_of(list(steps), draft, checks, locations_shown)(image)

    return apply


def add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


@pytest.mark.parametrize(
    "document",
    [
        {},
        "x",
        None,
        [5],
        [[]],
        [{}],
        [{"op": "move", "path": "/a", "value": "x"}],
        [{"op": 5, "path": "/a", "value": "x"}],
        [{"op": ["add"], "path": "/a", "value": "x"}],
        [{"op": "add", "path": "/a"}],
        [{"op": "add", "value": "x"}],
        [{"op": "add", "path": 5, "value": "x"}],
        [add("a", "x")],
        [add("", "x")],
        [add("/", "x")],
        [add("/  ", "x")],
        [add("//a", "x")],
        [add("/a/", "x")],
        [add("/a~2", "x")],
        [add("/a~", "x")],
    ],
)
def test_draft_10_syntax(document: Any) -> None:
    """FEATURES 1.5-02, 1.5-03, 1.5-05, 12-06."""
    with pytest.raises(Invalid):
        parse(document, 10)


@pytest.mark.parametrize(
    "document", [[{"value": "x"}], [{"add": "/a", "remove": "/a", "value": "x"}], [{"replace": "/a"}], [{"add": 5, "value": 1}]]
)
def test_draft_4_syntax(document: Any) -> None:
    """FEATURES 1.5-04."""
    with pytest.raises(Invalid):
        parse(document, 4)


def test_escapes() -> None:
    """FEATURES 1.5-05."""
    assert parse([add("/ a~1b~01 ", "x")], 10)[0].path == ("a/b~1",)


def test_nothing_to_do(edit: Any) -> None:
    """FEATURES 1.5-02."""
    assert edit().empty


def test_touched_fields_are_in_the_change_even_if_equal(edit: Any) -> None:
    """FEATURES 1.5-14: what was touched counts, not what differs."""
    changes = edit(replace("/name", "n"), replace("/disk_format", None), replace("/min_disk", 2.0))
    assert changes.base == {"name": Change("n", "n"), "disk_format": Change(None, None), "min_disk": Change(0, 2)}
    assert isinstance(changes.new("min_disk"), int)


def test_tags_are_a_set(edit: Any) -> None:
    """FEATURES 1.5-15."""
    assert edit(replace("/tags", ["a", "b", "a"])).base == {"tags": Change(frozenset({"t"}), frozenset({"a", "b"}))}


def test_properties(edit: Any) -> None:
    """FEATURES 1.5-10, 1.5-11: absent is not None."""
    changes = edit(add("/new", "1"), replace("/new", "2"), remove("/foo"))
    assert changes.properties == {"new": Change(ABSENT, "2"), "foo": Change("bar", ABSENT)}
    assert edit(add("/foo", "baz")).properties == {"foo": Change("bar", "baz")}


def test_added_and_removed_again(edit: Any) -> None:
    assert edit(add("/new", "1"), remove("/new")).empty
    assert edit(remove("/foo"), add("/foo", "bar")).properties == {"foo": Change("bar", "bar")}


@pytest.mark.parametrize("step", [replace("/nope", "x"), remove("/nope")])
def test_missing(edit: Any, step: dict[str, Any]) -> None:
    """FEATURES 1.5-11."""
    with pytest.raises(Conflict):
        edit(step)


@pytest.mark.parametrize("step", [{"add": "/foo", "value": "x"}, {"add": "/name", "value": "x"}])
def test_draft_4_adds_only_what_is_missing(edit: Any, step: dict[str, Any]) -> None:
    """FEATURES 1.5-10."""
    with pytest.raises(Conflict):
        edit(step, draft=4)


def test_draft_4(edit: Any) -> None:
    """FEATURES 1.5-04."""
    changes = edit({"add": "/new", "value": "x", "more": 1}, {"replace": "/name", "value": None}, {"remove": "/foo"}, draft=4)
    assert changes.properties == {"new": Change(ABSENT, "x"), "foo": Change("bar", ABSENT)}
    assert changes.base == {"name": Change("n", None)}


@pytest.mark.parametrize(
    "name",
    [
        *("created_at", "updated_at", "status", "checksum", "size", "virtual_size", "direct_url", "self", "file", "schema", "id"),
        *("os_hash_algo", "os_hash_value", "stores", "location", "deleted", "deleted_at", "os_glance_x", "os_glancefoo"),
    ],
)
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_names_of_the_service(edit: Any, name: str, op: str) -> None:
    """FEATURES 1.5-07, 1.5-08, 12-06."""
    with pytest.raises(Forbidden):
        edit({"op": op, "path": f"/{name}", "value": "x"})


def test_base_attributes_stay(edit: Any) -> None:
    """FEATURES 1.5-11."""
    with pytest.raises(Forbidden):
        edit(remove("/name"))


@pytest.mark.parametrize(
    "step", [add("/tags/-", "x"), add("/a/b", "x"), add("/locations", []), replace("/locations/0", {}), remove("/locations")]
)
def test_depth(edit: Any, step: dict[str, Any]) -> None:
    """FEATURES 1.5-06."""
    with pytest.raises(Invalid, match="nothing to"):
        edit(step)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/name", 5),
        ("/name", "x" * 256),
        ("/visibility", "secret"),
        ("/visibility", None),
        ("/protected", "true"),
        ("/min_disk", -1),
        ("/min_ram", 1 << 31),
        ("/min_ram", True),
        ("/disk_format", "foo"),
        ("/tags", "x"),
        ("/tags", [1]),
        ("/tags", ["x" * 256]),
        ("/foo", None),
        ("/foo", 5),
        ("/foo", "é" * 40000),
        ("/" + "x" * 256, "x"),
        ("/extra_properties", {"a": "b"}),
    ],
)
def test_values(edit: Any, path: str, value: Any) -> None:
    """FEATURES 1.5-09, 1.5-19, 12-05."""
    with pytest.raises(Invalid):
        edit(add(path, value))


HELD = Image("i", status=Status.ACTIVE, locations=(Location("http://a", {}, 1), Location("http://b", {}, 2)))


def place(url: str, **more: Any) -> dict[str, Any]:
    return {"url": url, "metadata": {}, **more}


def test_locations_where_they_are_not_shown(edit: Any) -> None:
    """FEATURES 1.5-21."""
    with pytest.raises(Forbidden):
        edit(add("/locations/-", place("http://c")), image=HELD, locations_shown=False)


def test_locations_are_added_anywhere(edit: Any) -> None:
    """FEATURES 1.5-23."""
    changes = edit(
        add("/locations/0", place("http://c")), add("/locations/-", place("http://d")), add("/locations/99", place("http://e")), image=HELD
    )
    urls = [location.url for location in changes.new("locations")]
    assert urls == ["http://c", "http://a", "http://b", "http://d", "http://e"]
    assert changes.base["locations"].old == HELD.locations


def test_locations_are_replaced_by_themselves(edit: Any) -> None:
    """FEATURES 1.5-24: rows keep their identity."""
    changes = edit(replace("/locations", [place("http://b"), {"url": "http://a", "metadata": {"k": "v"}}]), image=HELD)
    assert changes.new("locations") == (Location("http://b", {}, 2), Location("http://a", {"k": "v"}, 1))


def test_locations_are_removed(edit: Any) -> None:
    """FEATURES 1.5-25."""
    assert edit(remove("/locations/0"), image=HELD).new("locations") == HELD.locations[1:]


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (add("/locations/x", place("http://c")), Invalid),
        (add("/locations/-1", place("http://c")), Invalid),
        (add("/locations/-", {"url": "http://c"}), Invalid),
        (add("/locations/-", place("http://" + "c" * 255)), Invalid),
        (replace("/locations", []), Forbidden),
        (replace("/locations", [place("http://c")]), Invalid),
        (remove("/locations/2"), Invalid),
        (remove("/locations/-"), Invalid),
    ],
)
def test_locations_refused(edit: Any, step: dict[str, Any], error: type[Exception]) -> None:
    """FEATURES 1.5-23 to 1.5-25."""
    with pytest.raises(error):
        edit(step, image=HELD)


def test_the_last_location_stays(edit: Any) -> None:
    """FEATURES 1.5-25."""
    with pytest.raises(Forbidden):
        edit(remove("/locations/0"), remove("/locations/0"), image=HELD)


@pytest.mark.parametrize(
    ("status", "step"),
    [(Status.SAVING, add("/locations/-", place("http://c"))), (Status.QUEUED, remove("/locations/0"))],
)
def test_locations_and_status(edit: Any, status: str, step: dict[str, Any]) -> None:
    """FEATURES 1.5-22."""
    with pytest.raises(Conflict):
        edit(step, image=Image("i", status=status, locations=HELD.locations))


def digests(algorithm: str = "sha256", value: str = "a" * 64, **more: str) -> dict[str, Any]:
    return place("http://c", validation_data={"os_hash_algo": algorithm, "os_hash_value": value, **more})


def test_validation_data(edit: Any) -> None:
    """FEATURES 1.5-28."""
    changes = edit(add("/locations/-", digests(checksum="b" * 32)), image=Image("i"))
    assert {name: change.new for name, change in changes if name != "locations"} == {
        "checksum": "b" * 32,
        "os_hash_algo": "sha256",
        "os_hash_value": "a" * 64,
    }
    known = Image("i", status=Status.ACTIVE, os_hash_algo="sha256", os_hash_value="a" * 64)
    assert set(edit(add("/locations/-", digests()), image=known).base) == {"locations"}


@pytest.mark.parametrize(
    ("location", "image"),
    [
        (digests("sha0"), Image("i")),
        (digests("shake_128"), Image("i")),
        (digests(value="a" * 63), Image("i")),
        (digests(value="x" * 64), Image("i")),
        (digests(checksum="x" * 32), Image("i")),
        (digests(), Image("i", status=Status.ACTIVE)),
        (digests(), Image("i", os_hash_value="c" * 64)),
    ],
)
def test_validation_data_refused(edit: Any, location: dict[str, Any], image: Image) -> None:
    """FEATURES 1.5-28."""
    with pytest.raises(Conflict):
        edit(add("/locations/-", location), image=image)


def test_validation_data_is_complete_or_none(edit: Any) -> None:
    with pytest.raises(Invalid):
        edit(add("/locations/-", place("http://c", validation_data={"checksum": "b" * 32})), image=Image("i"))
