"""The database is Glance's: the same schema, and each service reads what the other one wrote.

Needs the environment variable GLANCE_VENV, a virtual environment with glance 33.0.0.
"""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg
from sqlalchemy import create_engine, inspect

from glancepipe.contract import ABSENT, Call, Caller, Change, ChangeSet, Image, ImageQuery, Location, Services
from glancepipe.db import indexes, schema
from glancepipe.db.database import Database
from glancepipe.db.engine import database_url, make_engine
from glancepipe.db.layer import Db

pytestmark = [
    pytest.mark.integration,
    # Ours are left out of the comparison anyway.
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index ix_glancepipe_"),
]

CALL = Call("show_image", Caller(project_id="p1"))

READ = """
import json, sys
from oslo_config import cfg
from glance.common import config
from glance.context import RequestContext
from glance.db.sqlalchemy import api
config.parse_args(["--config-file", sys.argv[1]])
context = RequestContext(is_admin=True)
image = api.image_get(context, sys.argv[2])
members = api.image_member_find(context, image_id=sys.argv[2])
print(json.dumps({
    "name": image["name"], "status": image["status"], "visibility": image["visibility"], "size": image["size"],
    "properties": {p["name"]: p["value"] for p in image["properties"] if not p["deleted"]},
    "tags": sorted(api.image_tag_get_all(context, sys.argv[2])),
    "locations": [[l["url"], l["metadata"], l["status"]] for l in image["locations"]],
    "members": [[m["member"], m["status"]] for m in members],
    "listed": [i["id"] for i in api.image_get_all(context, filters={"deleted": False})],
}))
"""

WRITE = """
import sys
from glance.common import config
from glance.context import RequestContext
from glance.db.sqlalchemy import api
config.parse_args(["--config-file", sys.argv[1]])
context = RequestContext(is_admin=True, project_id="p1")
image_id = sys.argv[2]
api.image_create(context, {
    "id": image_id, "name": "theirs", "status": "active", "visibility": "shared", "owner": "p1", "size": 5, "min_disk": 1, "min_ram": 2,
    "disk_format": "raw", "container_format": "bare", "protected": True, "os_hidden": False, "properties": {"p": "1", "gone": "1"},
    "locations": [{"url": "file:///theirs", "metadata": {"store": "fast"}, "status": "active"}],
})
api.image_tag_set_all(context, image_id, ["a", "b"])
api.image_update(context, image_id, {"properties": {"p": "2", "lock": ""}}, purge_props=True)
api.image_member_create(context, {"image_id": image_id, "member": "p2", "can_share": False, "status": "accepted"})
"""


@pytest.fixture(scope="session")
def glance() -> Path:
    home = os.environ.get("GLANCE_VENV")
    if home is None:
        message = "GLANCE_VENV does not name an environment with glance 33.0.0"
        pytest.fail(message) if os.environ.get("CI_REQUIRE") == "1" else pytest.skip(message)
    return Path(home) / "bin"


