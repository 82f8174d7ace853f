"""The location API: data that lies somewhere already (FEATURES 4.6, 2.3-07, 2.3-11, 2.5-04)."""

import hashlib
import threading
import uuid
from importlib import import_module

import pytest
from sqlalchemy import select

from glancepipe.db.models import journal

DATA = b"0123456789" * 10
SETTINGS = """
[glance_store]
default_backend = fast
[fast]
filesystem_store_datadir = HOME/images
[import_filtering_opts]
allowed_hosts = [127.0.0.1]
allowed_ports = []
"""


@pytest.fixture
def make(make_service):
    """Make a client of a service that has a store on its disk, one in its memory, and the web."""
    return lambda options="": make_service(f"enabled_backends = fast:file, kept:memory, web:http\n{options}", SETTINGS)


@pytest.fixture
def client(make):
    return make()


@pytest.fixture
def web(web):
    web.files["/image"] = DATA
    return web


@pytest.fixture
def image(client):
    return client.create(disk_format="raw", container_format="bare")


def add(client, image, url, *, headers=None, **validation_data):
    document = {"url": url, **({"validation_data": validation_data} if validation_data else {})}
    return client("POST", f"/v2/images/{image['id']}/locations", document=document, headers=headers)


def vouched(algorithm="sha256", data=DATA):
    return {"os_hash_algo": algorithm, "os_hash_value": hashlib.new(algorithm, data).hexdigest()}


def tasks(client, image):
    return client("GET", f"/v2/images/{image['id']}/tasks").json["tasks"]


def over(client, image):
    """The image and its only task, once no worker is at it any more."""
    client.finish_tasks()
    (task,) = tasks(client, image)
    return client.show(image["id"]), task


def locations(client, image):
    answer = client.as_("admins", "admin")("GET", f"/v2/images/{image['id']}/locations")
    assert answer.status == 200
    return answer.json


def entries(client):
    database = next(layer for layer in client.service.pipeline.layers if layer.name == "db").database
    return database.read(lambda connection: connection.execute(select(journal.c.kind)).scalars().all())


class Slow:
    """Holds the answer to a GET until the test lets it go."""

    def __init__(self, web, path="/image"):
        self.asked, self.free = threading.Event(), threading.Event()
        web.answers[path] = self.answer

    def answer(self, handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(DATA)))
        handler.end_headers()
        if handler.command == "GET":
            self.asked.set()
            assert self.free.wait(10)
            handler.wfile.write(DATA)


# What becomes of the image


def test_the_data_is_there_at_once_and_hashed_afterwards(client, image, web):
    """4.6-02, 4.6-03, 2.3-11: the client sees by the algorithm that the hash is on its way."""
    slow = Slow(web)
    answer = add(client, image, web.url())
    assert (answer.status, answer.body, answer.headers["content-length"]) == (202, b"", "0")
    assert slow.asked.wait(10)
    shown = client.show(image["id"])
    assert (shown["status"], shown["size"], shown["stores"]) == ("active", len(DATA), "web")
    assert (shown["checksum"], shown["os_hash_algo"], shown["os_hash_value"]) == (None, "sha512", None)
    (task,) = tasks(client, image)
    assert task["status"] == "processing"
    slow.free.set()
    shown, task = over(client, image)
    assert shown["checksum"] == hashlib.md5(DATA).hexdigest()
    assert shown["os_hash_value"] == hashlib.sha512(DATA).hexdigest()
    assert (task["type"], task["status"], task["result"]) == ("location_import", "success", {"image_id": image["id"]})
    assert task["input"] == {"image_id": image["id"], "loc_url": web.url(), "validation_data": {}}
    assert (task["image_id"], task["owner"], task["user_id"]) == (image["id"], "p1", "user-of-p1")
    assert locations(client, image) == [{"url": web.url(), "metadata": {"store": "web"}}]
    assert client("GET", f"/v2/images/{image['id']}/file").body == DATA
    assert entries(client) == []


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_data_that_is_vouched_for_is_compared_first(client, image, web, algorithm):
    """4.6-01, 4.6-03, 2.3-07: nobody reads it before."""
    slow = Slow(web)
    digests = vouched(algorithm)
    assert add(client, image, web.url(), **{**digests, "os_hash_value": digests["os_hash_value"].upper()}).status == 202
    assert slow.asked.wait(10)
    assert client.show(image["id"])["status"] == "importing"
    assert client("GET", f"/v2/images/{image['id']}/file").status == 204
    slow.free.set()
    shown, task = over(client, image)
    assert (shown["status"], shown["size"], task["status"]) == ("active", len(DATA), "success")
    assert {name: shown[name] for name in digests} == digests
    assert shown["checksum"] == hashlib.md5(DATA).hexdigest()


