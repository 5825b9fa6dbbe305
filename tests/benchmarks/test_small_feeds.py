"""Small feeds cut from a labelled one: grouped as `cluster` groups, cut as asked, counted as by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner

from benchmarks.corpora.gold import DATA, gold_rows
from benchmarks.suites import small_feeds
from benchmarks.suites.small_feeds import Cut, Labels
from clusterer import Article, cluster
from clusterer.io.feed import Feed
from clusterer.stories import term_weights


def sample() -> list[Article]:
    return [row.article for row in Feed([DATA / "feed.jsonl"])]


def labelled(folder: Path) -> Path:
    """The labels of `data/`, as a gold file has them."""
    gold = {row["id"]: row for row in gold_rows(str(DATA / "gold.jsonl"))}
    rows = [
        {"id": a.id, "source": a.source, "url": a.url, "date": str(a.date), "title": a.title, "text": a.text}
        | {"event": gold[a.id]["event"], "dup": gold[a.id]["copy"], "doubtful": False}
        for a in sample()
    ]
    path = folder / "gold.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_grouped_as_cluster_groups() -> None:
    articles = sample()
    stories = small_feeds.grouped(articles, term_weights.background())
    wanted = [a.story for a in cluster(articles)]
    assert len(set(zip(stories, wanted, strict=True))) == len(set(stories)) == len(set(wanted))


def test_cuts_are_as_large_as_asked_and_hold_what_they_are_made_around(tmp_path: Path) -> None:
    articles, labels = small_feeds.labelled(DATA / "feed.jsonl", labelled(tmp_path), None)
    cuts = list(small_feeds.affairs(articles, labels, 2))
    assert len(cuts) == 2 * len(small_feeds.SIZES) * len(small_feeds.SHARES)
    for number, cut in enumerate(cuts):
        size = small_feeds.SIZES[number // (2 * len(small_feeds.SHARES))]
        share = small_feeds.SHARES[number // 2 % len(small_feeds.SHARES)]
        assert len(cut.places) == min(size, len(articles))
        assert cut.main <= set(cut.places.tolist())
        assert min(round(size * share), len(articles)) <= len(cut.main) <= max(round(size * share), 2) + 2
        assert any(cut.main.issuperset(pair) for pair in labels.same)


def test_pairs_and_articles_are_counted_as_by_hand() -> None:
    labels = Labels({0: 7, 1: 7, 2: 8, 3: 8}, {(0, 1): True, (0, 2): False, (2, 3): True})
    cut = Cut("made", np.arange(4), frozenset({0, 1, 2}))
    (main, other), *rest = small_feeds.tally([cut, cut], labels, [5, 6, 6, 6], [[1, 1, 1, 2], [1, 1, 2, 2]]).values()
    assert not rest
    assert sorted(main.pairs) == sorted(
        [((0, 1), True, True, False)] * 2 + [((0, 2), False, h, False) for h in (True, False)]
    )
    assert other.pairs == [((2, 3), True, False, True), ((2, 3), True, True, True)]
    assert "here recall 1.000 precision 0.667" in str(main)
    assert "each once, 0 lost and 1 won of 1" in str(main)
    assert "each once, 1 lost and 0 won of 1" in str(other)


@pytest.mark.slow
def test_the_table_has_every_kind_and_all(tmp_path: Path) -> None:
    arguments = [
        str(DATA / "feed.jsonl"),
        str(labelled(tmp_path)),
        "--feeds",
        "1",
        "--background",
        str(DATA / "feed.jsonl"),
    ]
    result = CliRunner().invoke(small_feeds.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    for size in small_feeds.SIZES:
        assert result.output.count(f"{size:5} articles, affair") == len(small_feeds.SHARES)
    assert result.output.splitlines()[-3].startswith("all: ")