class Home:
    """A database in a directory, as either service is told of it."""

    def __init__(self, directory: Path, bin_: Path) -> None:
        self.bin = bin_
        self.url = f"sqlite:///{directory}/images.sqlite"
        self.config = directory / "glance.conf"
        self.config.write_text(f"[database]\nconnection = {self.url}\n")
        self.conf = cfg.ConfigOpts()
        self.conf([], default_config_files=[], default_config_dirs=[])
        self.conf.register_opts([cfg.StrOpt("state_path", default=str(directory))])
        self.conf.register_opts(Db.options["database"], group="database")
        self.conf.set_override("connection", self.url, "database")

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        arguments = [str(self.bin / "glance-manage"), "--config-file", str(self.config), "db", *command]
        return subprocess.run(arguments, capture_output=True, text=True)

    def script(self, text: str, *arguments: str) -> str:
        command = [str(self.bin / "python"), "-c", text, str(self.config), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def upgrade(self) -> None:
        with closing(Database(make_engine(self.conf, database_url(self.conf)))) as database:
            database.write(schema.upgrade)

    def started(self) -> Db:
        stores: Any = None
        layer = Db(self.conf)
        layer.start(Services(stores))
        return layer

    def tables(self) -> dict[str, Any]:
        """All that the database says of its tables."""
        engine = create_engine(self.url)
        found = inspect(engine)
        try:
            return {
                name: {
                    "columns": {
                        column["name"]: (str(column["type"]), column["nullable"], column["default"]) for column in found.get_columns(name)
                    },
                    "primary key": found.get_pk_constraint(name)["constrained_columns"],
                    "foreign keys": sorted(
                        (key["constrained_columns"], key["referred_table"], key["referred_columns"], key["options"])
                        for key in found.get_foreign_keys(name)
                    ),
                    "unique": sorted((key["name"], key["column_names"]) for key in found.get_unique_constraints(name)),
                    "indexes": sorted(
                        (index["name"], index["column_names"], index["unique"])
                        for index in found.get_indexes(name)
                        if not index["name"].startswith(indexes.PREFIX)
                    ),
                    "checks": sorted(check["sqltext"] for check in found.get_check_constraints(name)),
                }
                for name in found.get_table_names()
                if not name.startswith("glancepipe_")
            }
        finally:
            engine.dispose()


@pytest.fixture
def home(tmp_path: Path, glance: Path) -> Home:
    return Home(tmp_path, glance)


@pytest.fixture
def synced(tmp_path: Path, glance: Path) -> Home:
    """A database that Glance made."""
    (tmp_path / "theirs").mkdir()
    theirs = Home(tmp_path / "theirs", glance)
    done = theirs.manage("sync")
    assert done.returncode == 0, done.stderr
    return theirs


def test_the_schema_is_glances(home: Home, synced: Home) -> None:
    """FEATURES 9-01 to 9-15: every table, column, type, default, key, index and check."""
    home.upgrade()
    ours, theirs = home.tables(), synced.tables()
    assert ours.keys() == theirs.keys()
    assert len(theirs) == 16
    for name in theirs:
        assert ours[name] == theirs[name], name


def test_glance_has_nothing_to_do_on_our_database(home: Home) -> None:
    """FEATURES 8.4-02: exit status 0 is current."""
    home.upgrade()
    before = home.tables()
    check = home.manage("check")
    assert check.returncode == 0, check.stdout + check.stderr
    assert home.manage("sync").returncode == 0
    assert home.tables() == before


def test_upgrading_glances_database_leaves_its_tables_alone(synced: Home) -> None:
    """All that is added to them is indexes."""
    before = synced.tables()
    synced.upgrade()
    assert synced.tables() == before
    assert synced.manage("check").returncode == 0


def test_glance_reads_what_glancepipe_wrote(home: Home) -> None:
    home.upgrade()
    with closing(home.started()) as layer:
        nobody: Any = None
        repo, members = Db.repo(layer, nobody), Db.members(layer, nobody)
        image = Image(
            str(uuid.uuid4()),
            name="ours",
            status="active",
            owner="p1",
            size=5,
            properties={"p": "1", "gone": "1"},
            tags=frozenset("ab"),
            locations=(Location("file:///ours", {"store": "fast"}),),
        )
        image = repo.add(CALL, image)
        changes = ChangeSet({"tags": Change(image.tags, {"b", "c"})}, {"gone": Change("1", ABSENT), "p": Change("1", "2")})
        repo.save(CALL, image, changes)
        repo.claim(CALL, image, "task")
        members.save(CALL, image, members.add(CALL, image, "p2"), "accepted")
        removed = repo.add(CALL, Image(str(uuid.uuid4())))
        repo.remove(CALL, removed, ChangeSet.of(removed, status="deleted"))
    assert json.loads(home.script(READ, image.id)) == {
        "name": "ours",
        "status": "active",
        "visibility": "shared",
        "size": 5,
        "properties": {"p": "2", "os_glance_import_task": "task"},
        "tags": ["b", "c"],
        "locations": [["file:///ours", {"store": "fast"}, "active"]],
        "members": [["p2", "accepted"]],
        "listed": [image.id],
    }


def test_glancepipe_reads_what_glance_wrote(synced: Home) -> None:
    image_id = str(uuid.uuid4())
    synced.script(WRITE, image_id)
    synced.upgrade()
    with closing(synced.started()) as layer:
        nobody: Any = None
        repo = Db.repo(layer, nobody)
        image = repo.get(Call("show_image", Caller(project_id="p2")), image_id)
        assert list(repo.list(Call("list_images", Caller(project_id="p2")), ImageQuery()).rows) == [image]
    assert (image.name, image.status, image.owner, image.size, image.min_disk, image.min_ram) == ("theirs", "active", "p1", 5, 1, 2)
    assert (image.protected, image.os_hidden, image.membership) == (True, False, "accepted")
    assert (image.properties, image.tags) == ({"p": "2", "lock": ""}, {"a", "b"})
    assert [(location.url, location.metadata) for location in image.locations] == [("file:///theirs", {"store": "fast"})]
