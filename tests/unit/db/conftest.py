"""A started db layer on each kind of database: SQLite always, others where TEST_POSTGRESQL_URL and TEST_MYSQL_URL say."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg
from sqlalchemy import Engine, make_url, text

from glancepipe.contract import Call, Caller, Image, Services
from glancepipe.db import models, schema
from glancepipe.db.database import Database
from glancepipe.db.engine import OPTIONS, database_url, make_engine
from glancepipe.db.layer import Db

SERVERS = {name: os.environ[f"TEST_{name.upper()}_URL"] for name in ("postgresql", "mysql") if f"TEST_{name.upper()}_URL" in os.environ}


@dataclass
class World:
    """One worker: a started layer and its proxies."""

    layer: Db

    def __post_init__(self) -> None:
        nobody: Any = None
        self.repo = Db.repo(self.layer, nobody)
        self.members = Db.members(self.layer, nobody)
        self.usage = Db.usage(self.layer, nobody)
        self.journal = Db.journal(self.layer, nobody)
        self.tasks = Db.tasks(self.layer, nobody)
        self.database = self.layer.database

    def call(self, project: str | None = "p1") -> Call:
        return Call("show_image", Caller(project_id=project))

    def image(self, **values: Any) -> Image:
        """A record, stored."""
        return self.repo.add(self.call(), Image(str(uuid.uuid4()), **{"owner": "p1", **values}))

    def sql(self, statement: str, **parameters: Any) -> list[Any]:
        """What a statement selects, seen from outside of the layer."""
        with self.database.engine.begin() as connection:
            result = connection.execute(text(statement), parameters)
            return list(result) if result.returns_rows else []


def make_conf(state_path: Path, connection: str | None = None, **options: Any) -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    conf.register_opts([cfg.StrOpt("state_path")])
    conf.register_opts(OPTIONS, group="database")
    conf.set_override("state_path", str(state_path))
    for name, value in {"connection": connection, **options}.items():
        conf.set_override(name, value, "database")
    return conf


@pytest.fixture(scope="session")
def configure() -> Callable[..., cfg.ConfigOpts]:
    return make_conf


@contextmanager
def fresh_database(kind: str, home: Path) -> Iterator[str]:
    """The URL of a database with nothing in it, as long as the block lasts."""
    if kind == "sqlite":
        yield f"sqlite:///{home}/{uuid.uuid4().hex}.sqlite"
        return
    base = make_url(SERVERS[kind])
    name = f"glancepipe_test_{uuid.uuid4().hex[:12]}"
    admin = Database(make_engine(make_conf(home, base.render_as_string(hide_password=False)), base))
    with closing(admin), admin.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield base.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f"DROP DATABASE {name}"))


@pytest.fixture(scope="session", params=["sqlite", *SERVERS])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database with the schema in it; on a server it is ours for this session."""
    home = tmp_path_factory.mktemp("db")
    with fresh_database(request.param, home) as url:
        migrate(home, url)
        yield url


@pytest.fixture(scope="module", params=["sqlite", *SERVERS])
def apart(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with the schema in it that a file's tests have in common, and no others."""
    home = tmp_path_factory.mktemp("apart")
    with fresh_database(request.param, home) as url:
        migrate(home, url)
        conf = make_conf(home, url)
        with closing(Database(make_engine(conf, database_url(conf)))) as database:
            yield database.engine


@pytest.fixture(params=["sqlite", *SERVERS])
def nothing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    with fresh_database(request.param, tmp_path) as url:
        yield url


def migrate(home: Path, url: str) -> None:
    conf = make_conf(home, url)
    with closing(Database(make_engine(conf, database_url(conf)))) as database:
        database.write(schema.upgrade)


@pytest.fixture
def url(server: str, tmp_path: Path) -> str:
    """The URL of an empty database with the schema in it."""
    if server.startswith("sqlite"):
        shutil.copy(server.removeprefix("sqlite:///"), tmp_path / "test.sqlite")
        return f"sqlite:///{tmp_path}/test.sqlite"
    conf = make_conf(tmp_path, server)
    tables = [*reversed(models.own.sorted_tables), *reversed(models.glance.sorted_tables)]
    with closing(Database(make_engine(conf, database_url(conf)))) as database, database.engine.begin() as connection:
        for table in tables:
            connection.execute(table.delete())
    return server


@pytest.fixture
def start(url: str, tmp_path: Path) -> Iterator[Callable[[], World]]:
    """Starts workers on one database; all of them end with the test."""
    worlds: list[World] = []

    def another() -> World:
        layer = Db(make_conf(tmp_path, url, max_retries=0))
        layer.start(no_stores())
        worlds.append(World(layer))
        return worlds[-1]

    yield another
    for world in worlds:
        world.layer.close()


@pytest.fixture
def world(start: Callable[[], World]) -> World:
    return start()


def no_stores() -> Services:
    stores: Any = None
    return Services(stores)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, server: str) -> Iterator[World]:
    """One worker on one database for all examples of a property: each brings an owner of its own."""
    home = tmp_path_factory.mktemp("shared")
    url = server
    if server.startswith("sqlite"):
        shutil.copy(server.removeprefix("sqlite:///"), home / "shared.sqlite")
        url = f"sqlite:///{home}/shared.sqlite"
    layer = Db(make_conf(home, url))
    layer.start(no_stores())
    with closing(layer):
        yield World(layer)
