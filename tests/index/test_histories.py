"""Any history of additions, updates, removals and questions: held against a plain dictionary of what was given."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from indexes import (
    BY_ID,
    DAY,
    LEFT,
    RIGHT,
    Twin,
    assert_well_formed,
    bridged,
    dump,
    groups,
    lead,
    with_a_footer,
)
from made import text_of

from clusterer import Article, Settings, cluster
from clusterer.index.outcomes import Added
from clusterer.index.story_ids import Change
from clusterer.index.story_index import StoryIndex
from clusterer.index.told_stories import ToldStories


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
        "marsad-08 as aldifaf-02": replace(BY_ID["marsad-08"], id="aldifaf-02", title="نسخة جديدة", url=""),
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


class History(RuleBasedStateMachine):
    """Any verbs in any order. Ids of stories are followed by what the verbs say that they did."""

    chosen = Settings(boilerplate="known")
    batches = True  # whether a batch of what is stored must give the same copy groups

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name, "news.db")
        self.index = StoryIndex.open(self.path, self.chosen)
        self.reader, self.told = StoryIndex.open(self.path), ToldStories()
        self.twin, self.others = Twin(), 0
        self.stories: dict[str, str] = {}  # by article, of those that are long enough
        self.aliases: dict[str, str] = {}
        self.table: dict[str, str] = {}  # the same, as a program holds it that reads nothing but `changes`
        self.point: tuple[int, str | None] = (0, None)
        self.since: dict[str, int] = {}  # when ids of stories were first seen
        self.clock = 0

    def teardown(self) -> None:
        self.index.close()
        self.reader.close()
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

    def assert_statuses(
        self, added: Added, expected: Sequence[tuple[str, str]], before: Mapping[str, str] | None = None
    ) -> None:
        """Hold what is told against the twin; `before` are the stories of articles of which versions may be replaced."""
        assert [a.id for a in added] == [name for name, _ in expected]
        found = list(self.index.assignments())
        by_id = {a.id: a for a in found}
        first_of_copy = {a.copy: a.id for a in reversed(found)}  # in order of arrival
        first_of_story = {a.story: a.id for a in reversed(found)}
        for a, status, (_, became) in zip(added, added.status, expected, strict=True):
            if became in ("removed", "expired"):
                assert (status, a.copy, a.exact, a.id in by_id) == (became, a.id, a.id, False)
                continue
            assert a == by_id[a.id]
            other = "new" if first_of_story[a.story] == a.id else "report"
            other = "copy" if first_of_copy[a.copy] != a.id else other
            other = "updated" if before and before.get(a.id) == a.story else other
            assert status == (became if became in ("known", "older") else other), a

    @rule(names=ITEMS, again=st.booleans())
    def add(self, names: list[str], again: bool) -> None:
        items = [POOL[name] for name in names]
        added = self.index.add(items, again=again)
        self.assert_statuses(
            added, self.twin.add_again(items) if again else [self.twin.add(article) for article in items]
        )
        self.follow(added.changes)

    @precondition(lambda self: self.twin.articles)
    @rule(data=st.data())
    def add_what_is_there(self, data: st.DataObject) -> None:
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
        before = {a.id: a.story for a in self.index.assignments()}
        added = self.index.update(items)
        self.assert_statuses(added, self.twin.update(items), before)
        self.follow(added.changes)

    @rule(names=NAMES)
    def remove(self, names: list[str]) -> None:
        distinct = list(dict.fromkeys(names))
        missing = tuple(name for name in distinct if name not in self.twin.articles)
        removed = self.index.remove(names)
        assert (removed.articles, removed.missing) == (len(distinct) - len(missing), missing)
        self.twin.remove(distinct)
        self.follow(removed.changes)

    @rule(name=st.sampled_from(sorted({a.outlet for a in POOL.values()} - {""})))
    def remove_an_outlet(self, name: str) -> None:
        distinct = [id for id, article in self.twin.articles.items() if article.outlet == name]
        expected = self.index.remove(outlet=name, dry_run=True)
        removed = self.index.remove(outlet=name)
        assert removed == expected
        assert (removed.articles, removed.missing) == (len(distinct), ())
        self.twin.remove(distinct)
        self.follow(removed.changes)

    @rule(keep=st.integers(0, 25))
    def expire_the_oldest(self, keep: int) -> None:
        gone = self.twin.oldest()[: max(0, len(self.twin.articles) - keep)]
        removed = self.index.expire(max_articles=keep)
        assert removed.articles == len(gone)
        self.twin.expire(gone)
        self.follow(removed.changes)

    @rule(day=st.integers(-15, 15))
    def expire_those_before(self, day: int) -> None:
        then = DAY + timedelta(day)
        gone = [name for name, article in self.twin.articles.items() if article.date and article.date < then]
        removed = self.index.expire(then)
        assert removed.articles == len(gone)
        self.twin.expire(gone)
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
        answers, texts = self.index.query(items), {a.exact for a in found.values()}
        for article, asked in zip(items, answers, strict=True):
            there = self.twin.articles.get(article.id or article.url)
            if there and (there.title, there.text) == (article.title, article.text):
                assert asked == found[there.id]
            if asked.relation == "exact" and asked.exact not in texts:  # another question has its text
                assert asked.linked_to in {a.id for a in answers if a.exact == asked.exact} - {asked.id}
            elif asked.linked_to is not None:
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
        expected = self.twin.merge(theirs.articles.values())
        here = dict(zip(theirs.articles, (name for name, _ in expected), strict=True))
        self.follow(added.changes)
        self.assert_statuses(added, expected)
        for story, members in stories.items():
            if not {here[name] for name in members} & self.twin.articles.keys():
                continue  # all of it was removed here
            resolved = self.index.story(story)
            if story not in self.aliases.keys() | set(self.stories.values()):
                assert {here[name] for name in members} & {a.id for a in resolved.assignments}
                self.aliases[story] = resolved.id
                self.clock += 1
                self.since[story] = self.clock
        before = list(self.index.assignments())
        again = self.index.merge(file)
        assert (again.changes, set(again.status) - {"removed"}) == ((), {"known"} & set(again.status))
        assert list(self.index.assignments()) == before

    @rule(limit=st.none() | st.integers(1, 5))
    def follow_from_outside(self, limit: int | None) -> None:
        """What `changes` tells, page by page or at once, is all that happened."""
        while True:
            told = self.index.changes(*self.point, limit)
            for one in told.gone:
                self.table.pop(one.id, None)
            for story in told.stories:
                self.table |= {a.id: story.id for a in story.assignments}
            is_last, self.point = told.next == self.point[0], (told.next, told.history)
            if is_last or limit is None:
                break
        assert self.table == {a.id: story.id for story in self.index.stories() for a in story.assignments}

    @invariant()
    def all_is_well(self) -> None:
        articles = self.twin.articles
        assert {alias: story.id for story in self.index.stories() for alias in story.aliases} == self.aliases
        found = assert_well_formed(self.index)
        assert found.keys() == articles.keys()
        assert self.index.articles(articles) == articles
        with self.reader.snapshot() as reader:
            reader.told = self.told
            told = {story.id: story for story in reader.stories(reader.all_stories())}
        assert told == {story.id: story for story in self.index.stories()}
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
    run_state_machine_as_test(machine, settings=settings(max_examples=5, stateful_step_count=12, deadline=None))


@pytest.mark.slow
@HISTORIES
def test_any_long_history(machine: type[History]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))
