"""Digests for which a client vouches when a change adds a location (FEATURES 1.5-28, 2.5-04)."""

import pytest

SETTINGS = "[glance_store]\ndefault_backend = fast\n[import_filtering_opts]\nallowed_hosts = [127.0.0.1]\nallowed_ports = []"
DIGESTS = {"os_hash_algo": "sha512", "os_hash_value": "ab" * 64, "checksum": "cd" * 16}


@pytest.fixture
def client(make_service):
    return make_service("enabled_backends = fast:memory, web:http\nshow_multiple_locations = true", SETTINGS)


@pytest.fixture
def image(client):
    return client.create(disk_format="raw", container_format="bare")


@pytest.fixture
def url(web):
    web.files["/image"] = web.files["/image?again"] = b"0123456789"
    return web.url()


def add(client, image, url, **digests):
    value = {"url": url, "metadata": {}, **({"validation_data": digests} if digests else {})}
    return client.patch(image["id"], {"op": "add", "path": "/locations/-", "value": value})


def digests_of(image):
    return {name: image[name] for name in DIGESTS}


def test_they_are_recorded_as_they_are(client, image, url):
    """Nobody compares them with the data."""
    answer = add(client, image, url, **DIGESTS)
    assert (answer.status, answer.json["status"]) == (200, "active")
    assert digests_of(answer.json) == DIGESTS
    assert answer.json["locations"] == [{"url": url, "metadata": {"store": "web"}}]


def test_without_them_nothing_is_known(client, image, url):
    """2.5-04."""
    answer = add(client, image, url)
    assert (answer.status, digests_of(answer.json)) == (200, dict.fromkeys(DIGESTS))


def test_the_same_ones_again(client, image, url):
    add(client, image, url, **DIGESTS)
    answer = add(client, image, f"{url}?again", **DIGESTS)
    assert (answer.status, len(answer.json["locations"]), digests_of(answer.json)) == (200, 2, DIGESTS)


@pytest.mark.parametrize("other", [{"checksum": "ef" * 16}, {"os_hash_value": "ef" * 64}, {"os_hash_algo": "sha256"}])
def test_other_ones_later(client, image, url, other):
    add(client, image, url, **DIGESTS)
    assert add(client, image, f"{url}?again", **{**DIGESTS, **other}).status == 409
    shown = client.show(image["id"])
    assert (len(shown["locations"]), digests_of(shown)) == (1, DIGESTS)


def test_not_for_data_that_is_there(client, url):
    image = client.active()
    assert add(client, image, url, **DIGESTS).status == 409


def test_only_by_the_algorithm_of_the_service(client, image, url):
    answer = add(client, image, url, os_hash_algo="sha256", os_hash_value="ab" * 32)
    assert (answer.status, "os_hash_algo must be sha512" in answer.text) == (409, True)
    assert client.show(image["id"])["status"] == "queued"
