"""The living index: the same groups as a batch, ids that stay, and what each verb does to them.

What is stored is held against `cluster` over the same articles and against a plain dictionary of what was given. How the
file survives crashes, other writers and damage is `test_index_faults`'s business.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from made import lines_of, text_of, words_of
from places import DATA
from strategies import texts

from benchmarks.corpora.generator import feed
from clusterer import Article, Assignment, InputError, OutputError, Settings, SettingsError, cluster
from clusterer.arrays import kernels
from clusterer.evaluation.metrics import evaluate
from clusterer.index.database import VERSION
from clusterer.index.story_ids import Change
from clusterer.index.story_index import Added, StoryIndex
from clusterer.io.feed import Feed

both_loops = pytest.mark.usefixtures("either_loop")

DAY = datetime(2016, 4, 1, tzinfo=UTC)
SAMPLE = [row.article for row in Feed([DATA / "feed.jsonl"])]
BY_ID = {article.id: article for article in SAMPLE}
LEVELS = ("exact", "copy", "story")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "news.db"


@pytest.fixture(params=["compiled", "numpy"])
def either_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `loops`, of single tests: what is slow runs on the compiled loops only."""
    if request.param == "numpy":
        monkeypatch.setattr(kernels, "compiled", None)


@pytest.fixture(scope="module")
def generated() -> list[Article]:
    """A made feed whose outlets have footers, most of them unknown until they recur."""
    return [
        Article(row["content"], row["id"], row["title"], row["source"], "", datetime.fromisoformat(row["date"]))
        for row in feed(200)
    ]


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
    inside = {a.id for story in told for a in story.assignments}
    for story in told:
        assert {a.story for a in story.assignments} == {story.id}
        assert story.assignments == tuple(a for a in listed if a.id in inside and a.story == story.id)
        assert index.story(story.id) == story
        assert all(index.story(alias) == story for alias in story.aliases)
        assert story.copies == len({a.copy for a in story.assignments})
    for a in listed:
        whole = index.story(a.story)
        assert whole.id == a.story, a
        assert a in whole.assignments, a
    assert len(listed) - len(inside) == index.counts()["too short to group"]
    return found


def assert_as_batch(index: StoryIndex, articles: Sequence[Article], agreement: float = 0.97) -> None:
    """The copy groups of one run over the same articles, and nearly its stories."""
    batch = cluster(articles, index.settings)
    found = {a.id: a for a in index.assignments()}
    assert found.keys() == {a.id for a in batch}
    for level in ("exact", "copy"):
        assert groups(found.values(), level) == groups(batch, level)
    assert evaluate([found[a.id].story for a in batch], batch.labels("story")).bcubed_f1 >= agreement


@both_loops
@pytest.mark.parametrize("size", [1, 7, 50, 130])
def test_the_sample_feed_in_batches_of_any_size(size: int, path: Path) -> None:
    with StoryIndex.open(path) as index:
        for i, batch in enumerate(chunks(SAMPLE, size)):
            added = index.add(batch)
            assert [a.id for a in added] == [article.id for article in batch]
            if size > 1 or i % 10 == 0:
                assert index.check() == []
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)
    with StoryIndex.open(path, must_exist=True) as index:
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)


@both_loops
@pytest.mark.parametrize("size", [1, 7, 50, 200])
def test_a_generated_feed_in_batches_of_any_size(size: int, generated: list[Article], path: Path) -> None:
    with StoryIndex.open(path) as index:
        for i, batch in enumerate(chunks(generated, size)):
            index.add(batch)
            if size > 7 or i % 20 == 0:
                assert index.check() == []
        assert_well_formed(index)
        assert_as_batch(index, generated)


@pytest.mark.slow
@pytest.mark.parametrize("size", [97, 1000, 3000])
def test_a_larger_generated_feed(size: int, path: Path) -> None:
    articles = [Article(row["content"], row["id"], row["title"], row["source"]) for row in feed(3000, seed=5)]
    with StoryIndex.open(path) as index:
        for batch in chunks(articles, size):
            index.add(batch)
            assert index.check() == []
        assert_as_batch(index, articles)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_arrival_hardly_matters(seed: int, path: Path) -> None:
    shuffled = SAMPLE[:]
    random.Random(seed).shuffle(shuffled)
    with StoryIndex.open(path) as index:
        for batch in chunks(shuffled, 13):
            index.add(batch)
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)


def test_taking_away_what_was_added_leaves_the_groups_of_the_rest(path: Path) -> None:
    draw = random.Random(8)
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
        left = {article.id: article for article in SAMPLE}
        for _ in range(6):
            gone = draw.sample(sorted(left), 15)
            assert index.remove(gone).articles == 15
            for name in gone:
                del left[name]
            assert_well_formed(index)
            assert_as_batch(index, list(left.values()))
        index.add(SAMPLE)
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)


@both_loops
@pytest.mark.parametrize(
    "other",
    [
        {"level": "exact"},
        {"level": "copy"},
        {"unit": "char", "size": 12},
        {"scheme": "affine32"},
        {"scheme": "affine64", "seed": 7},
        {"scheme": "legacy", "profile": "strict-1"},
        {"profile": "strict", "boilerplate": "none"},
        {"boilerplate": "known", "sample": 0},
        {"min_words": 40, "representative": "longest"},
        {"representative": "central", "jaccard": 0.3, "containment": 0.4},
        {"slots": 32, "story_slots": 64, "recall": 0.9},
        {"bucket_cap": 8},
        {"story": 0.7},
        {"threads": 2, "chunk": 9},
    ],
    ids=lambda other: " ".join(f"{name}={value}" for name, value in other.items()),
)
def test_other_settings(other: dict[str, Any], path: Path) -> None:
    chosen = Settings(**other)
    with StoryIndex.open(path, chosen) as index:
        for batch in chunks(SAMPLE, 33):
            index.add(batch)
            assert index.check() == []
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE, agreement=0.95)
        if chosen.level != "story":
            assert all(a.story for a in index.assignments())
            assert groups(index.assignments(), "story") == groups(index.assignments(), chosen.level)


def test_threads_change_nothing(tmp_path: Path, generated: list[Article]) -> None:
    told = []
    for threads in (1, 2, 3):
        with StoryIndex.open(tmp_path / f"{threads}.db", Settings(threads=threads, chunk=10)) as index:
            for batch in chunks(generated, 60):
                index.add(batch)
            told.append((list(index.assignments()), index.query(SAMPLE[:20])))
    assert told[0] == told[1] == told[2]


def bridged(a: list[str], b: list[str]) -> str:
    """A text that two others are cuts of."""
    return " ".join([*a[:20], *b[:20], *a[20:], *b[20:]])


LEFT, RIGHT = words_of("left", 100), words_of("right", 100)


def lead(name: str, count: int) -> str:
    return " ".join(BY_ID[name].text.split()[:count])


FOOTER = f"{text_of('follow us', 40)}"


def with_a_footer() -> tuple[list[Article], list[Article]]:
    """Short notices that are alike only by their footer, and longer articles from which it can be learned."""
    notices = [Article(f"{text_of(f'notice {i}', 12)}\n{FOOTER}", f"notice {i}", "", "سبق") for i in range(6)]
    others = [Article(f"{text_of(f'long {i}', 60)}\n{FOOTER}", f"long {i}", "", "سبق") for i in range(6)]
    return notices, others


def pool() -> dict[str, Article]:
    """Articles of all relations; ids that others have or might be given, texts that are too short. By a name for each."""
    stories = "qandil-06 aldifaf-12 sawahil-11 bayraq-12 marsad-08 shurfa-05 darb-08 qandil-07 bayraq-11 shurfa-06"
    copies = "sawahil-10 bayraq-04 shurfa-03 aldifaf-03 aldifaf-02 marsad-06 sadawadi-05 marsad-01 aldifaf-09 darb-02"
    made = {
        "short left": Article(lead("aldifaf-05", 60), "short-left", "", "صحيفة الضفاف"),
        "short right": Article(lead("sawahil-03", 60), "short-right", "", "سواحل"),
        "left": Article(" ".join(LEFT), "left", "عنوان", "سبق", "", DAY),
        "left again": Article(" ".join(LEFT), "left again", "عنوان", "الرياض", "", DAY + timedelta(1)),
        "right": Article(" ".join(RIGHT), "right", "عنوان", "سبق", "", DAY + timedelta(2)),
        "right again": Article(" ".join([*RIGHT, "زيادة"]), "right again", "", "واس", "", DAY - timedelta(2)),
        "both": Article(bridged(LEFT, RIGHT), "both", "", "واس", "", DAY + timedelta(3)),
        "tiny": Article("خبر عاجل", "tiny"),
        "empty": Article("", "empty", date=DAY),
        "empty, by address": Article("", "", url="http://a.example/1"),
        "stranger, by address": Article(text_of("stranger", 50), "", url="http://a.example/2"),
        "other text of left": Article(text_of("other", 50), "left", "عنوان آخر", "سبق"),
        "third text of left": Article(text_of("yet another", 50), "left", date=DAY),
        "that has the id left#2": Article(text_of("other", 50), "left#2"),
        "tiny text of left": Article("قصير", "left"),
        "tiny text of both": Article("قصير", "both"),
        "right as both": Article(" ".join(RIGHT), "both", "عنوان", date=DAY),
        "marsad-08 as aldifaf-02": replace(BY_ID["marsad-08"], id="aldifaf-02", title="نسخة جديدة"),
    }
    footed = {article.id: article for articles in with_a_footer() for article in articles}
    return {name: BY_ID[name] for name in f"{stories} {copies}".split()} | made | footed


