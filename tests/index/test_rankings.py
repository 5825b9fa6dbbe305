"""Stories in an order, beside one statement over all articles; search beside a look at every text."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from indexes import SAMPLE
from made import text_of

from clusterer import Article, StoryIndex
from clusterer.index.rankings import Selection, StoryOrder, ranked_stories
from clusterer.index.search import WordSearch, forms_of, words_of
from clusterer.text.normalize import normalise

DAY = datetime(2016, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoryIndex]:
    """Stories of every size, some of one moment, some without a date or a word, which arrive in no order of dates."""
    draw = random.Random(4)
    articles = []
    for story in range(60):
        for i in range(draw.choice((1, 1, 2, 3, 6))):
            date = None if draw.random() < 0.1 else DAY + timedelta(hours=6 * draw.randrange(40))
            outlet = draw.choice("abc")
            articles.append(Article(f"{text_of(f'story {story}', 60)} {i}", f"{story}-{i}", source=outlet, date=date))
    articles += [
        Article("؟!", f"no word {i}", source="ab"[i % 2], date=DAY + timedelta(hours=30 * i) if i else None)
        for i in range(6)
    ]
    draw.shuffle(articles)
    with StoryIndex.open(tmp_path_factory.mktemp("ranked") / "news.db") as index:
        for start in range(0, len(articles), 40):
            index.add(articles[start : start + 40])
        yield index


def by_one_statement(
    index: StoryIndex, selected: Selection, min_size: int, limit: int, sort: StoryOrder
) -> dict[int, int]:
    """By story, in order, how many of its articles are asked for."""
    asked = "coalesce(date, added) >= ?2 AND coalesce(date, added) < ?4 AND coalesce(outlet = ?5, TRUE)"
    last, newest = f"max(iif({asked}, coalesce(date, added), NULL))", "max(coalesce(date, added))"
    order = {
        "date": last,
        "size": f"count(*) DESC, {newest}",
        "growth": f"sum({asked}) DESC, {last}",
        "change": "max(article.number)",
    }[sort]
    rows = index._database.rows(
        f"SELECT coalesce(text.story, -article.number) AS story, sum({asked}) FROM article LEFT JOIN document ON"
        " article.document = document.number LEFT JOIN text ON document.centre = text.centre GROUP BY 1 HAVING count(*) >= ?1"
        f" AND sum({asked}) ORDER BY {order} DESC, story LIMIT ?3",
        min_size,
        -math.inf if selected.since is None else selected.since,
        limit,
        math.inf if selected.until is None else selected.until,
        selected.outlet,
    )
    return dict(rows)


@pytest.mark.parametrize("look", [3, 30, 500])
@pytest.mark.parametrize("sort", ["date", "size", "growth", "change"])
def test_orders_are_those_of_one_statement(
    index: StoryIndex, sort: StoryOrder, look: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clusterer.index.rankings._LOOK", look)
    cut = Counter[bool]()
    with index.snapshot() as reader:
        for hours, length, outlet in product((None, 0, 24, 120, 10_000), (None, 24, 60), (None, "a", "b")):
            if hours is None and (sort == "growth" or length):
                continue
            since = None if hours is None else (DAY + timedelta(hours=240 - hours)).timestamp()
            until = None if since is None or length is None else since + 3600 * length
            selected = Selection(since, until, outlet)
            for min_size, limit in product((1, 2, 5), (1, 5, 20, 1000)):
                found = ranked_stories(reader.index.database, selected, min_size, limit, sort)
                wanted = by_one_statement(index, selected, min_size, limit, sort)
                assert found == [*wanted], (selected, min_size, limit)
                assert [story.recent for story in reader.stories(found, selected)] == [*wanted.values()]
                cut[len(found) == limit] += 1
    assert min(cut[True], cut[False]) > 40


def test_search_finds_what_a_look_at_every_text_finds(tmp_path: Path) -> None:
    folded = {a.id: set(words_of(normalise([f"{a.title}\n{a.text}"], "news")[0])) for a in SAMPLE}
    draw, search = random.Random(3), WordSearch()
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add(SAMPLE)
        with index.snapshot() as reader:
            while search.read_more(reader):
                pass
            assert search.articles == len(SAMPLE)
            id_of = dict(reader.index.database.rows("SELECT number, id FROM article"))
            found_some = 0
            for _ in range(60):
                article = draw.choice(SAMPLE)
                asked = " ".join(draw.sample(article.text.split(), draw.randint(1, 3)))
                words = words_of(normalise([asked], "news")[0])
                forms = [set(forms_of(word)) for word in words]
                wanted = {id for id, own in folded.items() if all(not own.isdisjoint(x) for x in forms)}
                numbers = search.find(asked, 1000)
                assert {id_of[number] for number in numbers} == (wanted if words else set()), asked
                assert numbers == sorted(numbers, reverse=True)
                found_some += len(numbers) > 1
            assert found_some > 15
    search.close()


def test_search_keeps_up_with_what_comes_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search = WordSearch()
    monkeypatch.setattr("clusterer.index.search._SLACK", 2)
    with StoryIndex.open(tmp_path / "news.db") as index:

        def read() -> None:
            while True:
                with index.snapshot() as reader:
                    if not search.read_more(reader):
                        return

        read()
        assert search.find("كلمه", 10) == []
        for turn in range(12):
            index.add([Article(f"كلمة {turn} {text_of(str(turn), 20)}", f"{turn}")])
            index.expire(max_articles=3)
            read()
            assert len(search.find(f"كلمة {turn}", 10)) == 1
        assert search.articles <= 12  # what has gone was not kept for ever
    search.close()
