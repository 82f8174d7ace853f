"""``glancepipe db upgrade`` on several nodes at once, on every kind of database."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from glancepipe.db import indexes, models, schema
from glancepipe.db.database import Database
from glancepipe.db.engine import database_url, make_engine

GLANCEPIPE = Path(sys.executable).parent / "glancepipe"


@pytest.fixture
def database(configure, tmp_path, nothing):
    conf = configure(tmp_path, nothing)
    with closing(Database(make_engine(conf, database_url(conf)))) as database:
        yield database


@pytest.fixture
def nodes(tmp_path, nothing):
    """Run a command on several nodes at once; answers what they said."""
    (tmp_path / "node.conf").write_text(f"[DEFAULT]\nstate_path = {tmp_path}\n[database]\nconnection = {nothing}\n")

    def nodes_(*command, count=4):
        arguments = [str(GLANCEPIPE), "--config-file", str(tmp_path / "node.conf"), *command]
        running = [subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(count)]
        said = [process.communicate(timeout=60) for process in running]
        assert [process.returncode for process in running] == [0] * count, said
        return [out for out, _ in said]

    return nodes_


def test_one_node_makes_the_schema_and_the_others_find_it(nodes, database):
    said = nodes("db", "upgrade")
    done = f"The database is now at revision {schema.HEAD}."
    assert sorted(out.splitlines()[-1] for out in said) == sorted([done, *[f"The database is at revision {schema.HEAD} already."] * 3])
    (busy,) = (out for out in said if done in out)
    assert [line for line in busy.splitlines() if line.startswith("Revision 0001 is done: Glance's tables")]
    assert "Making index ix_glancepipe_images_name." in busy
    assert database.read(schema.lacks) == []
    assert nodes("db", "check", count=1) == ["The database is up to date.\n"]


def test_from_an_older_revision(nodes, database):
    """Idempotent: what an interrupted upgrade has made, where that can't be undone, is no obstacle."""
    database.write(schema.upgrade)
    database.write(lambda connection: connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0001'")))
    assert database.read(schema.lacks)[0].sentence.startswith(f"The database is at revision 0001, and this release needs {schema.HEAD}:")
    database.write(lambda connection: models.tombstones.drop(connection))
    nodes("db", "upgrade", count=2)
    assert database.read(schema.lacks) == []
    assert database.read(lambda connection: inspect(connection).has_table("glancepipe_tombstones"))


def test_the_indexes_go_and_come_back(nodes, database):
    """Glance's own migrations may rebuild tables: ours can leave before."""
    database.write(schema.upgrade)
    names = database.read(indexes._present)
    (said,) = nodes("db", "indexes", "drop", count=1)
    assert "Index ix_glancepipe_images_name is removed." in said
    (lack,) = database.read(schema.lacks)
    assert lack.kind == 4
    assert "ix_glancepipe_image_tags_value" in lack.sentence
    assert not [name for name in database.read(indexes._present) if name.startswith("ix_glancepipe_image")]
    nodes("db", "indexes", "create", count=1)
    assert database.read(indexes._present) == names
    assert database.read(schema.lacks) == []


def test_a_newer_release_has_been_there(nodes, database):
    """Two releases work on one database while nodes are replaced one by one."""
    database.write(schema.upgrade)
    database.write(lambda connection: connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'")))
    assert nodes("db", "upgrade", count=1) == ["The database is at revision 9999 already.\n"]
    assert nodes("db", "check", count=1) == ["The database is up to date.\n"]
