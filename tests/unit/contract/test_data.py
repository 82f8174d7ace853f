"""Bytes on their way: however they are cut, every check sees each of them once (PERF 4, FEATURES 1.6, 1.7-05)."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glancepipe.contract import BLOCK, Data, Digest, Ended, Span
from glancepipe.contract.errors import Invalid, LimitExceeded, NotSatisfiable

blocks = st.lists(st.binary(max_size=40), max_size=12)


class Noting:
    """A watch that remembers what it saw, and stops at a limit."""

    def __init__(self, limit=None, final=None):
        self.seen, self.limit, self.final, self.finished = b"", limit, final, 0

    def block(self, block):
        self.seen += block
        if self.limit is not None and len(self.seen) > self.limit:
            raise LimitExceeded

    def finish(self):
        self.finished += 1
        if self.final:
            raise self.final


def drained(data):
    content = b"".join(data)
    data.finish()
    return content


@given(blocks, st.booleans())
def test_every_byte_is_seen_once_however_it_is_cut(cut, announced):
    whole = b"".join(cut)
    data = Data(cut, len(whole) if announced else None)
    sha, md5, first, second = data.digest("sha512"), data.digest("md5"), Noting(), Noting()
    data.watch(first)
    data.watch(second)
    assert b"".join(data) == whole
    data.finish()
    assert data.count == len(whole)
    assert (sha.hexdigest, md5.hexdigest) == (hashlib.sha512(whole).hexdigest(), hashlib.md5(whole).hexdigest())
    assert first.seen == second.seen == whole
    assert (first.finished, second.finished) == (1, 1)


@given(blocks, st.integers(0, 400))
def test_another_size_than_announced_is_refused(cut, announced):
    """FEATURES 1.6-03: too many bytes at once, too few at the end; and no watch sees a byte too many."""
    whole = b"".join(cut)
    data, watch = Data(cut, announced), Noting()
    data.watch(watch)
    if len(whole) == announced:
        assert drained(data) == whole
        return
    with pytest.raises(Invalid, match="exceeds" if len(whole) > announced else "mismatch"):
        drained(data)
    assert len(watch.seen) <= announced
    assert watch.finished == 0


@given(blocks, st.data())
def test_a_store_may_stop_at_the_announced_size(cut, draw):
    """What is left of the source passes the checks all the same."""
    whole = b"".join(cut)
    data, watch = Data(cut, len(whole)), Noting()
    data.watch(watch)
    reader = iter(data)
    for _ in range(draw.draw(st.integers(0, len(cut)))):
        next(reader, None)
    data.finish()
    assert watch.seen == whole
    assert data.count == len(whole)


def test_bytes_behind_the_announced_size_are_noticed_at_the_end():
    data = Data([b"12345", b"6"], 5)
    assert next(iter(data)) == b"12345"
    with pytest.raises(Invalid, match="exceeds"):
        data.finish()


def test_a_digest_is_computed_once_for_all_who_ask():
    data = Data([b"x"])
    assert data.digest("sha256") is data.digest("sha256")


@pytest.mark.parametrize("algorithm", ["sha1024", "", "shake_128"])
def test_a_digest_that_can_not_be_is_refused(algorithm):
    """FEATURES 2.5-02. shake has no length of its own, so it would fail at the last byte."""
    with pytest.raises(Invalid):
        Digest(algorithm)
    with pytest.raises(Invalid):
        Data().digest(algorithm)


def test_a_watch_stops_the_stream():
    data, watch = Data([b"123", b"456", b"789"]), Noting(limit=5)
    data.watch(watch)
    passed = []
    with pytest.raises(LimitExceeded):
        passed.extend(data)
    assert passed == [b"123"]


def test_watches_conclude_in_order_and_the_first_refusal_counts():
    data, first, second = Data([b"x"]), Noting(final=Invalid("first")), Noting(final=Invalid("second"))
    data.watch(first)
    data.watch(second)
    with pytest.raises(Invalid, match="first"):
        data.finish()
    assert second.finished == 0


def test_errors_of_the_source_pass():
    def source():
        yield b"x"
        raise ConnectionResetError

    data = Data(source(), 2)
    with pytest.raises(ConnectionResetError):
        list(data)


# Downloads


@given(st.binary(max_size=200), st.integers(0, 200))
def test_a_file_is_sent_from_where_it_stands(content, start):
    start = min(start, len(content))
    file = io.BytesIO(content)
    file.seek(start)
    length = (len(content) - start) // 2
    data = Data(size=length, file=file, close=file.close)
    assert data.file is file
    assert b"".join(data) == content[start : start + length]
    data.close()
    assert file.closed


def test_a_file_comes_in_blocks_of_a_mebibyte():
    data = Data(size=2 * BLOCK + 1, file=io.BytesIO(bytes(3 * BLOCK)))
    assert [len(block) for block in data] == [BLOCK, BLOCK, 1]


def test_a_file_of_unknown_size_is_sent_to_its_end():
    assert b"".join(Data(file=io.BytesIO(b"0123"))) == b"0123"


def test_observing_keeps_the_file_and_watching_gives_it_up():
    data = Data(size=1, file=io.BytesIO(b"x"))
    data.observe(lambda end: None)
    assert data.file is not None
    data.digest("md5")
    assert data.file is None
    assert b"".join(data) == b"x"


def test_observers_learn_the_end_once():
    data, ends = Data([b"xy"], 2), []
    data.observe(ends.append)
    data.observe(ends.append)
    data.ended(Ended(1, False))
    data.ended(Ended(2, True))
    assert ends == [Ended(1, False)] * 2


def test_an_observer_that_fails_keeps_nobody_else_from_learning_the_end():
    data, ends = Data([b"x"], 1), []

    def fail(end):
        raise RuntimeError

    data.observe(ends.append)
    data.observe(fail)
    data.observe(ends.append)
    with pytest.raises(RuntimeError):
        data.ended(Ended(1, True))
    assert ends == [Ended(1, True)] * 2


def test_closing_twice_closes_once():
    closed = []
    data = Data(close=lambda: closed.append(1))
    data.close()
    data.close()
    assert closed == [1]


# Mapping


def twice(source):
    for block in source:
        yield block * 2


@given(blocks)
def test_a_map_changes_the_bytes_and_both_sides_are_checked(cut):
    whole = b"".join(cut)
    inner = Data(cut, len(whole))
    before = inner.digest("sha256")
    outer = inner.map(twice, 2 * len(whole))
    after = outer.digest("sha256")
    mapped = b"".join(outer)
    outer.finish()
    assert mapped == b"".join(block * 2 for block in cut)
    assert before.hexdigest == hashlib.sha256(whole).hexdigest()
    assert after.hexdigest == hashlib.sha256(mapped).hexdigest()
    assert (inner.count, outer.count) == (len(whole), 2 * len(whole))


def test_the_end_of_a_map_concludes_what_it_maps():
    inner = Data([b"x"], 2)
    outer = inner.map(twice)
    list(outer)
    with pytest.raises(Invalid, match="mismatch"):
        outer.finish()


def test_a_map_passes_on_its_end_and_its_closing():
    ends, closed = [], []
    inner = Data([b"x"], 1, close=lambda: closed.append(1))
    inner.observe(ends.append)
    outer = inner.map(twice, 2)
    assert outer.file is None
    outer.ended(Ended(2, True))
    outer.close()
    assert ends == [Ended(2, True)]
    assert closed == [1]


def test_a_map_of_a_file_gives_blocks():
    outer = Data(size=2, file=io.BytesIO(b"xy")).map(twice)
    assert outer.file is None
    assert b"".join(outer) == b"xyxy"


# Ranges

sizes = st.integers(0, 1000)
positions = st.integers(0, 1100)


@given(sizes, positions, st.none() | positions)
def test_a_range_selects_the_bytes_that_the_standard_says(size, first, last):
    """RFC 9110, 14.1.2: positions from first to last, clipped; unsatisfiable if first is behind the end."""
    selected = [at for at in range(size) if first <= at and (last is None or at <= last)]
    if not selected:
        with pytest.raises(NotSatisfiable):
            Span.within(size, first, last)
    else:
        assert Span.within(size, first, last) == Span(selected[0], len(selected))


@given(sizes, positions)
def test_a_suffix_selects_the_last_bytes(size, length):
    """RFC 9110, 14.1.2: longer than the data means all of it; FEATURES 1.7-05. A suffix of none is unsatisfiable."""
    selected = list(range(size))[-length:] if length else []
    if not selected:
        with pytest.raises(NotSatisfiable):
            Span.within(size, None, length)
    else:
        assert Span.within(size, None, length) == Span(selected[0], len(selected))
