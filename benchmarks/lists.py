"""Every filter and every sort of a listing, on a database of many images: how long, and whether late pages take longer.

    python benchmarks/lists.py [--images 100000] [--database URL] [--only TEXT]

Makes the images if the database has not got that many (SQLite in a temporary directory unless a URL is given), each with
eight properties and two tags, then measures the layer db behind the whole pipeline: first page and 500th, for callers who
see much and callers who see little. The limits are in the run: no 500th page takes twice as long as the first,
beside the statement that finds its marker; no listing longer than 50 ms, and none of those that have to look at every image
longer than half a second.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, text

from glancepipe.api.queries import SORT_KEYS
from glancepipe.config.loading import load
from glancepipe.contract import Call, Caller, Filter, ImageQuery, Nouns, Page, replace
from glancepipe.db import schema
from glancepipe.db.database import Database
from glancepipe.db.engine import OPTIONS, database_url, make_engine
from glancepipe.db.models import image_members, image_properties, image_tags, images
from glancepipe.service import make_application

START = datetime(2026, 1, 1)
PROJECTS = 200
LIMIT_MS = 50.0
MARKER_MS = 3.0
"""At most, for the statement that finds the marker of a late page, which a first one does without."""
WALKS = {"filter min_ram none": 500.0, "filter protected": 500.0, "two filters": 500.0}
"""What has no index, or is rare only in combination: limits of their own."""


def made(engine: Engine, count: int) -> None:
    """Fill the database up to ``count`` images; the same ones each time."""
    with engine.begin() as connection:
        there = connection.scalar(text("select count(*) from images"))
    for first in range(there, count, 5000):
        chosen = [row(number) for number in range(first, min(first + 5000, count))]
        with engine.begin() as connection:
            connection.execute(insert(images), [record for record, _, _, _ in chosen])
            for table, position in ((image_properties, 1), (image_tags, 2), (image_members, 3)):
                rows = [child for each in chosen for child in each[position]]
                if rows:
                    connection.execute(insert(table), rows)
    with engine.begin() as connection:
        connection.execute(text({"sqlite": "select 1", "postgresql": "analyze", "mysql": "analyze table images"}[engine.dialect.name]))


def row(number: int) -> tuple[dict[str, Any], list[Any], list[Any], list[Any]]:
    """One image and what hangs on it."""
    dice = random.Random(number)
    image_id, at = str(uuid.UUID(int=dice.getrandbits(128), version=4)), START + timedelta(seconds=number)
    common = {"created_at": at, "updated_at": at, "deleted": False}
    child = {"image_id": image_id, **common}
    # One project in two hundred owns half of them; some images are public, some shared, one in a thousand hidden.
    owner = "project-0" if dice.random() < 0.5 else f"project-{dice.randrange(1, PROJECTS)}"
    visibility = dice.choices(["private", "shared", "public", "community"], [60, 30, 5, 5])[0]
    record = {
        "id": image_id,
        "name": f"image-{number % 5000}",
        "owner": owner,
        "visibility": visibility,
        "status": "active",
        "size": dice.randrange(1 << 30),
        "disk_format": dice.choice(["qcow2", "raw"]),
        "container_format": "bare",
        "checksum": f"{number:032x}",
        "os_hash_algo": "sha512",
        "os_hash_value": f"{number:0128x}",
        "min_disk": dice.randrange(10),
        "min_ram": 512,
        "protected": False,
        "os_hidden": number % 1000 == 0,
        **common,
    }
    if number % 100 == 0:
        record["status"] = "queued"
    properties = [{**child, "name": f"property_{place}", "value": str(dice.randrange(10**place))} for place in range(8)]
    tags = [{**child, "value": value} for value in (f"tag-{number % 10}", f"rare-{number % 20000}")]
    shared = visibility == "shared" and number % 3 == 0
    members = [{**child, "member": f"project-{dice.randrange(PROJECTS)}", "can_share": False, "status": "accepted"}] if shared else []
    return record, properties, tags, members


def queries() -> dict[str, ImageQuery]:
    """What is measured, by name."""
    one = row(4242)[0]
    found = {f"sort {key}": ImageQuery(sort=((key, ascending),), tie_ascending=ascending) for key in SORT_KEYS for ascending in (True,)}
    found |= {f"sort {key} desc": ImageQuery(sort=((key, False),)) for key in SORT_KEYS}
    filters = {
        "name": Filter("name", "eq", "image-77"),
        "id in": Filter("id", "in", (one["id"], row(7)[0]["id"])),
        "status queued": Filter("status", "eq", "queued"),
        "disk_format": Filter("disk_format", "eq", "raw"),
        "container_format": Filter("container_format", "eq", "bare"),
        "container_format none": Filter("container_format", "eq", "ova"),
        "size_min": Filter("size", "gte", (1 << 30) - 5000),
        "size": Filter("size", "eq", one["size"]),
        "min_ram none": Filter("min_ram", "eq", 7),
        "checksum": Filter("checksum", "eq", one["checksum"]),
        "os_hash_value": Filter("os_hash_value", "eq", one["os_hash_value"]),
        "created_at gt": Filter("created_at", "gt", START + timedelta(seconds=100)),
        "updated_at lt": Filter("updated_at", "lt", START + timedelta(seconds=100)),
        "owner small": Filter("owner", "eq", "project-7"),
        "protected": Filter("protected", "eq", True),
        "common tag": Filter("tag", "eq", "tag-3"),
        "rare tag": Filter("tag", "eq", "rare-77"),
        "no tag": Filter("tag", "eq", "never"),
        "common property": Filter("property_1", "eq", "3", custom=True),
        "rare property": Filter("property_7", "eq", row(4242)[1][7]["value"], custom=True),
        "no property": Filter("property_3", "eq", "never", custom=True),
    }
    found |= {f"filter {name}": ImageQuery(filters=(filter_,)) for name, filter_ in filters.items()}
    found["two filters"] = ImageQuery(filters=(filters["common tag"], filters["common property"]))
    for visibility in ("public", "private", "shared", "community", "all"):
        found[f"visibility {visibility}"] = ImageQuery(visibility=visibility)
    found["hidden"] = ImageQuery(hidden=True)
    return found


def main() -> int:
    """Measure; exit status 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--database", help="a database of its own; it is filled")
    parser.add_argument("--only", default="", help="only listings whose name contains this")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--state", default=tempfile.gettempdir() + "/glancepipe-lists")
    given = parser.parse_args()
    conf = load([], config_files=[])
    conf.set_override("state_path", given.state)
    Path(given.state).mkdir(parents=True, exist_ok=True)
    conf.register_opts(OPTIONS, group="database")
    conf.set_override("connection", given.database or f"sqlite:///{given.state}/lists.sqlite", group="database")
    database = Database(make_engine(conf, database_url(conf)))
    database.write(schema.upgrade)
    made(database.engine, given.images)
    database.close()
    service = make_application(conf)
    service.start()
    try:
        return report(service.pipeline.nouns, given)
    finally:
        service.close()


