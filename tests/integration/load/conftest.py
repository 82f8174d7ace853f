"""A service under load: two workers, SQLite or PostgreSQL, and a look behind its back."""

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine, make_url, text

POSTGRESQL = "TEST_POSTGRESQL_URL"


class Loaded:
    """A running service; what is in its database and store is read past it."""

    def __init__(self, running, database, images):
        self.url, self.images = f"http://127.0.0.1:{running.port}", images
        self.create = running.create
        self.engine = create_engine(database)
        self.database = self.engine.dialect.name

    def show(self, image_id):
        answer = requests.get(f"{self.url}/v2/images/{image_id}", timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def all_images(self):
        """The ids that a client sees who pages through the list."""
        page = {"next": "/v2/images?limit=100"}
        while "next" in page:
            page = requests.get(self.url + page["next"], timeout=60).json()
            yield from (image["id"] for image in page["images"])

    def files(self):
        return sorted(path.name for path in self.images.iterdir())

    def leftovers(self):
        """Everything that must be gone once nobody does anything any more; empty is good."""
        with self.engine.connect() as connection:
            recorded = {Path(url).name for url in connection.scalars(text("SELECT value FROM image_locations WHERE NOT deleted"))}
            between = connection.execute(text("SELECT id, status FROM images WHERE status NOT IN ('queued', 'active', 'deleted')"))
            found = {
                "files that no record names": sorted(set(self.files()) - recorded),
                "records whose file is gone": sorted(recorded - set(self.files())),
                "images in between": [tuple(row) for row in between],
                "journal entries": [tuple(row) for row in connection.execute(text("SELECT kind, image_id FROM glancepipe_journal"))],
                "reservations": [tuple(row) for row in connection.execute(text("SELECT owner, amount FROM glancepipe_reservations"))],
            }
        return {name: left for name, left in found.items() if left}

    def eventually_tidy(self, seconds=30):
        """An upload that was cut off ends when the service notices, so there is something to wait for."""
        deadline = time.monotonic() + seconds
        while left := self.leftovers():
            assert time.monotonic() < deadline, left
            time.sleep(0.1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """Group [database] of the configuration, and the database's URL: the embedded one, or a new one on a server."""
    if request.param == "sqlite":
        yield {}, f"sqlite:///{tmp_path}/state/glancepipe.sqlite"
        return
    if POSTGRESQL not in os.environ:
        pytest.skip(f"{POSTGRESQL} is not set (such as postgresql+psycopg://postgres@127.0.0.1/postgres)")
    server = make_url(os.environ[POSTGRESQL])
    name = f"glancepipe_load_{uuid.uuid4().hex}"
    administration = create_engine(server, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        url = server.set(database=name).render_as_string(hide_password=False)
        config = tmp_path / "upgrade.conf"
        config.write_text(f"[database]\nconnection = {url}\n")
        subprocess.run([sys.executable, "-m", "glancepipe.cli", "db", "upgrade", "--config-file", config], check=True)
        yield {"connection": url}, url
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    administration.dispose()


@pytest.fixture
def loaded(service, tmp_path, database):
    settings, url = database
    images = tmp_path / "images"
    options = {"sweep_interval": 1, "user_storage_quota": "100GB"}  # so that there are reservations
    with service(workers=2, DEFAULT=options, database=settings, glance_store={"filesystem_store_datadir": images}) as running:
        made = Loaded(running, url, images)
        yield made
        made.engine.dispose()
        print(running.output[-20000:])  # noqa: T201 - pytest shows it for a test that failed
