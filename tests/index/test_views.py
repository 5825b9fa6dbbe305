"""Stories and assignments as an index shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from indexes import DAY, SAMPLE, as_members, chunks
from made import text_of

from clusterer import Article, InputError, Settings, cluster
from clusterer.index.story_index import StoryIndex
from clusterer.report.story_table import story_table


def test_a_story_is_told_with_all_that_is_known_of_it(path: Path) -> None:
    text = text_of("story", 60)
    articles = [
        Article(text, "b", "الثاني", "سبق", "", DAY + timedelta(2)),
        Article(text, "a", "الأول", "", "http://www.riyadh.example/1", DAY),
        Article(f"{text} {text_of('more', 9)}", "c", "", "سبق", "", DAY + timedelta(1)),
    ]
    with StoryIndex.open(path) as index:
        index.add(articles)
        story = index.story("b")
        assert (story.id, story.title, story.outlets) == ("b", "الأول", ("riyadh.example", "سبق"))
        assert (story.first, story.last, story.independent_texts, len(story)) == (DAY, DAY + timedelta(2), 1, 3)
        assert [a.id for a in story.assignments] == ["b", "a", "c"]
        (head,) = (a for a in story.assignments if a.representative)
        assert head.id == "a"


def test_an_article_without_a_word_is_a_story_of_its_own(path: Path) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    with StoryIndex.open(path) as index:
        index.add([Article("؟!", "tiny", "...", "سبق", "", DAY), Article("", "empty")])
        story = index.story("tiny")
        assert (story.id, story.aliases, len(story), story.independent_texts) == ("tiny", (), 1, 1)
        assert (story.outlets, story.first, story.last, story.title) == (("سبق",), DAY, DAY, "...")
        assert before <= index.story("empty").first <= datetime.now(UTC)
        assert list(index.stories()) == [index.story("empty"), story]
        assert index.counts()["too short to group"] == 2
        index.remove(["empty"])
        assert list(index.stories()) == [story]


def test_the_first_outlet_is_that_of_the_table_of_a_batch(path: Path) -> None:
    hours = ({"أ": 5, "ب": 3}, {"أ": 0, "ب": 7}, {"": 1, "ب": 2}, {"أ": None, "ب": 4}, {"أ": None}, {"أ": 3, "ب": 3})
    feed = [
        Article(text_of(n, 60), f"{n}{outlet}", "", outlet, "", None if hour is None else DAY + timedelta(hours=hour))
        for n, story in enumerate(hours)
        for outlet, hour in story.items()
    ]
    feed += [*SAMPLE, Article("...", "no word", "", "سبق", "", DAY), Article("؟", "no day", "", "سبق")]
    table = {row.representative: row.first_outlet for row in story_table(cluster(feed), feed, Settings())}
    with StoryIndex.open(path) as index:
        index.add(feed)
        told = {s.as_dict()["representative"]: s.first_outlet for s in index.stories()}
        told |= {id: index.story(id).first_outlet for id in ("no word", "no day")}
    assert told == table
    found = [next(outlet for id, outlet in told.items() if id.startswith(str(n))) for n in range(len(hours))]
    assert found == ["ب", None, None, "ب", None, None]


def test_a_story_is_updated_when_an_article_comes(path: Path) -> None:
    text, moments = text_of("story", 60), [datetime.now(UTC)]
    with StoryIndex.open(path) as index:
        for id in ("a", "b"):
            index.add([Article(text, id, date=DAY)])
            index.add([Article("...", f"no word {id}", date=DAY)])
            moments.append(datetime.now(UTC))
            assert moments[-2] <= index.story("a").updated <= moments[-1]
            assert moments[-2] <= index.story(f"no word {id}").updated <= moments[-1]


def test_stories_come_with_the_latest_first(path: Path) -> None:
    with StoryIndex.open(path) as index:
        for day in (3, 1, 2):
            index.add([Article(text_of(day, 40), f"{day}", date=DAY + timedelta(day))])
        index.add([Article(text_of(1, 40), "1 again", date=DAY - timedelta(30))])
        assert [story.id for story in index.stories()] == ["3", "2", "1"]
        assert [story.id for story in index.stories(DAY + timedelta(2))] == ["3", "2"]
        assert [story.id for story in index.stories(datetime(2016, 4, 3))] == ["3", "2"]
        assert [story.id for story in index.stories(min_size=2)] == ["1"]
        assert list(index.stories(timedelta(days=1))) == []
        index.add([Article(text_of("today", 40), "today")])  # without a date: as old as its stay
        assert [story.id for story in index.stories(timedelta(days=1))] == ["today"]


def test_stories_can_be_walked_while_the_index_changes(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(i, 20), f"{i}") for i in range(700)])
        seen: list[str] = []
        for story in index.stories():
            if not seen:
                index.remove([f"{i}" for i in range(0, 700, 2) if f"{i}" != story.id])
            seen.append(story.id)
        assert len(seen) == len(set(seen))
        assert {f"{i}" for i in range(1, 700, 2)} <= set(seen)


def test_assignments_can_be_walked_while_the_index_changes(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(i, 20), f"{i}") for i in range(5)])
        for assignment in index.assignments():
            index.remove([assignment.id])
        assert len(index) == 0
        index.add([Article(text_of(i, 20), f"{i}") for i in range(5)], again=True)
        walk = iter(index.assignments())
        next(walk)
        assert index.add([Article(text_of(9, 20), "9")]).status == ("new",)
        assert len(list(walk)) == 4


def test_an_unknown_story_is_refused(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([text_of(1, 40)])
        for name in ("", "nobody", "\x00", "\ud800", "ا" * 100_000):
            with pytest.raises(InputError, match=r"news\.db: no story.*cure"):
                index.story(name)


@pytest.mark.parametrize("size", [7, 130])
def test_stories_follow_what_they_follow_in_a_batch(size: int, path: Path) -> None:
    batch = cluster(SAMPLE)
    with StoryIndex.open(path) as index:
        for part in chunks(SAMPLE, size):
            index.add(part)
        follows = index.follows()
        assert len(follows) >= 3
        assert as_members(follows, index.assignments()) == as_members(batch.follows, batch)
        assert follows == {story.id: story.follows for story in index.stories() if story.follows}
        for later, earlier in follows.items():
            assert index.story(later).follows == earlier
        later, earlier = min(follows.items())
        index.remove([a.id for a in index.story(earlier).assignments])
        rest = [article for article in SAMPLE if article.id in {a.id for a in index.assignments()}]
        assert index.story(later).follows != earlier
        assert as_members(index.follows(), index.assignments()) == as_members(cluster(rest).follows, cluster(rest))


@pytest.mark.parametrize("level", ["exact", "copy"])
def test_without_stories_nothing_follows(level: str, path: Path) -> None:
    with StoryIndex.open(path, {"level": level}) as index:
        index.add(SAMPLE[:30])
        assert index.follows() == {}
        assert {story.follows for story in index.stories()} == {None}
