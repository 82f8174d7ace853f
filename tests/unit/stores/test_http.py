"""Images that lie on web servers (FEATURES 10.2-06)."""

import itertools

import pytest

from glancepipe.contract.errors import Invalid, NoData, StoreReadOnly, StoreUnavailable
from glancepipe.stores.http import HttpStore
from glancepipe.testing.store_suite import ReadSuite


@pytest.fixture
def store(make):
    store = make(HttpStore, "web")
    store.conf.set_override("allowed_hosts", ["127.0.0.1"], group="import_filtering_opts")
    store.conf.set_override("allowed_ports", [], group="import_filtering_opts")
    store = HttpStore(store.conf, "web")
    store.start()
    return store


class TestHttpStore(ReadSuite):
    @pytest.fixture(params=[True, False], ids=["ranges", "no-ranges"])
    def store(self, store, web, request):
        web.ranges = request.param
        self.web, self.numbers = web, itertools.count()
        return store

    def keep(self, store, blocks):
        path = f"/{next(self.numbers)}"
        self.web.files[path] = b"".join(blocks)
        return self.web.url(path)


def test_it_takes_no_data(store):
    """FEATURES 1.6-04."""
    assert store.read_only
    with pytest.raises(StoreReadOnly):
        store.write("an-image", [b"x"], 1)


def test_it_erases_nothing(store, web):
    """FEATURES 6.4-03: what is not ours is not ours to delete."""
    web.files["/image"] = b"theirs"
    with pytest.raises(StoreReadOnly):
        store.erase(web.url())
    assert store.size(web.url()) == 6


def test_owns_any_url_of_the_web(store):
    assert store.owns("http://images.example/a")
    assert store.owns("https://images.example/a")


def test_nothing_there(store, web):
    with pytest.raises(NoData):
        store.read(web.url())
    with pytest.raises(NoData):
        store.size(web.url())


def test_a_server_that_is_not_there(store):
    """FEATURES 10.2-06: a download may succeed later, a location that is just being added is wrong."""
    url = "http://127.0.0.1:1/image"
    with pytest.raises(StoreUnavailable):
        store.read(url)
    with pytest.raises(Invalid):
        store.size(url)


def test_a_location_that_the_filter_does_not_let_pass_any_more(store):
    with pytest.raises(StoreUnavailable):
        store.read("http://169.254.169.254/")
    with pytest.raises(Invalid):
        store.size("http://169.254.169.254/")


def test_a_file_of_certificates_that_is_none(make, tmp_path):
    store = make(HttpStore, "web", https_ca_certificates_file=str(tmp_path / "none"))
    with pytest.raises(StoreUnavailable, match="https_ca_certificates_file"):
        store.start()
    with pytest.raises(StoreUnavailable):
        store.read("http://images.example/")


def test_certificates_are_verified_by_default(make):
    """FEATURES 12-21."""
    assert make(HttpStore, "web").settings.https_insecure is False