POOL = pool()
ITEMS = st.one_of(
    st.lists(st.sampled_from(sorted(POOL)), min_size=1, max_size=8),
    st.lists(
        st.sampled_from([article.id for articles in with_a_footer() for article in articles]), min_size=4, max_size=9
    ),
)
NAMES = st.lists(
    st.sampled_from(sorted({a.id or a.url for a in POOL.values()} | {"left#2", "left#3", "nobody"})), max_size=6
)


class Twin:
    """What is stored, as a dictionary in order of arrival."""

    def __init__(self) -> None:
        self.articles: dict[str, Article] = {}

    def add(self, article: Article) -> tuple[str, bool]:
        """The id it has, and whether it was there."""
        wanted = name = article.id or article.url
        again = 1
        while name in self.articles:
            there = self.articles[name]
            if (there.title, there.text) == (article.title, article.text):
                return name, True
            again += 1
            name = f"{wanted}#{again}"
        self.articles[name] = replace(article, id=name)
        return name, False

    def update(self, articles: Iterable[Article]) -> set[str]:
        """New versions; the ids that changed."""
        last = {article.id or article.url: article for article in articles}
        changed = set()
        for name, article in last.items():
            there = self.articles.get(name)
            if there is None or (there.title, there.text) != (article.title, article.text):
                self.articles.pop(name, None)
                self.articles[name] = replace(article, id=name)
                changed.add(name)
        return changed

    def oldest(self) -> list[str]:
        """Ids, those to be forgotten first in front."""
        order = list(self.articles)
        return sorted(order, key=lambda x: (self.articles[x].date or datetime.max.replace(tzinfo=UTC), order.index(x)))


class History(RuleBasedStateMachine):
    """Any verbs in any order. Ids of stories are followed by what the verbs say that they did."""

    chosen = Settings(boilerplate="known")
    batches = True  # whether a batch of what is stored must give the same copy groups

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name, "news.db")
        self.index = StoryIndex.open(self.path, self.chosen)
        self.twin, self.others = Twin(), 0
        self.stories: dict[str, str] = {}  # by article, of those that are long enough
        self.aliases: dict[str, str] = {}
        self.since: dict[str, int] = {}  # when ids of stories were first seen
        self.clock = 0

    def teardown(self) -> None:
        self.index.close()
        self.folder.cleanup()

    def follow(self, changes: Iterable[Change]) -> None:
        """Hold the stories as they are now against those before and what is told of it."""
        changes = list(changes)
        before, after = self.stories, {a.id: s.id for s in self.index.stories() for a in s.assignments}
        living, now = set(before.values()), set(after.values())
        for change in changes:
            assert change.story in living, change
            assert (change.into == "") == (change.kind == "ended") == (not change.articles), change
            assert all(after[name] == change.into for name in change.articles), change
            if change.kind == "merged":
                assert change.into in living & now, change
                assert change.story not in now, change
                assert self.since[change.into] < self.since[change.story], change
            elif change.kind == "split":
                assert change.into not in living, change
                assert change.story in now or any(c.story == change.story and c.kind == "merged" for c in changes)
            elif change.kind == "moved":
                assert change.into in living, change
            else:
                assert change.story not in now
        told = {(change.story, change.into): set(change.articles) for change in changes}
        assert len(told) == len(changes)
        for name in before.keys() & after.keys():
            if before[name] != after[name]:
                assert name in told[before[name], after[name]], (name, before[name], after[name])
        ended = {change.story for change in changes if change.kind == "ended"}
        merged = {change.story: change.into for change in changes if change.kind == "merged"}
        assert living - now == ended | merged.keys()
        for story in ended:
            assert not any(of == story and name in after for name, of in before.items())
        for name in ended | {alias for alias, of in self.aliases.items() if of in ended}:
            self.since.pop(name)
            self.aliases.pop(name, None)
        self.aliases = {alias: merged.get(of, of) for alias, of in (self.aliases | merged).items() if alias not in now}
        for name in self.twin.articles:
            if name in after and after[name] not in self.since:
                self.clock += 1
                self.since[after[name]] = self.clock
        self.stories = after

    def assert_statuses(self, added: Added, known: Sequence[bool]) -> None:
        found = list(self.index.assignments())
        by_id = {a.id: a for a in found}
        assert added.assignments == tuple(by_id[a.id] for a in added)
        copies, stories = Counter(a.copy for a in found), Counter(a.story for a in found)
        assert len(added.status) == len(known)
        for a, status, there in zip(added, added.status, known, strict=True):
            alone = "report" if stories[a.story] > 1 else "new"
            assert status == ("known" if there else "copy" if copies[a.copy] > 1 else alone), a

    @rule(names=ITEMS)
    def add(self, names: list[str]) -> None:
        items = [POOL[name] for name in names]
        added = self.index.add(items)
        expected = [self.twin.add(article) for article in items]
        assert [a.id for a in added] == [name for name, _ in expected]
        self.assert_statuses(added, [known for _, known in expected])
        self.follow(added.changes)

    @precondition(lambda self: self.twin.articles)
    @rule(data=st.data())
    def add_again(self, data: st.DataObject) -> None:
        names = data.draw(st.lists(st.sampled_from(list(self.twin.articles)), min_size=1, max_size=8))
        items = [self.twin.articles[name] for name in names]
        before = list(self.index.assignments())
        added = self.index.add(items)
        assert added.status == ("known",) * len(items)
        assert [a.id for a in added] == names
        assert added.changes == ()
        assert list(self.index.assignments()) == before

    @rule(names=ITEMS)
    def update(self, names: list[str]) -> None:
        items = [POOL[name] for name in names]
        added = self.index.update(items)
        changed = self.twin.update(items)
        ids = [article.id or article.url for article in items]
        assert [a.id for a in added] == ids
        self.assert_statuses(added, [name not in changed for name in ids])
        self.follow(added.changes)

    @rule(names=NAMES)
    def remove(self, names: list[str]) -> None:
        distinct = list(dict.fromkeys(names))
        missing = tuple(name for name in distinct if name not in self.twin.articles)
        removed = self.index.remove(names)
        assert (removed.articles, removed.missing) == (len(distinct) - len(missing), missing)
        for name in distinct:
            self.twin.articles.pop(name, None)
        self.follow(removed.changes)

    @rule(keep=st.integers(0, 25))
    def expire_the_oldest(self, keep: int) -> None:
        gone = self.twin.oldest()[: max(0, len(self.twin.articles) - keep)]
        removed = self.index.expire(max_articles=keep)
        assert removed.articles == len(gone)
        for name in gone:
            del self.twin.articles[name]
        self.follow(removed.changes)

    @rule(day=st.integers(-15, 15))
    def expire_those_before(self, day: int) -> None:
        then = DAY + timedelta(day)
        gone = [name for name, article in self.twin.articles.items() if article.date and article.date < then]
        removed = self.index.expire(then)
        assert removed.articles == len(gone)
        for name in gone:
            del self.twin.articles[name]
        self.follow(removed.changes)

    @rule()
    def compact(self) -> None:
        before = list(self.index.assignments())
        self.index.compact()
        assert list(self.index.assignments()) == before

    @rule()
    def reopen(self) -> None:
        before = list(self.index.assignments())
        self.index.close()
        self.index = StoryIndex.open(self.path, self.chosen, must_exist=True)
        assert list(self.index.assignments()) == before

    @rule(names=ITEMS)
    def query(self, names: list[str]) -> None:
        items, before = [POOL[name] for name in names], dump(self.path)
        found = {a.id: a for a in self.index.assignments()}
        for article, asked in zip(items, self.index.query(items), strict=True):
            there = self.twin.articles.get(article.id or article.url)
            if there and (there.title, there.text) == (article.title, article.text):
                assert asked == found[there.id]
            if asked.linked_to is not None:
                assert asked.story == found[asked.linked_to].story
        assert dump(self.path) == before

    @rule(names=ITEMS, more=ITEMS, level=st.sampled_from(["story", "copy"]))
    def merge(self, names: list[str], more: list[str], level: str) -> None:
        self.others += 1
        file, theirs = Path(self.folder.name, f"{self.others}.db"), Twin()
        with StoryIndex.open(file, replace(self.chosen, level=level)) as other:
            for batch in (names, more):
                other.add(POOL[name] for name in batch)
                for name in batch:
                    theirs.add(POOL[name])
            stories = {
                name: {a.id for a in story.assignments}
                for story in other.stories()
                for name in (story.id, *story.aliases)
            }
        added = self.index.merge(file)
        expected = [self.twin.add(article) for article in theirs.articles.values()]
        here = dict(zip(theirs.articles, (name for name, _ in expected), strict=True))
        assert [a.id for a in added] == list(here.values())
        self.follow(added.changes)
        self.assert_statuses(added, [known for _, known in expected])
        for story, members in stories.items():
            resolved = self.index.story(story)
            if story not in self.aliases.keys() | set(self.stories.values()):
                assert {here[name] for name in members} & {a.id for a in resolved.assignments}
                self.aliases[story] = resolved.id
                self.clock += 1
                self.since[story] = self.clock
        before = list(self.index.assignments())
        again = self.index.merge(file)
        assert (again.changes, set(again.status)) == ((), {"known"})
        assert list(self.index.assignments()) == before

    @invariant()
    def all_is_well(self) -> None:
        articles = self.twin.articles
        assert {alias: story.id for story in self.index.stories() for alias in story.aliases} == self.aliases
        found = assert_well_formed(self.index)
        assert found.keys() == articles.keys()
        assert self.index.articles(articles) == articles
        batch = cluster(articles.values(), self.chosen)
        for level in ("exact", "copy") if self.batches else ():
            assert groups(found.values(), level) == groups(batch, level)