def test_data_that_is_not_what_it_was_said_to_be(client, image, web):
    """4.6-03: the location stays on the record, as Tempest wants it, but nobody reads it, and the next one takes its place."""
    assert add(client, image, web.url(), **vouched(data=b"other data")).status == 202
    shown, task = over(client, image)
    assert (task["status"], task["message"]) == ("failure", "The data does not match the image's os_hash_value.")
    assert (shown["status"], shown["size"], shown["stores"]) == ("queued", None, "web")
    assert (shown["checksum"], shown["os_hash_algo"], shown["os_hash_value"]) == (None, None, None)
    assert client("GET", f"/v2/images/{image['id']}/file").status == 204
    assert add(client, image, web.url(), **vouched()).status == 202
    client.finish_tasks()
    assert client.show(image["id"])["status"] == "active"
    assert locations(client, image) == [{"url": web.url(), "metadata": {"store": "web"}}]
    assert sorted(task["status"] for task in tasks(client, image)) == ["failure", "success"]
    assert entries(client) == []


def test_an_upload_after_data_that_was_not_what_it_was_said_to_be(client, image, web):
    """Nobody ever gets what was refused."""
    add(client, image, web.url(), **vouched(data=b"other data"))
    assert over(client, image)[0]["status"] == "queued"
    assert client.upload(image["id"], b"uploaded").status == 204
    assert client.show(image["id"])["stores"] == "fast"
    assert len(locations(client, image)) == 1
    assert client("GET", f"/v2/images/{image['id']}/file").body == b"uploaded"


def test_data_that_can_not_be_read_although_it_was_vouched_for(client, image, web):
    """4.6-03, 4.6-02."""
    gets = []

    def answer(handler):
        handler.send_response(503 if handler.command == "GET" else 200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        gets.extend([handler.command] * (handler.command == "GET"))
        handler.close_connection = True

    web.answers["/image"] = answer
    assert add(client, image, web.url(), **vouched()).status == 202
    shown, task = over(client, image)
    assert (shown["status"], task["status"]) == ("queued", "failure")
    assert len(gets) == 4


def test_data_that_can_not_be_hashed_is_there_all_the_same(make, web):
    """4.6-03: the failure is only logged, after ``http_retries``."""
    client = make("http_retries = 1")
    image = client.create(disk_format="raw", container_format="bare")
    gets = []

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        if handler.command == "GET":
            gets.append(handler.path)
            handler.wfile.write(b"breaks off")
        handler.close_connection = True

    web.answers["/image"] = answer
    assert add(client, image, web.url()).status == 202
    shown, task = over(client, image)
    assert (shown["status"], task["status"]) == ("active", "success")
    assert (shown["checksum"], shown["os_hash_algo"], shown["os_hash_value"]) == (None, None, None)
    assert len(gets) == 2


@pytest.mark.parametrize("digests", [{}, {"os_hash_algo": "sha1", "os_hash_value": "ab" * 20}])
def test_without_do_secure_hash_nothing_is_read(make, web, digests):
    """4.6-04, 2.5-04: what the client says is recorded as it is."""
    client = make("do_secure_hash = false")
    image = client.create(disk_format="raw", container_format="bare")
    assert add(client, image, web.url(), **digests).status == 202
    shown, task = over(client, image)
    assert (shown["status"], shown["size"], shown["checksum"], task["status"]) == ("active", len(DATA), None, "success")
    assert {name: shown[name] for name in ("os_hash_algo", "os_hash_value")} == (digests or {"os_hash_algo": None, "os_hash_value": None})
    assert {method for method, _, _ in web.requests} == {"HEAD"}


@pytest.mark.parametrize("digests", [{}, vouched()])
def test_deleting_while_the_data_is_hashed(client, image, web, digests):
    """4.6-05: it is harmless, on whatever node."""
    slow = Slow(web)
    add(client, image, web.url(), **digests)
    assert slow.asked.wait(10)
    assert client("DELETE", f"/v2/images/{image['id']}").status == 204
    slow.free.set()
    client.finish_tasks()
    assert client("GET", f"/v2/images/{image['id']}").status == 404
    (task,) = [task for task in client.as_("admins", "admin")("GET", "/v2/tasks").json["tasks"] if task["type"] == "location_import"]
    assert task["status"] == "failure"
    assert entries(client) == []


def test_an_image_that_is_deactivated_while_its_data_is_hashed(client, image, web):
    slow = Slow(web)
    add(client, image, web.url())
    assert slow.asked.wait(10)
    assert client("POST", f"/v2/images/{image['id']}/actions/deactivate").status == 204
    slow.free.set()
    shown, task = over(client, image)
    assert (shown["status"], task["status"]) == ("deactivated", "success")
    assert shown["checksum"] == hashlib.md5(DATA).hexdigest()


# What can't be added


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "must be a JSON object"),
        ({}, "give the location's url"),
        ({"url": 5}, "give the location's url"),
        ({"url": ""}, "give the location's url"),
        ({"url": "http://x", "validation_data": None}, "must be an object"),
        ({"url": "http://x", "validation_data": {"os_hash_algo": "sha1"}}, "os_hash_algo and os_hash_value"),
        ({"url": "http://x", "validation_data": {"os_hash_value": "ab" * 20}}, "os_hash_algo and os_hash_value"),
        ({"url": "http://x", "validation_data": {**vouched(), "checksum": "ab" * 16}}, "nothing else"),
        ({"url": "http://x", "validation_data": {"os_hash_algo": "sha123", "os_hash_value": "ab"}}, "os_hash_algo must be one of"),
        ({"url": "http://x", "validation_data": {"os_hash_algo": ["md5"], "os_hash_value": "ab"}}, "os_hash_algo must be one of"),
        ({"url": "http://x", "validation_data": {"os_hash_algo": "sha512", "os_hash_value": "ab" * 20}}, "128 hexadecimal digits"),
        ({"url": "http://x", "validation_data": {"os_hash_algo": "md5", "os_hash_value": "z" * 32}}, "32 hexadecimal digits"),
        ({"url": "http://x", "validation_data": {"os_hash_algo": "md5", "os_hash_value": 1}}, "32 hexadecimal digits"),
    ],
)
def test_what_is_no_location(everybody, document, sentence):
    """4.6-01."""
    answer = everybody("POST", f"/v2/images/{uuid.uuid4()}/locations", document=document)
    assert (answer.status, sentence in answer.text) == (400, True), answer.text


