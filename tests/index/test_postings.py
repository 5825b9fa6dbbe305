"""Postings and their segments against a dictionary of sets, whatever is staged, stored, given up and read again."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from numpy.typing import NDArray

from clusterer import Settings
from clusterer.index import postings as index_postings, segments
from clusterer.index.database import Database
from clusterer.index.postings import Postings
from clusterer.lsh.buckets import HUBS

pytestmark = pytest.mark.usefixtures("loops")

LAST = 2**32 - 1
CAP = 9
"""So small that a handful of entries is a large bucket; two hubs at each end fit into it."""

KEYS = st.one_of(st.integers(0, 5), st.integers(0, 40), st.sampled_from([LAST - 1, LAST, 1 << 31]))
NUMBERS = st.one_of(st.integers(1, 60), st.integers(1, 400), st.sampled_from([LAST - 2, LAST - 1]))
ENTRIES = st.lists(st.tuples(KEYS, NUMBERS), max_size=60)
STEMS = st.lists(st.one_of(st.integers(0, 12), st.just(LAST)), max_size=20)


@dataclass
class Twin:
    """What postings should know, as dictionaries."""

    holders: dict[int, set[int]] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)
    stems: Counter[int] = field(default_factory=Counter)

    def copy(self) -> Twin:
        return Twin({key: set(x) for key, x in self.holders.items()}, dict(self.held), Counter(self.stems))

    def stage(self, entries: Iterable[tuple[int, int]]) -> None:
        for key, number in entries:
            self.holders.setdefault(key, set()).add(number)


def opened(path: Path | str) -> tuple[Database, Postings]:
    store = Database(path, Settings(), "test", False)
    with store.writing():
        store.state |= {"article": LAST}  # else segments name what never was
    return store, Postings(store, CAP)


def keys_of(values: Iterable[int]) -> NDArray[np.uint64]:
    return np.array(sorted(set(values)), dtype=np.uint64)


def stage(postings: Postings, entries: list[tuple[int, int]]) -> None:
    postings.stage(
        np.array([key for key, _ in entries], dtype=np.uint64), np.array([number for _, number in entries], np.int64)
    )


def assert_finds(postings: Postings, twin: Twin, keys: Iterable[int], cap: int | None = None) -> None:
    """Every holder of a small bucket; of a large one some, the latest among them."""
    asked = keys_of(keys)
    which, numbers = postings.find(asked, cap)
    assert (np.diff(which) >= 0).all()
    assert_shared(postings, asked, zip(which.tolist(), numbers.tolist(), strict=True), CAP if cap is None else cap)
    for place, key in enumerate(asked.tolist()):
        wanted = sorted(twin.holders.get(key, set()))
        found = numbers[which == place].tolist()
        if len(wanted) <= (CAP if cap is None else cap):
            assert found == wanted, key
        else:
            assert len(found) == len(set(found)) == 2 * HUBS, key
            assert found == sorted(found)
            assert set(found) <= set(wanted)
            assert found[-HUBS:] == wanted[-HUBS:]


def assert_shared(postings: Postings, keys: NDArray[np.uint64], found: Iterable[tuple[int, int]], cap: int) -> None:
    """Rows that hold one key and another meet who holds these, each as often, but not themselves."""
    holding = [(place, row) for place in range(len(keys)) for row in sorted({place % 3, place // 2 % 3})]
    own = np.array([1, -1, 7])
    codes = np.array([int(keys[place]) << 32 | row for place, row in holding], dtype=np.uint64)
    rows_of: dict[int, list[int]] = {}
    for place, row in holding:
        rows_of.setdefault(place, []).append(row)
    wanted = Counter(row << 32 | n for place, n in found for row in rows_of[place] if n != own[row])
    met, times = postings.shared(codes, own, cap)
    assert met.tolist() == sorted(wanted)
    assert times.tolist() == [wanted[code] for code in met.tolist()]


def assert_equal(postings: Postings, twin: Twin, keys: Iterable[int] = ()) -> None:
    """All that postings can be asked."""
    assert_finds(postings, twin, twin.holders.keys() | set(keys) | {3, 77, LAST})
    assert_finds(postings, twin, keys)
    for key in list(twin.holders)[:3]:
        assert_finds(postings, twin, [key])  # few keys are looked up page by page, many by whole segments
    assert_finds(postings, twin, twin.holders, cap=2 * HUBS)
    numbers = sorted(twin.held.keys() | {1, 500})
    sampled = postings.sampled(np.array(numbers, dtype=np.int64))
    assert sampled.tolist() == [twin.held.get(number, 0) for number in numbers]
    stems = sorted(twin.stems.keys() | {1, 13, LAST})
    assert postings.stem_counts(np.array(stems, dtype=np.uint32)).tolist() == [twin.stems[stem] for stem in stems]
    known, counts = postings.all_stem_counts()
    assert dict(zip(known.tolist(), counts.tolist(), strict=True)) == {x: c for x, c in twin.stems.items() if c}
    assert known.tolist() == sorted(known.tolist())


class _GivenUpError(Exception):
    """Ends a transaction before it is done."""


class Machine(RuleBasedStateMachine):
    """Write transactions of any content, some of them given up; readers beside; files closed and opened again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name, "postings.db")
        self.store, self.postings = opened(self.path)
        self.reader_store, self.reader = opened(self.path)
        self.twin = Twin()

    def teardown(self) -> None:
        self.store.close()
        self.reader_store.close()
        self.folder.cleanup()

    @rule(
        parts=st.lists(ENTRIES, max_size=3),
        held=st.dictionaries(NUMBERS, st.integers(0, 65535), max_size=20),
        stems=STEMS,
        gone=STEMS,
        asked=st.lists(KEYS, max_size=8),
        looks=st.booleans(),
        all_of_it=st.booleans(),
        given_up=st.sampled_from([False, False, False, "before", "after"]),
    )
    def write(
        self,
        parts: list[list[tuple[int, int]]],
        held: dict[int, int],
        stems: list[int],
        gone: list[int],
        asked: list[int],
        looks: bool,
        all_of_it: bool,
        given_up: str | bool,
    ) -> None:
        twin = self.twin.copy()
        try:
            with self.store.writing():
                self.postings.refresh()
                for entries in parts:
                    stage(self.postings, entries)
                    twin.stage(entries)
                    if looks:
                        assert_finds(self.postings, twin, asked)
                self.postings.stage_sampled(np.array([*held], np.int64), np.array([*held.values()], np.int64))
                twin.held |= held
                self.postings.stage_stems(np.array(stems, dtype=np.uint32), 1)
                twin.stems.update(stems)
                leaving = list((Counter(gone) & twin.stems).elements())  # a text can only take back what it brought
                self.postings.stage_stems(np.array(leaving, dtype=np.uint32), -1)
                twin.stems.subtract(leaving)
                if looks:
                    assert_equal(self.postings, twin, asked)
                if given_up == "before":
                    raise _GivenUpError
                self.postings.flush(all_of_it)
                if looks:
                    assert_equal(self.postings, twin, asked)
                if given_up == "after":
                    raise _GivenUpError
        except _GivenUpError:
            self.postings.forget(failed=True)
            return
        self.twin = twin

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store, self.postings = opened(self.path)

    @rule()
    def put_together(self) -> None:
        with self.store.writing():
            self.postings.refresh()
            self.postings.flush(all_of_it=True)
            assert len(self.store.rows("SELECT number FROM segment")) <= 1

    @invariant()
    def everything_is_found(self) -> None:
        with self.store.reading():
            self.postings.refresh()
            assert_equal(self.postings, self.twin)
            assert self.postings.check() == []

    @rule()
    def another_reader_sees_it(self) -> None:
        with self.reader_store.reading():
            self.reader.refresh()
            assert_equal(self.reader, self.twin)
            assert self.reader.check() == []


