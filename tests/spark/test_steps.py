"""Steps of the job on Spark beside obvious ones: stages, signatures that meet, components, codes."""

from __future__ import annotations

import inspect
import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from made import lines_of
from spark_runs import STAGES

from clusterer import Article, Settings
from clusterer.lsh import bands
from clusterer.spark import learned_lines, messages, stages as spark_stages, stories
from clusterer.spark.arrow import batch_of, cells, whole
from clusterer.spark.articles import _read, doc_codes
from clusterer.spark.connected_components import components, large_star, roots_of, small_star
from clusterer.stories import candidates
from clusterer.text import boilerplate


@pytest.mark.parametrize("boilerplate", ["learned", "known"])
@pytest.mark.parametrize("level", ["exact", "copy", "story"])
def test_stages_come_after_their_inputs_and_name_them_as_their_functions_do(level: str, boilerplate: str) -> None:
    seen: set[str] = set()
    for name, stage in spark_stages.stages_of(Settings(level=level, boilerplate=boilerplate)).items():
        assert name == stage.name
        assert seen.issuperset(stage.inputs)
        parameters = inspect.signature(stage.make).parameters.values()
        names = tuple(p.name for p in parameters if p.name in stage.inputs or p.default is p.empty)
        assert names == ("run", *stage.inputs)
        seen.add(name)
    if level == "story":
        assert seen.issuperset(STAGES)


@pytest.mark.parametrize(("groups", "ranges"), [(1, 1), (2, 1), (3, 5), (2, 40)])
def test_signatures_meet_wherever_they_are_sent(groups: int, ranges: int) -> None:
    """By places, of batches, against the local search of all: some signatures alike, one of an empty text."""
    rng = np.random.default_rng(groups)
    slots = rng.integers(0, 1 << 16, (300, 256), dtype=np.uint16)
    for i in range(1, 300):
        same = rng.random(256) < rng.choice([0.0, 0.07, 0.2, 0.9])
        slots[i, same] = slots[rng.integers(0, i), same]
    slots[7] = 9
    texts = np.sort(rng.choice(1 << 60, 300, replace=False))
    settings, places, order = Settings(), stories.Places(groups, ranges), rng.permutation(300)
    first = rng.integers(0, 20, 300) * 86_400.0
    first[::9] = np.inf
    last = first + 3_600.0
    filled = np.flatnonzero((slots != slots[:, :1]).any(axis=1))
    likeness = candidates.story_likeness(first, last, settings)
    wanted, _ = bands.banded_pairs(
        slots.copy(), filled, candidates.STORY_ROWS, candidates.story_cap(settings), likeness
    )
    assert len(wanted) > 100

    ends = np.arange(101) * 256
    batches = [
        batch_of(
            {
                "text": texts[part],
                "first": first[part],
                "last": last[part],
                "slots": cells(slots[part].ravel(), ends),
            }
        )
        for part in np.split(order, 3)
    ]
    sent = list(stories.send_slots(batches, places))
    used = {to for batch in sent for to in batch.column("to").to_pylist()}
    assert used <= set(range(len(places)))
    alone: list[Any] = []
    for to in used:
        here = [batch.filter(pa.compute.equal(batch.column("to"), to)) for batch in sent]
        alone += stories.leads_met(here, settings, places, 4)
    # Where places are dealt out by hash, one task may have several.
    for met in (alone, list(stories.leads_met(sent, settings, places, 4))):
        docs, pairs, _, _ = messages.pairs_of(whole(met))
        assert {tuple(x) for x in docs[pairs].tolist()} == {tuple(x) for x in texts[wanted].tolist()}


