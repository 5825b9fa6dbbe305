"""Bitmaps never rule out a pair that verifying would keep, and rule out most strangers."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from kernel_twins import FEWER, NEEDS_BOTH, agreed, mixed

from clusterer import Settings
from clusterer.copies.candidates import generate_candidates
from clusterer.copies.documents import find_documents
from clusterer.copies.verify import least_shared, overlap, verify
from clusterer.corpus import read
from clusterer.io.feed import Feed
from clusterer.lsh.bitmaps import MANY, GrowingBitmaps, bitmaps_of

SAMPLE = Path(__file__).parents[2] / "data" / "feed.jsonl"
ROWS = st.lists(st.lists(st.integers(0, 400), min_size=1, max_size=120), min_size=2, max_size=6)


def all_pairs(n: int) -> np.ndarray:
    return np.stack(np.triu_indices(n, 1), axis=1)


@NEEDS_BOTH
@FEWER
@given(ROWS, st.sampled_from([0.1, 0.4, 0.43, 0.57, 1.0]), st.integers(0, 119), st.booleans())
def test_no_pair_with_enough_in_common_is_ruled_out(
    rows: list[list[int]], least: float, shared: int, are_small: bool
) -> None:
    sets = mixed([*rows, rows[0][:shared] + rows[1]])  # one that holds much of two others
    pairs = all_pairs(len(sets))
    found = overlap(sets, pairs)
    codes = pairs @ np.array([len(sets), 1])
    possible = agreed(lambda: bitmaps_of(sets, are_small).possible(codes.copy(), least))
    assert set(codes[found.containment >= least].tolist()) <= set(possible.tolist())


@NEEDS_BOTH
def test_strangers_are_ruled_out_whatever_their_lengths() -> None:
    lengths = [40, 90, 150, 260, 300, 700, 2000]
    sets = mixed([range(10_000 * i, 10_000 * i + length) for i, length in enumerate(lengths)])
    codes = all_pairs(len(sets)) @ np.array([len(sets), 1])
    left = agreed(lambda: bitmaps_of(sets).possible(codes.copy(), 0.4))
    near = {a * len(sets) + b for a in range(len(lengths)) for b in range(a) if lengths[a] <= 3 * lengths[b]}
    assert not near & {b * len(sets) + a for a, b in np.stack(np.divmod(left, len(sets)), axis=1).tolist()}


def test_small_ones_take_half() -> None:
    sets = mixed([range(n) for n in (1, 9, 40, 41, 300, 5000)])
    sizes, small = (np.diff(bitmaps_of(sets, are_small).offsets) for are_small in (False, True))
    assert (np.maximum(sizes // 2, 1) == small).all()


def test_blocks_of_bitmaps_make_those_of_all() -> None:
    rows = [[*range(i, 2 * i + 1)] for i in range(40)]
    growing = GrowingBitmaps()
    for start in range(0, 40, 7):
        growing.append(bitmaps_of(mixed(rows[start : start + 7])))
    whole, expected = growing.whole(), bitmaps_of(mixed(rows))
    assert all((getattr(whole, name) == getattr(expected, name)).all() for name in ("words", "offsets", "counts"))


@pytest.mark.parametrize(("unit", "many"), [("word", MANY), ("char", MANY), ("word", 0)])
def test_links_of_a_feed_are_the_same_without_a_look_at_bitmaps(
    unit: str, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clusterer.copies.candidates.MANY", many)
    settings = Settings(level="copy", unit=unit, size={"word": 3, "char": 12}[unit])
    documents = find_documents(read([row.article for row in islice(Feed([SAMPLE]), 600)], settings), settings)
    every = generate_candidates(documents, settings).pairs
    some = generate_candidates(documents, settings, least=least_shared(settings)).pairs
    assert len(some) < len(every)
    found = [verify(documents, pairs, settings) for pairs in (every, some)]
    assert found[0].pairs.tolist() == found[1].pairs.tolist()
    assert found[0].kind.tolist() == found[1].kind.tolist()