def test_what_else_a_body_says_is_ignored(client, image, web):
    answer = client("POST", f"/v2/images/{image['id']}/locations", document={"url": web.url(), "metadata": {"store": "fast"}})
    assert answer.status == 202
    assert locations(client, image)[0]["metadata"] == {"store": "web"}


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://localhost/image", "https://127.0.0.1:1/image", "http://"])
def test_where_nothing_is_fetched_from(client, image, url):
    """4.6-02: Tempest looks for the words."""
    answer = add(client, image, url)
    assert answer.status == 400, answer.text
    assert "does not pass filtering" in answer.text or url.startswith("https://127")
    assert (client.show(image["id"])["status"], tasks(client, image)) == ("queued", [])


@pytest.mark.parametrize("path", ["/nothing", "/empty"])
def test_where_nothing_is(client, image, web, path):
    """Glance takes it, and has the task fail."""
    web.files["/empty"] = b""
    answer = add(client, image, web.url(path))
    assert (answer.status, "there is no data" in answer.text) == (400, True)
    assert (client.show(image["id"])["status"], tasks(client, image), entries(client)) == ("queued", [], [])


def test_only_a_queued_image_takes_a_location(client, image, web):
    """4.6-02."""
    active = client.active()
    assert add(client, active, web.url()).status == 409
    slow = Slow(web)
    assert add(client, image, web.url(), **vouched()).status == 202
    assert slow.asked.wait(10)
    assert add(client, image, web.url()).status == 409
    slow.free.set()
    assert over(client, image)[0]["status"] == "active"


