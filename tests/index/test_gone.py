"""Articles that were removed or have expired: they stay away, and who follows an index is told."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from indexes import BY_ID, DAY, SAMPLE, assert_well_formed
from made import text_of

from clusterer import Article, InputError
from clusterer.index import Added, Arrived, Gone
from clusterer.index.story_index import StoryIndex

OUT = Article(text_of("withdrawn", 40), "7", "خبر مسحوب", "سبق", "https://www.sabq.example/news/7?utm_source=x", DAY)
SAME_ID = replace(OUT, text=text_of("corrected", 40), title="", url="")
SAME_URL = replace(
    OUT, id="12", text=text_of("corrected", 40), title="عنوان آخر", url="http://sabq.example/news/7/amp/"
)
OTHER_URL = replace(SAME_ID, url="https://sabq.example/news/8")
OTHER_TITLE = replace(SAME_ID, title="خبر آخر")


def add(index: StoryIndex, *articles: Article) -> list[tuple[str, str]]:
    added = index.add(articles)
    return [(a.id, status) for a, status in zip(added, added.status, strict=True)]


@pytest.mark.parametrize("verb", [StoryIndex.add, StoryIndex.update])
@pytest.mark.parametrize(
    ("comes", "status"),
    [(OUT, "removed"), (SAME_ID, "removed"), (SAME_URL, "removed"), (OTHER_URL, "new"), (OTHER_TITLE, "new")],
)  # fmt: skip
def test_what_was_removed_stays_away_by_its_id_and_its_url(
    verb: Callable[[StoryIndex, list[Article]], Added], comes: Article, status: str, path: Path
) -> None:
    with StoryIndex.open(path) as index:
        index.add([OUT, replace(OUT, id="copy", url="", text=f"{OUT.text} ثم")])
        index.remove(["7"])
    with StoryIndex.open(path) as index:
        told = verb(index, [comes])
        assert told.status == (status,)
        assert [(a.id, a.story, a.relation) for a in told] == [
            ("7", "7", None) if status == "removed" else ("7#2", "7#2", None)
        ]
        assert index.articles(["7"]) == {}
        assert_well_formed(index)


def test_an_article_that_is_there_is_known_though_another_one_of_its_url_was_removed(path: Path) -> None:
    twin = replace(SAME_URL, text=text_of("twin", 40))
    with StoryIndex.open(path) as index:
        assert add(index, OUT, twin) == [("7", "new"), ("12", "new")]
        index.remove(["7"])
        assert add(index, twin, OUT) == [("12", "known"), ("7", "removed")]
        newer = replace(twin, text=text_of("newer", 40))
        assert index.update([newer]).status == ("updated",)
        assert index.articles(["12"]) == {"12": newer}


def test_an_outlet_goes_whole_and_is_told(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
        outlet = BY_ID["marsad-08"].outlet
        went = [a.id for a in SAMPLE if a.outlet == outlet]
        before, told = index.assignments(), index.changes()
        expected = index.remove(outlet=outlet, dry_run=True)
        assert expected.articles == len(went) > 3
        assert index.assignments() == before
        assert index.changes(told.next, told.history).gone == ()
        assert index.remove(outlet=outlet) == expected
        assert {one.id for one in index.changes(told.next, told.history).gone} == {*went}
        assert outlet not in index.outlets()
        assert index.remove(outlet=outlet).articles == 0
        again = index.add([*SAMPLE, Article(text_of("of today", 40), "of today", source=outlet)])
        assert again.status.count("removed") == len(went)
        assert again.status[-1] == "new"  # what is new of it is taken in
        for wrong in ("", "\ud800", 7):
            with pytest.raises(InputError, match="must be a name"):
                index.remove(outlet=wrong)  # type: ignore[arg-type]
        assert index.check() == []


def test_what_was_removed_or_has_expired_is_taken_back_when_asked_for(path: Path) -> None:
    numbered = [replace(OUT, text=text_of(i, 40), title=f"خبر {i}", url="") for i in range(3)]
    with StoryIndex.open(path) as index:
        assert add(index, *numbered) == [("7", "new"), ("7#2", "new"), ("7#3", "new")]
        index.remove(["7#2"])
        index.expire(max_articles=1)
        assert add(index, *numbered) == [("7", "expired"), ("7#2", "removed"), ("7#3", "known")]
        assert index.add(numbered, again=True).status == ("new", "new", "known")
        assert {a.id for a in index.assignments()} == {"7", "7#2", "7#3"}
        assert_well_formed(index)
        index.remove(["7"])
        assert index.update([replace(numbered[0], text=text_of("corrected", 40))], again=True).status == ("new",)
        assert add(index, numbered[0])[0][0] == "7#4"


def test_removals_survive_backups_merges_and_compaction(path: Path, tmp_path: Path) -> None:
    backup, made_anew, holds_it = (tmp_path / f"{name}.db" for name in ("backup", "anew", "holds"))
    stays = Article(text_of("stays", 40), "stays", date=DAY + timedelta(9))
    old = Article(text_of("old", 40), "old", date=DAY - timedelta(9))
    with StoryIndex.open(path) as index, StoryIndex.open(holds_it) as other:
        index.add([old, OUT, stays])
        other.add([OUT, stays])
        index.remove(["7"])
        index.expire(max_articles=1)
        index.compact()
        index.backup(backup)
        assert index.merge(holds_it).status == ("removed", "known")
        assert_well_formed(index)
        with StoryIndex.open(made_anew) as anew:
            assert anew.merge(path).status == ("new",)
        other.merge(path)  # who holds it keeps it
        assert [a.id for a in other.assignments()] == ["7", "stays"]
        assert_well_formed(other)
    for name in (path, backup, made_anew):
        with StoryIndex.open(name) as index:
            assert add(index, SAME_ID, old, stays) == [("7", "removed"), ("old", "expired"), ("stays", "known")], name
            assert_well_formed(index)


def test_expiry_forgets_no_removal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clusterer.index.gone.REMEMBERED", 2)
    with StoryIndex.open(path) as index:
        index.add([OUT, *SAMPLE[:8]])
        index.remove(["7"])
        after = index.changes().next
        for left in (6, 3, 0):
            index.expire(max_articles=left)
        assert add(index, OUT) == [("7", "removed")]
        assert index.add(SAMPLE[:8]).status.count("expired") == 2
        with pytest.raises(
            InputError, match=r"more has expired since then than .* remembers; cure: begin anew, after 0"
        ):
            index.changes(after)
        assert index.changes().next > after


def test_a_forged_memory_of_what_is_gone_is_named(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([OUT, *SAMPLE[:2]])
        index.remove(["7"])
    forged = [
        ("UPDATE gone SET removed = 0", "articles gone whose names does not have its checksum"),
        ("UPDATE gone SET id = 'x'", "articles gone whose names does not have its checksum"),
        ("UPDATE gone SET (key, id) = (SELECT key, id FROM article LIMIT 1)", "articles gone that are there"),
        ("UPDATE gone SET number = (SELECT max(number) FROM article)", "that an article came and another one went by"),
        ("UPDATE gone SET number = 4000", "numbers beyond the counters"),
    ]
    for statement, said in forged:
        with closing(sqlite3.connect(path)) as file:
            before = file.execute("SELECT * FROM gone").fetchall()
            file.execute(statement)
            file.commit()
        with StoryIndex.open(path) as index:
            assert any(said in line for line in index.check()), statement
        with closing(sqlite3.connect(path)) as file:
            file.execute("DELETE FROM gone")
            file.executemany(f"INSERT INTO gone VALUES ({', '.join('?' * len(before[0]))})", before)
            file.commit()
    with StoryIndex.open(path) as index:
        assert index.check() == []


def take(table: dict[str, str], told: Arrived) -> None:
    """What a table of another program does with an answer."""
    for one in told.gone:
        table.pop(one.id, None)
    for story in told.stories:
        table |= {a.id: story.id for a in story.assignments}


def test_a_removal_is_told_and_so_is_the_story_that_lost_it(path: Path) -> None:
    first, last = (Article(text_of("story", 60), name) for name in ("first", "last"))
    with StoryIndex.open(path) as index:
        index.add([first, last, OUT])
        begun = index.changes()
        assert begun.gone == ()
        index.remove(["last", "7"])
        told = index.changes(begun.next, begun.history)
        assert told.gone == (Gone("last", "removed", "first"), Gone("7", "removed", "7"))
        assert [(story.id, len(story)) for story in told.stories] == [("first", 1)]
        assert told.new == ((),)
        assert told.as_dict()["gone"][1] == {"id": "7", "status": "removed", "of_story": "7"}
        step = index.changes(begun.next, begun.history, limit=1)
        assert ([one.id for one in step.gone], index.changes(step.next).gone[0].id) == (["last"], "7")
        assert index.changes(told.next) == Arrived((), (), told.next, told.history)
        index.add([OUT], again=True)
        assert [one.id for one in index.changes(begun.next).gone] == ["last"]


@pytest.mark.parametrize("limit", [1, 7, None])
def test_a_table_that_follows_holds_what_the_index_holds(limit: int | None, path: Path) -> None:
    draw, table, after, history = random.Random(limit or 0), dict[str, str](), 0, None
    with StoryIndex.open(path) as index:
        for _ in range(12):
            some = draw.sample(SAMPLE, 12)
            verb = draw.choice(["add", "add", "update", "remove", "expire", "again"])
            if verb == "update":
                index.update([replace(article, title=f"{article.title} {draw.random()}") for article in some])
            elif verb == "remove":
                index.remove([article.id for article in some])
            elif verb == "expire":
                index.expire(max_articles=len(index) * 2 // 3)
            else:
                index.add(some, again=verb == "again")
            if draw.random() < 0.3:
                continue
            while (told := index.changes(after, history, limit)).next != after:
                take(table, told)
                after, history = told.next, told.history
            assert table == {a.id: a.story for a in index.assignments()}