class LearnedHistory(History):
    """The same where lines are learned, and known as furniture for as long as anything holds them."""

    chosen = Settings(boilerplate="learned")
    batches = False


HISTORIES = pytest.mark.parametrize("machine", [History, LearnedHistory])


@HISTORIES
def test_any_history(machine: type[History]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=20, stateful_step_count=15, deadline=None))


@pytest.mark.slow
@HISTORIES
def test_any_long_history(machine: type[History]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))


def by_copies() -> tuple[list[Article], list[Article], Article]:
    """Two strangers and an article that holds the text of both."""
    return (
        [Article(" ".join(LEFT), "left")],
        [Article(" ".join(RIGHT), "right")],
        Article(bridged(LEFT, RIGHT), "both"),
    )


def by_likeness() -> tuple[list[Article], list[Article], Article]:
    """Two short reports of an event, too little alike, and a long one that is like both."""
    a, b = (replace(BY_ID[name], text=lead(name, 60)) for name in ("aldifaf-05", "sawahil-03"))
    return [replace(a, id="left")], [replace(b, id="right")], replace(BY_ID["darb-02"], id="both")


WAYS = pytest.mark.parametrize("way", [by_copies, by_likeness])


@WAYS
def test_two_stories_that_an_article_brings_together_are_the_older_one(way: Any, path: Path) -> None:
    left, right, both = way()
    with StoryIndex.open(path) as index:
        assert index.add(left).status == ("new",)
        assert index.add(right).status == ("new",)
        added = index.add([both])
        assert added.changes == (Change("merged", "right", "left", ("right",)),)
        assert added.assignments[0].story == "left"
        assert added.status[0] in ("copy", "report")
        story = index.story("right")
        assert (story.id, story.aliases, len(story)) == ("left", ("right",), 3)
        assert index.story("both") == index.story("left") == story
        assert_well_formed(index)
    with StoryIndex.open(path) as index:
        assert index.story("right") == story


@WAYS
def test_the_older_story_keeps_its_id_though_the_younger_is_larger(way: Any, path: Path) -> None:
    left, right, both = way()
    copies = [replace(right[0], id=f"right {i}") for i in range(5)]
    with StoryIndex.open(path) as index:
        index.add(left)
        index.add(copies)
        added = index.add([both])
        assert [(c.kind, c.story, c.into) for c in added.changes] == [("merged", "right 0", "left")]
        assert set(added.changes[0].articles) == {a.id for a in copies}
        assert len(index.story("right 0")) == 7
        assert_well_formed(index)


@WAYS
def test_a_story_that_comes_apart_leaves_its_id_to_the_larger_part(way: Any, path: Path) -> None:
    left, right, both = way()
    copies = [replace(right[0], id=f"right {i}") for i in range(3)]
    with StoryIndex.open(path) as index:
        for batch in (left, copies, [both]):
            index.add(batch)
        removed = index.remove(["both"])
        assert {a.id for a in index.story("left").assignments} == {a.id for a in copies}
        (change,) = removed.changes
        assert (change.kind, change.story, change.articles) == ("split", "left", ("left",))
        assert change.into not in ("left", "right 0")
        assert [a.id for a in index.story(change.into).assignments] == ["left"]
        assert index.story("right 0").id == "left"
        assert_well_formed(index)


@WAYS
def test_of_two_equal_parts_the_earlier_keeps_the_id_and_the_alias_is_its_own_again(way: Any, path: Path) -> None:
    left, right, both = way()
    with StoryIndex.open(path) as index:
        for batch in (left, right, [both]):
            index.add(batch)
        assert index.remove(["both"]).changes == (Change("split", "left", "right", ("right",)),)
        assert [a.id for a in index.story("left").assignments] == ["left"]
        assert [a.id for a in index.story("right").assignments] == ["right"]
        assert index.story("left").aliases == ()
        assert_well_formed(index)
        assert index.add([both]).changes == (Change("merged", "right", "left", ("right",)),)
        assert index.story("right").aliases == ("right",)


def test_aliases_of_a_story_that_becomes_an_alias_follow_it(path: Path) -> None:
    a, b, c = (words_of(seed, 100) for seed in "abc")
    with StoryIndex.open(path) as index:
        for seed, text in (("a", a), ("b", b), ("c", c)):
            index.add([Article(" ".join(text), seed)])
        index.add([Article(bridged(b, c), "bc")])
        assert (index.story("c").id, index.story("b").aliases) == ("b", ("c",))
        index.add([Article(" ".join([*a[:15], *b[:15], *c[:15], *a[15:], *b[15:], *c[15:]]), "abc")])
        assert {index.story(name).id for name in ("a", "b", "c", "bc", "abc")} == {"a"}
        assert index.story("a").aliases == ("b", "c")
        assert_well_formed(index)
        removed = index.remove(["a", "b", "c", "bc", "abc"])
        assert kinds(removed.changes) == {("ended", "a", "")}
        for name in "abc":
            with pytest.raises(InputError, match=rf"'{name}'.*cure"):
                index.story(name)


def test_a_part_of_a_story_moves_to_another_one(path: Path) -> None:
    """A short text that leaves the centre it was like for one that it is more like. Both have copies of their own."""
    shared, own = words_of("shared", 42), words_of("own", 18)
    first, second = words_of("first", 100), words_of("second", 100)

    def others(name: str, body: list[str]) -> list[Article]:
        return [Article(" ".join([*body, *words_of(f"{name} {i}", 5)]), f"{name} {i}") for i in range(2)]

    with StoryIndex.open(path, Settings(level="copy")) as index:
        index.add([Article(" ".join([*shared, *first]), "first"), *others("first", first)])
        index.add([Article(" ".join([*shared, *own]), "short")])
        assert index.story("short").id == "first"
        index.add(others("second", second))
        added = index.add([Article(" ".join([*shared, *own, *second]), "second")])
        assert added.changes == (Change("moved", "first", "second 0", ("short",)),)
        assert index.story("short").id == "second 0"
        assert_well_formed(index)


def test_a_part_that_goes_with_new_articles_is_split_off(path: Path) -> None:
    shared, own = words_of("shared", 42), words_of("own", 18)
    first, second = words_of("first", 100), words_of("second", 100)
    with StoryIndex.open(path, Settings(level="copy")) as index:
        index.add([Article(" ".join([*shared, *first]), "first")])
        index.add([Article(" ".join([*shared, *own]), "short")])
        assert index.story("short").id == "first"
        added = index.add([Article(" ".join([*shared, *own, *second]), "second")])
        (change,) = added.changes
        assert (change.kind, change.story, change.articles) == ("split", "first", ("short",))
        assert {a.story for a in added} == {change.into}
        assert_well_formed(index)


def test_a_story_outlives_the_article_it_is_named_after(path: Path) -> None:
    text = text_of("story", 60)
    with StoryIndex.open(path) as index:
        index.add([Article(text, "founder", date=DAY)])
        index.add([Article(text, "heir", date=DAY + timedelta(5))])
        removed = index.expire(DAY + timedelta(1))
        assert (removed.articles, removed.changes) == (1, ())
        assert [a.id for a in index.story("founder").assignments] == ["heir"]
        (only,) = index.assignments()
        assert (only.story, only.representative) == ("founder", True)
        assert index.add([Article(text, "third")]).assignments[0].story == "founder"
        assert_well_formed(index)


@pytest.mark.parametrize("text", [text_of("elsewhere", 40), "قصير", ""], ids=["long", "short", "empty"])
def test_an_id_that_is_used_again_does_not_take_a_living_storys_id(text: str, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of("story", 60), name) for name in ("founder", "heir")])
        index.remove(["founder"])
        (asked,) = index.query([Article(text, "founder")])
        assert asked.story != "founder"
        (again,) = index.add([Article(text, "founder")]).assignments
        assert again.id == "founder"
        assert again.story != "founder"
        assert [a.id for a in index.story("founder").assignments] == ["heir"]
        assert [a.id for a in index.story(again.story).assignments] == ["founder"]
        assert len(groups(index.assignments(), "story")) == 2
        assert_well_formed(index)


