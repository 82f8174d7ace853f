"""What the outbox of notifications costs: changes per second without and with it, in one process, to a real broker or to none.

.venv/bin/python benchmarks/outbox.py [--connection URL] [--broker rabbit://guest:guest@127.0.0.1/] [--threads 4] [--seconds 5]
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

from glancepipe.config.loading import load
from glancepipe.contract import Call, Caller, ImageValues
from glancepipe.db import schema
from glancepipe.db.database import Database
from glancepipe.db.engine import database_url, make_engine
from glancepipe.operations.add_tag import add_tag
from glancepipe.operations.create_image import create_image
from glancepipe.operations.delete_image import delete_image
from glancepipe.service import make_application

CALLER = Caller(user_id="u", project_id="p", roles=frozenset({"member"}))


def change(nouns) -> int:
    """Three changes: an image is made, gets a tag, and goes."""
    image = create_image(nouns, Call("create_image", CALLER), ImageValues({"name": "n"}, {f"p{n}": "v" for n in range(8)}))
    add_tag(nouns, Call("add_tag", CALLER), image.id, "t")
    with Call("delete_image", CALLER) as call:
        delete_image(nouns, call, image.id)
    return 3


def measure(options: argparse.Namespace, outbox: bool) -> tuple[float, float]:
    """Changes per second, all notifications sent, and milliseconds of the processor that a change takes here."""
    with tempfile.TemporaryDirectory() as home:
        file = Path(home, "glancepipe.conf")
        driver = f"messagingv2\ntransport_url = {options.broker}\ntopics = outbox-benchmark" if options.broker else "noop"
        database = f"[database]\nconnection = {options.connection}\n" if options.connection else ""
        file.write_text(
            f"[DEFAULT]\nstate_path = {home}\n[oslo_messaging_notifications]\ndriver = {driver}\n[notifier]\noutbox = {outbox}\n{database}"
        )
        service = make_application(load(config_files=[str(file)]))
        if database:
            upgraded = Database(make_engine(service.conf, database_url(service.conf)))
            upgraded.write(schema.upgrade)
            upgraded.close()
        service.start()
        counts = [0] * options.threads
        over = threading.Event()

        def work(number: int) -> None:
            while not over.is_set():
                counts[number] += change(service.pipeline.nouns)

        change(service.pipeline.nouns)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(options.threads)]
        began, busy = time.monotonic(), time.process_time()
        for thread in threads:
            thread.start()
        time.sleep(options.seconds)
        over.set()
        for thread in threads:
            thread.join()
        notifier = next(layer for layer in service.pipeline.layers if layer.name == "notifier")
        while notifier._sender._letters.qsize():
            time.sleep(0.01)
        service.close()
        return sum(counts) / (time.monotonic() - began), (time.process_time() - busy) / sum(counts) * 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--connection")
    parser.add_argument("--broker")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    for _ in range(2):
        for outbox in (False, True):
            rate, busy = measure(options, outbox)
            print(f"outbox = {outbox!s:<5} {rate:7.0f} changes/s {busy:7.2f} ms each")


if __name__ == "__main__":
    main()
