"""Transactions: what is repeated, what is not, and what the failures are called."""

from __future__ import annotations

import threading

import pytest
from oslo_db import exception as db_error
from sqlalchemy import event, exc, insert, select, text

from glancepipe.contract import ChangeSet
from glancepipe.contract.errors import DatabaseUnavailable, Duplicate, ImageNotFound, Invalid
from glancepipe.db.database import Database, Patience
from glancepipe.db.engine import database_url, make_engine
from glancepipe.db.models import images, owners

LOST = db_error.DBConnectionError(RuntimeError("gone"))
DEADLOCK = db_error.DBDeadlock(RuntimeError("victim"))


@pytest.fixture
def database(world):
    return world.database


@pytest.fixture(params=["read", "write"])
def run(request, database):
    return getattr(database, request.param)


def failing(times, error):
    """Work that fails some times and then says how often it was tried."""
    tries = []

    def work(connection):
        tries.append(connection.scalar(select(1)))
        if len(tries) <= times:
            raise error
        return len(tries)

    work.tries = tries
    return work


def test_a_lost_connection_is_tried_once_more(run):
    """PERF 6: instead of a ping before each use."""
    assert run(failing(1, LOST)) == 2
    work = failing(99, LOST)
    with pytest.raises(DatabaseUnavailable):
        run(work)
    assert len(work.tries) == 2


def test_a_conflict_is_tried_again(run):
    """6.6-07."""
    assert run(failing(3, DEADLOCK)) == 4
    assert run(failing(1, db_error.DBConsistencyError(RuntimeError("changed")))) == 2


def test_a_serialization_failure_is_a_conflict(run):
    class Failure(Exception):
        sqlstate = "40001"

    assert run(failing(1, exc.OperationalError("SELECT", {}, Failure()))) == 2


def test_a_conflict_is_not_tried_for_ever(run, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(DatabaseUnavailable):
        run(failing(99, DEADLOCK))


def test_the_options_say_how_patient_it_is(configure, tmp_path, monkeypatch):
    """oslo.db's names: db_max_retries and so on."""
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)
    conf = configure(tmp_path, db_max_retries=3, db_retry_interval=0.5, db_inc_retry_interval=False)
    database = Database(make_engine(conf, database_url(conf)), Patience.of(conf))
    try:
        with pytest.raises(DatabaseUnavailable):
            database.write(failing(99, DEADLOCK))
    finally:
        database.close()
    assert waits == [0.5] * 3


def test_a_certification_failure_is_a_conflict(database, monkeypatch):
    """A Galera cluster says at COMMIT that another node was first: all of the transaction is done again, on what is there now."""
    if database.engine.dialect.name != "mysql":
        pytest.skip("the others have no certification")
    import pymysql

    work, commit = failing(0, None), database.engine.dialect.do_commit
    refusals = [pymysql.err.OperationalError(1213, "WSREP detected deadlock/conflict and aborted the transaction. Try restarting it")]

    def certify(connection):
        if refusals:
            connection.rollback()
            raise refusals.pop()
        commit(connection)

    monkeypatch.setattr(database.engine.dialect, "do_commit", certify)
    assert database.write(work) == 2


def test_what_is_read_behind_a_lock_is_what_the_last_writer_left(world, start):
    """However early the transaction began: compare-and-swap depends on it."""
    other, image = start(), world.image()

    def work(connection):
        connection.scalar(select(owners.c.owner))
        if not work.done and connection.dialect.name != "sqlite":
            other.repo.save(other.call(), image, ChangeSet.of(image, status="saving"))
        work.done = True
        return connection.scalar(select(images.c.status).where(images.c.id == image.id))

    work.done = False
    assert world.database.write(work) == ("queued" if world.database.engine.dialect.name == "sqlite" else "saving")


