"""Images that lie on web servers (FEATURES 1.5-26, 1.6-04, 10.2-06)."""

import pytest

SETTINGS = """
[glance_store]
default_backend = fast
[fast]
filesystem_store_datadir = HOME/images
[import_filtering_opts]
allowed_hosts = [127.0.0.1]
allowed_ports = []
"""
POLICY = '"set_image_location": "role:member"\n"delete_image_location": "role:member"\n'


@pytest.fixture
def client(make_service, tmp_path):
    (tmp_path / "policy.yaml").write_text(POLICY)
    more = f"{SETTINGS}[oslo_policy]\npolicy_file = {tmp_path}/policy.yaml\n"
    return make_service("enabled_backends = fast:file, web:http\nshow_multiple_locations = true", more)


@pytest.fixture
def web(web):
    web.files["/image"] = b"0123456789"
    return web


def add(client, image, url, **metadata):
    return client.patch(image["id"], {"op": "add", "path": "/locations/-", "value": {"url": url, "metadata": metadata}})


@pytest.fixture
def image(client):
    return client.create(disk_format="raw", container_format="bare")


def test_an_image_on_the_web(client, image, web):
    """FEATURES 1.5-27, 2.2-03."""
    answer = add(client, image, web.url())
    assert answer.status == 200, answer.text
    shown = client.show(image["id"])
    assert (shown["status"], shown["size"], shown["stores"]) == ("active", 10, "web")
    assert shown["locations"] == [{"url": web.url(), "metadata": {"store": "web"}}]
    answer = client("GET", f"/v2/images/{image['id']}/file")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"0123456789", "10")


@pytest.mark.parametrize("ranges", [True, False])
def test_a_part_of_it(client, image, web, ranges):
    """FEATURES 12-14."""
    web.ranges = ranges
    add(client, image, web.url())
    answer = client("GET", f"/v2/images/{image['id']}/file", headers={"Range": "bytes=3-5"})
    assert (answer.status, answer.body, answer.headers["content-range"]) == (206, b"345", "bytes 3-5/10")


@pytest.mark.parametrize(
    "url",
    [
        *("http://169.254.169.254/latest/meta-data", "http://localhost/image", "http://2130706433/image", "http://10.0.0.1/image"),
        *("http://[::1]/image", "https://", "http://", "ftp://127.0.0.1/image", "http://127.0.0.1:1/image"),
    ],
)
def test_a_location_that_is_refused(client, image, url):
    """FEATURES 1.5-26."""
    answer = add(client, image, url)
    assert answer.status == 400, answer.text
    assert client.show(image["id"])["status"] == "queued"


def test_nothing_there(client, image, web):
    assert add(client, image, web.url("/nothing")).status == 400
    assert add(client, image, web.refuse("/secret", 403)).status == 400
    assert add(client, image, web.redirect("/moved", "http://169.254.169.254/")).status == 400


def test_the_web_takes_no_data(client, image):
    """FEATURES 1.6-04."""
    answer = client.upload(image["id"], b"data", x_image_meta_store="web")
    assert answer.status == 410
    assert client.show(image["id"])["status"] == "queued"


def test_it_is_not_erased_with_the_image(client, image, web):
    """FEATURES 6.4-03."""
    add(client, image, web.url())
    assert client("DELETE", f"/v2/images/{image['id']}").status == 204
    assert {method for method, _, _ in web.requests} <= {"HEAD", "GET"}


def test_what_became_of_it(client, image, web):
    """FEATURES 1.3-07, 1.7-02."""
    add(client, image, web.url())
    del web.files["/image"]
    assert client("GET", f"/v2/images/{image['id']}/file").status == 204
    web.refuse("/image", 503)
    assert client("GET", f"/v2/images/{image['id']}/file").status == 503


def test_a_file_that_has_another_size_by_now(client, image, web):
    add(client, image, web.url())
    web.files["/image"] = b"more than there was"
    assert client("GET", f"/v2/images/{image['id']}/file").status == 500


def test_it_is_listed_as_read_only(client):
    """FEATURES 4.4-01."""
    stores = client("GET", "/v2/info/stores").json["stores"]
    assert stores == [{"id": "fast", "default": "true"}, {"id": "web", "read-only": "true"}]


def test_beside_the_one_unnamed_store(make_service, web, tmp_path):
    """FEATURES 8.1-03: as Glance has it by default."""
    (tmp_path / "policy.yaml").write_text(POLICY)
    more = (
        f"[import_filtering_opts]\nallowed_hosts = [127.0.0.1]\nallowed_ports = []\n[oslo_policy]\npolicy_file = {tmp_path}/policy.yaml\n"
    )
    client = make_service("show_multiple_locations = true", more)
    image = client.create(disk_format="raw", container_format="bare")
    assert add(client, image, web.url()).status == 200
    assert client("GET", f"/v2/images/{image['id']}/file").body == b"0123456789"
    assert client.active(b"data")["status"] == "active"
