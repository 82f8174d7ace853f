"""The tasks API, and the tasks of an image (FEATURES 1.3-10, 1.3-35, 1.3-36, 4.3)."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from glancepipe.db.models import journal, task_info, tasks

IMPORT = {"type": "import", "input": {"import_from": "http://images.example/an-image", "import_from_format": "raw"}}


@pytest.fixture
def make_root(make_service):
    """Make an administrator of a service of its own, which has a runner for imports: whoever administers sees everybody's tasks."""

    def make(general=""):
        client = make_service(general).as_("admins", "admin")
        client.service.runner.flows = {"import": lambda work: {"image_id": work.task.input["import_from"]}}
        return client

    return make


@pytest.fixture
def root(make_root):
    return make_root()


def database(client):
    return next(layer for layer in client.service.pipeline.layers if layer.name == "db").database


def known(client, **values):
    """A task that some worker has written."""
    time = datetime.now(UTC).replace(tzinfo=None)
    row = {"id": str(uuid.uuid4()), "type": "import", "status": "pending", "owner": client.project, "deleted": False}
    row = {**row, "created_at": time, "updated_at": time, **values}

    def write(connection):
        connection.execute(insert(tasks).values(row))
        connection.execute(insert(task_info).values(task_id=row["id"], input="{}", message=""))

    database(client).write(write)
    return row["id"]


def ended(client, task_id):
    """The task, once no worker is at it any more."""
    client.finish_tasks()
    return client("GET", f"/v2/tasks/{task_id}").json


def test_a_new_task(root):
    """4.3-02, 4.3-03, 1.2-10."""
    answer = root("POST", "/v2/tasks", document=IMPORT)
    assert answer.status == 201
    task = answer.json
    assert answer.headers["location"] == f"http://images.example:9292/v2/tasks/{task['id']}"
    assert task == {
        **IMPORT,
        "id": str(uuid.UUID(task["id"])),
        "status": "pending",
        "owner": "admins",
        "user_id": "user-of-admins",
        "request_id": answer.headers["x-openstack-request-id"],
        "message": "",
        "result": None,
        "created_at": task["created_at"],
        "updated_at": task["updated_at"],
        "self": f"/v2/tasks/{task['id']}",
        "schema": "/v2/schemas/task",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", task["created_at"])


def test_a_task_that_has_ended(root):
    """4.3-05."""
    task = ended(root, root("POST", "/v2/tasks", document=IMPORT).json["id"])
    assert (task["status"], task["message"], task["result"]) == ("success", "", {"image_id": IMPORT["input"]["import_from"]})
    expires = datetime.fromisoformat(task["expires_at"]) - datetime.fromisoformat(task["updated_at"])
    assert timedelta(hours=47) < expires <= timedelta(hours=48, seconds=1)
    assert database(root).read(lambda connection: connection.execute(select(journal)).all()) == []


def test_a_task_that_nothing_here_can_run(admin):
    """4.3-03: who is answered with 201 may rely on it; Tempest's test_task_create_fake_image_location takes both."""
    answer = admin("POST", "/v2/tasks", document=IMPORT)
    assert (answer.status, "Nothing that is installed here runs tasks of the type 'import'." in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "must be a JSON object"),
        ({"input": {}}, "give the task's type"),
        ({"type": 1, "input": {}}, "give the task's type"),
        ({"type": "import"}, "give the task's input"),
        ({"type": "import", "input": None}, "give the task's input"),
        ({"type": "import", "input": {}}, "import_from must be a URL"),
        ({"type": "import", "input": {"import_from": ["http://x"]}}, "import_from must be a URL"),
        ({"type": "import", "input": {"import_from": "file:///etc/passwd"}}, "import_from must be a URL"),
        ({"type": "import", "input": {"import_from": "http://169.254.169.254/"}}, "does not pass filtering"),
        ({"type": "import", "input": {"import_from": "https://images.example:22/"}}, "does not pass filtering"),
        ({"type": "export", "input": {}}, "There is no task of the type 'export'."),
        ({"type": "location_import", "input": {}}, "started by what is asked of an image"),
        ({"type": "api_image_import", "input": {}}, "started by what is asked of an image"),
    ],
)
def test_what_is_no_task_is_refused(admin, document, sentence):
    """4.3-03; Glance takes the last two and has them fail."""
    answer = admin("POST", "/v2/tasks", document=document)
    assert answer.status == 400
    assert sentence in answer.text


