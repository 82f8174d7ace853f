"""Clients of a service under load: threads of one process, each with its own connection, and a diary of what it did.

Run as a program with a JSON object on stdin (url, clients, seconds, until, shared); it prints its diary as JSON.
"""

import hashlib
import http.client
import json
import random
import sys
import threading
import time
import traceback
import uuid
from collections import defaultdict
from urllib.parse import urlsplit

PATCH_TYPE = "application/openstack-images-v2.1-json-patch"
FORMATS = {"disk_format": "raw", "container_format": "bare"}
BLOCK = 64 << 10
RACE_EVERY = 1.0
"""Seconds between two races of all clients for one image."""
PATIENCE = 30
"""Seconds in which an upload that was cut off must have been undone."""


class Client(threading.Thread):
    """One client. It knows what every answer may be, and notes each one that is something else."""

    def __init__(self, plan, number):
        super().__init__(name=f"client-{number}")
        self.plan, self.number = plan, number
        self.random = random.Random(number)
        self.connection = self.connect()
        self.latencies = defaultdict(list)
        self.unexpected = []
        self.properties = {}
        self.tags = {image_id: set() for image_id in plan["shared"]}
        self.kept = {}
        self.races = {}

    def connect(self):
        at = urlsplit(self.plan["url"])
        return http.client.HTTPConnection(at.hostname, at.port, timeout=120)

    def run(self):
        acts = [self.patch] * 6 + [self.tag] * 4 + [self.live] * 6 + [self.list] + [self.vanish] + [self.cut]
        while time.time() < self.plan["until"]:
            race = int(time.time() / RACE_EVERY)
            try:
                if race not in self.races:
                    self.race(race)
                self.random.choice(acts)()
            except Exception:
                self.unexpected.append(f"{self.name}: {traceback.format_exc()}")
                self.connection.close()
        self.connection.close()

    def call(self, what, expected, method, path, body=None, connection=None, **headers):
        """Status and body of an answer, which must have one of the ``expected`` statuses."""
        connection = connection or self.connection
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        began = time.perf_counter()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        self.note(what, expected, began, response.status, content)
        return response.status, content

    def note(self, what, expected, began, status, content):
        self.latencies[what].append(time.perf_counter() - began)
        if status not in expected:
            self.unexpected.append(f"{self.name} {what}: {status} {content[:300]!r}")

    def create(self, expected=(201,), **values):
        body = json.dumps({"name": self.name, **FORMATS, **values}).encode()
        status, content = self.call("POST", expected, "POST", "/v2/images", body, content_type="application/json")
        return json.loads(content)["id"] if status == 201 else None

    def put(self, image_id, data, expected=(204,), what="PUT"):
        # An iterable has no length, so it goes in chunks.
        body = data if self.random.random() < 0.5 else (data[start : start + BLOCK] for start in range(0, len(data), BLOCK))
        return self.call(what, expected, "PUT", f"/v2/images/{image_id}/file", body, content_type="application/octet-stream")[0]

    def delete(self, image_id, connection=None):
        self.call("DELETE", (204,), "DELETE", f"/v2/images/{image_id}", connection=connection)

    def patch(self):
        """Change its own property of a shared image; nobody else's may be lost."""
        image_id, name = self.random.choice(self.plan["shared"]), f"of_{self.number}"
        if image_id in self.properties and self.random.random() < 0.2:
            change, value = {"op": "remove", "path": f"/{name}"}, None
        else:
            value = f"{self.random.random()}"
            change = {"op": "add", "path": f"/{name}", "value": value}
        status, _ = self.call("PATCH", (200,), "PATCH", f"/v2/images/{image_id}", json.dumps([change]), content_type=PATCH_TYPE)
        if status == 200 and value is None:
            del self.properties[image_id]
        elif status == 200:
            self.properties[image_id] = value

    def tag(self):
        """Add or remove one of its own tags of a shared image."""
        image_id, tag = self.random.choice(self.plan["shared"]), f"of-{self.number}-{self.random.randrange(3)}"
        method = "DELETE" if tag in self.tags[image_id] else "PUT"
        status, _ = self.call("tag", (204,), method, f"/v2/images/{image_id}/tags/{tag}")
        if status == 204:
            self.tags[image_id] ^= {tag}

    def live(self):
        """An image from its creation to its end; some are kept."""
        image_id = self.create()
        data = self.random.randbytes(self.random.choice([1, 4096, BLOCK, 300_000]))
        change = json.dumps([{"op": "replace", "path": "/name", "value": "renamed"}])
        self.call("PATCH", (200,), "PATCH", f"/v2/images/{image_id}", change, content_type=PATCH_TYPE)
        self.put(image_id, data)
        _, content = self.call("GET file", (200,), "GET", f"/v2/images/{image_id}/file")
        if content != data:
            self.unexpected.append(f"{self.name} GET file: {len(content)} bytes that are not those of the upload")
        if self.random.random() < 0.2:
            self.kept[image_id] = hashlib.md5(data).hexdigest()
        else:
            self.delete(image_id)

    def list(self):
        self.call("list", (200,), "GET", "/v2/images?limit=25")

    def vanish(self):
        """Delete an image in the middle of its upload, which must fail then (410)."""
        image_id, other = self.create(), self.connect()
        began = self.begin(image_id, size=2 * BLOCK)
        self.connection.send(bytes(BLOCK))
        self.delete(image_id, connection=other)
        other.close()
        self.connection.send(bytes(BLOCK))
        response = self.connection.getresponse()
        # The deletion may be over before the service has looked at the upload at all.
        self.note("PUT deleted", (404, 410), began, response.status, response.read())

    def cut(self):
        """Go away in the middle of an upload; the image can be uploaded again soon."""
        image_id = self.create()
        self.begin(image_id, size=2 * BLOCK)
        self.connection.send(bytes(BLOCK))
        self.connection.close()
        data, deadline = self.random.randbytes(100), time.monotonic() + PATIENCE
        while self.put(image_id, data, expected=(204, 409), what="PUT again") != 204:
            if time.monotonic() > deadline:
                self.unexpected.append(f"{self.name}: image {image_id} can't be uploaded after its upload was cut off")
                return
            time.sleep(0.05)
        self.delete(image_id)

    def begin(self, image_id, size):
        self.connection.putrequest("PUT", f"/v2/images/{image_id}/file")
        self.connection.putheader("Content-Type", "application/octet-stream")
        self.connection.putheader("Content-Length", str(size))
        self.connection.endheaders()
        return time.perf_counter()

    def race(self, number):
        """All clients create and upload the same image at once: one of them wins, the others get a conflict (409)."""
        image_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"race {number}"))
        self.create(expected=(201, 409), id=image_id)
        data = self.random.randbytes(BLOCK)
        status = self.put(image_id, data, expected=(204, 409), what="PUT race")
        self.races[number] = {"image": image_id, "status": status, "md5": hashlib.md5(data).hexdigest()}

    def diary(self):
        return {
            "number": self.number,
            "latencies": self.latencies,
            "unexpected": self.unexpected,
            "properties": self.properties,
            "tags": {image_id: sorted(tags) for image_id, tags in self.tags.items()},
            "kept": self.kept,
            "races": list(self.races.values()),
        }


def main():
    plan = json.load(sys.stdin)
    clients = [Client(plan, number) for number in plan["clients"]]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    json.dump([client.diary() for client in clients], sys.stdout)


if __name__ == "__main__":
    main()