@pytest.mark.parametrize("most", [3, 256])
def test_a_text_brings_few_pairs_to_its_home_however_many_look_like_it(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that met most often; how many are left out is told."""
    monkeypatch.setattr(bands, "MOST", most)
    docs, n = np.arange(30) * 7, 30
    first, second = np.array(list(itertools.combinations(range(n), 2))).T
    times = np.where(second - first <= 3, 9, 1)  # in two halves, as from two places
    halves = [
        messages.messages(
            messages.sent(first * n + second, part, docs, np.zeros(n, np.int32), 1, 0, 5), messages.PAIR_KINDS
        )
        for part in (times // 2, times - times // 2)
    ]
    rows = whole(messages.each_once(halves))
    found, pairs, _, _ = messages.pairs_of(rows)
    left = pairs[:, 1] - pairs[:, 0]
    assert (found == docs).all()
    assert set(left.tolist()) == set(range(1, min(most + 1, n)))
    told = dict(zip(rows.column("kind").to_pylist(), rows.column("dropped").to_pylist(), strict=True))
    assert told.get(messages.CUT, 0) == n * (n - 1) // 2 - len(pairs)
    assert 10 in rows.column("dropped").to_pylist()


@pytest.mark.parametrize("receivers", [1, 5])
def test_segments_that_stand_often_go_on_whoever_receives_them(receivers: int) -> None:
    """Each once, with all that is known of it, and no other; against a count over all articles."""
    articles = [
        Article(lines_of(i % 13, 3) + "\n" + lines_of(90 + i % 4, 2), f"a{i}", source="سشص"[i % 3]) for i in range(40)
    ]
    keys = np.arange(40) * 7
    batches = [_read(articles[part], keys[part], Settings()) for part in (slice(0, 9), slice(9, 40))]
    rows = [
        tuple(row.values())
        for batch in batches
        for row in batch_of(learned_lines._segments(batch)).to_pylist()  # as they stand
    ]
    count = Counter(row[0] for row in rows)
    wanted = [row for row in rows if count[row[0]] >= boilerplate.FEWEST]
    assert 0 < len(wanted) < len(rows)
    sent = list(learned_lines.send_segments(batches, receivers))
    found = []
    for to in range(receivers):
        here = [batch.filter(pa.compute.equal(batch.column("to"), to)) for batch in sent]
        for batch in learned_lines.often_met(here):
            found += [tuple(row.values()) for row in batch.to_pylist()]
    assert sorted(found) == sorted(wanted)


def graph(seed: int, nodes: int, edges: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    names = rng.choice(1 << 40, nodes, replace=False).astype(np.int64)
    return names[rng.integers(0, nodes, (edges, 2))]


@pytest.mark.parametrize(
    ("nodes", "edges"), [(60, 20), *(pytest.param(*x, marks=pytest.mark.slow) for x in ((400, 390), (200, 600)))]
)
def test_components(spark: Any, tmp_path: Path, nodes: int, edges: int) -> None:
    found = graph(nodes, nodes, edges)
    chain = np.arange(1000, 1040, dtype=np.int64)
    both = np.concatenate([found, np.stack([chain[:-1], chain[1:]], axis=1)])
    df = spark.createDataFrame(both.tolist(), "a long, b long").repartition(4)

    def stage(name: str, make: Callable[[], Any]) -> Any:
        make().write.mode("overwrite").parquet(f"{tmp_path}/{name}")
        return spark.read.parquet(f"{tmp_path}/{name}")

    ends, roots = roots_of(both.T)
    wanted = {int(n): int(r) for n, r in zip(ends, roots, strict=True)}
    loops = {int(n) for n in ends} - {int(x) for pair in both[both[:, 0] != both[:, 1]] for x in pair}
    for few in (0, 1 << 20) if nodes == 400 else (1 << 20,):
        told = {row["node"]: row["component"] for row in components(df, stage, f"c{few}", few).collect()}
        assert told == {n: r for n, r in wanted.items() if n not in loops}


def test_roots_against_a_walk() -> None:
    for seed in range(30):
        edges = graph(seed, 40, 30)
        top = {int(x): int(x) for x in edges.ravel()}
        changed = True
        while changed:
            changed = False
            for a, b in edges.tolist():
                low = min(top[a], top[b])
                changed |= top[a] != low or top[b] != low
                top[a] = top[b] = low
        nodes, roots = roots_of(edges.T)
        assert dict(zip(nodes.tolist(), roots.tolist(), strict=True)) == top


def test_the_steps_are_the_papers(spark: Any) -> None:
    df = spark.createDataFrame([(1, 2), (2, 3), (3, 4)], "a long, b long")

    def edges(found: Any) -> set[tuple[int, ...]]:
        return {tuple(row) for row in found.collect()}

    assert edges(large_star(df)) == {(1, 2), (1, 3), (2, 4)}
    assert edges(small_star(df)) == {(1, 2), (2, 3), (3, 4)}


def test_codes_sort_as_documents_are_numbered() -> None:
    rng = np.random.default_rng(3)
    sizes = np.concatenate([rng.integers(1, 5000, 4000), [2047, 2048, 1 << 19]])
    hashes = rng.integers(0, 1 << 64, len(sizes), dtype=np.uint64)
    codes = doc_codes(sizes, hashes)
    assert codes.min() >= 0
    assert np.array_equal(np.argsort(codes), np.lexsort((hashes, -sizes)))
