"""Files of metadata definitions: what is read, what is refused, what is written (FEATURES 5.3-02)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from glancepipe.contract import Association, Definition, Namespace
from glancepipe.db.metadefs import files

WHOLE = Namespace(
    "OS::My::Namespace",
    "Displayed",
    "Described",
    "public",
    True,
    "p1",
    associations=(Association("T", "p_", "image"), Association("U")),
    definitions=(
        Definition("object", "o", {"description": "d", "required": ["a", "b"], "properties": {"a": {"type": "string", "enum": [1, None]}}}),
        Definition("object", "bare", {"properties": {}}),
        Definition("tag", "t"),
        Definition("property", "p", {"type": "integer", "default": 1.5, "title": "\ud800 ü"}),
    ),
)


def test_written_and_read(tmp_path: Path) -> None:
    """12-24: what an object requires is not lost; nothing half-written is left."""
    files.write(WHOLE, tmp_path / "x.json")
    assert files.read(tmp_path / "x.json") == WHOLE
    assert os.listdir(tmp_path) == ["x.json"]


def test_what_a_file_may_leave_out(tmp_path: Path) -> None:
    """As with Glance, the administrators' project owns it."""
    for text in ('{"namespace": "n"}', '{"namespace": "n", "visibility": null, "objects": null, "protected": null, "more": 1}'):
        (tmp_path / "x.json").write_text(text)
        assert files.read(tmp_path / "x.json") == Namespace("n", owner="admin")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100000, "not JSON"),
        ("[]", "JSON object"),
        ("{}", "must have a name"),
        ('{"namespace": ""}', "must have a name"),
        ('{"namespace": 5}', "must have a name"),
        ('{"namespace": "a/b"}', "without a slash"),
        ('{"namespace": "n", "protected": "yes"}', "'protected'"),
        ('{"namespace": "n", "visibility": "shared"}', "public or private"),
        ('{"namespace": "n", "display_name": 1}', "'display_name'"),
        ('{"namespace": "n", "properties": []}', "'properties'"),
        ('{"namespace": "n", "properties": {"p": 1}}', "'p' must be an object"),
        ('{"namespace": "n", "properties": {"a/b": {}}}', "property must have a name"),
        ('{"namespace": "n", "objects": {"o": {}}}', "'objects'"),
        ('{"namespace": "n", "objects": ["o"]}', "each object"),
        ('{"namespace": "n", "objects": [{}]}', "object must have a name"),
        ('{"namespace": "n", "objects": [{"name": "o", "description": 1}]}', "object 'o'"),
        ('{"namespace": "n", "objects": [{"name": "o", "properties": {"p": null}}]}', "'p'"),
        ('{"namespace": "n", "objects": [{"name": "o", "required": "a"}]}', "a list"),
        ('{"namespace": "n", "objects": [{"name": "o", "required": ["a,b"]}]}', "without commas"),
        ('{"namespace": "n", "tags": ["t"]}', "each tag"),
        ('{"namespace": "n", "resource_type_associations": [{"name": "T", "prefix": 1}]}', "'T'"),
    ],
)
def test_what_is_no_such_file(tmp_path: Path, text: str, why: str) -> None:
    """5.3-03."""
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=why):
        files.read(tmp_path / "x.json")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b'{"namespace": "\xff"}')
    with pytest.raises(ValueError, match="not JSON"):
        files.read(tmp_path / "x.json")


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="can't be read"):
        files.read(tmp_path / "x.json")


def test_where_files_are(tmp_path: Path) -> None:
    """5.3-03: one file, whatever its name, or all of a directory in the order of their names."""
    with pytest.raises(ValueError, match="no file"):
        files.paths(tmp_path)
    for name in ("b.json", "a.json", "README"):
        (tmp_path / name).write_text("")
    (tmp_path / "c.json").mkdir()
    assert files.paths(tmp_path) == [tmp_path / "a.json", tmp_path / "b.json"]
    assert files.paths(tmp_path / "README") == [tmp_path / "README"]
    with pytest.raises(ValueError, match="no file or directory"):
        files.paths(tmp_path / "nothing")


def test_every_namespace_has_a_file_of_its_own() -> None:
    """Also where file names know no case."""
    spaces = ["OS::A::B", "OS-A-B", "os::a::b", "::", "/", "Ü b"]
    found = files.names(spaces)
    assert found["OS::A::B"] == "OS-A-B.json"
    assert list(found) == spaces
    assert len({name.lower() for name in found.values()}) == len(spaces)
    assert not any("/" in name or name.startswith(".") for name in found.values())


def test_a_file_is_what_glance_reads(tmp_path: Path) -> None:
    """The members that Glance knows, and lists where it wants lists."""
    files.write(WHOLE, tmp_path / "x.json")
    document = json.loads((tmp_path / "x.json").read_text())
    assert set(document) == {
        *("namespace", "display_name", "description", "visibility", "protected", "owner"),
        *("resource_type_associations", "properties", "objects", "tags"),
    }
    assert document["objects"][0]["name"] == "o"
    assert document["tags"] == [{"name": "t"}]
    assert document["resource_type_associations"][1] == {"name": "U", "prefix": None, "properties_target": None}
