"""What the ``[database]`` options make of an engine."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import text

from glancepipe.db.database import Database
from glancepipe.db.engine import OPTIONS, database_url, make_engine


@pytest.fixture
def open_database(configure, tmp_path):
    opened = []

    def open_(connection=None, **options):
        conf = configure(tmp_path, connection, **options)
        opened.append(Database(make_engine(conf, database_url(conf))))
        return opened[-1]

    yield open_
    for database in opened:
        database.close()


def value(database, question):
    return database.read(lambda connection: connection.scalar(text(question)))


def test_the_options_are_oslo_dbs(configure, tmp_path):
    """8.1-08: names, defaults and meaning as Glance has them."""
    conf = configure(tmp_path)
    assert {option.name for option in OPTIONS} >= {"connection", "max_pool_size", "max_overflow", "connection_recycle_time", "max_retries"}
    assert (conf.database.max_pool_size, conf.database.connection_recycle_time, conf.database.sqlite_synchronous) == (5, 3600, True)


def test_the_embedded_default_is_a_file_in_the_state_path(configure, tmp_path, open_database):
    conf = configure(tmp_path / "not" / "there")
    assert database_url(conf).database == f"{tmp_path}/not/there/glancepipe.sqlite"
    with closing(Database(make_engine(conf, database_url(conf)))) as database:
        assert value(database, "SELECT 1") == 1


def test_sqlite_is_durable_and_lets_readers_read(tmp_path, open_database):
    """FEASIBILITY g."""
    database = open_database(f"sqlite:///{tmp_path}/x")
    assert value(database, "PRAGMA journal_mode") == "wal"
    assert value(database, "PRAGMA synchronous") == 2
    assert value(database, "PRAGMA foreign_keys") == 1
    assert value(database, "PRAGMA busy_timeout") == 30000
    assert value(open_database(f"sqlite:///{tmp_path}/x", sqlite_synchronous=False), "PRAGMA synchronous") == 0


def test_mysql_gets_its_session_options(server, open_database):
    if not server.startswith("mysql"):
        pytest.skip("they are MySQL's")
    database = open_database(server, mysql_sql_mode="ANSI_QUOTES")
    assert value(database, "SELECT @@sql_mode") == "ANSI_QUOTES"
    assert value(database, "SELECT @@group_concat_max_len") == 2**30
    assert "STRICT_ALL_TABLES" in value(open_database(server), "SELECT @@sql_mode")


def test_mariadb_is_mysql(configure, tmp_path):
    """oslo.db knows its errors under that name."""
    assert database_url(configure(tmp_path, "mariadb+pymysql://u:p@h/n")).drivername == "mysql+pymysql"


def test_parameters_are_appended(configure, tmp_path):
    url = database_url(configure(tmp_path, "postgresql://u@h/n?a=1", connection_parameters="application_name=images&b=2"))
    assert dict(url.query) == {"a": "1", "application_name": "images", "b": "2"}


@pytest.mark.parametrize(
    "connection",
    ["no url: secret", "://secret", "oracle://u:secret@h/n", "sqlite://", "sqlite:///:memory:", "postgresql://u:secret@h:port/n"],
)
def test_a_connection_that_cannot_be_meant(configure, tmp_path, connection):
    """One sentence that names the option, without the password."""
    with pytest.raises(ValueError, match=r"\[database\] connection") as caught:
        database_url(configure(tmp_path, connection))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("connection", ["postgresql+nonsense://u:secret@h/n", "mysql+mysqlconnector://u:secret@h/n"])
def test_a_driver_that_is_not_installed(configure, tmp_path, connection):
    conf = configure(tmp_path, connection)
    with pytest.raises(ValueError, match="not installed") as caught:
        make_engine(conf, database_url(conf))
    assert "secret" not in str(caught.value)
