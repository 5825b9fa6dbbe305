"""Feeds that benchmarks measure on: the same bytes everywhere, made once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.corpora import feeds, generator
from benchmarks.suites import index


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_fixed_corpora_have_the_checksum_that_is_written_down(count: int, cache: Path) -> None:
    """The smaller one is the start of the larger, as is seen below."""
    assert feeds.sample().described()["fixed"] is True
    assert feeds.generated(150, cache).described()["fixed"] is None
    corpus = feeds.generated(count, cache)
    written = {**feeds.SHA256, "generated-500": "cb28e1bb27eedbd6a65a17bd1309236bebcf104abaed5584c1aedd8f00368cc1"}
    assert feeds.sha256(corpus.path) == written[f"generated-{count}"]


def test_a_generated_feed_is_made_once_whole_and_a_smaller_one_is_its_start(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = feeds.generated(150, cache), feeds.generated(40, cache)
    assert [a.text for a in feeds.generated(150, cache, 40).articles()] == [a.text for a in small.articles()]
    assert feeds.planted(large) == [row["copy"] for row in generator.feed(150, feeds.SEED)]

    def stopped(count: int, seed: int) -> Any:
        yield {"id": "a"}
        raise KeyboardInterrupt

    monkeypatch.setattr(generator, "feed", stopped)
    assert feeds.generated(150, cache).path == large.path  # not made again
    with pytest.raises(KeyboardInterrupt):
        feeds.generated(77, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_checksum_of_a_folder_counts_names_and_bytes(tmp_path: Path) -> None:
    seen = set()
    for name, text in (("a.txt", "x"), ("b.txt", "x"), ("b.txt", "y")):
        folder = tmp_path / str(len(seen))
        folder.mkdir()
        (folder / name).write_text(text)
        seen.add(feeds.sha256(folder))
    assert len(seen) == 3


def test_any_feed_is_a_corpus(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("id,text\n1,خبر اول\n2,خبر ثان\n", "utf-8")
    assert [a.id for a in feeds.named(tmp_path / "feed.csv").articles()] == ["1", "2"]
    assert feeds.saudinewsnet(tmp_path, 1).described()["articles"] == 1


def test_new_dates_are_so_many_a_day_in_order() -> None:
    articles = list(index.redated(feeds.sample().articles(), 40))
    assert [a.text for a in articles] == [a.text for a in feeds.sample().articles()]
    dates = [a.date for a in articles if a.date]
    assert dates == sorted(dates)
    assert [(date - index.START).days for date in dates] == [i // 40 for i in range(130)]
