"""What people type every day: it succeeds, and the other client sees what came of it (CLIENTS.md, a row or more each)."""

import json
import os
import pty
import uuid

import pytest

pytestmark = pytest.mark.integration

DATA = b"what an image holds\n" * 1000
FORMATS = ("--disk-format", "raw", "--container-format", "bare")


@pytest.fixture
def openstack(clients, embedded):
    """Run ``openstack``; the answer is parsed if it is JSON."""

    def run(*words, **how):
        output = clients.openstack(embedded, *words, **how)
        return json.loads(output) if "json" in words else output

    return run


@pytest.fixture
def glance(clients, embedded):
    """Run ``glance`` for what it does."""

    def run(*words, **how):
        return clients.glance(embedded, *words, **how)

    return run


@pytest.fixture
def glance_image(clients, embedded):
    """Run ``glance`` for the image that it prints."""

    def run(*words, **how):
        return clients.glance_image(embedded, *words, **how)

    return run


@pytest.fixture
def glance_table(clients, embedded):
    """Run ``glance`` for the rows that it prints."""

    def run(*words, **how):
        return clients.glance_table(embedded, *words, **how)

    return run


@pytest.fixture
def path(tmp_path):
    """A file to upload."""
    path = tmp_path / "disk.raw"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def new(embedded):
    """Images without data, gone when the test is."""
    made = []

    def create(**values):
        made.append(embedded.create(**{"name": f"image-{uuid.uuid4()}", **values}))
        return made[-1]

    yield create
    for image_id in made:
        embedded.request("DELETE", f"/v2/images/{image_id}")


@pytest.fixture
def terminal():
    """A terminal to stand on standard input: without a file or a pipe there is nothing to upload."""
    controller, terminal = pty.openpty()
    yield terminal
    os.close(controller)
    os.close(terminal)


def test_openstack_creates(openstack, glance_image, path):
    options = ("--property", "os_distro=debian", "--tag", "blue", "--private", "--min-disk", "3", "--min-ram", "64", "--protected")
    made = openstack("image", "create", "by openstack", *FORMATS, "--file", str(path), "--progress", *options, "--tag", "red")
    image_id = next(line.split("|")[2].strip() for line in made.splitlines() if line.startswith("| id "))
    seen = glance_image("image-show", image_id)
    assert (seen["name"], seen["status"], seen["visibility"], seen["protected"]) == ("by openstack", "active", "private", "True")
    assert (seen["size"], seen["min_disk"], seen["min_ram"], seen["os_distro"]) == (str(len(DATA)), "3", "64", "debian")
    assert sorted(json.loads(seen["tags"])) == ["blue", "red"]
    # The SDK's own properties, empty as they are.
    assert seen["owner_specified.openstack.object"] == "images/by openstack"
    assert seen["owner_specified.openstack.md5"] == ""
    openstack("image", "set", "--unprotected", image_id)
    openstack("image", "delete", image_id)


def test_glance_creates(openstack, glance_image, path):
    options = ("--property", "os_distro=debian", "--tags", "blue", "red", "--visibility", "private", "--hidden", "True", "--min-disk", "3")
    made = glance_image("image-create", "--name", "by glance", *FORMATS, "--file", str(path), "--store", "spare", *options)
    seen = openstack("image", "show", made["id"], "-f", "json")
    assert (seen["name"], seen["status"], seen["visibility"], seen["min_disk"]) == ("by glance", "active", "private", 3)
    assert (seen["size"], sorted(seen["tags"])) == (len(DATA), ["blue", "red"])
    properties = seen["properties"]
    assert (properties["os_distro"], properties["os_hidden"], properties["stores"]) == ("debian", True, "spare")
    openstack("image", "delete", made["id"])


def test_data_on_standard_input(openstack, glance, glance_image, path):
    """``image create NAME < F``, and ``image-upload`` of a pipe into an image that waits for it."""
    with path.open("rb") as file:
        first = openstack("image", "create", "redirected", *FORMATS[:2], "-f", "json", stdin=file)
    with path.open("rb") as file:
        second = glance_image("image-create", "--name", "redirected", *FORMATS, stdin=file)
    assert glance_image("image-show", first["id"])["size"] == str(len(DATA))
    assert openstack("image", "show", second["id"], "-f", "json")["size"] == len(DATA)
    glance("image-delete", first["id"], second["id"])


