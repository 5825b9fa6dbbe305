"""Pairs of texts that an open index remembers, against a dictionary, while the rows of its file change."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from clusterer import Settings
from clusterer.index import remembered_pairs
from clusterer.index.database import Database
from clusterer.index.guards import crc_of_pair, crcs_of_pairs
from clusterer.index.remembered_pairs import RememberedPairs

SCORES = (0.0, 1e-07, 0.25, 1 / 3, 0.5, 1.0)


def ends_of(pairs: Mapping[tuple[int, int], float]) -> np.ndarray:
    return np.array([*pairs], dtype=np.int64).reshape(-1, 2)


@pytest.mark.parametrize(("most", "spare"), [(6, 4), (1 << 20, 2), (1 << 20, 0)])
def test_pairs_are_those_of_the_file(most: int, spare: int) -> None:
    random = np.random.default_rng(most + spare)
    file: dict[tuple[int, int], float] = {}
    there = set[int]()
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(remembered_pairs, "MOST", most)
        patch.setattr(remembered_pairs, "_SPARE", spare)
        store = Database(Path(folder, "news.db"), Settings(), "test", False)
        pairs = RememberedPairs(store)

        def written(some: dict[tuple[int, int], float]) -> None:
            store.write_many("INSERT INTO pair VALUES (?, ?, ?, x'00', 0)", [(*ends, x) for ends, x in some.items()])
            file.update(some)

        def deleted(texts: list[int]) -> None:
            before = pairs.of(np.array(texts, dtype=np.int64)).ends
            for end in "ab":
                store.write_among(f"DELETE FROM pair WHERE {end} IN {{}}", texts)
            pairs.drop(before)
            for ends in [ends for ends in file if {*ends} & {*texts}]:
                del file[ends]

        with store.writing():
            for step in random.choice(["ask", "make", "touch", "retire", "clear"], 600, p=[0.3, 0.3, 0.2, 0.15, 0.05]):
                texts = np.unique(random.integers(1, 13, random.integers(0, 6))).tolist()
                scores = random.choice(SCORES, 80).tolist()
                if step == "ask":
                    found = pairs.of(np.array(texts, dtype=np.int64))
                    both = file | {(b, a): score for (a, b), score in file.items()}
                    wanted = {ends: both[ends] for ends in sorted(both) if ends[0] in texts}
                    assert [*zip(map(tuple, found.ends.tolist()), found.scores.tolist(), strict=True)] == [
                        *wanted.items()
                    ]
                elif step == "make":
                    new = [x for x in texts if x not in there]
                    there.update(new)
                    near = [(min(x, y), max(x, y)) for x in new for y in sorted(there) if (x + y) % 3 and x != y]
                    some = dict(zip(dict.fromkeys(near), scores, strict=False))
                    written(some)
                    pairs.put(ends_of(some), np.array([*some.values()], dtype=np.float64), new)
                elif step == "touch":
                    kept = {ends: 1 - x for ends, x in file.items() if {*ends} & {*texts} and x != scores[0]}
                    deleted(texts)
                    written(kept)
                    pairs.put(ends_of(kept), np.array([*kept.values()], dtype=np.float64), [])
                elif step == "retire":
                    deleted(texts)
                    there.difference_update(texts)
                else:
                    pairs.clear()
        store.close()


def test_few_rows_are_read_twice(tmp_path: Path) -> None:
    """What was asked for is not read again, nor what was just written."""
    store = Database(tmp_path / "news.db", Settings(), "test", False)
    pairs = RememberedPairs(store)
    with store.writing():
        pairs.of(np.arange(1, 5))
        pairs.put(np.array([[1, 9], [3, 9]]), np.array([0.5, 0.75]), [9])  # nothing of it is in the file
        assert pairs.of(np.array([3, 9])).ends.tolist() == [[3, 9], [9, 1], [9, 3]]
        assert pairs.of(np.array([9])).scores.tolist() == [0.5, 0.75]
    store.close()


@given(
    st.lists(st.tuples(st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1), st.floats(0, 1), st.binary(max_size=9)))
)
def test_checksums_of_many_rows(rows: list[tuple[int, int, float, bytes]]) -> None:
    if rows:
        assert [*crcs_of_pairs(*zip(*rows, strict=True))] == [crc_of_pair(*row) for row in rows]