def test_the_tasks_api_is_for_administrators(admin):
    """7.1-16, 1.3-36: before anybody learns what is there."""
    member = admin.as_("p1")
    task_id = known(admin)
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{task_id}"), ("GET", "/unknown"), ("DELETE", f"/{task_id}")):
        answer = member(method, f"/v2/tasks{path}", document=IMPORT if method == "POST" else None)
        assert (answer.status, "tasks_api_access" in answer.text) == (403, True), (method, path)


def test_a_task_can_not_be_deleted(admin):
    """1.3-36: it is not even looked up."""
    for task_id in (known(admin), "unknown"):
        answer = admin("DELETE", f"/v2/tasks/{task_id}")
        assert (answer.status, answer.headers["allow"]) == (405, "GET")
        assert "expire" in answer.text


@pytest.mark.parametrize("task_id", ["unknown", str(uuid.UUID(int=7)), "x" * 300])
def test_an_unknown_task(admin, task_id):
    answer = admin("GET", f"/v2/tasks/{task_id}")
    assert (answer.status, f"No task found with ID {task_id}" in answer.text) == (404, True)


def test_a_row_of_a_listing(root):
    """4.3-02: neither input nor result nor message."""
    task_id = known(root, expires_at=datetime(2999, 1, 1), image_id="i", request_id="r", user_id="u")
    (row,) = root("GET", "/v2/tasks").json["tasks"]
    assert row == {
        "id": task_id,
        "type": "import",
        "status": "pending",
        "owner": "admins",
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "expires_at": "2999-01-01T00:00:00Z",
        "self": f"/v2/tasks/{task_id}",
        "schema": "/v2/schemas/task",
    }


