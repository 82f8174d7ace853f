"""``glancepipe db metadefs``: what it does, says, and how it exits (FEATURES 5.3)."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from oslo_config import cfg

from glancepipe.contract import SERVICE, Association, Call, Definition, DefinitionQuery, Namespace, NamespaceQuery
from glancepipe.db.commands import Upgrade
from glancepipe.db.metadefs import files
from glancepipe.db.metadefs.commands import Export, Load, Unload

CALL = Call("show_namespace", SERVICE)
TEXT = {"type": "string", "title": "T"}


@pytest.fixture
def conf(url: str, tmp_path: Path) -> cfg.ConfigOpts:
    """As the command line loads it: the layers' options are not registered yet."""
    (tmp_path / "glancepipe.conf").write_text(f"[DEFAULT]\nmetadata_source_path = {tmp_path}/source\n[database]\nconnection = {url}\n")
    conf = cfg.ConfigOpts()
    conf(["--config-file", str(tmp_path / "glancepipe.conf")], default_config_dirs=[])
    conf.register_opts([cfg.StrOpt("state_path", default=str(tmp_path / "state"))])
    return conf


@pytest.fixture
def run(conf: cfg.ConfigOpts) -> Callable[..., tuple[int, list[str]]]:
    def run_(command: Any, *arguments: str) -> tuple[int, list[str]]:
        app = SimpleNamespace(conf=conf, stdout=io.StringIO())
        made = command(app, None)
        return made.run(made.get_parser("db").parse_args(arguments)), app.stdout.getvalue().splitlines()

    return run_


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A directory with the file of one namespace."""
    (tmp_path / "source").mkdir()
    return describe(tmp_path / "source", display_name="From the file")


def describe(folder: Path, **more: Any) -> Path:
    document = {
        "namespace": "n",
        "resource_type_associations": [{"name": "T", "prefix": "file_"}],
        "properties": {"p": {**TEXT, "title": "From the file"}},
        "objects": [{"name": "o", "description": "From the file", "required": ["a"], "properties": {"a": TEXT}}],
        "tags": [{"name": "t"}],
        **more,
    }
    (folder / "n.json").write_text(json.dumps(document))
    return folder


@pytest.fixture
def there(db: Any) -> Any:
    """The namespace n as somebody has made it, with other values and one more of each kind."""
    definitions = (
        Definition("property", "p", {**TEXT, "title": "Mine"}),
        Definition("property", "q", TEXT),
        Definition("object", "o", {"description": "Mine", "properties": {}}),
        Definition("object", "u", {"properties": {}}),
        Definition("tag", "v"),
    )
    associations = (Association("T", "mine_"), Association("U"))
    db.namespaces.add(CALL, Namespace("n", "Mine", owner="p1", associations=associations, definitions=definitions))
    return db


def state(db: Any) -> dict[str, Any]:
    """What is told apart: who wins where both say something, and what is there at all."""
    space = db.namespaces.get(CALL, "n")

    def named(kind: Any) -> dict[str, Any]:
        return {each.name: each.schema for each in db.definitions.list(CALL, space, kind, DefinitionQuery())}

    return {
        "display_name": space.display_name,
        "owner": space.owner,
        "prefixes": {each.name: each.prefix for each in space.associations},
        "title": named("property")["p"]["title"],
        "object": named("object")["o"],
        "all": (sorted(named("property")), sorted(named("object")), sorted(named("tag"))),
    }


FILE = {
    "display_name": "From the file",
    "owner": "admin",
    "prefixes": {"T": "file_"},
    "title": "From the file",
    "object": {"description": "From the file", "required": ["a"], "properties": {"a": TEXT}},
    "all": (["p"], ["o"], ["t"]),
}
MINE = {
    "display_name": "Mine",
    "owner": "p1",
    "prefixes": {"T": "mine_", "U": None},
    "title": "Mine",
    "object": {"description": "Mine", "properties": {}},
    "all": (["p", "q"], ["o", "u"], ["v"]),
}
MERGED = {**MINE, "all": (["p", "q"], ["o", "u"], ["t", "v"])}
NEWER = {**FILE, "prefixes": {"T": "file_", "U": None}, "all": MERGED["all"]}


def test_load_a_new_one(run: Any, db: Any, source: Path) -> None:
    """5.3-03, 12-24; new resource types become protected."""
    assert run(Load) == (0, [f"{source}/n.json: n is loaded."])
    assert state(db) == FILE
    assert [(each.name, each.protected) for each in db.resource_types.list(CALL)] == [("T", True)]
    assert db.namespaces.get(CALL, "n").created_at is not None


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], MINE),
        (["--merge"], MERGED),
        (["--merge", "--prefer-new"], NEWER),
        (["--merge", "--prefer_new"], NEWER),
        (["--merge", "--overwrite"], FILE),
    ],
)
def test_what_becomes_of_one_that_is_there(run: Any, there: Any, source: Path, flags: list[str], expected: dict[str, Any]) -> None:
    """5.3-03; doing it again changes nothing."""
    for _ in range(2):
        status, (sentence,) = run(Load, *flags)
        assert status == 0
        assert ("is skipped" in sentence) is (not flags)
        assert state(there) == expected


@pytest.mark.parametrize("flags", [["--prefer-new"], ["--overwrite"], ["--merge", "--prefer-new", "--overwrite"]])
def test_flags_that_exclude_each_other(run: Any, there: Any, source: Path, flags: list[str]) -> None:
    """5.3-03: an error, and nothing is done."""
    with pytest.raises(ValueError, match="--prefer-new"):
        run(Load, *flags)
    assert state(there) == MINE


def test_broken_files_do_not_stop_the_others(run: Any, db: Any, source: Path) -> None:
    """5.3-03: one sentence each, and an exit status that says so."""
    (source / "a.json").write_text("{")
    (source / "b.json").write_text('{"namespace": "b", "tags": [{"name": "t"}, {"name": "t"}]}')
    (source / "c.json").write_text(json.dumps({"namespace": "x" * 81}))
    status, sentences = run(Load)
    assert status == 1
    assert [sentence.split("/")[-1][:6] for sentence in sentences] == ["a.json", "b.json", "c.json", "n.json"]
    assert ["is not loaded" in sentence for sentence in sentences] == [True, True, True, False]
    assert [each.namespace for each in db.namespaces.list(CALL, NamespaceQuery(everything=True)).rows] == ["n"]


def test_load_from_a_path(run: Any, db: Any, source: Path, tmp_path: Path) -> None:
    """5.3-03: one file, or another directory."""
    (tmp_path / "other").mkdir()
    os.replace(source / "n.json", tmp_path / "other" / "n.txt")
    with pytest.raises(ValueError, match="source"):
        run(Load)
    assert run(Load, "--path", f"{tmp_path}/other/n.txt")[0] == 0
    assert state(db) == FILE


def test_exported_and_loaded_again(run: Any, there: Any, tmp_path: Path) -> None:
    """5.3-05, 12-24."""
    there.namespaces.add(CALL, Namespace("m", visibility="public", owner="p2"))
    target = tmp_path / "new" / "folder"
    assert run(Export, "--path", str(target)) == (0, [f"m is in {target}/m.json.", f"n is in {target}/n.json."])
    written = [files.read(path) for path in files.paths(target)]
    assert run(Unload)[0] == 0
    assert there.namespaces.list(CALL, NamespaceQuery(everything=True)).rows == []
    assert run(Load, "--path", str(target))[0] == 0
    assert state(there) == MINE
    assert there.namespaces.get(CALL, "m").owner == "p2"
    run(Export, "--path", str(target))
    assert [files.read(path) for path in files.paths(target)] == written


def test_unload(run: Any, there: Any) -> None:
    """5.3-04: resource types too."""
    status, lines = run(Unload)
    assert status == 0
    assert "metadef_properties: 2 rows removed" in lines
    assert "metadef_resource_types: 2 rows removed" in lines
    assert list(there.resource_types.list(CALL)) == []
    assert all(line.endswith(": 0 rows removed") for line in run(Unload)[1])


def test_export_where_nothing_can_be_written(run: Any, there: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="can't be written"):
        run(Export, "--path", str(tmp_path / "file"))


def test_nothing_to_export(run: Any, db: Any, tmp_path: Path) -> None:
    assert run(Export) == (0, ["There are no namespaces."])


def test_a_database_that_is_not_made_yet(tmp_path: Path) -> None:
    """One sentence instead of what the database says."""
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    conf.register_opts([cfg.StrOpt("state_path", default=str(tmp_path / "state"))])
    app = SimpleNamespace(conf=conf, stdout=io.StringIO())
    command = Unload(app, None)
    with pytest.raises(ValueError, match="glancepipe db upgrade"):
        command.run(command.get_parser("db").parse_args([]))
    Upgrade(app, None).run(SimpleNamespace())
    assert command.run(command.get_parser("db").parse_args([])) == 0


@pytest.mark.skipif("GLANCE_VENV" not in os.environ, reason="set GLANCE_VENV to an environment with Glance to load its definitions")
def test_the_stock_definitions(run: Any, db: Any, tmp_path: Path) -> None:
    """5.3-01: all files that Glance ships, loaded and exported without loss."""
    stock = Path(os.environ["GLANCE_VENV"], "etc/glance/metadefs")
    status, sentences = run(Load, "--path", str(stock))
    assert status == 0, sentences
    assert len(sentences) == len(list(stock.glob("*.json"))) > 30
    run(Export, "--path", str(tmp_path / "out"))

    def sorted_(folder: Path) -> list[Namespace]:
        return sorted((files.read(path) for path in files.paths(folder)), key=lambda each: each.namespace)

    for original, exported in zip(sorted_(stock), sorted_(tmp_path / "out"), strict=True):
        assert {(each.kind, each.name): each.schema for each in original.definitions} == {
            (each.kind, each.name): each.schema for each in exported.definitions
        }
        assert {each.name: each for each in original.associations} == {
            each.name: Association(each.name, each.prefix, each.properties_target) for each in exported.associations
        }