CALLERS = {
    "admin": Caller(project_id="ops", roles=frozenset({"admin"}), is_admin=True),
    "large": Caller(project_id="project-0", roles=frozenset({"reader", "member"})),
    "small": Caller(project_id="project-7", roles=frozenset({"reader", "member"})),
    "none": Caller(project_id="stranger", roles=frozenset({"reader", "member"})),
}


def report(nouns: Nouns, given: argparse.Namespace) -> int:
    """Print a line for each listing; answers the exit status."""
    failed = 0
    print(f"{'listing':<30}" + "".join(f"{name:>20}" for name in CALLERS) + "      (ms: first page / 500th, rows)")
    for name, query in queries().items():
        if given.only not in name:
            continue
        line = f"{name:<30}"
        for caller in CALLERS.values():
            first, page = timed(nouns, caller, query, given.repeat)
            marker = nth(nouns, caller, query, 500)
            told = f"{first:.1f}"
            if marker is not None:
                late, _ = timed(nouns, caller, marker, given.repeat)
                told += f"/{late:.1f}"
                failed += late > 2 * first + MARKER_MS
            failed += first > WALKS.get(name, LIMIT_MS)
            line += f"{told + f' ({len(page.rows)})':>20}"
        print(line, flush=True)
    print(f"{failed} beyond the limits")
    return int(failed > 0)


def timed(nouns: Nouns, caller: Caller, query: ImageQuery, repeat: int) -> tuple[float, Page]:
    """Milliseconds, the least of all (what else runs on the machine can only add to it), and the page."""
    spans = []
    for _ in range(repeat):
        start = time.perf_counter()
        page = nouns.repo.list(Call("list_images", caller), query)
        spans.append((time.perf_counter() - start) * 1000)
    return min(spans), page


def nth(nouns: Nouns, caller: Caller, query: ImageQuery, number: int) -> ImageQuery | None:
    """The query of the ``number``th page; None if there are not so many."""
    marker, left = None, (number - 1) * query.limit
    while left:
        # In large steps: how one gets there does not matter.
        step = min(left, 1000)
        page = nouns.repo.list(Call("list_images", caller), replace(query, limit=step, marker=marker))
        if len(page.rows) < step or not page.more:
            return None
        marker, left = page.last.id, left - step
    return replace(query, marker=marker)


if __name__ == "__main__":
    sys.exit(main())