@pytest.mark.parametrize("page", [3, 504])
@pytest.mark.parametrize("cache", [1, 1 << 27], ids=["no cache", "cache"])
def test_any_history_equals_a_dictionary_of_sets(page: int, cache: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "PAGE", page)
    monkeypatch.setattr(index_postings, "CACHE", cache)
    run_state_machine_as_test(Machine, settings=settings(max_examples=8, stateful_step_count=12, deadline=None))


@given(st.lists(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 10**6)), max_size=2000), max_size=4))
@settings(max_examples=8)
def test_many_pages_equal_a_dictionary_of_sets(batches: list[list[tuple[int, int]]]) -> None:
    draw = np.random.default_rng(len(batches))
    twin = Twin()
    with tempfile.TemporaryDirectory() as folder:
        store, found = opened(Path(folder, "postings.db"))
        for batch in batches:
            batch = [
                *batch,
                *zip(draw.integers(0, 3000, 4000).tolist(), draw.integers(1, 10**6, 4000).tolist(), strict=True),
            ]
            with store.writing():
                found.refresh()
                stage(found, batch)
                twin.stage(batch)
                found.flush()
            with store.reading():
                found.refresh()
                assert_finds(found, twin, range(3000))
                for key in draw.integers(0, 3000, 5).tolist():
                    assert_finds(found, twin, [key])
                    assert_finds(found, twin, [key, key + 700])
        store.close()
        store, found = opened(Path(folder, "postings.db"))
        with store.reading():
            found.refresh()
            for key in [0, 1, 1500, 2999, 3000, LAST]:
                assert_finds(found, twin, [key])
            assert found.check() == []
        store.close()


