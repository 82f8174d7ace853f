"""The store of tests."""

import pytest

from glancepipe.stores.memory import MemoryStore
from glancepipe.testing.store_suite import StoreSuite


class TestMemoryStore(StoreSuite):
    BIG = 8 << 20

    @pytest.fixture
    def store(self, make):
        store = make(MemoryStore)
        store.start()
        return store

    def contents(self, store):
        return sorted(store._images)

    def test_a_url_names_the_backend(self, store):
        assert store.write("an-image", [b"x"], 1).url == "memory://fast/an-image"

    def test_nothing_is_shared(self, make, store):
        url = store.write("an-image", [b"x"], 1).url
        other = make(MemoryStore, "slow")
        assert not other.owns(url)
        assert not other._images
