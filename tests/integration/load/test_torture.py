"""Many clients at once: nobody sees a server's error, nothing that was acknowledged is lost, nothing is left behind.

Issue 2: 32 clients creating, patching, uploading and deleting on the embedded SQLite, two workers. FEATURES 1.6-05 (compare-
and-swap), 12-08 (lost updates), 12-09 (orphans), 12-12 (reservations).
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import requests

pytestmark = pytest.mark.timeout(600)

CLIENTS = Path(__file__).parent / "clients.py"
SECONDS = float(os.environ.get("LOAD_SECONDS", "20"))
PROCESSES, THREADS = 2, 16


def torture(loaded):
    """The diaries of all clients, after they have been at it."""
    shared = [loaded.create(name=f"shared-{number}") for number in range(6)]
    plan = {"url": loaded.url, "until": time.time() + SECONDS, "shared": shared}
    started = []
    for first in range(PROCESSES):
        client = subprocess.Popen([sys.executable, CLIENTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        client.stdin.write(json.dumps({**plan, "clients": list(range(first, PROCESSES * THREADS, PROCESSES))}).encode())
        client.stdin.close()
        started.append(client)
    diaries = []
    for client in started:
        with client.stdout:
            diaries += json.load(client.stdout)
        assert client.wait() == 0
    return shared, diaries


def report(diaries):
    """Latencies by what was done, in milliseconds."""
    lines = [f"{'':12} {'count':>6} {'p50':>8} {'p99':>8} {'max':>8}"]
    for what in sorted({what for diary in diaries for what in diary["latencies"]}):
        found = sorted(1000 * seconds for diary in diaries for seconds in diary["latencies"].get(what, ()))
        p50, p99 = found[len(found) // 2], found[len(found) * 99 // 100]
        lines.append(f"{what:12} {len(found):6} {p50:8.1f} {p99:8.1f} {found[-1]:8.1f}")
    return "\n".join(lines)


def check_shared(loaded, shared, diaries):
    """Each client's last acknowledged property and tags are there, and nothing else."""
    for image_id in shared:
        image = loaded.show(image_id)
        properties = {name: value for name, value in image.items() if name.startswith("of_")}
        assert properties == {f"of_{d['number']}": d["properties"][image_id] for d in diaries if image_id in d["properties"]}
        assert sorted(image["tags"]) == sorted(tag for d in diaries for tag in d["tags"][image_id])


def check_races(loaded, diaries):
    """Of all uploads to one image exactly one succeeded, and it is its bytes that are there."""
    races = {}
    for diary in diaries:
        for race in diary["races"]:
            races.setdefault(race["image"], []).append(race)
    assert len(races) >= SECONDS / 4
    contended = 0
    for image_id, entries in races.items():
        outcome = Counter(entry["status"] for entry in entries)
        assert outcome == Counter({204: 1, 409: len(entries) - 1}), image_id
        (winner,) = (entry for entry in entries if entry["status"] == 204)
        assert loaded.show(image_id)["checksum"] == winner["md5"]
        contended += len(entries) > 2
    assert contended > len(races) / 2
    return list(races)


def check_kept(loaded, diaries):
    """Images that were kept have the bytes that were uploaded."""
    kept = {image_id: md5 for diary in diaries for image_id, md5 in diary["kept"].items()}
    assert kept
    for image_id, md5 in kept.items():
        content = requests.get(f"{loaded.url}/v2/images/{image_id}/file", timeout=60).content
        assert hashlib.md5(content).hexdigest() == md5
    return list(kept)


def test_clients_at_once(loaded, capsys, record_property):
    shared, diaries = torture(loaded)
    latencies = report(diaries)
    record_property("latencies", latencies)
    with capsys.disabled():
        print(f"\n{PROCESSES * THREADS} clients, {SECONDS:.0f} s, {loaded.database}, milliseconds:\n{latencies}")  # noqa: T201
    assert [found for diary in diaries for found in diary["unexpected"]] == []
    check_shared(loaded, shared, diaries)
    images = [*shared, *check_races(loaded, diaries), *check_kept(loaded, diaries)]
    loaded.eventually_tidy()
    assert sorted(loaded.all_images()) == sorted(images)
    for image_id in images:
        assert requests.delete(f"{loaded.url}/v2/images/{image_id}", timeout=60).status_code == 204
    loaded.eventually_tidy()
    assert loaded.files() == []