@pytest.mark.parametrize("kind", ["an article of a story", "a short article", "a story"])
def test_a_short_article_shares_its_storys_id_with_nobody(kind: str, path: Path) -> None:
    """Its own id names a living story, and the next one, "a#2", is in use as well."""
    others = {
        "an article of a story": Article(text_of("there", 40), "a"),
        "a short article": Article("قصير أيضا", "a"),
        "a story": Article(text_of("elsewhere", 40), "a"),
    }
    with StoryIndex.open(path) as index:
        index.add([Article(text_of("story", 60), name) for name in "ab"])
        index.add([Article(text_of("there", 40), "there")])
        index.remove(["a"])
        index.add([Article("قصير", "a"), others[kind]])
        found = assert_well_formed(index)
        assert found.keys() == {"b", "there", "a", "a#2"}
        assert len(groups(found.values(), "story")) == (3 if kind == "an article of a story" else 4)
        assert index.query([Article("قصير", "a")]) == [found["a"]]


def test_a_story_that_has_ended_leaves_its_id_to_others(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a")])
        assert index.remove("a").changes == (Change("ended", "a", "", ()),)
        (again,) = index.add([Article(text_of(2, 40), "a")])
        assert again.story == "a"
        assert_well_formed(index)


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
        assert (story.first, story.last, story.copies, len(story)) == (DAY, DAY + timedelta(2), 1, 3)
        assert [a.id for a in story.assignments] == ["b", "a", "c"]
        (head,) = (a for a in story.assignments if a.representative)
        assert head.id == "a"


def test_a_short_article_is_a_story_of_its_own(path: Path) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    with StoryIndex.open(path) as index:
        index.add([Article("خبر عاجل", "tiny", "عنوان", "سبق", "", DAY), Article("", "empty")])
        story = index.story("tiny")
        assert (story.id, story.aliases, len(story), story.copies) == ("tiny", (), 1, 1)
        assert (story.outlets, story.first, story.last, story.title) == (("سبق",), DAY, DAY, "عنوان")
        assert before <= index.story("empty").first <= datetime.now(UTC)
        assert list(index.stories()) == []
        assert index.counts()["too short to group"] == 2


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
        index.add([Article(text_of(i, 20), f"{i}") for i in range(5)])
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


def test_status_tells_what_each_article_is(path: Path) -> None:
    text = BY_ID["sawahil-03"].text
    with StoryIndex.open(path) as index:
        first = index.add([Article(text, "a"), Article(text_of(1, 40), "b"), Article("قصير", "tiny")])
        assert first.status == ("new", "new", "new")
        assert first.changes == ()
        added = index.add(
            [
                Article(text_of(1, 40), "b"),
                Article(text, "exact"),
                Article(f"{text} وأضاف المصدر", "near"),
                Article(lead("sawahil-03", 60), "cut"),
                replace(BY_ID["aldifaf-05"], id="report", date=None),
                Article("قصير", "tiny"),
                Article("قصير", "tiny too"),
                Article(text_of(2, 40), "new"),
            ]
        )
        assert added.status == ("known", "copy", "copy", "copy", "report", "known", "new", "new")
        assert [a.story for a in added] == ["b", "a", "a", "a", "a", "tiny", "tiny too", "new"]
        assert [a.relation for a in added][1:5] == ["exact", "copy", "contained", "story"]
        assert len(added) == 8
        assert list(added) == list(added.assignments)
        assert added.changes == ()


def test_statuses_are_those_after_the_whole_batch(path: Path) -> None:
    with StoryIndex.open(path) as index:
        added = index.add([Article(text_of(1, 40), "a"), Article(text_of(1, 40), "b"), Article(text_of(1, 40), "b")])
        assert added.status == ("new", "copy", "known")
        assert [a.representative for a in added] == [True, False, False]


ARRANGEMENTS = [[3], [1, 1, 1], [1, 2], [2, 1]]


@pytest.mark.parametrize("sizes", ARRANGEMENTS, ids=str)
@pytest.mark.parametrize("kind", ["long", "short", "titles"])
def test_a_taken_id_gets_a_number_and_is_known_by_it(sizes: list[int], kind: str, path: Path) -> None:
    versions = {
        "long": [Article(text_of(i, 40), "x") for i in range(3)],
        "short": [Article("", "x"), Article("قصير", "x"), Article("قصير جدا", "x")],
        "titles": [Article(text_of(1, 40), "x", title) for title in ("", "عنوان", "آخر")],
    }[kind]
    with StoryIndex.open(path) as index:
        rest = iter(versions)
        names = [a.id for size in sizes for a in index.add([next(rest) for _ in range(size)])]
        assert names == ["x", "x#2", "x#3"]
        again = index.add([*versions[::-1], versions[0]])
        assert again.status == ("known",) * 4
        assert [a.id for a in again] == ["x#3", "x#2", "x", "x"]
        assert len(index) == 3
        for name, article in zip(names, versions, strict=True):
            assert index.articles([name]) == {name: replace(article, id=name)}
        assert_well_formed(index)


def test_repeats_within_one_batch_are_stored_once(path: Path) -> None:
    a, b = Article(text_of(1, 40), "x"), Article(text_of(2, 40), "x")
    with StoryIndex.open(path) as index:
        added = index.add([a, b, a, b, a])
        assert [x.id for x in added] == ["x", "x#2", "x", "x#2", "x"]
        assert added.status == ("new", "new", "known", "known", "known")
        assert len(index) == 2


def test_an_id_that_looks_like_a_numbered_one_is_left_to_who_has_it(path: Path) -> None:
    own = Article(text_of("own", 40), "x#2")
    with StoryIndex.open(path) as index:
        added = index.add([own, Article(text_of(1, 40), "x"), Article(text_of(2, 40), "x")])
        assert [a.id for a in added] == ["x#2", "x", "x#3"]
        assert index.add([own, Article(text_of(2, 40), "x")]).status == ("known", "known")
        assert_well_formed(index)


def test_articles_without_an_id_are_named_by_address_or_content(path: Path) -> None:
    text = text_of(1, 40)
    with StoryIndex.open(path) as index:
        added = index.add([Article(text, url="http://x/1"), text, {"text": text, "title": "عنوان"}])
        assert added.assignments[0].id == "http://x/1"
        assert len({a.id for a in added}) == len(index) == 3
        assert [a.id for a in added] == [a.id for a in cluster([Article(text, url="http://x/1"), text])] + [
            added.assignments[2].id
        ]
        assert index.add([text, Article(text, url="http://x/1")]).status == ("known", "known")
        assert len(index) == 3


def test_strings_mappings_and_articles_are_taken(path: Path) -> None:
    row = {"id": 7, "content": text_of(1, 40), "published": "2016-04-01T00:00:00Z"}
    rows: list[Article | dict[str, Any] | str] = [row, Article("", "b"), "نص"]
    with StoryIndex.open(path) as index:
        added = index.add(iter(rows))
        assert [a.id for a in added][:2] == ["7", "b"]
        assert index.articles(["7"])["7"].date == DAY


class _Frame:
    """What walks like a data frame."""

    columns = ("id", "text")

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)


@pytest.mark.parametrize("verb", ["add", "update", "query"])
@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([text_of(1, 40), 5], "article 2 is a int"),
        ([{"colour": "red"}], "article 1: "),
        ("نص", "one str"),
        ({"text": "نص"}, "one dict"),
        (Article("نص"), "one Article"),
        (_Frame(), "data frame"),
    ],
    ids=["number", "no text", "string", "mapping", "article", "frame"],
)
def test_what_is_no_article_is_refused_and_nothing_stored(verb: str, items: Any, message: str, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(2, 40), "there")])
        before = dump(path)
        with pytest.raises(InputError, match=message):
            getattr(index, verb)(items)
        assert dump(path) == before
        assert_well_formed(index)


@pytest.mark.parametrize(
    ("article", "what"),
    [
        (Article(text_of(1, 40), "x\ud800"), "id"),
        (Article(text_of(1, 40), url="http://x/\udfff"), "id"),
        (Article(text_of(1, 40), "x", source="\udc00"), "source"),
    ],
)
@pytest.mark.parametrize("verb", ["add", "update"])
def test_half_a_character_in_a_name_is_refused_with_its_place(
    verb: str, article: Article, what: str, path: Path
) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(2, 40), "there")])
        before = dump(path)
        with pytest.raises(InputError, match=rf"article 2: {what} .*half a character.*cure"):
            getattr(index, verb)([Article(text_of(3, 40), "good"), article])
        assert dump(path) == before
        assert index.add([Article(text_of(3, 40), "good")]).status == ("new",)
        assert_well_formed(index)