def test_nothing_is_found_in_an_empty_file(tmp_path: Path) -> None:
    store, found = opened(tmp_path / "postings.db")
    with store.writing():
        found.refresh()
        assert_equal(found, Twin(), [0, 5, LAST])
        found.flush()
        found.flush(all_of_it=True)
        assert_equal(found, Twin(), [0, 5, LAST])
        assert found.check() == []
    store.close()


@pytest.mark.parametrize("size", [CAP - 1, CAP, CAP + 1, CAP + 2, 50 * CAP])
@pytest.mark.parametrize("batches", [1, 2, 7])
def test_a_bucket_around_the_cap(size: int, batches: int, tmp_path: Path) -> None:
    store, found = opened(tmp_path / "postings.db")
    twin, numbers = Twin(), list(range(1, size + 1))
    for i in range(batches):
        entries = [(7, number) for number in numbers[i::batches]] + [(8, i + 1)]
        with store.writing():
            found.refresh()
            stage(found, entries)
            twin.stage(entries)
            assert_finds(found, twin, [6, 7, 8])
            found.flush()
            assert_finds(found, twin, [6, 7, 8])
    with store.writing():
        found.refresh()
        found.flush(all_of_it=True)
        assert_finds(found, twin, [6, 7, 8])
        assert found.check() == []
    store.close()


def test_many_small_batches_leave_few_segments(tmp_path: Path) -> None:
    store, found = opened(tmp_path / "postings.db")
    draw, twin, most = np.random.default_rng(5), Twin(), 0
    for turn in range(150):
        entries = [(int(key), turn + 1) for key in draw.integers(0, 10_000, 60)]
        with store.writing():
            found.refresh()
            stage(found, entries)
            twin.stage(entries)
            found.flush()
            most = max(most, len(store.rows("SELECT number FROM segment")))
    with store.reading():
        found.refresh()
        assert_finds(found, twin, range(0, 10_000, 7))
    assert most <= 12
    store.close()


def test_a_number_that_is_sampled_again_has_the_newer_count(tmp_path: Path) -> None:
    store, found = opened(tmp_path / "postings.db")
    for count in (3, 9, 4):
        with store.writing():
            found.refresh()
            found.stage_sampled(np.array([5, 6]), np.array([count, 1]))
            found.flush()
        with store.reading():
            found.refresh()
            assert found.sampled(np.array([4, 5, 6, 7])).tolist() == [0, count, 1, 0]
    store.close()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM page WHERE place = (SELECT max(place) FROM page)",
        "DELETE FROM segment",
        "UPDATE page SET entries = CAST(x'FF' || substr(entries, 2) AS BLOB) WHERE place = (SELECT max(place) FROM page)",
        "UPDATE page SET entries = (SELECT entries FROM page ORDER BY place LIMIT 1)",
    ],
)
def test_damaged_segments_are_told(damage: str, tmp_path: Path) -> None:
    store, found = opened(tmp_path / "postings.db")
    with store.writing():
        found.refresh()
        stage(found, [(key * 1001, key % 50 + 1) for key in range(3000)])
        found.flush()
        assert found.check() == []
    with store.writing():
        store.write(damage)
    store.close()
    store, found = opened(tmp_path / "postings.db")
    with store.reading():
        found.refresh()
        assert found.check() != []
    store.close()