def test_nothing_on_standard_input(openstack, glance_image):
    """FEATURES 1.6-11: cron and CI upload zero bytes, and get an active image of size 0."""
    image = openstack("image", "create", "empty", "-f", "json")
    seen = glance_image("image-show", image["id"])
    assert (seen["status"], seen["size"], seen["checksum"]) == ("active", "0", "d41d8cd98f00b204e9800998ecf8427e")
    openstack("image", "delete", image["id"])


def test_an_empty_file(openstack, glance_image, tmp_path):
    empty = tmp_path / "empty"
    empty.touch()
    image = openstack("image", "create", "empty file", "--file", str(empty), "-f", "json")
    other = glance_image("image-create", "--name", "empty file", *FORMATS, "--file", str(empty))
    assert glance_image("image-show", image["id"])["status"] == "active"
    assert openstack("image", "show", other["id"], "-f", "json")["size"] == 0
    openstack("image", "delete", image["id"], other["id"])


def test_a_terminal_uploads_nothing(openstack, glance_image, glance, path, terminal):
    image = openstack("image", "create", "waiting", "-f", "json", stdin=terminal)
    assert glance_image("image-show", image["id"])["status"] == "queued"
    glance("image-upload", "--file", str(path), image["id"])
    assert openstack("image", "show", image["id"], "-f", "json")["status"] == "active"
    openstack("image", "delete", image["id"])


def test_show_by_name(openstack, new, embedded):
    """The name is tried as an id first, which must be 404."""
    image_id = new()
    name = embedded.show(image_id)["name"]
    assert openstack("image", "show", name, "-f", "json")["id"] == image_id
    assert "No Image found" in openstack("image", "show", "no such image", fails=True)


def test_openstack_lists(openstack, new):
    """Filters, and property and sort, which the client applies itself."""
    tag = f"t-{uuid.uuid4()}"
    ids = [
        new(name=name, tags=[tag], visibility=kind, flavour="sweet") for name, kind in (("b", "private"), ("c", "public"), ("a", "shared"))
    ]
    new(name="other", tags=[tag], os_hidden=True, flavour="sour")

    def listed(*words):
        return [row["ID"] for row in openstack("image", "list", "--tag", tag, *words, "-f", "json")]

    assert listed("--sort", "name:asc") == [ids[2], ids[0], ids[1]]
    assert listed("--long", "--status", "queued", "--property", "flavour=sweet", "--name", "b") == [ids[0]]
    assert listed("--private") == [ids[0]]
    assert listed("--hidden") not in ([], ids)
    assert listed("--status", "active") == []
    assert len(listed("--limit", "2")) == 2


def test_glance_lists(glance_table, new):
    tag = f"t-{uuid.uuid4()}"
    ids = [new(name=name, tags=[tag], visibility="private", flavour="sweet") for name in "abc"]
    hidden = new(name="d", tags=[tag], os_hidden=True)

    def listed(*words):
        return [row[0] for row in glance_table("image-list", "--tag", tag, *words)]

    assert listed("--sort", "name:asc", "--page-size", "2") == ids
    assert listed("--sort-key", "name", "--sort-dir", "desc", "--limit", "2") == [ids[2], ids[1]]
    assert listed("--property-filter", "flavour=sweet", "--property-filter", "name=in:a,c", "--sort", "name:asc") == [ids[0], ids[2]]
    assert listed("--visibility", "private", "--property-filter", "status=queued", "--sort", "name:asc") == ids
    assert listed("--visibility", "public") == []
    assert listed("--hidden", "True") == [hidden]