def test_names_with_half_a_character_are_nobodys(path: Path) -> None:
    with StoryIndex.open(path) as index:
        assert index.remove(["\ud800"]).missing == ("\ud800",)
        assert index.articles(["\ud800"]) == {}


@pytest.mark.parametrize("where", ["text", "title"])
@pytest.mark.parametrize("sign", ["\ud800", "\x00", "\x1f", "\u2028", "\ufeff", "\U0001f600"])
def test_odd_signs_are_kept(sign: str, where: str, path: Path) -> None:
    plain = Article(text_of(1, 40), "plain", "عنوان")
    told = f"{sign}{getattr(plain, where)} {sign}و{sign}"
    odd = replace(plain, id="odd", text=told) if where == "text" else replace(plain, id="odd", title=told)
    with StoryIndex.open(path) as index:
        index.add([odd, plain])
        assert index.articles(["odd"]) == {"odd": odd}
        assert index.story("odd").id == index.story("plain").id
        assert index.add([odd, plain]).status == ("known", "known")
        index.remove(["plain"])
        assert_well_formed(index)


def test_a_separator_does_not_make_two_articles_one(path: Path) -> None:
    text = text_of(1, 40)
    versions = [Article(f"ب\x1f{text}", "x", "أ"), Article(text, "x", "أ\x1fب")]
    with StoryIndex.open(path) as index:
        assert [a.id for a in index.add(versions)] == ["x", "x#2"]
        assert index.articles(["x#2"])["x#2"].title == "أ\x1fب"
    nameless = [replace(article, id="") for article in versions]
    with StoryIndex.open(path.with_name("nameless.db")) as index:
        index.add(nameless)
        assert len(index) == 2


def test_the_address_and_the_outlet_do_not_tell_two_articles_of_one_id_apart(path: Path) -> None:
    article = Article(text_of(1, 40), "x", "عنوان", "سبق", "http://x.example/1", DAY)
    with StoryIndex.open(path) as index:
        index.add([article])
        for other in (
            {"url": "http://x.example/\U0001f600"},
            {"source": "ﷺ"},
            {"date": None},
            {"source": "", "url": ""},
        ):
            assert index.add([replace(article, **other)]).status == ("known",), other


@pytest.mark.parametrize("coding", ["cp1256", "latin-1"])
def test_a_text_is_not_taken_for_itself_in_a_wrong_encoding(coding: str, path: Path) -> None:
    text = f"{text_of(1, 40)} ۲۰۱۶ ی"
    wrong = text.encode("utf-8").decode(coding)
    with StoryIndex.open(path) as index:
        index.add([Article(wrong, "x")])
        assert index.update([Article(text, "x")]).status == ("new",)
        assert index.articles(["x"])["x"].text == text
        assert [a.id for a in index.add([Article(text, "x", wrong), Article(text, "x", text)])] == ["x#2", "x#3"]
        assert_well_formed(index)


ODD_NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)


@given(st.lists(st.tuples(ODD_NAMES, st.integers(0, 4)), min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_any_names_are_kept_apart(pairs: list[tuple[str, int]], draw: random.Random) -> None:
    articles = [Article(text_of(seed, 30) if seed else "قصير", name) for name, seed in pairs]
    twin = Twin()
    with tempfile.TemporaryDirectory() as folder, StoryIndex.open(Path(folder, "news.db")) as index:
        expected = [twin.add(article) for article in articles]
        added = index.add(articles)
        assert [a.id for a in added] == [name for name, _ in expected]
        assert index.articles(twin.articles) == twin.articles
        assert_well_formed(index)
        for name in draw.sample(sorted(twin.articles), len(twin.articles)):
            story = index.story(name)
            assert name in {story.id, *story.aliases} | {a.id for a in story.assignments}
            if draw.random() < 0.5:
                assert index.remove([name]).articles == 1
            else:
                index.update([Article(text_of(draw.randrange(1, 6), 30), name)])
        assert_well_formed(index)


@pytest.mark.parametrize("name", ["a\x00b", "\x00", "a\nb", "'; DROP TABLE article; --", "%", "ا" * 5000, "[1]", "x#2"])
def test_a_story_named_by_odd_signs_lives_on(name: str, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), name), Article(text_of(1, 40), "other")])
        assert {a.story for a in index.assignments()} == {name}
        index.remove([name])
        assert [a.id for a in index.story(name).assignments] == ["other"]
        (again,) = index.add([Article(text_of(2, 40), name)])
        assert (again.id, again.story != name) == (name, True)
        assert_well_formed(index)


@given(
    st.lists(
        st.builds(
            Article,
            texts(60),
            st.just(""),
            texts(),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
            st.one_of(st.just(""), st.integers(0, 9).map("http://x.example/{}".format)),
            st.one_of(st.none(), st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))),
        ),
        max_size=8,
    )
)
@settings(max_examples=30)
def test_articles_come_back_as_they_were(articles: list[Article]) -> None:
    named = [replace(article, id=f"{i}") for i, article in enumerate(articles)]
    with tempfile.TemporaryDirectory() as folder:
        with StoryIndex.open(Path(folder, "news.db")) as index:
            index.add(named)
        with StoryIndex.open(Path(folder, "news.db")) as index:
            assert list(index.articles([*(a.id for a in named), "nobody"]).values()) == named
            assert index.add(named).status == ("known",) * len(named)
            assert index.check() == []


EDGES = [
    datetime.max,
    datetime.min,
    datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]


@pytest.mark.parametrize("date", EDGES, ids=str)
def test_the_ends_of_time_do_not_spoil_an_index(date: datetime, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "edge", date=date), Article("قصير", "tiny", date=date)])
        assert index.articles(["edge"])["edge"].text == text_of(1, 40)
        assert len(index.story("edge")) == len(index.story("tiny")) == 1
        assert_well_formed(index)
        assert index.query([Article(text_of(1, 40), "asked", date=date)])[0].story == "edge"
    with StoryIndex.open(path.with_name("other.db")) as other:
        assert len(other.merge(path)) == 2


def test_a_date_without_a_zone_is_utc(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article("نص", "naive", date=datetime(2016, 4, 1, 3, 4, 5, 678_901))])
        there = timezone(timedelta(hours=3))
        index.add([Article("نص", "riyadh", date=datetime(2016, 4, 1, 3, 4, 5, tzinfo=there))])
        found = index.articles(["naive", "riyadh"])
        assert found["naive"].date == datetime(2016, 4, 1, 3, 4, 5, 678_901, tzinfo=UTC)
        assert found["riyadh"].date == datetime(2016, 4, 1, 0, 4, 5, tzinfo=UTC)


def test_huge_texts(path: Path) -> None:
    long = text_of("huge", 100_000)
    with StoryIndex.open(path) as index:
        began = time.monotonic()
        added = index.add(
            [
                Article(long, "a"),
                Article(f"{long} و", "b"),
                Article("ا" * 2_000_000, "word"),
                Article("ا " * 200_000, "c"),
            ]
        )
        assert added.status == ("copy", "copy", "new", "new")
        assert time.monotonic() - began < 20
        assert_well_formed(index)


def test_ten_thousand_identical_texts_stay_quick(path: Path) -> None:
    text = text_of("same", 120)
    began = time.monotonic()
    with StoryIndex.open(path) as index:
        added = index.add([Article(text, f"{i:05}", source=f"{i % 50}", date=DAY) for i in range(10_000)])
        assert set(added.status) == {"copy"}
        assert {a.story for a in added} == {"00000"}
        for i in range(5):
            assert index.add([Article(text, f"later {i}")]).assignments[0].story == "00000"
        assert index.query([Article(text, "asked")])[0].relation == "exact"
        assert index.remove(["00000", "00001"]).changes == ()
        assert len(index.story("00000")) == 10_003
        assert index.check() == []
        assert index.expire(max_articles=10).changes == ()
        assert index.story("00000").id == "00000"
        assert_well_formed(index)
    assert time.monotonic() - began < 30


def near_copies(count: int, *, start: int = 0) -> list[Article]:
    """Texts of 200 words that differ in six: a bucket for all of them."""
    base = text_of("base", 200)
    return [
        Article(f"{base} {text_of(f'end {i}', 6)}", f"{i:04}", date=DAY + timedelta(hours=i))
        for i in range(start, start + count)
    ]


@pytest.mark.parametrize("size", [20, 300])
def test_three_hundred_near_copies(size: int, path: Path) -> None:
    articles = near_copies(300)
    began = time.monotonic()
    with StoryIndex.open(path) as index:
        for batch in chunks(articles, size):
            index.add(batch)
        assert_well_formed(index)
        assert_as_batch(index, articles)
        assert len(groups(index.assignments())) == 1
        (asked,) = index.query(near_copies(1, start=1000))
        assert (asked.relation, asked.story) == ("copy", "0000")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize("compacted", [False, True], ids=["as it is", "compacted"])
