"""``glancepipe db``: what it says and how it exits."""

from __future__ import annotations

import io
import sqlite3
from types import SimpleNamespace

import pytest
from oslo_config import cfg

from glancepipe.contract.errors import DatabaseUnavailable
from glancepipe.db import schema
from glancepipe.db.commands import Check, CreateIndexes, DropIndexes, Upgrade, Version
from glancepipe.db.maintenance import Purge, Stats


@pytest.fixture
def conf(tmp_path):
    """A configuration as the command line loads it: the layers' options are not registered yet."""
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    conf.register_opts([cfg.StrOpt("state_path", default=str(tmp_path / "state"))])
    return conf


@pytest.fixture
def run(conf):
    def run_(command):
        app = SimpleNamespace(conf=conf, stdout=io.StringIO())
        made = command(app, None)
        return made.run(made.get_parser("db").parse_args([])), app.stdout.getvalue()

    return run_


def test_upgrade_then_check(run):
    """Exit statuses are a contract: 0 current, 3 behind."""
    assert run(Check) == (3, "The database is empty: run `glancepipe db upgrade`.\n")
    status, said = run(Upgrade)
    assert (status, said.splitlines()[-1]) == (0, f"The database is now at revision {schema.HEAD}.")
    assert run(Check) == (0, "The database is up to date.\n")
    assert run(Upgrade) == (0, f"The database is at revision {schema.HEAD} already.\n")


def test_check_says_what_is_missing(run, tmp_path):
    """4: indexes; 5: another Glance's schema."""
    run(Upgrade)
    run(DropIndexes)
    status, said = run(Check)
    assert status == 4
    assert "ix_glancepipe_images_name" in said
    assert "glancepipe db indexes create" in said
    run(CreateIndexes)
    assert run(Check)[0] == 0
    with sqlite3.connect(tmp_path / "state" / "glancepipe.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '2026_2_expand01'")
    connection.close()
    status, said = run(Check)
    assert status == 5
    assert said.startswith("The database has Glance's schema at 2026_2_expand01, not at 2024_1_contract01: only `glance-manage db sync`")


@pytest.mark.parametrize("command", [CreateIndexes, Purge, Stats])
def test_a_database_that_was_never_upgraded_is_one_sentence(run, command):
    with pytest.raises(ValueError, match="run `glancepipe db upgrade`"):
        run(command)


def test_version(run):
    assert run(Version) == (0, f"glancepipe none (this release: {schema.HEAD}), Glance none\n")
    run(Upgrade)
    assert run(Version) == (0, f"glancepipe {schema.HEAD} (this release: {schema.HEAD}), Glance 2024_1_contract01\n")


def test_another_glance_is_refused_with_a_sentence(run, conf, tmp_path):
    (tmp_path / "state").mkdir()
    with sqlite3.connect(tmp_path / "state" / "glancepipe.sqlite") as connection:
        connection.executescript("CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('zed_expand01')")
    connection.close()
    with pytest.raises(ValueError, match="glance-manage db sync"):
        run(Upgrade)


def test_a_file_that_is_no_database_is_one_sentence(run, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "glancepipe.sqlite").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(DatabaseUnavailable, match="The database file can't be used: file is not a database"):
        run(Check)
