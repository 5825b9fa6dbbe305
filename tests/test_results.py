"""Assignments held as arrays, against the tuples that are made of them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from clusterings import FEED

from clusterer import Assignment, cluster, results
from clusterer.corpus import _ranks, ranks_of_ids


def test_assignments_are_a_sequence_of_what_they_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_ROWS", 7)
    found = cluster(FEED).assignments
    every = tuple(found)
    assert len(found) == len(every) == len(FEED)
    assert {type(a) for a in every} == {Assignment}
    assert [found[i] for i in range(-len(every), len(every))] == [*every, *every]
    assert (found[2:20], found[::-3]) == (every[2:20], every[::-3])
    assert found == every
    assert every[3] in found
    assert found != every[1:]
    assert found != (*every[:-1], every[0])
    assert pickle.loads(pickle.dumps(found)) == found
    with pytest.raises(IndexError):
        found[len(every)]


def test_labels_are_those_of_the_assignments() -> None:
    found = cluster(FEED)
    for level in ("story", "copy", "exact"):
        assert found.labels(level) == [getattr(a, level) for a in found]
    assert found[FEED[3].id] == found[3]


def test_ranks_within_a_day_are_those_of_all() -> None:
    rng = np.random.default_rng(3)
    ids = [f"{i}" for i in rng.permutation(400)]
    dates = rng.choice([0.0, 40.0, 86_399.5, 86_400.0, 200_000.0, np.inf], 400)
    everywhere = np.where(np.isfinite(dates), ranks_of_ids(ids), np.arange(400))
    assert np.lexsort((_ranks(ids, dates), dates)).tolist() == np.lexsort((everywhere, dates)).tolist()