def test_the_later_of_many_near_copies_stay_together_when_the_first_expire(
    steps: int, compacted: bool, path: Path
) -> None:
    """A daily text: its large bucket loses the members that all others were paired with."""
    articles = near_copies(300)
    with StoryIndex.open(path) as index:
        index.add(articles)
        for step in range(steps):
            removed = index.expire(max_articles=300 - 250 * (step + 1) // steps)
            assert removed.changes == ()
            if compacted:
                index.compact()
        assert index.check() == []
        assert_as_batch(index, articles[250:])
        assert index.query(near_copies(1, start=1000))[0].relation == "copy"
        assert index.add(near_copies(1, start=1000)).status == ("copy",)


@pytest.mark.parametrize(("day", "window"), [(20, 150), (1, 70)])
def test_a_daily_series_that_slides_stays_one_story(day: int, window: int, path: Path) -> None:
    """More near copies at a time than a bucket's cap; every one that was ever a hub expires."""
    with StoryIndex.open(path) as index:
        index.add(near_copies(window))
        for start in range(window, 3 * window, day):
            assert index.add(near_copies(day, start=start)).changes == (), start
            assert index.expire(max_articles=window).changes == (), start
            if start % 20 == 0:
                assert len(groups(index.assignments())) == 1, start
        assert {a.story for a in index.assignments()} == {"0000"}
        assert_well_formed(index)


def arrangements() -> dict[str, list[list[Article]]]:
    notices, others = with_a_footer()
    mixed = [article for pair in zip(notices, others, strict=True) for article in pair]
    return {
        "at once": [[*notices, *others]],
        "notices first": [notices, others],
        "notices last": [others, notices],
        "one by one": [[article] for article in mixed],
        "notices one by one first": [[article] for article in [*notices, *others]],
        "in threes": [mixed[i : i + 3] for i in range(0, 12, 3)],
    }


@both_loops
@pytest.mark.parametrize("arrangement", arrangements())
def test_a_footer_is_learned_whenever_its_fifth_article_comes(arrangement: str, path: Path) -> None:
    batches = arrangements()[arrangement]
    articles = [article for batch in batches for article in batch]
    with StoryIndex.open(path) as index:
        for batch in batches:
            index.add(batch)
            assert_well_formed(index)
        assert index.counts()["learned lines"] == 1
        assert len(groups(index.assignments())) == 12
        assert_as_batch(index, articles)
        (asked,) = index.query([Article(f"{text_of('asked', 12)}\n{FOOTER}", "asked", "", "سبق")])
        assert asked.relation is None
        again = index.query([Article(f"{text_of('notice 1', 12)}", "asked", "", "سبق")])[0]
        assert (again.relation, again.linked_to) == ("exact", "notice 1")


def test_what_only_a_footer_held_together_comes_apart_when_it_is_learned(path: Path) -> None:
    notices, others = with_a_footer()
    with StoryIndex.open(path) as index:
        index.add(notices)
        assert len(groups(index.assignments())) == 1
        index.add(others[:4])
        assert index.counts()["learned lines"] == 0
        added = index.add(others[4:5])
        assert index.counts()["learned lines"] == 1
        assert {change.kind for change in added.changes} == {"split"}
        assert {change.story for change in added.changes} == {"notice 0"}
        assert {name for change in added.changes for name in change.articles} == {f"notice {i}" for i in range(1, 6)}
        assert [a.id for a in index.story("notice 0").assignments] == ["notice 0"]
        assert_well_formed(index)


def test_a_line_is_furniture_of_its_outlet_only(path: Path) -> None:
    notices, others = with_a_footer()
    elsewhere = [
        Article(f"{text_of(f'elsewhere {i}', 12)}\n{FOOTER}", f"elsewhere {i}", "", "الرياض") for i in range(3)
    ]
    with StoryIndex.open(path) as index:
        index.add([*notices, *elsewhere, *others])
        assert_as_batch(index, [*notices, *elsewhere, *others])
        assert {a.copy for a in index.assignments() if a.id.startswith("elsewhere")} == {"elsewhere 0"}
        assert_well_formed(index)


@pytest.mark.parametrize("count", [9, 10])
def test_a_line_of_unknown_outlets_must_recur_more_often(count: int, path: Path) -> None:
    articles = [Article(f"{text_of(f'long {i}', 60)}\n{FOOTER}", f"{i}") for i in range(count)]
    with StoryIndex.open(path) as index:
        for batch in chunks(articles, 4):
            index.add(batch)
        assert index.counts()["learned lines"] == (count == 10)
        assert_well_formed(index)


MANY = {
    "one by one of ten": [10] * 10,
    "at once": [100],
    "in halves": [50, 50],
}


@pytest.mark.parametrize("sizes", MANY.values(), ids=MANY)
@pytest.mark.parametrize("outlet", ["", "سبق"], ids=["unknown outlet", "outlet"])
def test_a_footer_of_more_articles_than_a_bucket_holds_is_learned(sizes: list[int], outlet: str, path: Path) -> None:
    articles = [Article(f"{text_of(f'long {i}', 60)}\n{FOOTER}", f"{i}", "", outlet) for i in range(100)]
    with StoryIndex.open(path) as index:
        rest = iter(articles)
        for size in sizes:
            index.add([next(rest) for _ in range(size)])
        assert index.counts()["learned lines"] == 1
        assert_as_batch(index, articles)
        assert_well_formed(index)


@pytest.mark.parametrize("first", [0, 1, 12], ids="{} long ones first".format)
@pytest.mark.parametrize("outlet", ["", "سبق"], ids=["unknown outlet", "outlet"])
def test_all_that_hold_a_footer_are_read_anew_when_it_is_learned(first: int, outlet: str, path: Path) -> None:
    notices = [Article(f"{text_of(f'notice {i}', 12)}\n{FOOTER}", f"notice {i}", "", outlet) for i in range(80)]
    others = [Article(f"{text_of(f'long {i}', 60)}\n{FOOTER}", f"long {i}", "", outlet) for i in range(12)]
    with StoryIndex.open(path) as index:
        for batch in (others[:first], notices[:40], notices[40:], others[first:]):
            index.add(batch)
            assert index.check() == []
        assert index.counts()["learned lines"] == 1
        assert_as_batch(index, [*notices, *others])
        assert_well_formed(index)


def test_lines_that_repeat_only_in_copies_are_not_learned(path: Path) -> None:
    articles = [Article(lines_of("same", 6), f"{i}", "", "سبق") for i in range(20)]
    with StoryIndex.open(path) as index:
        for batch in chunks(articles, 3):
            index.add(batch)
        assert index.counts()["learned lines"] == 0
        assert len(groups(index.assignments())) == 1


def test_an_article_of_nothing_but_a_learned_footer_is_too_short(path: Path) -> None:
    _, others = with_a_footer()
    bare = [Article(FOOTER, f"bare {i}", "", "سبق") for i in range(3)]
    with StoryIndex.open(path) as index:
        index.add(bare[:2])
        assert index.counts()["too short to group"] == 0
        added = index.add([*others, bare[2]])
        assert index.counts()["too short to group"] == 3
        assert ("ended", "bare 0", "") in kinds(added.changes)
        assert [a.story for a in index.assignments()][:2] == ["bare 0", "bare 1"]
        assert_well_formed(index)


def test_what_was_learned_is_forgotten_with_the_last_article_that_holds_it(path: Path) -> None:
    notices, others = with_a_footer()
    with StoryIndex.open(path) as index:
        index.add([*notices, *others, Article(text_of(1, 40), "left")])
        index.remove([a.id for a in others])
        index.compact()
        assert index.counts()["learned lines"] == 1
        index.remove([a.id for a in notices])
        index.compact()
        assert index.counts()["learned lines"] == 0
        index.add(notices)
        assert len(groups(index.assignments())) == 2
        assert_well_formed(index)


def test_an_update_replaces_the_text_and_keeps_the_story(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a"), Article(text_of(2, 40), "b")])
        updated = index.update([Article(text_of(3, 40), "a", "عنوان")])
        assert updated.status == ("new",)
        assert updated.changes == ()
        assert updated.assignments[0][:4] == ("a", "a", "a", "a")
        assert index.articles(["a"])["a"].text == text_of(3, 40)
        assert len(index) == 2
        assert index.query([text_of(1, 40)])[0].relation is None
        assert index.query([text_of(3, 40)])[0].story == "a"
        assert_well_formed(index)


def test_an_update_of_a_storys_only_old_article_keeps_its_id_without_being_its_name(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "founder"), Article(text_of(1, 40), "heir")])
        index.remove(["founder"])
        updated = index.update([Article(text_of(2, 40), "heir")])
        assert updated.changes == ()
        assert updated.assignments[0].story == "founder"
        assert_well_formed(index)


def test_another_article_stands_for_a_text_when_the_first_is_taken_away(path: Path) -> None:
    text, title = BY_ID["aldifaf-05"].text, BY_ID["sawahil-03"].title
    with StoryIndex.open(path) as index:
        index.add([BY_ID["darb-02"], Article(text, "first", "كرة القدم"), Article(text, "second", title)])
        index.remove(["first"])
        index.add([BY_ID["sawahil-03"]])
        told = list(index.assignments())
        assert_well_formed(index)
    with StoryIndex.open(path) as index:  # nothing of the first one's title is remembered by anyone
        assert list(index.assignments()) == told
        assert_well_formed(index)
        index.update([Article(text, "second", "عنوان آخر")])
    with StoryIndex.open(path) as index:
        assert_well_formed(index)


