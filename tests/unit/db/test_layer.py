"""The life of the layer: start, check, close."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing

import pytest
from sqlalchemy import text

from glancepipe.contract import NOUNS, Layer, Services
from glancepipe.contract.errors import DatabaseUnavailable
from glancepipe.contract.proxy import verbs
from glancepipe.db import schema
from glancepipe.db.layer import Db

STORES = Services(None)

START_AT_ONCE = """
import sys
from glancepipe.db.layer import Db
from oslo_config import cfg
conf = cfg.ConfigOpts()
conf([], default_config_files=[], default_config_dirs=[])
conf.register_opts([cfg.StrOpt("state_path", default=sys.argv[1])])
conf.register_opts(Db.options["database"], group="database")
print("ready", flush=True)
input()
layer = Db(conf)
layer.start(None)
layer.close()
"""


def test_it_ends_every_verb_of_its_nouns():
    assert issubclass(Db, Layer)
    nouns = ("repo", "members", "usage", "journal", "tasks", "namespaces", "definitions", "resource_types")
    assert Db.ends == {f"{noun}.{verb}" for noun in nouns for verb in verbs(NOUNS[noun])} - {"tasks.new_task"}
    for noun in nouns:
        assert set(verbs(NOUNS[noun])) - {"new_task"} <= set(vars(getattr(Db, noun)))


def test_making_it_touches_nothing(configure, tmp_path):
    Db(configure(tmp_path / "state"))
    assert list(tmp_path.iterdir()) == []


def test_a_connection_that_cannot_be_meant_is_refused_at_once(configure, tmp_path):
    with pytest.raises(ValueError, match=r"\[database\] connection"):
        Db(configure(tmp_path, "nonsense"))


def test_the_embedded_default_makes_and_upgrades_its_schema(configure, tmp_path):
    for _ in range(2):
        layer = Db(configure(tmp_path / "state"))
        layer.start(STORES)
        with closing(layer):
            assert layer.database.read(schema.is_current)
            assert list(layer.check()) == []


def test_workers_may_start_at_once_on_the_embedded_default(tmp_path):
    state = tmp_path / "state"
    command = [sys.executable, "-c", START_AT_ONCE, str(state)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        assert (process.communicate()[1], process.returncode) == ("", 0)


def test_a_database_of_the_operators_is_the_operators_to_upgrade(configure, tmp_path):
    layer = Db(configure(tmp_path, f"sqlite:///{tmp_path}/theirs.sqlite"))
    with pytest.raises(ValueError, match="glancepipe db upgrade"):
        layer.start(STORES)
    layer.close()


def test_a_server_that_is_away_at_start_is_tried_again(configure, tmp_path, monkeypatch):
    pytest.importorskip("psycopg")
    layer = Db(configure(tmp_path, "postgresql+psycopg://u@127.0.0.1:1/x", max_retries=2, retry_interval=0))
    reads = []
    monkeypatch.setattr(schema, "lacks", reads.append)
    with pytest.raises(DatabaseUnavailable):
        layer.start(STORES)
    assert reads == []
    layer.close()


def test_a_server_that_comes_back_is_found(start, configure, tmp_path, url, monkeypatch):
    answers = [DatabaseUnavailable(), DatabaseUnavailable()]

    def lacks(connection):
        if answers:
            raise answers.pop()
        return []

    monkeypatch.setattr(schema, "lacks", lacks)
    layer = Db(configure(tmp_path, url, max_retries=-1, retry_interval=0))
    layer.start(STORES)
    with closing(layer):
        assert not answers


def test_check_says_that_the_database_is_away(configure, tmp_path):
    layer = Db(configure(tmp_path / "state"))
    layer.start(STORES)
    layer.workers.close()
    layer.database.close()
    shutil.rmtree(tmp_path / "state")
    findings = list(layer.check())
    assert [finding.down for finding in findings] == [True]
    assert "database" in findings[0].sentence
    layer.close()


def test_two_layers_live_in_one_process(start, configure, tmp_path):
    one, other = Db(configure(tmp_path / "a")), Db(configure(tmp_path / "b"))
    one.start(STORES)
    other.start(STORES)
    with closing(one), closing(other):
        count = "SELECT count(*) FROM glancepipe_workers"
        assert [layer.database.read(lambda connection: connection.scalar(text(count))) for layer in (one, other)] == [1, 1]
