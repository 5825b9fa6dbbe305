"""Articles that groups are known of, and what every index must hold: shared by the tests of `clusterer.index`."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from made import text_of, words_of
from places import DATA

from clusterer import Article, Assignment, cluster
from clusterer.evaluation.metrics import evaluate
from clusterer.index.story_ids import Change
from clusterer.index.story_index import StoryIndex
from clusterer.io.feed import Feed
from clusterer.versions import url_key

both_loops = pytest.mark.usefixtures("either_loop")


DAY = datetime(2016, 4, 1, tzinfo=UTC)


SAMPLE = [row.article for row in Feed([DATA / "feed.jsonl"])]


BY_ID = {article.id: article for article in SAMPLE}


LEVELS = ("exact", "copy", "story")


def chunks(articles: Sequence[Article], size: int) -> Iterator[Sequence[Article]]:
    return (articles[i : i + size] for i in range(0, len(articles), size))


def partition(ids: Iterable[str], labels: Iterable[Hashable]) -> set[frozenset[str]]:
    groups: dict[Hashable, set[str]] = {}
    for name, label in zip(ids, labels, strict=True):
        groups.setdefault(label, set()).add(name)
    return {frozenset(members) for members in groups.values()}


def groups(assignments: Iterable[Assignment], level: str = "copy") -> set[frozenset[str]]:
    listed = list(assignments)
    return partition([a.id for a in listed], [getattr(a, level) for a in listed])


def as_members(
    follows: Mapping[str, str], assignments: Iterable[Assignment]
) -> set[tuple[frozenset[str], frozenset[str]]]:
    """Follow-ups by the articles of both stories: an index may give stories other names than a batch does."""
    of_story: dict[str, set[str]] = {}
    for a in assignments:
        of_story.setdefault(a.story, set()).add(a.id)
    return {(frozenset(of_story[later]), frozenset(of_story[earlier])) for later, earlier in follows.items()}


def dump(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(file.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


def kinds(changes: Iterable[Change]) -> set[tuple[str, str, str]]:
    return {(change.kind, change.story, change.into) for change in changes}


def assert_well_formed(index: StoryIndex) -> dict[str, Assignment]:
    """What must hold of any index; its assignments by id."""
    assert index.check() == []
    listed = list(index.assignments())
    found = {a.id: a for a in listed}
    assert len(found) == len(listed) == len(index) == index.counts()["articles"]
    for finer, level in pairwise(LEVELS):
        for members in groups(listed, finer):
            assert len({getattr(found[m], level) for m in members}) == 1, (finer, members)
    for level in ("exact", "copy"):
        for a in listed:
            assert getattr(found[getattr(a, level)], level) == getattr(a, level), (level, a)
    for members in groups(listed, "story"):
        assert sum(found[m].representative for m in members) == 1, members
    for a in listed:
        seen, at = {a.id}, a
        while not at.representative:
            assert at.linked_to is not None
            assert at.linked_to not in seen, a
            seen.add(at.linked_to)
            at = found[at.linked_to]
        assert (at.story, at.linked_to, at.relation, at.score, at.evidence) == (a.story, None, None, None, None)
        if not a.representative:
            assert a.score is not None
            assert 0 < a.score <= 1
            assert a.linked_to is not None
            other = found[a.linked_to]
            assert (a.copy == other.copy) == (a.relation != "story"), a
            assert (a.exact == other.exact) == (a.relation == "exact"), a
    told = list(index.stories())
    assert len({story.id for story in told}) == len(told) == index.counts()["stories"]
    assert {a.id for story in told for a in story.assignments} == found.keys()
    for story in told:
        assert {a.story for a in story.assignments} == {story.id}
        assert story.assignments == tuple(a for a in listed if a.story == story.id)
        assert index.story(story.id) == story
        assert all(index.story(alias) == story for alias in story.aliases)
        assert story.independent_texts == len({a.copy for a in story.assignments})
    for a in listed:
        whole = index.story(a.story)
        assert whole.id == a.story, a
        assert a in whole.assignments, a
    return found


CHANCE = 0.85
"""Agreement on generated feeds: their few words are all as rare, so that large buckets leave out many pairs, and others than
those of a batch."""


def assert_as_batch(index: StoryIndex, articles: Sequence[Article], agreement: float = 0.97) -> None:
    """The copy groups of one run over the same articles, and nearly its stories."""
    batch = cluster(articles, index.settings)
    found = {a.id: a for a in index.assignments()}
    assert found.keys() == {a.id for a in batch}
    for level in ("exact", "copy"):
        assert groups(found.values(), level) == groups(batch, level)
    assert evaluate([found[a.id].story for a in batch], batch.labels("story")).bcubed_f1 >= agreement


def bridged(a: list[str], b: list[str]) -> str:
    """A text that two others are cuts of."""
    return " ".join([*a[:20], *b[:20], *a[20:], *b[20:]])


LEFT, RIGHT = words_of("left", 100), words_of("right", 100)


def lead(name: str, count: int) -> str:
    return " ".join(BY_ID[name].text.split()[:count])


FOOTER = "\n".join(text_of(f"follow us {i}", 10) for i in range(4))


def with_a_footer() -> tuple[list[Article], list[Article]]:
    """Short notices that are alike only by their footer, and longer articles from which it can be learned."""
    notices = [Article(f"{text_of(f'notice {i}', 12)}\n{FOOTER}", f"notice {i}", "", "سبق") for i in range(6)]
    others = [Article(f"{text_of(f'long {i}', 60)}\n{FOOTER}", f"long {i}", "", "سبق") for i in range(6)]
    return notices, others


def dated_before(article: Article, other: Article) -> bool:
    return article.date is not None and other.date is not None and article.date < other.date


class Twin:
    """What is stored, as a dictionary in order of arrival, and what is gone."""

    def __init__(self) -> None:
        self.articles: dict[str, Article] = {}
        self.gone: dict[str, Article] = {}
        self.removed: set[str] = set()  # ids of those that did not expire
        self.replaced: set[tuple[str, str, str]] = set()  # id, title and text of versions that are not the latest

    def add(self, article: Article) -> tuple[str, str]:
        """The id it has, and whether it is "added", "known", "older", "removed" or "expired"."""
        wanted = name = article.id or article.url
        again = 1
        while name in self.articles or name in self.gone:
            there = self.articles.get(name) or self.gone[name]
            if (there.title, there.text) == (article.title, article.text):
                return name, "known" if name in self.articles else self._went(name)
            if again == 1 and (other := self._replaced_as(article, wanted)):
                return other, "older" if other in self.articles else self._went(other)
            again += 1
            name = f"{wanted}#{again}"
        if other := self._removed_as(article, wanted):
            return other, "removed"
        self.articles[name] = replace(article, id=name)
        return name, "added"

    def _replaced_as(self, article: Article, name: str) -> str | None:
        """The id of which this article is a version that was replaced: the one it names, or this with a number."""
        ids = sorted(id for id, *told in self.replaced if told == [article.title, article.text])
        ids = [id for id in ids if id == name] or [id for id in ids if re.sub(r"#\d+$", "", id) == name]
        return ids[-1] if ids and ids[-1] in {*self.articles, *self.gone} else None

    def _went(self, name: str) -> str:
        return "removed" if name in self.removed else "expired"

    def _removed_as(self, article: Article, name: str) -> str | None:
        """The id of the removed article that this one is: that of its URL, or with its id unless title or URL are others."""
        held = [(id, there) for id, there in self.gone.items() if id in self.removed]
        if same := [id for id, there in held if url_key(article.url) and url_key(there.url) == url_key(article.url)]:
            return same[-1]
        there = self.gone[name] if name in self.removed else None
        pairs = there and [(there.title, article.title), (url_key(there.url), url_key(article.url))]
        return None if pairs is None or any(one and two and one != two for one, two in pairs) else name

    def add_again(self, articles: Iterable[Article]) -> list[tuple[str, str]]:
        """As `add`, of what may be gone."""
        articles, trial = list(articles), deepcopy(self)
        for name, became in [trial.add(article) for article in articles]:
            if became in ("removed", "expired"):
                self.gone.pop(name, None)
                self.removed.discard(name)
        return [self.add(article) for article in articles]

    def remove(self, names: Iterable[str]) -> None:
        """Articles that are taken away, and remembered."""
        for name in names:
            if name in self.articles:
                self.expire([name])
                self.removed.add(name)

    def expire(self, names: Iterable[str]) -> None:
        """Articles that are let go, and remembered."""
        for name in names:
            self.gone.pop(name, None)
            self.gone[name] = self.articles.pop(name)

    def merge(self, articles: Iterable[Article]) -> list[tuple[str, str]]:
        """As `add`, of articles that may come again under their own ids."""
        articles = list(articles)
        for article in articles:
            gone = None if article.id in self.removed else self.gone.get(article.id)
            if gone and (gone.title, gone.text) == (article.title, article.text):
                del self.gone[article.id]
            self.replaced = {row for row in self.replaced if row[1:] != (article.title, article.text)}
        return [self.add(article) for article in articles]

    def update(self, articles: Iterable[Article]) -> list[tuple[str, str]]:
        """New versions; of each article the id that it has, and what it is."""
        articles = list(articles)
        last = dict[str, Article]()
        for article in articles:
            name = article.id or article.url
            last[name] = last[name] if name in last and dated_before(article, last[name]) else article
        here = list(self.articles.values())
        family = {name: [a for a in here if a.id in self.ids_of(name)] for name in last}
        family = {name: sorted(held, key=lambda a, name=name: a.id != name) for name, held in family.items()}
        former = dict[str, Article]()  # by what is new, the one that it is a version of
        for name, article in last.items():
            held = [a for a in family[name] if a not in former.values()]
            same = [a for a in held if article.url and a.url == article.url]
            same = same or [
                a for a in held if article.title and a.title == article.title and not (a.url and article.url)
            ]
            same = same[-1:] or [a for a in held if a.id == name and not (a.url and article.url)]
            if same:
                former[name] = same[-1]
        became = {}
        for name, there in former.items():
            became[name] = there.id, "known"
            told = there.id, last[name].title, last[name].text
            if told != (there.id, there.title, there.text) and not (
                told in self.replaced or dated_before(last[name], there)
            ):
                became[name] = there.id, "added"
                self.articles.pop(there.id)
        for name, article in last.items():
            if name in former and became[name][1] == "added":
                self.articles[became[name][0]] = replace(article, id=became[name][0])
        for name, article in last.items():
            if name not in former:
                became[name] = self.add(article)
        versions = [(became[article.id or article.url], article) for article in articles]
        versions += [(became[name], there) for name, there in former.items()]
        out = []
        for (id, what), article in versions:
            is_other = id in self.articles and what != "older" and (article.title, article.text) != (
                self.articles[id].title, self.articles[id].text
            )  # fmt: skip
            if is_other:
                self.replaced.add((id, article.title, article.text))
            out.append((id, "older" if is_other else what))
        return out[: len(articles)]

    def ids_of(self, name: str) -> set[str]:
        """A name and the ids "name#2", "name#3", ... in succession that articles have or had."""
        names, again = {name} & (self.articles.keys() | self.gone.keys()), 2
        while names and f"{name}#{again}" in self.articles.keys() | self.gone.keys():
            names.add(f"{name}#{again}")
            again += 1
        return names

    def oldest(self) -> list[str]:
        """Ids, those to be forgotten first in front."""
        order = list(self.articles)
        return sorted(order, key=lambda x: (self.articles[x].date or datetime.max.replace(tzinfo=UTC), order.index(x)))


def by_copies() -> tuple[list[Article], list[Article], Article]:
    """Two strangers and an article that holds the text of both."""
    return (
        [Article(" ".join(LEFT), "left")],
        [Article(" ".join(RIGHT), "right")],
        Article(bridged(LEFT, RIGHT), "both"),
    )


def by_likeness() -> tuple[list[Article], list[Article], Article]:
    """Two short reports of an event, too little alike, and a long one that is like both."""
    a, b = (replace(BY_ID[name], text=lead(name, n)) for name, n in (("darb-08", 20), ("qandil-07", 45)))
    return [replace(a, id="left")], [replace(b, id="right")], replace(BY_ID["shurfa-06"], id="both")


WAYS = pytest.mark.parametrize("way", [by_copies, by_likeness])


def near_copies(count: int, *, start: int = 0) -> list[Article]:
    """Texts of 200 words that differ in six: a bucket for all of them."""
    base = text_of("base", 200)
    return [
        Article(f"{base} {text_of(f'end {i}', 6)}", f"{i:04}", date=DAY + timedelta(hours=i))
        for i in range(start, start + count)
    ]


def sqlite_file(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        for statement in statements:
            file.execute(statement)
        file.commit()


FOREIGN: dict[str, Callable[[Path], Any]] = {
    "text": lambda path: path.write_text("هذا ليس فهرسا\n" * 100, "utf-8"),
    "a few bytes": lambda path: path.write_bytes(b"hello"),
    "zeros": lambda path: path.write_bytes(bytes(5000)),
    "a table": lambda path: sqlite_file(path, "CREATE TABLE article (number)"),
    "another program": lambda path: sqlite_file(path, "PRAGMA application_id = 1234", "CREATE TABLE x (y)"),
    "a version without tables": lambda path: sqlite_file(path, "PRAGMA user_version = 1"),
}