def test_an_update_may_bring_an_article_into_another_story(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a"), Article(text_of(2, 40), "b")])
        updated = index.update([Article(text_of(1, 40), "b")])
        assert updated.status == ("copy",)
        assert updated.assignments[0].story == "a"
        assert index.story("b").id == "a"
        assert kinds(updated.changes) == {("merged", "b", "a")}
        assert_well_formed(index)
        apart = index.update([Article(text_of(2, 40), "b")])
        assert apart.status == ("new",)
        assert apart.assignments[0].story == "b"
        assert kinds(apart.changes) == {("split", "a", "b")}
        assert_well_formed(index)


def test_an_update_of_an_unknown_id_adds(path: Path) -> None:
    with StoryIndex.open(path) as index:
        updated = index.update([Article(text_of(1, 40), "a"), Article(text_of(2, 40)), Article("", url="http://x/1")])
        assert updated.status == ("new", "new", "new")
        assert len(index) == 3


def test_an_update_with_the_same_content_is_known(path: Path) -> None:
    article = Article(text_of(1, 40), "a", "عنوان", "سبق", "http://x/1", DAY)
    with StoryIndex.open(path) as index:
        index.add([article, Article("قصير", "tiny")])
        before = list(index.assignments())
        updated = index.update([article, Article("قصير", "tiny")])
        assert (updated.status, updated.changes) == (("known", "known"), ())
        assert list(index.assignments()) == before


def test_of_two_versions_in_one_update_the_last_stays(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a"), Article(text_of(2, 40), "b")])
        updated = index.update(
            [Article(text_of(3, 40), "a"), Article(text_of(2, 40), "b"), Article(text_of(4, 40), "a")]
        )
        assert [x.id for x in updated] == ["a", "b", "a"]
        assert updated.assignments[0] == updated.assignments[2]
        assert updated.status == ("new", "known", "new")
        assert index.articles(["a"])["a"].text == text_of(4, 40)
        assert len(index) == 2
        assert_well_formed(index)


def test_an_update_to_a_short_text_ends_its_story(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a")])
        assert index.update([Article("قصير", "a")]).changes == (Change("ended", "a", "", ()),)
        assert index.counts()["stories"] == 0
        assert index.story("a").assignments[0].id == "a"
        assert index.update([Article(text_of(1, 40), "a")]).assignments[0].story == "a"
        assert_well_formed(index)


def test_an_update_of_the_article_that_stands_for_others(path: Path) -> None:
    text = text_of(1, 40)
    with StoryIndex.open(path) as index:
        index.add([Article(text, name, date=DAY + timedelta(i)) for i, name in enumerate("abc")])
        index.update([Article(text_of(2, 40), "a", date=DAY)])
        assert groups(index.assignments()) == {frozenset("a"), frozenset("bc")}
        assert index.story("b").id == "a"
        assert_well_formed(index)


def test_a_question_stores_nothing(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:100])
        before, size = dump(path), path.stat().st_size
        index.query(SAMPLE)
        index.query([])
        index.query(["", "قصير", text_of(1, 40), Article(f"{text_of(2, 40)} \ud800", "x")])
        for article in (Article(text_of(2, 40), "x\ud800"), Article(text_of(2, 40), source="\ud800")):
            with suppress(InputError):  # what could never be added may be refused, in so many words
                index.query([article])
        list(index.stories())
        list(index.assignments())
        index.check()
        assert dump(path) == before
        assert path.stat().st_size == size


def test_a_question_about_a_stored_article_is_answered_by_its_assignment(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
        assert index.query(SAMPLE) == list(index.assignments())


def test_a_question_foretells_what_an_addition_says(path: Path) -> None:
    """Each article of the sample feed in turn: taken away, asked about, added again."""
    same, told = 0, {"exact": "copy", "copy": "copy", "contained": "copy", "story": "report", None: "new"}
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
        for article in SAMPLE:
            index.remove([article.id])
            (asked,) = index.query([article])
            added = index.add([article])
            (found,) = added.assignments
            agree = told[asked.relation] == added.status[0]
            agree &= asked.relation is None or asked.story == found.story
            agree &= found.relation is None or asked.relation == found.relation
            agree &= asked.relation != "exact" or asked.exact == found.exact
            same += agree
        assert same >= 0.95 * len(SAMPLE)
        assert_well_formed(index)


def test_questions_do_not_see_each_other(path: Path) -> None:
    twice = [Article(text_of(1, 40), "a"), Article(text_of(1, 40), "b")]
    with StoryIndex.open(path) as index:
        assert [a.relation for a in index.query(twice)] == [None, None]
        index.add([Article(text_of(2, 40), "there")])
        assert [a[:5] for a in index.query(twice)] == [(x, x, x, x, True) for x in "ab"]
        assert index.query(SAMPLE[:50]) == [index.query([article])[0] for article in SAMPLE[:50]]


@pytest.mark.parametrize("level", LEVELS)
def test_questions_at_every_level(level: str, path: Path) -> None:
    text = BY_ID["sawahil-03"].text
    asked = [
        Article(text, "exact"),
        Article(f"{text} وأضاف المصدر", "copy"),
        Article(lead("sawahil-03", 60), "contained"),
        replace(BY_ID["aldifaf-05"], id="story"),
        Article("قصير", "tiny"),
    ]
    with StoryIndex.open(path, Settings(level=level)) as index:
        index.add([Article(text, "there"), BY_ID["marsad-01"]])
        expected = {"exact": ["exact"], "copy": ["exact", "copy", "contained"]}.get(
            level, ["exact", "copy", "contained", "story"]
        )
        answers = index.query(asked)
        assert [a.relation for a in answers] == expected + [None] * (5 - len(expected))
        assert all(a.linked_to == a.story == "there" for a in answers[: len(expected)])
        for a in answers:
            assert (a.score is None) == (a.relation is None)
            assert (a.evidence is None) == (a.relation in (None, "exact"))
            assert a.copy == ("there" if a.relation in ("exact", "copy", "contained") else a.id)
            assert a.exact == ("there" if a.relation == "exact" else a.id)


def test_an_index_keeps_the_settings_it_was_made_with(path: Path) -> None:
    chosen = Settings(level="copy", jaccard=0.7, seed=9)
    StoryIndex.open(path, chosen).close()
    with StoryIndex.open(path) as index:
        assert index.settings.fingerprint() == chosen.fingerprint()
        assert index.settings.level == "copy"
    with StoryIndex.open(path, replace(chosen, threads=2, chunk=10)) as index:
        assert (index.settings.threads, index.settings.chunk) == (2, 10)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"jaccard": 0.8}, ["jaccard 0.5, not 0.8"]),
        ({"level": "copy", "size": 5}, ["level 'story', not 'copy'", "size 3, not 5"]),
    ],
)
def test_other_settings_are_refused_with_both_values(other: dict[str, Any], told: list[str], path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:5])
    before = path.read_bytes()
    with pytest.raises(SettingsError) as error:
        StoryIndex.open(path, Settings(**other))
    assert all(part in str(error.value) for part in [str(path), "cure", *told])
    assert path.read_bytes() == before


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


@pytest.mark.parametrize("must_exist", [False, True])
@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_that_is_no_index_is_refused_and_left_as_it_is(kind: str, must_exist: bool, path: Path) -> None:
    FOREIGN[kind](path)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"news\.db: .*cure: "):
        StoryIndex.open(path, must_exist=must_exist)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_file_is_made_or_refused(path: Path) -> None:
    with pytest.raises(InputError, match=r"news\.db: no such index; cure: "):
        StoryIndex.open(path, must_exist=True)
    assert not path.exists()
    StoryIndex.open(path).close()
    with StoryIndex.open(path, must_exist=True) as index:
        assert len(index) == 0


def test_an_empty_file_becomes_an_index_unless_there_must_be_one(path: Path) -> None:
    path.touch()
    with pytest.raises(InputError, match=r"news\.db: an empty file; cure: "):
        StoryIndex.open(path, must_exist=True)
    assert path.read_bytes() == b""
    with StoryIndex.open(path) as index:
        assert index.check() == []


@pytest.mark.parametrize("where", [".", "missing/news.db"])
def test_a_folder_or_a_missing_one_is_refused(where: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot be opened.*cure: "):
        StoryIndex.open(tmp_path / where)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version = 99", r"schema 99 of a newer clusterer.*cure: update"),
        ("UPDATE made SET value = 'feedfeedfeedfeed' WHERE name = 'recipe'", r"recipe feedfeedfeedfeed.*cure: .*merge"),
    ],
    ids=["schema", "recipe"],
)
def test_an_index_of_another_release_is_refused(statement: str, message: str, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:5])
    sqlite_file(path, statement)
    with pytest.raises(InputError, match=message):
        StoryIndex.open(path)