@pytest.mark.parametrize(
    ("error", "domain_error"),
    [
        (db_error.DBDuplicateEntry(["id"], RuntimeError()), Duplicate),
        (db_error.DBDataError(RuntimeError()), Invalid),
        (db_error.DBInvalidUnicodeParameter(), Invalid),
        (db_error.DBError(exc.DataError("SELECT", {}, RuntimeError())), Invalid),
        (db_error.DBNonExistentDatabase("x"), DatabaseUnavailable),
        (exc.OperationalError("SELECT", {}, RuntimeError("disk full")), DatabaseUnavailable),
        (exc.TimeoutError(), DatabaseUnavailable),
        (ImageNotFound("x"), ImageNotFound),
        (ZeroDivisionError(), ZeroDivisionError),
        (db_error.DBError(RuntimeError("unknown")), db_error.DBError),
    ],
)
def test_failures_in_the_words_of_the_domain(run, error, domain_error):
    work = failing(99, error)
    with pytest.raises(domain_error):
        run(work)
    assert len(work.tries) == 1


def test_a_value_that_the_database_refuses_is_invalid(database):
    if database.engine.dialect.name != "postgresql":
        pytest.skip("the others take it, or are asked before")
    with pytest.raises(Invalid):
        database.read(lambda connection: connection.execute(text("SELECT CAST('x' AS INTEGER)")))


def test_a_connection_that_the_server_has_closed_does_no_harm(world, database, start):
    kill = {"postgresql": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}.get(database.engine.dialect.name)
    if kill is None:
        pytest.skip("there is no server")
    mine = "pg_backend_pid()" if database.engine.dialect.name == "postgresql" else "connection_id()"

    def number(connection):
        return connection.scalar(text(f"SELECT {mine}"))

    for run in (database.read, database.write):
        old = run(number)
        start().sql(kill.format(old))
        assert run(number) != old


def test_a_change_that_may_have_been_committed_is_not_repeated(database):
    def lose(connection):
        raise LOST

    work = failing(0, LOST)
    event.listen(database.engine, "commit", lose)
    with pytest.raises(DatabaseUnavailable):
        database.write(work)
    event.remove(database.engine, "commit", lose)
    assert len(work.tries) == 1


def test_what_fails_leaves_nothing(database):
    def work(connection):
        connection.execute(insert(owners).values(owner="p1", turn=1))
        raise ImageNotFound("x")

    with pytest.raises(ImageNotFound):
        database.write(work)
    assert database.read(lambda connection: connection.scalar(select(owners.c.owner))) is None
    with pytest.raises(ImageNotFound):
        database.write(work)


def test_all_connections_in_use_is_unavailable(configure, tmp_path, url):
    conf = configure(tmp_path, url, max_pool_size=1, max_overflow=0, pool_timeout=0)
    database = Database(make_engine(conf, database_url(conf)))
    try:
        with pytest.raises(DatabaseUnavailable):
            database.read(lambda connection: database.read(lambda second: None))
    finally:
        database.close()


@pytest.mark.parametrize("server_url", ["postgresql+psycopg://u@127.0.0.1:1/x", "mysql+pymysql://u@127.0.0.1:1/x"])
def test_a_server_that_is_away_is_unavailable(configure, tmp_path, server_url):
    pytest.importorskip({"postgresql+psycopg": "psycopg", "mysql+pymysql": "pymysql"}[server_url.partition(":")[0]])
    conf = configure(tmp_path, server_url)
    database = Database(make_engine(conf, database_url(conf)))
    try:
        for run in (database.read, database.write):
            with pytest.raises(DatabaseUnavailable):
                run(lambda connection: None)
    finally:
        database.close()


def test_sqlite_says_first_that_it_will_write(database):
    """FEASIBILITY g: a read lock that is upgraded fails at once if another writer was faster."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("the others lock rows")
    begun = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: begun.append(call[2]))
    database.read(lambda connection: connection.scalar(select(1)))
    database.write(lambda connection: connection.scalar(select(1)))
    assert begun == ["BEGIN", "SELECT 1", "BEGIN IMMEDIATE", "SELECT 1"]


def test_writers_of_one_process_queue_up_on_sqlite(database):
    """FEASIBILITY g: SQLite's own queue let a writer wait for seconds."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("the others lock rows")
    inside, leave = threading.Event(), threading.Event()

    def first(connection):
        inside.set()
        assert leave.wait(10)

    thread = threading.Thread(target=database.write, args=(first,))
    thread.start()
    assert inside.wait(10)
    second = threading.Thread(target=database.write, args=(lambda connection: None,))
    second.start()
    assert database.read(lambda connection: connection.scalar(select(1))) == 1
    assert database.engine.pool.checkedout() == 1
    leave.set()
    thread.join()
    second.join()
