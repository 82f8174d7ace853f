"""What a sync to the disk for each change costs on SQLite: synchronous FULL beside NORMAL, which a power failure may take back.

    python benchmarks/sqlite_durability.py [--seconds 5] [--directory .]

Threads of one process create images with properties and tags as fast as they can. Prints creations a second and the time
that the slowest hundredth of them took. The directory must be on the disk that is meant: a RAM disk syncs nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
import uuid
from typing import Any

from sqlalchemy import event

from glancepipe.config.loading import load
from glancepipe.contract import Call, Caller, Image, Services
from glancepipe.db.layer import Db

CALL = Call("create_image", Caller(project_id="p"))


def measure(directory: str, mode: str, threads: int, seconds: float) -> tuple[float, float]:
    """Creations a second, and the 99th percentile of their times in milliseconds."""
    conf = load([], config_files=[])
    conf.set_override("state_path", tempfile.mkdtemp(dir=directory))
    conf.register_opts(Db.options["database"], group="database")
    stores: Any = None
    layer = Db(conf)
    layer.start(Services(stores))
    layer.database.engine.dispose()
    event.listen(layer.database.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA synchronous = {mode}"))
    repo, spans, over = Db.repo(layer, None), [], time.monotonic() + seconds

    def create() -> None:
        while time.monotonic() < over:
            start = time.perf_counter()
            repo.add(CALL, Image(str(uuid.uuid4()), owner="p", properties={f"p{n}": "v" for n in range(8)}, tags=frozenset({"a", "b"})))
            spans.append(time.perf_counter() - start)

    clients = [threading.Thread(target=create) for _ in range(threads)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    layer.close()
    return len(spans) / seconds, sorted(spans)[len(spans) * 99 // 100] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--directory", default=".")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory) as directory:
        for threads in (1, 8):
            for mode in ("FULL", "NORMAL", "FULL", "NORMAL"):
                rate, slowest = measure(directory, mode, threads, given.seconds)
                print(f"{threads} threads, {mode:<6} {rate:6.0f} /s, 99 % within {slowest:6.1f} ms")


if __name__ == "__main__":
    main()
