"""Articles that expire or are removed, and the space that they give back."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from indexes import (
    CHANCE,
    DAY,
    SAMPLE,
    assert_as_batch,
    assert_well_formed,
    chunks,
    kinds,
)
from made import text_of

from clusterer import Article, InputError, Settings
from clusterer.index.outcomes import Added
from clusterer.index.story_index import StoryIndex


def dated(count: int) -> list[Article]:
    return [Article(text_of(i, 40), f"{i}", date=DAY + timedelta(i)) for i in range(count)]


@pytest.mark.parametrize(
    "then",
    [
        datetime(2016, 4, 4),
        datetime(2016, 4, 4, tzinfo=UTC),
        datetime(2016, 4, 4, 3, tzinfo=timezone(timedelta(hours=3))),
    ],
)
def test_articles_before_a_point_in_time_expire(then: datetime, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([*dated(10), Article(text_of("undated", 40), "undated"), Article("قصير", "tiny", date=DAY)])
        removed = index.expire(then)
        assert (removed.articles, removed.missing) == (4, ())
        assert kinds(removed.changes) == {("ended", name, "") for name in ("0", "1", "2", "tiny")}
        assert [a.id for a in index.assignments()] == [*(f"{i}" for i in range(3, 10)), "undated"]
        assert_well_formed(index)


def test_what_expired_is_not_taken_in_again_and_lends_its_id_to_no_other(path: Path) -> None:
    articles, later = dated(10), Article(text_of("later", 40), "1", date=DAY + timedelta(9))
    with StoryIndex.open(path) as index:
        index.add([*articles, Article(articles[0].text, "copy of 0", date=DAY)])
        index.expire(DAY + timedelta(5))
    with StoryIndex.open(path) as index:
        added = index.add([articles[1], later, articles[9], replace(articles[0], id="copy of 0"), later])
        assert added.status == ("expired", "new", "known", "expired", "known")
        assert [(a.id, a.story) for a in added] == [
            ("1", "1"), ("1#2", "1#2"), ("9", "9"), ("copy of 0", "0"), ("1#2", "1#2")
        ]  # fmt: skip
        assert added.titles[0] == "" != added.titles[1]
        assert len(index) == 6
        assert_well_formed(index)
        again = index.update([articles[1], replace(articles[2], text=text_of("another", 40))])
        assert (again.status, [a.id for a in again]) == (("expired", "new"), ["1", "2#2"])
        assert_well_formed(index)


def test_another_index_brings_what_expired_here(path: Path, tmp_path: Path) -> None:
    with StoryIndex.open(path) as index, StoryIndex.open(tmp_path / "other.db") as other:
        index.add(dated(6))
        index.expire(max_articles=2)
        other.add([*dated(3), Article(text_of("another", 40), "3")])
        merged = index.merge(tmp_path / "other.db")
        assert (set(merged.status), [a.id for a in merged]) == ({"new"}, ["0", "1", "2", "3#2"])
        assert_well_formed(index)


@pytest.mark.parametrize("count", [0, 3, 10])
def test_the_last_that_expired_are_remembered(path: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clusterer.index.gone.REMEMBERED", count)
    with StoryIndex.open(path) as index:
        index.add(dated(10))
        for left in (6, 2, 0):
            index.expire(max_articles=left)
        assert index.add(dated(10)).status.count("expired") == count


def test_articles_of_an_age_expire(path: Path) -> None:
    now = datetime.now(UTC)
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(i, 40), f"{i}", date=now - timedelta(days=i)) for i in range(10)])
        index.add([Article(text_of("undated", 40), "undated")])
        assert index.expire(timedelta(days=4, hours=12)).articles == 5
        assert {a.id for a in index.assignments()} == {"0", "1", "2", "3", "4", "undated"}
        assert index.expire(timedelta(days=3650)).articles == 0
        for dry_run in (True, False):
            with pytest.raises(InputError, match=r"all articles are older: .*; cure: a date"):
                index.expire("0h", dry_run=dry_run)
        assert len(index) == 6
        assert index.expire(timedelta(0), max_articles=0).articles == 6
        assert index.expire("7d").articles == 0  # of none


def test_an_article_without_a_date_is_as_old_as_its_stay(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of("undated", 40), "undated")])
        index.add(
            [Article(text_of(1, 40), "old", date=DAY), Article(text_of(2, 40), "ahead", date=datetime(2999, 1, 1))]
        )
        assert index.expire(datetime.now(UTC) - timedelta(hours=1)).articles == 1
        assert [a.id for a in index.assignments()] == ["undated", "ahead"]
        assert index.expire(datetime.now(UTC) + timedelta(hours=1)).articles == 1
        assert [a.id for a in index.assignments()] == ["ahead"]


@pytest.mark.parametrize("keep", [0, 1, 4, 10, 11])
def test_the_newest_articles_are_kept(keep: int, path: Path) -> None:
    articles = dated(10)
    random.Random(3).shuffle(articles)
    with StoryIndex.open(path) as index:
        index.add(articles)
        removed = index.expire(max_articles=keep)
        assert removed.articles == max(0, 10 - keep)
        assert {a.id for a in index.assignments()} == {f"{i}" for i in range(10 - min(keep, 10), 10)}
        assert_well_formed(index)


def test_an_age_and_a_number_expire_together(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(dated(10))
        assert index.expire(DAY + timedelta(3), max_articles=9).articles == 3
        assert index.expire(DAY + timedelta(3), max_articles=5).articles == 2
        assert index.expire().articles == index.expire(max_articles=5, max_bytes=10**9).articles == 0


def test_an_index_shrinks_to_a_number_of_bytes(path: Path, generated: list[Article]) -> None:
    with StoryIndex.open(path) as index:
        index.add(generated)
        full = index.counts()["bytes"]
        wanted = full // 2
        removed = index.expire(max_bytes=wanted)
        left = len(index)
        assert 0 < removed.articles == len(generated) - left < len(generated)
        assert index.counts()["bytes"] <= wanted
        assert [a.id for a in index.assignments()] == [article.id for article in generated[-left:]]
        assert_well_formed(index)
        index.expire(max_bytes=0)
        assert len(index) == 0
        assert_well_formed(index)
        assert set(index.add(generated).status) == {"expired"}
        assert len(index) == 0
        again = [replace(article, id=f"again {article.id}") for article in generated]
        index.add(again)
        assert_as_batch(index, again, CHANCE)
    assert path.stat().st_size < 2 * full


def test_space_is_given_back(path: Path, generated: list[Article]) -> None:
    with StoryIndex.open(path) as index:
        index.add(generated)
    full = path.stat().st_size
    with StoryIndex.open(path) as index:
        index.expire(max_articles=20)
        index.compact()
    assert path.stat().st_size < full / 3
    assert sorted(x.name for x in path.parent.iterdir()) == ["news.db"]


def test_an_index_through_which_a_feed_runs_does_not_grow(path: Path, generated: list[Article]) -> None:
    sizes = []
    with StoryIndex.open(path) as index:
        for turn in range(8):
            index.add(
                [replace(article, id=f"{turn} {article.id}") for article in generated[turn * 20 : turn * 20 + 60]]
            )
            index.expire(max_articles=60)
            sizes.append(index.counts()["bytes"])
        assert_well_formed(index)
    assert max(sizes[2:]) < 2.5 * sizes[0]


def test_keys_of_what_has_gone_are_cleaned_away_in_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clusterer.index.gone.REMEMBERED", 100)
    sizes = []
    with StoryIndex.open(path, Settings(level="copy")) as index:
        for turn in range(5):
            index.add([Article(text_of(f"{turn} {i}", 30), f"{turn} {i}") for i in range(600)])
            index.expire(max_articles=10)
            sizes.append(index.counts()["bytes"])
        assert_well_formed(index)
    assert min(sizes[2:]) <= sizes[0]
    assert max(sizes) < 4 * sizes[0]


def test_compacting_changes_no_answer(path: Path) -> None:
    with StoryIndex.open(path) as index:
        for batch in chunks(SAMPLE, 10):
            index.add(batch)
        index.remove([article.id for article in SAMPLE[::3]])
        before, answers, size = list(index.assignments()), index.query(SAMPLE), index.counts()["bytes"]
        index.compact()
        index.compact()
        assert list(index.assignments()) == before
        assert index.query(SAMPLE) == answers
        assert index.counts()["bytes"] <= size
        assert_well_formed(index)
        index.add(SAMPLE, again=True)
        assert_as_batch(index, SAMPLE)


def test_nothing_can_be_done_to_nothing(path: Path) -> None:
    with StoryIndex.open(path) as index:
        for _ in range(2):
            assert index.add([]) == index.update([]) == Added((), (), ())
            assert index.remove([]).articles == index.expire(DAY, max_articles=0, max_bytes=0).articles == 0
            assert index.query([]) == []
            assert not list(index.stories())
            assert not list(index.assignments())
            index.compact()
            assert_well_formed(index)
            assert len(index) == 0
        assert index.remove(["nobody", "nobody"]).missing == ("nobody",)
        assert index.articles(["nobody"]) == {}


def test_what_is_removed_is_named_once(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(dated(4))
        removed = index.remove(iter(["1", "nobody", "1", "2"]))
        assert (removed.articles, removed.missing) == (2, ("nobody",))
        assert index.remove("3").articles == 1
        assert [a.id for a in index.assignments()] == ["0"]


def test_a_new_article_is_new_though_a_story_of_its_id_has_expired(path: Path) -> None:
    first, copy = (replace(dated(1)[0], id=name) for name in ("first", "copy"))
    with StoryIndex.open(path) as index:
        index.add([first, copy])
        index.remove(["first"])
        index.expire(older_than=DAY + timedelta(1))  # of a story that still has the id of its first article
        added = index.add([replace(first, id="another"), copy, first])
        assert added.status == ("new", "expired", "removed")
        assert [a.story for a in added] == ["another", "first", "first"]