def test_an_index_of_another_recipe_can_be_merged(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
    sqlite_file(path, "UPDATE made SET value = 'feedfeedfeedfeed' WHERE name = 'recipe'", "DELETE FROM page")
    with StoryIndex.open(path.with_name("new.db")) as index:
        index.merge(path)
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)


def test_a_path_may_be_a_string_and_hold_odd_letters(tmp_path: Path) -> None:
    for name in ("أخبار اليوم.db", "a%20b?mode=memory#x.db", ":memory:"):
        with StoryIndex.open(str(tmp_path / name)) as index:
            index.add(SAMPLE[:3])
        with StoryIndex.open(tmp_path / name, must_exist=True) as index:
            assert len(index) == 3


def test_two_open_indexes_of_one_file_see_each_others_work(tmp_path: Path) -> None:
    with (
        StoryIndex.open(tmp_path / "two.db") as one,
        StoryIndex.open(tmp_path / "two.db") as two,
        StoryIndex.open(tmp_path / "alone.db") as alone,
    ):
        for i, batch in enumerate(chunks(SAMPLE, 13)):
            writer, reader = (one, two) if i % 2 else (two, one)
            added = writer.add(batch)
            assert added == alone.add(batch)
            assert reader.query(batch) == list(added)
            if i % 3 == 2:
                gone = [article.id for article in batch[:4]]
                assert reader.remove(gone) == alone.remove(gone)
                updated = [replace(batch[5], text=text_of(i, 40))]
                assert writer.update(updated) == alone.update(updated)
            assert list(one.assignments()) == list(two.assignments()) == list(alone.assignments())
        one.compact()
        assert two.query(SAMPLE) == alone.query(SAMPLE)
        for index in (one, two, alone):
            assert_well_formed(index)


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
        assert kinds(removed.changes) == {("ended", f"{i}", "") for i in range(3)}
        assert [a.id for a in index.assignments()] == [*(f"{i}" for i in range(3, 10)), "undated"]
        assert_well_formed(index)


def test_articles_of_an_age_expire(path: Path) -> None:
    now = datetime.now(UTC)
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(i, 40), f"{i}", date=now - timedelta(days=i)) for i in range(10)])
        index.add([Article(text_of("undated", 40), "undated")])
        assert index.expire(timedelta(days=4, hours=12)).articles == 5
        assert {a.id for a in index.assignments()} == {"0", "1", "2", "3", "4", "undated"}
        assert index.expire(timedelta(days=3650)).articles == 0
        assert index.expire(timedelta(0)).articles == 6


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
        index.add(generated)
        assert_as_batch(index, generated)
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


def test_keys_of_what_has_gone_are_cleaned_away_in_time(path: Path) -> None:
    sizes = []
    with StoryIndex.open(path, Settings(level="copy")) as index:
        for turn in range(5):
            index.add([Article(text_of(f"{turn} {i}", 30), f"{turn} {i}") for i in range(600)])
            index.expire(max_articles=10)
            sizes.append(index.counts()["bytes"])
        assert_well_formed(index)
    assert min(sizes[2:]) < sizes[0]
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
        index.add(SAMPLE)
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


def test_merging_into_an_empty_index_gives_the_batchs_groups(tmp_path: Path) -> None:
    with StoryIndex.open(tmp_path / "other.db") as other:
        for batch in chunks(SAMPLE, 40):
            other.add(batch)
    before = dump(tmp_path / "other.db")
    with StoryIndex.open(tmp_path / "news.db") as index:
        added = index.merge(tmp_path / "other.db")
        assert [a.id for a in added] == [article.id for article in SAMPLE]
        assert index.articles(BY_ID) == BY_ID
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)
    assert dump(tmp_path / "other.db") == before


def test_merging_into_an_index_keeps_both_names(tmp_path: Path) -> None:
    half = len(SAMPLE) // 2
    with StoryIndex.open(tmp_path / "other.db") as other:
        other.add(SAMPLE[half - 10 :])
        theirs = {story.id: [a.id for a in story.assignments] for story in other.stories()}
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add(SAMPLE[:half])
        ours = {story.id: [a.id for a in story.assignments] for story in index.stories()}
        added = index.merge(str(tmp_path / "other.db"))
        assert added.status.count("known") == 10
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)
        for names in (ours, theirs):
            for story, members in names.items():
                assert set(members) & {a.id for a in index.story(story).assignments}, story
        told = list(index.assignments())
        stories = [(story.id, story.aliases) for story in index.stories()]
        again = index.merge(tmp_path / "other.db")
        assert (again.changes, set(again.status)) == ((), {"known"})
        assert list(index.assignments()) == told
        assert [(story.id, story.aliases) for story in index.stories()] == stories
        assert_well_formed(index)


def test_merged_articles_have_the_statuses_of_added_ones(tmp_path: Path) -> None:
    text = BY_ID["sawahil-03"].text
    with StoryIndex.open(tmp_path / "other.db") as other:
        other.add([Article(text, "copy"), BY_ID["aldifaf-05"], Article(text_of(1, 40), "new"), Article("", "there")])
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add([Article(text, "a"), Article("", "there")])
        assert index.merge(tmp_path / "other.db").status == ("copy", "report", "new", "known")


def test_merging_articles_whose_ids_are_taken(tmp_path: Path) -> None:
    with StoryIndex.open(tmp_path / "other.db") as other:
        other.add([Article(text_of(2, 40), "x"), Article(text_of(1, 40), "x"), Article(text_of(3, 40), "y")])
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add([Article(text_of(1, 40), "x")])
        for _ in range(2):
            added = index.merge(tmp_path / "other.db")
            assert [a.id for a in added] == ["x#2", "x#2#2", "y"]
            assert index.story("x").assignments[0].id == "x"
            assert_well_formed(index)


def test_merging_an_index_of_other_settings(tmp_path: Path) -> None:
    chosen = Settings(level="copy", unit="char", size=9, min_words=1, boilerplate="none")
    with StoryIndex.open(tmp_path / "other.db", chosen) as other:
        other.add(SAMPLE)
        names = {story.id: {a.id for a in story.assignments} for story in other.stories()}
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.merge(tmp_path / "other.db")
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)
        for story, members in names.items():
            assert members & {a.id for a in index.story(story).assignments}


def test_aliases_of_a_merged_index_come_along(tmp_path: Path) -> None:
    left, right, both = by_copies()
    with StoryIndex.open(tmp_path / "other.db") as other:
        for batch in (left, right, [both]):
            other.add(batch)
        assert other.story("right").id == "left"
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add([replace(both, id="mine")])
        index.merge(tmp_path / "other.db")
        assert {index.story(name).id for name in ("left", "right", "both")} == {"mine"}
        assert set(index.story("mine").aliases) == {"left", "right"}
        assert_well_formed(index)
        index.remove(["mine", "both"])
        assert_well_formed(index)


def test_merging_many_articles(tmp_path: Path) -> None:
    with StoryIndex.open(tmp_path / "other.db", Settings(level="copy")) as other:
        other.add([Article(text_of(i % 6000, 12), f"{i}") for i in range(7000)])
    with StoryIndex.open(tmp_path / "news.db", Settings(level="copy")) as index:
        index.add([Article(text_of(3, 12), "mine")])
        assert len(index.merge(tmp_path / "other.db")) == 7000
        assert len(index) == 7001
        assert len(groups(index.assignments())) == 6000
        assert index.check() == []


def test_an_index_is_not_merged_into_itself(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:10])
        link = path.with_name("link.db")
        link.symlink_to(path)
        for name in (path, str(path), path.parent / "." / path.name, link):
            with pytest.raises(InputError, match=r"this index itself; cure: "):
                index.merge(name)
        assert len(index) == 10


@pytest.mark.parametrize("kind", [*FOREIGN, "missing", "empty"])
def test_what_is_no_index_is_not_merged(kind: str, path: Path) -> None:
    other = path.with_name("other.db")
    made: dict[str, Callable[[Path], Any]] = {**FOREIGN, "missing": lambda path: None, "empty": Path.touch}
    made[kind](other)
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:10])
        before = dump(path)
        with pytest.raises(InputError, match=r"other\.db: .*cure: "):
            index.merge(other)
        assert dump(path) == before
        assert other.exists() == (kind != "missing")


def test_a_file_of_an_older_schema_is_brought_to_this_one(tmp_path: Path) -> None:
    path = tmp_path / "news.db"
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a"), Article(text_of(2, 40), "b")])
        before = index.assignments()
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("DROP INDEX article_age")  # all that the first schema lacked
        file.execute("PRAGMA user_version = 1")
    with StoryIndex.open(path) as index:
        assert index.check() == []
        assert index.assignments() == before
        index.add([Article(text_of(3, 40), "c")])
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA user_version").fetchone()[0] == VERSION > 1
        assert file.execute("SELECT 1 FROM sqlite_master WHERE name = 'article_age'").fetchone()