def test_openstack_sets_and_unsets(openstack, glance_image, new):
    image_id = new(tags=["kept"])
    openstack("image", "set", "--property", "p1=v1", "--property", "p2=v2", "--tag", "t1", image_id)
    openstack("image", "set", "--name", "renamed", "--min-disk", "5", "--private", "--hidden", "--property", "p1=new", image_id)
    seen = glance_image("image-show", image_id)
    assert (seen["p1"], seen["p2"], sorted(json.loads(seen["tags"]))) == ("new", "v2", ["kept", "t1"])
    assert (seen["name"], seen["min_disk"], seen["visibility"], seen["os_hidden"]) == ("renamed", "5", "private", "True")
    openstack("image", "unset", "--property", "p1", "--tag", "t1", image_id)
    seen = glance_image("image-show", image_id)
    assert ("p1" in seen, seen["p2"], seen["tags"]) == (False, "v2", '["kept"]')


def test_glance_updates(openstack, glance_image, new):
    image_id = new(tags=["kept"], p0="old", p1="old")
    glance_image("image-update", "--property", "x=y", "--property", "p1=new", "--remove-property", "p0", "--name", "renamed", image_id)
    seen = openstack("image", "show", image_id, "-f", "json")
    properties = seen["properties"]
    assert (seen["name"], seen["tags"], properties["x"], properties["p1"], "p0" in properties) == ("renamed", ["kept"], "y", "new", False)


def test_glance_tags(openstack, glance, new):
    image_id = new(tags=["a"])
    glance("image-tag-update", image_id, "b")
    glance("image-tag-update", image_id, "two words")
    glance("image-tag-delete", image_id, "a")
    assert sorted(openstack("image", "show", image_id, "-f", "json")["tags"]) == ["b", "two words"]


def test_openstack_shares(openstack, glance, glance_table, new):
    image_id, project = new(), uuid.uuid4().hex
    openstack("image", "add", "project", image_id, project)
    assert glance_table("member-list", "--image-id", image_id) == [[image_id, project, "pending"]]
    openstack("image", "set", "--accept", "--project", project, image_id)
    assert glance_table("member-list", "--image-id", image_id) == [[image_id, project, "accepted"]]
    openstack("image", "remove", "project", image_id, project)
    assert glance_table("member-list", "--image-id", image_id) == []


def test_glance_shares(openstack, glance, new):
    image_id, project = new(), uuid.uuid4().hex

    def members():
        return [(row["Member ID"], row["Status"]) for row in openstack("image", "member", "list", image_id, "-f", "json")]

    glance("member-create", image_id, project)
    assert members() == [(project, "pending")]
    glance("member-update", image_id, project, "rejected")
    assert members() == [(project, "rejected")]
    glance("member-delete", image_id, project)
    assert members() == []


def test_deactivation(openstack, glance, glance_image, embedded, new):
    image_id = new()
    embedded.upload(image_id, DATA)
    openstack("image", "set", "--deactivate", image_id)
    assert glance_image("image-show", image_id)["status"] == "deactivated"
    glance("image-reactivate", image_id)
    assert openstack("image", "show", image_id, "-f", "json")["status"] == "active"
    glance("image-deactivate", image_id)
    assert openstack("image", "show", image_id, "-f", "json")["status"] == "deactivated"
    openstack("image", "set", "--activate", image_id)
    assert glance_image("image-show", image_id)["status"] == "active"


def test_deletion(openstack, glance, embedded, new):
    first, second, third, protected = new(), new(), new(), new(protected=True)
    for image_id in (first, second, third):
        embedded.upload(image_id, DATA)
    openstack("image", "delete", first, second)
    for image_id in (first, second):
        assert "404" in glance("image-show", image_id, fails=True)
    glance("image-delete", third)
    assert "No Image found" in openstack("image", "show", third, fails=True)
    assert "403" in openstack("image", "delete", protected, fails=True)
    assert "not permitted" in glance("image-delete", protected, fails=True)
    openstack("image", "set", "--unprotected", protected)
    glance("image-delete", protected)


def test_discovery(openstack, glance, glance_image, embedded):
    stores = openstack("image", "stores", "list", "-f", "json")
    assert {row["ID"]: row["Default"] for row in stores} == {"disk": True, "spare": None}
    assert json.loads(glance_image("stores-info")["stores"]) == [{"id": "disk", "default": "true"}, {"id": "spare"}]
    methods = embedded.request("GET", "/v2/info/import").json["import-methods"]["value"]
    assert openstack("image", "import", "info", "-f", "json") == {"import-methods": methods}
    assert json.dumps(methods) in glance("import-info")
