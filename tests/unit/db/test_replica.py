"""Listings may be read from a replica (``[database] slave_connection``)."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import event

from glancepipe.contract import Call, Caller, ChangeSet, Image, ImageQuery, Services
from glancepipe.contract.errors import ImageNotFound
from glancepipe.db import replica as module
from glancepipe.db import schema
from glancepipe.db.database import Database
from glancepipe.db.engine import make_engine, replica_url
from glancepipe.db.layer import Db

AWAY = "postgresql+psycopg://u:secret@127.0.0.1:1/x"


def call(operation):
    return Call(operation, Caller(project_id="p1"))


@pytest.fixture
def begin(configure, tmp_path, url):
    """Start a worker with a replica."""
    begun = []

    def begin_(slave_connection):
        layer = Db(configure(tmp_path, url, slave_connection=slave_connection))
        layer.start(Services(None))
        begun.append(layer)
        return layer, Db.repo(layer, None)

    yield begin_
    for layer in begun:
        layer.close()


@pytest.fixture
def copy(configure, tmp_path):
    """A replica, of another kind of database if need be, to which nothing is replicated but what the test adds."""
    conf = configure(tmp_path, f"sqlite:///{tmp_path}/replica.sqlite", slave_connection=f"sqlite:///{tmp_path}/replica.sqlite")
    with closing(Database(make_engine(conf, replica_url(conf)))) as database:
        database.write(schema.upgrade)
    replica = Db(conf)
    replica.start(Services(None))
    with closing(replica):
        yield conf.database.slave_connection, Db.repo(replica, None)


def test_lists_and_shows_come_from_the_replica(begin, copy):
    url, replicated = copy
    _, repo = begin(url)
    old = replicated.add(call("create_image"), Image("11111111-1111-4111-8111-111111111111", name="old", owner="p1"))
    assert [image.name for image in repo.list(call("list_images"), ImageQuery()).rows] == ["old"]
    assert repo.get(call("show_image"), old.id).name == "old"


def test_what_has_not_arrived_comes_from_the_primary(begin, copy):
    """A client that shows what it has just made finds it."""
    _, repo = begin(copy[0])
    image = repo.add(call("create_image"), Image("22222222-2222-4222-8222-222222222222", owner="p1"))
    assert repo.get(call("show_image"), image.id) == image
    with pytest.raises(ImageNotFound):
        repo.get(call("show_image"), "33333333-3333-4333-8333-333333333333")


@pytest.mark.parametrize("operation", ["modify_image", "delete_image", "download_image", "upload_image", "add_member"])
def test_what_precedes_a_change_or_bytes_is_read_from_the_primary(begin, copy, operation):
    url, replicated = copy
    _, repo = begin(url)
    image = Image("44444444-4444-4444-8444-444444444444", name="old", owner="p1")
    replicated.add(call("create_image"), image)
    made = repo.add(call("create_image"), image)
    repo.save(call("modify_image"), made, ChangeSet.of(made, name="new"))
    assert repo.get(call("show_image"), image.id).name == "old"
    assert repo.get(call(operation), image.id).name == "new"


def test_a_replica_that_is_away_costs_one_try_and_no_answer(begin, monkeypatch):
    pytest.importorskip("psycopg")
    layer, repo = begin(AWAY)
    image = repo.add(call("create_image"), Image("55555555-5555-4555-8555-555555555555", owner="p1"))
    tries = []
    event.listen(layer.replica._replica.engine, "do_connect", lambda *given: tries.append(given) and None)
    clock = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    for _ in range(3):
        assert [found.id for found in repo.list(call("list_images"), ImageQuery()).rows] == [image.id]
    seen = len(tries)
    assert seen
    assert [finding.sentence for finding in layer.check()] == [
        "The database's replica can't be reached: listings are read from the primary."
    ]
    clock[0] += module.PAUSE
    repo.list(call("list_images"), ImageQuery())
    assert len(tries) == 2 * seen


def test_a_replica_that_is_back_is_read_again(begin, copy, monkeypatch):
    url, replicated = copy
    layer, repo = begin(url)
    replicated.add(call("create_image"), Image("66666666-6666-4666-8666-666666666666", owner="p1"))
    layer.replica.reachable = False
    assert len(repo.list(call("list_images"), ImageQuery()).rows) == 1
    assert list(layer.check()) == []


def test_a_replica_that_cannot_be_meant_is_refused(configure, tmp_path):
    with pytest.raises(ValueError, match=r"\[database\] slave_connection") as caught:
        Db(configure(tmp_path, slave_connection="nonsense:secret"))
    assert "secret" not in str(caught.value)


def test_operations_that_may_lag_are_known():
    """A new operation reads the primary, unless it is added."""
    assert {"list_images", "show_image", "list_members", "show_member", "list_namespaces", "show_namespace"} <= module.LAGGING
    assert not module.LAGGING & {"download_image", "list_locations", "show_task", "list_tasks", "list_image_tasks", "show_usage", "sweep"}
