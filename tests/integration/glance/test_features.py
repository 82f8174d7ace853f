"""What Glance and glancepipe do alike with options that change what is stored: encrypted locations, deletion that waits."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.parametrize("url", ["sqlite"], indirect=True)]

FORMATS = {"disk_format": "raw", "container_format": "bare"}
LINE = "[pipeline]\nlayers = auth, notifier, policy, quota, location, location-encryption, domain, db\n"


def configure(home: Any, general: str, more: str = "") -> None:
    """Have both services read ``general`` in DEFAULT, and glancepipe ``more``."""
    for conf, rest in ((home.glance_conf, ""), (home.own_conf, more)):
        conf.write_text(conf.read_text().replace("[DEFAULT]\n", f"[DEFAULT]\n{general}\n") + rest)


def active(who: Any, data: bytes, **values: Any) -> str:
    image_id: str = who.do("POST", "/v2/images", {**FORMATS, **values})["id"]
    who.do("PUT", f"/v2/images/{image_id}/file", data=data)
    return image_id


def rows(home: Any, query: str) -> list[Any]:
    with closing(sqlite3.connect(home.directory / "images.sqlite")) as database:
        return database.execute(query).fetchall()


def files(home: Any) -> set[str]:
    return {path.name for path in Path(home.directory, "fast").iterdir()}


def test_encrypted_locations(home: Any) -> None:
    """FEATURES 2.2-04: the same cipher, the same key."""
    configure(home, "metadata_encryption_key = 0123456789abcdef", LINE)
    home.sync()
    with home.glance() as glance:
        theirs = active(glance.as_("red"), b"theirs")
    home.own("db", "upgrade")
    with home.glancepipe() as glancepipe:
        red = glancepipe.as_("red")
        assert red.do("GET", f"/v2/images/{theirs}/file").body == b"theirs"
        ours = active(red, b"ours")
        (location,) = red.do("GET", f"/v2/images/{theirs}")["locations"]
    assert location == {"url": f"file://{home.directory}/fast/{theirs}", "metadata": {"store": "fast"}}
    assert not [value for (value,) in rows(home, "SELECT value FROM image_locations") if "file" in value]
    with home.glance() as glance:
        red = glance.as_("red")
        assert red.do("GET", f"/v2/images/{ours}/file").body == b"ours"
        assert red.do("GET", f"/v2/images/{ours}")["locations"][0]["url"] == f"file://{home.directory}/fast/{ours}"
        red.do("DELETE", f"/v2/images/{ours}")
    with home.glancepipe() as glancepipe:
        glancepipe.as_("red").do("DELETE", f"/v2/images/{theirs}")
    assert files(home) == set()


def scrub(home: Any) -> None:
    words = [home.bin / "glance-scrubber", "--config-file", home.glance_conf]
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "PYTHONWARNINGS": "ignore"}, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]


def test_deletion_that_waits(home: Any) -> None:
    """FEATURES 2.3-14 to 2.3-16, 8.4-09: either erases, and glancepipe restores, what the other one left."""
    configure(home, "delayed_delete = true\nscrub_time = 0")
    home.sync()
    with home.glance() as glance:
        red = glance.as_("red")
        erased, restored = active(red, b"erased"), active(red, b"restored", p="1", tags=["t"])
        for image_id in (erased, restored):
            red.do("DELETE", f"/v2/images/{image_id}")
    assert files(home) == {erased, restored}
    home.own("db", "upgrade")
    home.own("image", "restore", restored)
    with home.glancepipe() as glancepipe:
        red = glancepipe.as_("red")
        back = red.do("GET", f"/v2/images/{restored}")
        assert (back["status"], back["p"], back["tags"]) == ("active", "1", ["t"])
        assert red.do("GET", f"/v2/images/{restored}/file").body == b"restored"
        glancepipe.service.pipeline.sweep()
        assert files(home) == {restored}
        late = active(red, b"late")
        red.do("DELETE", f"/v2/images/{late}")
    # A sweep may have come between.
    if late in files(home):
        scrub(home)
    assert files(home) == {restored}
    assert set(rows(home, "SELECT status, deleted FROM images")) == {("deleted", 1), ("active", 0)}
    with home.glance() as glance:
        assert glance.as_("red").do("GET", f"/v2/images/{restored}/file").body == b"restored"
