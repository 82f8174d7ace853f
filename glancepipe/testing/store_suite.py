"""PUBLIC. What every store driver must do: subclass ``StoreSuite`` and give it a fixture ``store``.

    class TestMyStore(StoreSuite):
        @pytest.fixture
        def store(self): ...   # a started store with nothing in it

Two hooks: ``contents`` lets the suite see that nothing is left behind, ``BIG`` is the size of the big image. A driver that
takes no data subclasses ``ReadSuite``, whose hook ``keep`` puts data where the driver finds it.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from glancepipe.contract import BLOCK, Data, Span, Store
from glancepipe.contract.errors import Duplicate, Invalid, NoData, RangeUnsupported

SHORT = [b"0123456789", b"", b"abcdef", b"\0" * 5000]
"""Blocks of no particular length."""


class ReadSuite:
    """Each test gets a store of its own."""

    def keep(self, store: Store, blocks: Iterable[bytes]) -> str:
        """Have the store find ``blocks``; answers their URL."""
        raise NotImplementedError

    @pytest.mark.parametrize("blocks", [SHORT, [b"x"]], ids=["short", "one"])
    def test_what_is_there_is_read(self, store: Store, blocks: list[bytes]) -> None:
        content = b"".join(blocks)
        url = self.keep(store, blocks)
        assert store.size(url) == len(content)
        assert content_of(store.read(url)) == content

    def test_an_image_is_read_by_many_at_once(self, store: Store) -> None:
        url = self.keep(store, [b"ab", b"cd"])
        first, second = store.read(url), store.read(url)
        assert content_of(first) == content_of(second) == b"abcd"

    def test_data_is_closed_early_and_twice(self, store: Store) -> None:
        data = store.read(self.keep(store, SHORT))
        next(iter(data), None)
        data.close()
        data.close()

    def test_a_store_owns_what_it_has(self, store: Store) -> None:
        url = self.keep(store, SHORT)
        assert url.partition("://")[0] in store.schemes
        assert store.owns(url)

    @pytest.mark.parametrize("url", ["other://somewhere/image", "nonsense", ""])
    def test_foreign_urls_are_not_owned(self, store: Store, url: str) -> None:
        assert not store.owns(url)

    # Ranges.

    @pytest.mark.parametrize(("start", "length"), [(0, 1), (0, 10), (7, 5), (9, 1), (10, 3), (15, 5001), (5015, 1), (0, 5016)])
    def test_a_range(self, store: Store, start: int, length: int) -> None:
        url = self.keep(store, SHORT)
        if not store.ranged:
            with pytest.raises(RangeUnsupported):
                store.read(url, Span(start, length))
            return
        data = store.read(url, Span(start, length))
        assert data.size == length
        assert content_of(data) == b"".join(SHORT)[start : start + length]

    def test_a_range_across_blocks(self, store: Store) -> None:
        if not store.ranged:
            pytest.skip("this store reads whole images only")
        size = 3 * BLOCK + 5
        url = self.keep(store, big_blocks(size))
        whole = b"".join(big_blocks(size))
        assert content_of(store.read(url, Span(BLOCK - 3, 2 * BLOCK))) == whole[BLOCK - 3 : 3 * BLOCK - 3]


class StoreSuite(ReadSuite):
    """For drivers that take data; images are named by random ids."""

    BIG = 64 << 20
    """Bytes of the image that is too big for careless drivers."""

    def contents(self, store: Store) -> Collection[str] | None:
        """Whatever the store keeps, unfinished writes included, by any name; None if that can't be seen."""
        return None

    def keep(self, store: Store, blocks: Iterable[bytes]) -> str:
        return store.write(an_id(), blocks, None).url

    def gone(self, store: Store, image_id: str) -> None:
        """Nothing is left of the image: not a byte to be seen, and it can be written again."""
        assert not self.contents(store)
        store.erase(store.write(image_id, [b"again"], 5).url)

    # What goes in comes out.

    @pytest.mark.parametrize("announced", [True, False], ids=["announced", "unknown"])
    @pytest.mark.parametrize("blocks", [SHORT, [b"x"], [b""], []], ids=["short", "one", "empty", "none"])
    def test_what_is_written_is_read(self, store: Store, blocks: list[bytes], announced: bool) -> None:
        content = b"".join(blocks)
        written = store.write(an_id(), iter(blocks), len(content) if announced else None)
        assert written.size == len(content) == store.size(written.url)
        assert content_of(store.read(written.url)) == content

    @pytest.mark.parametrize("announced", [True, False], ids=["announced", "unknown"])
    def test_a_big_image(self, store: Store, announced: bool) -> None:
        digest = hashlib.sha256()
        written = store.write(an_id(), (_seen(block, digest.update) for block in big_blocks(self.BIG)), self.BIG if announced else None)
        read = hashlib.sha256()
        data = store.read(written.url)
        assert data.size == written.size == self.BIG
        for block in data:
            read.update(block)
        data.close()
        assert read.digest() == digest.digest()

    def test_a_checked_upload(self, store: Store) -> None:
        data = Data(SHORT, sum(map(len, SHORT)))
        digest = data.digest("sha256")
        written = store.write(an_id(), data, data.size)
        data.finish()
        assert written.size == data.count
        assert digest.hexdigest == hashlib.sha256(content_of(store.read(written.url))).hexdigest()

    # URLs.

    def test_a_url_fits_the_column(self, store: Store) -> None:
        url = store.write(an_id(), SHORT, None).url
        assert url.isprintable()
        assert len(url.encode()) < 1 << 16

    # What goes wrong leaves nothing.

    @pytest.mark.parametrize(
        "error", [Invalid("bad"), ConnectionResetError(104, "reset"), RuntimeError("bug"), KeyboardInterrupt()], ids=repr
    )
    @pytest.mark.parametrize("after", [0, 1, 3])
    def test_an_error_of_the_source_passes_and_leaves_nothing(self, store: Store, error: BaseException, after: int) -> None:
        image_id = an_id()
        with pytest.raises(type(error)) as caught:
            store.write(image_id, failing(big_blocks(4 * BLOCK), after, error), 4 * BLOCK)
        assert caught.value is error
        self.gone(store, image_id)

    def test_more_bytes_than_announced_leave_nothing(self, store: Store) -> None:
        image_id = an_id()
        with pytest.raises(Invalid):
            store.write(image_id, Data(SHORT, 12), 12)
        self.gone(store, image_id)

    def test_an_image_is_never_overwritten(self, store: Store) -> None:
        image_id = an_id()
        url = store.write(image_id, [b"first"], 5).url
        before = self.contents(store)
        with pytest.raises(Duplicate):
            store.write(image_id, [b"second"], 6)
        assert content_of(store.read(url)) == b"first"
        assert self.contents(store) == before

    # Erasing.

    def test_what_is_erased_is_gone(self, store: Store) -> None:
        image_id = an_id()
        url = store.write(image_id, SHORT, None).url
        store.erase(url)
        with pytest.raises(NoData):
            store.read(url)
        with pytest.raises(NoData):
            store.size(url)
        self.gone(store, image_id)

    def test_erasing_what_is_not_there_is_no_error(self, store: Store) -> None:
        url = store.write(an_id(), SHORT, None).url
        store.erase(url)
        store.erase(url)

    def test_erasing_one_image_leaves_the_others(self, store: Store) -> None:
        kept, erased = (store.write(an_id(), [name], 1).url for name in (b"a", b"b"))
        store.erase(erased)
        assert content_of(store.read(kept)) == b"a"

    # Discarding what a crash left.

    def test_a_finished_write_is_discarded(self, store: Store) -> None:
        image_id = an_id()
        url = store.write(image_id, SHORT, None).url
        store.discard(image_id)
        with pytest.raises(NoData):
            store.read(url)
        self.gone(store, image_id)

    def test_discarding_what_is_not_there_is_no_error(self, store: Store) -> None:
        store.discard(an_id())

    def test_discarding_leaves_other_images(self, store: Store) -> None:
        image_id = an_id()
        url = store.write(image_id, [b"kept"], 4).url
        store.discard(image_id[:-1])
        store.discard(an_id())
        assert content_of(store.read(url)) == b"kept"

    def test_a_write_that_is_discarded_under_way_leaves_nothing_once_it_is_over(self, store: Store) -> None:
        image_id = an_id()

        def blocks() -> Iterator[bytes]:
            yield b"x" * BLOCK
            store.discard(image_id)
            yield b"y" * BLOCK
            raise Invalid

        with pytest.raises(Invalid):
            store.write(image_id, blocks(), None)
        self.gone(store, image_id)

    # Many at once.

    def test_many_images_at_once(self, store: Store) -> None:
        contents = {an_id(): bytes([n]) * (BLOCK + n) for n in range(8)}
        with ThreadPoolExecutor(8) as pool:
            urls = dict(
                zip(contents, pool.map(lambda item: store.write(item[0], [item[1]], len(item[1])).url, contents.items()), strict=True)
            )
        for image_id, url in urls.items():
            assert content_of(store.read(url)) == contents[image_id]

    def test_one_of_many_writes_of_the_same_image_wins(self, store: Store) -> None:
        image_id, start = an_id(), threading.Barrier(6)

        def write(n: int) -> str | None:
            def blocks() -> Iterator[bytes]:
                start.wait(30)
                yield from [bytes([n]) * 1000] * 20

            try:
                return store.write(image_id, blocks(), None).url
            except Duplicate:
                return None

        with ThreadPoolExecutor(6) as pool:
            urls = [url for url in pool.map(write, range(6)) if url is not None]
        assert len(urls) == 1
        content = content_of(store.read(urls[0]))
        assert len(content) == 20000
        assert len(set(content)) == 1
        store.erase(urls[0])
        self.gone(store, image_id)


def an_id() -> str:
    """A new image's id."""
    return str(uuid.uuid4())


def big_blocks(size: int) -> Iterator[bytes]:
    """Blocks that differ, ``size`` bytes in all."""
    for number, start in enumerate(range(0, size, BLOCK)):
        yield number.to_bytes(4, "big") * (min(BLOCK, size - start) // 4) + b"!" * (min(BLOCK, size - start) % 4)


def failing(blocks: Iterable[bytes], after: int, error: BaseException) -> Iterator[bytes]:
    """``blocks``, but ``error`` after so many of them."""
    for number, block in enumerate(blocks):
        if number == after:
            raise error
        yield block


def content_of(data: Data) -> bytes:
    """Everything, and closes it."""
    try:
        return b"".join(data)
    finally:
        data.close()


def _seen(block: bytes, see: Callable[[bytes], object]) -> bytes:
    see(block)
    return block
