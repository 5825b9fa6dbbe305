"""Stories that were told before, beside stories that are made anew, while others write."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from indexes import BY_ID, SAMPLE

from clusterer import StoryIndex
from clusterer.index.rankings import Selection
from clusterer.index.told_stories import ToldStories
from clusterer.index.views import IndexReader


def told_as_made(reader: IndexReader, told: ToldStories, selected: Selection) -> int:
    """Hold what is told against what is made anew; how many stories were known before."""
    numbers = reader.all_stories()
    reader.told = None
    made = list(reader.stories(numbers, selected))
    articles = reader.all_numbers()
    assigned = reader.assignments(articles)
    known, _ = told.find(reader.index.database, numbers)
    reader.told = told
    assert list(reader.stories(numbers, selected)) == made
    assert list(reader.stories(numbers, selected)) == made
    assert reader.assignments(articles) == assigned
    return len(known)


def test_stories_are_told_as_they_stand(tmp_path: Path) -> None:
    draw, told, few = random.Random(5), ToldStories(), ToldStories(most=7)
    known = 0
    path = tmp_path / "news.db"
    with StoryIndex.open(path) as writer, StoryIndex.open(path) as index:
        for turn in range(10):
            chosen = draw.sample(SAMPLE, 6)
            if turn % 5 == 4:
                writer.update(replace(a, text=f"{a.text} زيادة {turn}") for a in chosen)
            elif turn % 5 == 3:
                writer.remove(a.id for a in chosen)
            else:
                writer.add(chosen)
            with index.snapshot() as reader:
                after = draw.choice((None, draw.choice(SAMPLE).date))
                point = None if after is None else (after + timedelta(hours=1)).timestamp()
                selected = Selection(point, outlet=draw.choice((None, SAMPLE[0].outlet)))
                known += told_as_made(reader, told, selected)
                told_as_made(reader, few, selected)
    assert known > 30  # most are as they were


def test_a_story_that_goes_on_with_another_is_told_anew_when_that_one_changes(tmp_path: Path) -> None:
    told, path = ToldStories(), tmp_path / "news.db"
    with StoryIndex.open(path) as writer, StoryIndex.open(path) as index:

        def follows() -> dict[str, str]:
            with index.snapshot() as reader:
                told_as_made(reader, told, Selection())
            return writer.follows()

        writer.add(SAMPLE)
        changed = 0
        for later, earlier in [*follows().items()][:3]:
            names = [a.id for a in writer.story(earlier).assignments]
            moved = replace(BY_ID[names[-1]], date=BY_ID[later].date)
            for gone, articles in ((names, []), ([], [BY_ID[x] for x in names]), (names[:-1], [moved])):
                before = follows()
                writer.remove(gone)
                writer.update(articles, again=True)
                changed += follows().get(later) != before.get(later)
    assert changed > 3


def test_what_a_story_goes_on_with_is_asked_anew_when_that_one_changed(tmp_path: Path) -> None:
    """Also where nothing of the later one was written, as where the earlier one became part of a third."""
    told, path = ToldStories(), tmp_path / "news.db"
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
        later, earlier = next(iter(index.follows().items()))
        with index.snapshot() as reader:
            told_as_made(reader, told, Selection())
            number = dict(reader.index.database.rows("SELECT id, number FROM story"))
            asked = [number[later], number[earlier]]
            assert told.find(reader.index.database, asked)[1] == []
        with closing(sqlite3.connect(path)) as file, file:
            file.execute("UPDATE standing SET changed = 2, stirred = 2 WHERE story = ?", (number[earlier],))
        with index.snapshot() as reader:
            known, stirred = told.find(reader.index.database, asked)
            assert ([*known], stirred) == ([number[later]], [number[later]])


def test_another_file_is_another_history(tmp_path: Path) -> None:
    told = ToldStories()
    for name in ("one", "other"):
        with StoryIndex.open(tmp_path / name) as index:
            index.add(SAMPLE[:9] if name == "one" else SAMPLE[9:18])
            with index.snapshot() as reader:
                assert told_as_made(reader, told, Selection()) == 0