def test_two_at_the_same_time(client, image, web):
    """4.6-02: one of them wins."""
    answers = []
    both = threading.Barrier(2)

    def post():
        both.wait(10)
        answers.append(add(client, image, web.url()).status)

    threads = [threading.Thread(target=post) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [202, 409]
    shown, _ = over(client, image)
    assert (shown["status"], len(locations(client, image))) == ("active", 1)


def test_an_image_without_formats(client, web):
    """1.5-27."""
    image = client.create()
    answer = add(client, image, web.url())
    assert (answer.status, "disk_format" in answer.text) == (400, True)
    assert (client.show(image["id"])["status"], tasks(client, image), entries(client)) == ("queued", [], [])


@pytest.mark.limits
def test_a_quota_holds_for_locations_too(make, web):
    """6.2-07."""
    client = make("user_storage_quota = 50")
    image = client.create(disk_format="raw", container_format="bare")
    assert client.active(b"1" * 50)["status"] == "active"
    assert add(client, image, web.url()).status == 413
    assert (client.show(image["id"])["status"], entries(client)) == ("queued", [])


# Who may


def test_who_may_add_a_location(client, web):
    """7.1-12: owners who are members, administrators, and other services."""
    for roles, project, status in (
        ("member", "p1", 202),
        ("admin", "ops", 202),
        ("service", "nova", 202),
        ("member,reader", "p2", 403),
        ("reader", "p1", 403),
    ):
        image = client.create(disk_format="raw", container_format="bare", visibility="community")
        assert add(client.as_(project, roles), image, web.url()).status == status, roles
    private = client.create(disk_format="raw", container_format="bare", visibility="private")
    assert add(client.as_("p2"), private, web.url()).status == 404


def test_only_other_services_name_what_is_not_on_the_web(client, image):
    """4.6-02."""
    source = client("POST", "/v2/images", document={"disk_format": "raw", "container_format": "bare"}).json
    assert client.upload(source["id"], DATA, x_image_meta_store="kept").status == 204
    (kept,) = locations(client, source)
    for who in (client, client.as_("admins", "admin")):
        answer = add(who, image, kept["url"])
        assert (answer.status, "Only other services" in answer.text) == (403, True)
    nova = {"X-Service-Identity-Status": "Confirmed", "X-Service-Roles": "service"}
    assert add(client, image, kept["url"], headers=nova).status == 202
    shown, _ = over(client, image)
    assert (shown["status"], shown["stores"]) == ("active", "kept")
    assert shown["os_hash_value"] == hashlib.sha512(DATA).hexdigest()


def test_what_was_refused_is_nobodys_to_erase(client, image):
    """A wrong URL may be that of another image's data."""
    source = client.create(disk_format="raw", container_format="bare")
    assert client.upload(source["id"], DATA, x_image_meta_store="kept").status == 204
    (kept,) = locations(client, source)
    assert add(client.as_("nova", "service"), {"id": image["id"]}, kept["url"], **vouched()).status == 404
    shared = client.create(disk_format="raw", container_format="bare", visibility="community")
    assert add(client.as_("nova", "service"), shared, kept["url"], **vouched(data=b"other data")).status == 202
    client.finish_tasks()
    shown = client.show(shared["id"])
    assert (shown["status"], locations(client, shared)) == ("queued", [])
    assert client("GET", f"/v2/images/{source['id']}/file").body == DATA


@pytest.mark.parametrize("url", ["file:///etc/passwd", "filesystem:///etc/passwd", "swift+config://x/y/z", "rbd://a/b/c/d", "nonsense"])
def test_not_even_services_name_everything(client, url):
    """1.5-26."""
    image = client.create(disk_format="raw", container_format="bare", visibility="community")
    answer = add(client.as_("nova", "service"), image, url)
    assert (answer.status, "Invalid location" in answer.text) == (400, True)


def test_without_a_store_on_the_web(make_service):
    """4.6-02."""
    client = make_service(
        "enabled_backends = fast:file", "[glance_store]\ndefault_backend = fast\n[fast]\nfilesystem_store_datadir = HOME/images"
    )
    image = client.create(disk_format="raw", container_format="bare")
    answer = add(client, image, "http://images.example/image")
    assert (answer.status, "no store of the type http" in answer.text) == (403, True)


def test_who_may_see_locations(client):
    """4.6-06, 7.1-13: whether locations are shown with the image doesn't matter."""
    image = client.active(DATA, visibility="community")
    path = f"/v2/images/{image['id']}/locations"
    for roles, project, status in (("admin", "ops", 200), ("service", "nova", 200), ("member,reader", "p1", 403), ("reader", "p2", 403)):
        answer = client.as_(project, roles)("GET", path)
        assert answer.status == status, roles
        if status == 200:
            (location,) = answer.json
            assert (location["url"].startswith("file://"), location["metadata"]) == (True, {"store": "fast"})
    assert client.as_("ops", "admin")("GET", f"/v2/images/{uuid.uuid4()}/locations").status == 404
    assert client.as_("ops", "admin")("GET", f"/v2/images/{client.create()['id']}/locations").json == []


def test_other_methods(client, image):
    answer = client("PUT", f"/v2/images/{image['id']}/locations")
    assert (answer.status, answer.headers["allow"]) == (405, "POST, GET")


def test_what_other_services_hear(make_service, web):
    """6.3-02, 6.3-10: never where the data is."""
    driver = import_module("oslo_messaging.notify._impl_test")
    driver.reset()
    client = make_service("enabled_backends = fast:file, web:http", f"{SETTINGS}[oslo_messaging_notifications]\ndriver = test\n")
    image = client.create(disk_format="raw", container_format="bare")
    assert add(client, image, web.url(), **vouched()).status == 202
    _, task = over(client, image)
    client.service.close()
    heard = [(message["event_type"], message["payload"]) for _, message, _, _ in driver.NOTIFICATIONS]
    assert [event for event, _ in heard] == [
        *("image.create", "image.update", "task.create", "task.run", "task.processing", "image.update", "task.success"),
    ]
    assert [payload["status"] for _, payload in heard] == ["queued", "importing", *["pending"] * 2, "processing", "active", "success"]
    assert heard[-1][1]["id"] == task["id"]
    assert web.url() not in str(heard)
