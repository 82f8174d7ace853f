"""How a database comes to its schema, and when it is left alone."""

from __future__ import annotations

from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, inspect, text

from glancepipe.db import indexes, models, schema
from glancepipe.db.database import Database
from glancepipe.db.engine import database_url, make_engine


@pytest.fixture
def blank(configure, tmp_path):
    """A database with nothing in it."""
    conf = configure(tmp_path)
    with closing(Database(make_engine(conf, database_url(conf)))) as database:
        yield database


def run(database, *statements):
    for statement in statements:
        database.write(lambda connection, statement=statement: connection.execute(text(statement)))


def test_the_head_is_the_scripts_head():
    config = Config()
    config.set_main_option("script_location", "glancepipe.db:migrations")
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [schema.HEAD]
    revisions = [revision.revision for revision in script.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)


def test_an_upgraded_database_is_what_the_models_say(world):
    everything = MetaData()
    for table in (*models.glance.tables.values(), *models.own.tables.values()):
        table.to_metadata(everything)

    def known(object_, name, kind, reflected, compared):
        if kind == "index":
            return not name.startswith(indexes.PREFIX + "image")
        return not (kind == "table" and name in ("alembic_version", schema.VERSION_TABLE))

    def difference(connection):
        indexes.drop(connection)
        options = {"include_object": known, "compare_type": True, "version_table": schema.VERSION_TABLE}
        try:
            return compare_metadata(MigrationContext.configure(connection, opts=options), everything)
        finally:
            indexes.create(connection)

    assert world.database.write(difference) == []


def test_glance_finds_its_own_note(world):
    """9: Glance starts on a database that glancepipe made."""
    assert world.database.read(schema.glance_revision) == "2024_1_contract01"
    assert world.database.read(schema.revision) == schema.HEAD


def test_an_empty_database(blank):
    assert blank.read(schema.revision) is None
    assert blank.read(schema.glance_revision) is None
    assert not blank.read(schema.is_current)
    blank.write(schema.upgrade)
    assert blank.read(schema.is_current)
    blank.write(schema.upgrade)


def test_a_glance_database_keeps_its_tables(blank):
    """Even such as its migrations have left a little different."""
    models_of_glance = [*models.glance.tables.values()]
    blank.write(lambda connection: [table.create(connection) for table in models_of_glance])
    run(blank, "CREATE TABLE alembic_version (version_num VARCHAR(32))", "INSERT INTO alembic_version VALUES ('2024_1_contract01')")
    run(blank, "ALTER TABLE images ADD COLUMN mine INTEGER")
    blank.write(schema.upgrade)
    columns = blank.read(lambda connection: [column["name"] for column in inspect(connection).get_columns("images")])
    assert columns[-1] == "mine"
    assert blank.read(schema.is_current)


def test_an_upgrade_that_was_interrupted_before_glances_note(blank):
    """Where tables are not made in a transaction, the note may be missing although all tables are there."""
    blank.write(schema.upgrade)
    run(blank, "DELETE FROM alembic_version", f"DELETE FROM {schema.VERSION_TABLE}")
    blank.write(schema.upgrade)
    assert blank.read(schema.glance_revision) == "2024_1_contract01"
    assert blank.read(schema.lacks) == []


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (
            ["CREATE TABLE alembic_version (version_num VARCHAR(32))", "INSERT INTO alembic_version VALUES ('zed_contract01')"],
            "zed_contract01.*glance-manage db sync",
        ),
        (["CREATE TABLE alembic_version (version_num VARCHAR(32))"], "no revision.*glance-manage db sync"),
        (["CREATE TABLE migrate_version (version INTEGER)"], "very old Glance"),
    ],
)
def test_another_glance_has_to_upgrade_itself(blank, statements, sentence):
    """And nothing is changed."""
    run(blank, *statements)
    before = blank.read(lambda connection: inspect(connection).get_table_names())
    with pytest.raises(ValueError, match=sentence):
        blank.write(schema.upgrade)
    assert blank.read(lambda connection: inspect(connection).get_table_names()) == before


def test_tables_of_somebody_else_are_not_adopted(blank):
    run(blank, "CREATE TABLE images (x INTEGER)")
    with pytest.raises(ValueError, match="has a table 'images' that is not Glance's"):
        blank.write(schema.upgrade)


def test_an_interrupted_first_upgrade_goes_on(blank):
    """Where tables are not made in a transaction, some may be there and Glance's note not yet."""
    blank.write(models.images.create)
    blank.write(schema.upgrade)
    assert blank.read(schema.is_current)


def test_a_newer_release_only_adds(blank):
    """Two releases can run at once."""
    blank.write(schema.upgrade)
    run(blank, f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'")
    assert blank.read(schema.is_current)
    run(blank, f"UPDATE {schema.VERSION_TABLE} SET version_num = '0001'")
    assert not blank.read(schema.is_current)