def test_pages(root):
    """4.3-02, 4.3-04: newest first; the links lead through all of them."""
    start = datetime(2026, 1, 1)
    made = [known(root, created_at=start + timedelta(hours=n // 2)) for n in range(5)]
    path, found = "/v2/tasks?limit=2", []
    while path:
        page = root("GET", path).json
        assert (page["first"], page["schema"]) == ("/v2/tasks?limit=2", "/v2/schemas/tasks")
        found += [row["id"] for row in page["tasks"]]
        path = page.get("next")
    assert (found[0], sorted(found)) == (made[4], sorted(made))
    oldest = [row["id"] for row in root("GET", "/v2/tasks?sort_key=created_at&sort_dir=asc").json["tasks"]]
    assert oldest == found[::-1]
    assert root("GET", "/v2/tasks?limit=0").json == {"tasks": [], "first": "/v2/tasks?limit=0", "schema": "/v2/schemas/tasks"}


def test_narrowing(root):
    """4.3-04."""
    of_import = known(root)
    known(root, type="location_import", status="success")
    for query in ("status=pending", "type=import"):
        assert [row["id"] for row in root("GET", f"/v2/tasks?{query}").json["tasks"]] == [of_import]


@pytest.mark.parametrize(
    "query",
    [
        *("status=over", "type=location_import", "marker=1", f"marker={uuid.UUID(int=7)}", "limit=-1", "limit=x"),
        *("sort_key=input", "sort_dir=up", "%00"),
    ],
)
def test_listings_that_make_no_sense(admin, query):
    """4.3-04."""
    assert admin("GET", f"/v2/tasks?{query}").status == 400


def test_what_has_expired_is_put_away_when_somebody_looks(root):
    """4.3-05."""
    task_id = known(root, status="success", expires_at=datetime(2020, 1, 1))
    kept = known(root, status="success", expires_at=datetime(2999, 1, 1))
    assert [row["id"] for row in root("GET", "/v2/tasks").json["tasks"]] == [kept]
    assert root("GET", f"/v2/tasks/{task_id}").status == 404
    row = database(root).read(lambda connection: connection.execute(select(tasks).where(tasks.c.id == task_id)).one())
    assert (row.deleted, row.deleted_at is not None) == (True, True)


def test_the_tasks_of_an_image(root):
    """4.3-01: the raw shape, oldest first, without what has expired; other projects' only for administrators."""
    member = root.as_("p1")
    image = member.create(visibility="shared")
    first = known(member, image_id=image["id"], created_at=datetime(2026, 1, 1, 2, 3, 4))
    known(member, image_id=image["id"], expires_at=datetime(2020, 1, 1))
    known(member, image_id=str(uuid.uuid4()))
    others = known(root, image_id=image["id"], type="location_import")
    path = f"/v2/images/{image['id']}/tasks"
    answer = member("GET", path)
    assert answer.status == 200
    (task,) = answer.json["tasks"]
    assert task == {
        "id": first,
        "type": "import",
        "status": "pending",
        "owner": "p1",
        "input": {},
        "result": None,
        "message": "",
        "image_id": image["id"],
        "request_id": None,
        "user_id": None,
        "expires_at": None,
        "created_at": "2026-01-01T02:03:04.000000",
        "updated_at": task["updated_at"],
        "deleted_at": None,
        "deleted": False,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", task["updated_at"])
    assert [each["id"] for each in root("GET", path).json["tasks"]] == [first, others]


def test_who_may_not_see_an_image_does_not_see_its_tasks(root):
    """1.3-10: both not found and forbidden are 404."""
    image = root.as_("p1").create(visibility="private")
    public = root.create(visibility="public")
    path = f"/v2/images/{image['id']}/tasks"
    assert root.as_("p2")("GET", path).status == 404
    assert root.as_("p1", "stranger")("GET", path).status == 404
    assert root.as_("p2", "reader")("GET", f"/v2/images/{public['id']}/tasks").json == {"tasks": []}


def test_who_has_no_project_does_not_own_what_belongs_to_none(root):
    """9-18."""
    image = root.create(visibility="public")
    known(root, owner="", image_id=image["id"])
    nobody = root.as_(None)
    nobody.environ = {**nobody.environ, "HTTP_X_IDENTITY_STATUS": "Confirmed", "HTTP_X_USER_ID": "u", "HTTP_X_ROLES": "reader"}
    answer = nobody("GET", f"/v2/images/{image['id']}/tasks")
    assert (answer.status, answer.json) == (200, {"tasks": []})


def test_a_task_of_an_administrator_without_a_project(root):
    """9-18: 500 with Glance."""
    nobody = root.as_(None)
    nobody.environ = {**nobody.environ, "HTTP_X_IDENTITY_STATUS": "Confirmed", "HTTP_X_USER_ID": "u", "HTTP_X_ROLES": "admin"}
    answer = nobody("POST", "/v2/tasks", document=IMPORT)
    assert (answer.status, answer.json["owner"]) == (201, "")


def test_a_request_id_that_is_longer_than_a_task_keeps(make_root):
    root = make_root("max_request_id_length = 200")
    answer = root("POST", "/v2/tasks", document=IMPORT, headers={"X-Openstack-Request-Id": "req-" + "a" * 100})
    assert (answer.status, len(answer.json["request_id"])) == (201, 64)


def test_schemas(admin):
    """1.3-38, 2.6-03."""
    task = admin("GET", "/v2/schemas/task").json
    listed = admin("GET", "/v2/schemas/tasks").json
    assert (task["name"], listed["name"]) == ("task", "tasks")
    row = listed["properties"]["tasks"]["items"]
    assert set(task["properties"]) - set(row["properties"]) == {"input", "result", "message"}
    assert "links" not in task
    assert set(listed["properties"]) == {"tasks", "schema"}
