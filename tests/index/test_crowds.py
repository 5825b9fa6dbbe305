"""Crowds: texts that are alike in chains longer than an index groups anew, here of fewer than it takes in earnest."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from indexes import assert_as_batch, chunks, groups, near_copies, text_of
from numpy.typing import NDArray

from clusterer import Article
from clusterer.arrays.linkage import components
from clusterer.index import crowds
from clusterer.index.story_index import StoryIndex


@pytest.fixture(autouse=True)
def _small_crowds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "CROWD", 60)


@pytest.mark.parametrize("size", [7, 50])
def test_new_texts_join_a_crowd_and_others_are_grouped_as_ever(
    size: int, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    crowd, others = near_copies(150), [Article(text_of(i, 40), f"other {i}") for i in range(20)]
    with StoryIndex.open(path) as index, caplog.at_level(logging.WARNING, "clusterer"):
        for batch in chunks([*crowd[:100], *others, *others, *crowd[100:]], size):
            index.add(batch)
        assert index.check() == []
        (together, *alone) = sorted(groups(index.assignments()), key=len, reverse=True)
        assert len(together) == 150
        assert len(alone) == 20
    assert "more than 60 texts are alike" in caplog.text


@pytest.mark.parametrize("edges", [40, 180, 220, 300])
def test_components_of_some_are_those_of_the_whole_graph(edges: int, path: Path) -> None:
    draw = np.random.default_rng(edges)
    graph = draw.integers(0, 400, (edges, 2))
    component = components(graph, 400)
    size = np.bincount(component, minlength=400)[component]
    seeds = draw.choice(400, 30, replace=False)

    def tied(some: NDArray[np.int64]) -> list[tuple[int, int]]:
        return [(int(a), int(b)) for a, b in graph if a in some or b in some]

    with StoryIndex.open(path) as index:
        nodes, crowded = crowds._components(index._index, "copies", seeds.tolist(), tied, set())
    assert nodes.tolist() == np.flatnonzero(np.isin(component, component[seeds]) & (size <= crowds.CROWD)).tolist()
    assert crowded.tolist() == sorted(seeds[size[seeds] > crowds.CROWD].tolist())


def test_a_crowd_that_has_shrunk_is_grouped_as_a_batch_would(path: Path) -> None:
    articles = near_copies(150)
    with StoryIndex.open(path) as index:
        for batch in chunks(articles, 50):
            index.add(batch)
        index.expire(max_articles=40)
        assert index.check() == []
        assert_as_batch(index, articles[110:])


def test_a_group_whose_centre_goes_stays_together(path: Path) -> None:
    articles = near_copies(150)
    with StoryIndex.open(path) as index:
        for batch in chunks(articles, 50):
            index.add(batch)
        for article in articles[:5]:
            index.remove([article.id])
            assert index.check() == []
        assert len(groups(index.assignments())) == 1
        assert index.add(near_copies(1, start=1000)).status == ("copy",)


def test_thousands_of_one_id_get_numbers_that_last(path: Path) -> None:
    articles = [Article(text_of(i, 40), "x") for i in range(40)]
    with StoryIndex.open(path) as index:
        names = [a.id for batch in chunks(articles, 9) for a in index.add(batch)]
        assert names == ["x", *(f"x#{i}" for i in range(2, 41))]
        assert [a.id for a in index.add([articles[20], Article(text_of(98, 40), "x")])] == ["x#21", "x#41"]
        index.remove(["x#5"])
        assert [a.id for a in index.add([Article(text_of(99, 40), "x"), articles[20]])] == ["x#42", "x#21"]
