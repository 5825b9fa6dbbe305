"""What `dedup` keeps and removes, against the rule told slowly: an article goes only with one that stays, verified."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import reference
from made import generated, text_of, words_of

from clusterer import Article, InputError, Settings, cluster
from clusterer.copies.verify import verify
from clusterer.deduplication import KEEP, Deduplication, dedup, deduplicate
from clusterer.pipeline import PipelineRun, run_pipeline
from clusterer.removals import HELD, IN_PASSAGE, PASSAGE
from clusterer.settings import preset

COUNT = 500  # articles of a generated feed
PLAIN = Settings(level="copy", boilerplate="none", series="merge")


@cache
def words(text: str) -> list[str]:
    return reference.words(text)


def shingles(text: str) -> list[tuple[str, ...]]:
    return reference.shingles(words(text), 3)


def relation(gone: str, kept: str) -> tuple[str, float] | None:
    """What the text that goes is of the one that stays, at the default thresholds, and the score."""
    if words(gone) == words(kept):
        return "exact", 1.0
    ours, theirs = shingles(gone), shingles(kept)
    small, large = {*ours}, {*theirs}
    if reference.jaccard(small, large) >= 0.43:
        return "copy", reference.jaccard(small, large)
    inside = reference.containment(small, large)
    is_short = len(small) <= 0.75 * len(large)
    head = set(ours[:40])
    own = len(head & large) / len(head) if set(ours[:18]) & large else 0.0
    opens = reference.opening(ours, theirs) >= 0.25 and own >= 0.25
    return ("contained", inside) if inside >= 0.6 and is_short and opens else None


def words_lost(gone: str, kept: str) -> int:
    held = set(words(kept))
    return sum(word not in held for word in words(gone))


def tells_more(gone: str, kept: str) -> bool:
    """Whether a passage of a text is not in the other one, or too many of its words in all."""
    held, told = set(words(kept)), words(gone)
    passages = (told[i : i + PASSAGE] for i in range(len(told)))
    dense = max(sum(word not in held for word in passage) for passage in passages)
    return dense > IN_PASSAGE or words_lost(gone, kept) > (1 - HELD) * len(told)


def slow_dedup(
    run: PipelineRun, articles: Sequence[Article], rank: Sequence[Any], old: int = 0
) -> dict[str, tuple[str, str]]:
    """Of every article that goes the one that stays for it, and the relation: in every group the best that is left, in turn.

    The first `old` articles come first, in their own order, and all stay.
    """
    gone: dict[str, tuple[str, str]] = {}
    order = sorted(range(len(articles)), key=lambda i: (i >= old, rank[i]))
    groups: dict[str, list[int]] = {}
    for i in order:
        groups.setdefault(run.clustering.assignments[i].copy, []).append(i)
    for group in groups.values():
        kept: list[int] = []
        fate: dict[tuple[str, ...], tuple[int, str]] = {}
        for i in group:
            text = articles[i].text
            spelt = tuple(words(text))
            if spelt not in fate:
                for k in kept if i >= old else ():
                    found = relation(text, articles[k].text)
                    if found and not tells_more(text, articles[k].text):
                        fate[spelt] = k, found[0]
                        break
                else:
                    kept.append(i)
                    fate[spelt] = i, "exact"
                    continue
            k, kind = fate[spelt]
            if i >= old:
                gone[articles[i].id] = articles[k].id, kind
    return gone


@pytest.fixture(scope="module")
def run() -> PipelineRun:
    articles, _ = generated()
    return run_pipeline(articles[:COUNT], PLAIN, keep=True)


def test_removals_are_those_of_the_rule(run: PipelineRun) -> None:
    articles = generated()[0][:COUNT]
    rank = list(range(len(articles)))
    random.Random(5).shuffle(rank)
    result = deduplicate(run, PLAIN, "quality", rank)
    assert {r.id: (r.kept, r.relation) for r in result.removed} == slow_dedup(run, articles, rank)
    assert {r.relation for r in result.removed} == {"exact", "copy", "contained"}
    places = [r.place for r in result.removed]
    assert result.places.tolist() == places == sorted(places)
    assert [place for place, stays in enumerate(result.mask) if not stays] == places
    assert result.removed[1:3] == (result.removed[1], result.removed[2]) == tuple(result.removed)[1:3]
    falling = deduplicate(run, PLAIN, "quality desc", [-x for x in rank])
    assert falling.removed == result.removed


@pytest.mark.parametrize("keep", KEEP)
def test_every_removed_article_was_verified_against_one_that_stays(run: PipelineRun, keep: str) -> None:
    articles = generated()[0][:COUNT]
    result = deduplicate(run, PLAIN, keep)
    text = {a.id: a.text for a in articles}
    stays = set(result.kept_ids)
    assert len(result.removed) > 100
    assert len(stays) + len(result.removed) == len(articles)
    for removal in result.removed:
        assert removal.kept in stays
        assert removal.id not in stays
        assert (articles[removal.place].id, articles[removal.kept_place].id) == (removal.id, removal.kept)
        kind, score = relation(text[removal.id], text[removal.kept]) or ("", 0.0)
        assert (removal.relation, removal.score) == (kind, pytest.approx(score, abs=5e-5))
        lost = words_lost(text[removal.id], text[removal.kept])
        assert removal.words_lost == lost <= (1 - HELD) * len(words(text[removal.id]))
    counts = [len(words(text[r.id])) for r in result.removed]
    assert result.stats["words of removed articles"] == sum(counts)
    assert result.stats["of these not in the one kept"] == sum(r.words_lost for r in result.removed)
    assert result.stats["articles kept"] == len(stays)
    assert sum(result.stats.get(f"removed as {kind}", 0) for kind in ("exact", "copy", "contained")) == len(counts)


def test_forms_outlets_and_dates_count_as_in_grouping() -> None:
    articles = generated()[0][:COUNT]
    settings = Settings(level="copy")
    done = run_pipeline(articles, settings, keep=True)
    result = deduplicate(done, settings)
    document = done.documents.of_article
    pairs = np.array([sorted((document[r.place], document[r.kept_place])) for r in result.removed])
    asked = pairs[pairs[:, 0] != pairs[:, 1]]
    found = verify(done.documents, np.unique(asked, axis=0), settings)
    assert len(asked) > 80
    assert found.linked.all()
    assert len(found) == len(np.unique(asked, axis=0))


# --- against what is there

OLD = 200  # of these articles


def test_removals_against_others_are_those_of_the_rule() -> None:
    articles = generated()[0][:COUNT]
    order = list(range(COUNT))
    random.Random(8).shuffle(order)
    articles = [articles[i] for i in order]
    old, new = articles[:OLD], articles[OLD:]
    rank = order[OLD:]
    rows = [
        {"id": a.id, "text": a.text, "title": a.title, "date": a.date, "quality": x}
        for a, x in zip(new, rank, strict=True)
    ]
    result = dedup(rows, PLAIN, keep="quality", against=old)
    joint = run_pipeline(articles, PLAIN, keep=True)
    longest = sorted(range(COUNT), key=lambda i: -len(words(articles[i].text)))
    place = {i: at for at, i in enumerate(longest)}
    expected = slow_dedup(joint, articles, [*(place[i] for i in range(OLD)), *rank], OLD)
    ours = {r.id: (r.kept, r.relation) for r in result.removed}
    assert ours.keys() == expected.keys()
    assert {r.relation for r in result.removed} == {"exact", "copy", "contained"}
    texts = {a.id: a.text for a in articles}
    for removal in result.removed:
        others = old if removal.is_against else new
        assert (new[removal.place].id, others[removal.kept_place].id) == (removal.id, removal.kept)
        assert removal.is_against or removal.kept in set(result.kept_ids)
        found = relation(texts[removal.id], texts[removal.kept])
        assert found is not None
        assert found[0] == removal.relation
        assert not tells_more(texts[removal.id], texts[removal.kept])
    assert sum(r.is_against for r in result.removed) > 20
    assert sum(not r.is_against for r in result.removed) > 20
    assert result.ids == tuple(a.id for a in new)
    assert len(result.mask) == len(result.kept) + len(result.removed) == len(new)
    assert (result.stats["articles"], result.stats["articles compared against"]) == (COUNT - OLD, OLD)


def test_every_one_compared_against_counts_also_where_they_are_copies_of_each_other() -> None:
    """The second one goes for the first within one set; compared against, it holds what the first has not."""
    base = text_of("base", 100)
    first, second = f"{base} {text_of('end', 30)}", f"{base} {text_of('interview', 9)}"
    new = f"{base} {text_of('interview', 9)} {text_of('more', 1)}"
    assert [r.kept_place for r in dedup([first, second], PLAIN).removed] == [0]
    removed = dedup([Article(new, "new")], PLAIN, against=[Article(first, "first"), Article(second, "second")]).removed
    assert [(r.id, r.is_against) for r in removed] == [("new", True)]


def test_names_are_those_of_a_run_alone_and_nothing_of_the_others_is_given() -> None:
    text = text_of(1, 40)
    old = [Article(text_of(2, 40), "a"), Article(text, "b")]
    new = [Article(text_of(3, 40), "a"), Article(text, "b"), Article(text_of(4, 40), "b")]
    result = dedup(new, against=old)
    assert set(result.ids) == {"a", "b", "b#2"}
    assert result.ids == dedup(new).ids
    assert [(new[r.place], r.kept, r.kept_place, r.is_against) for r in result.removed] == [(new[1], "b", 1, True)]
    assert result.kept == [new[0], new[2]]
    with pytest.raises(InputError, match="against: there is no article"):
        dedup(new, against=[])
    assert dedup(new, against=new).kept == []


# --- which one is kept

DATE = generated()[0][0].date


def three(**fields: Sequence[Any]) -> list[Article]:
    """One text, with a sentence more, and with two more; of another day each."""
    assert DATE is not None
    base, dates = text_of("base", 60), [DATE + timedelta(days=x) for x in (1, 0, 2)]
    texts = [base, f"{base} {text_of('more', 4)}", f"{base} {text_of('more', 4)} {text_of('most', 2)}"]
    made = [Article(x, name, "", "", "", date) for x, name, date in zip(texts, "abc", dates, strict=True)]
    for name, values in fields.items():
        made = [replace(article, **{name: value}) for article, value in zip(made, values, strict=True)]
    return made


@pytest.mark.parametrize(
    ("keep", "kept"),
    [("longest", "c"), ("earliest", "b"), ("central", "b"), ("title", "c"), ("title desc", "a"), ("date desc", "c")],
)
def test_which_one_is_kept(keep: str, kept: str) -> None:
    articles = three(title=["3", "2", "1"])
    result = dedup(articles, keep=keep)
    assert result.kept_ids == [kept]
    assert {r.kept for r in result.removed} == {kept}
    assert [result.mask[i] for i in range(3)] == [name == kept for name in "abc"]


def test_the_longest_is_kept_unless_another_order_is_asked_for() -> None:
    assert dedup(three()).kept_ids == ["c"]
    assert {r.id: r.words_lost for r in dedup(three()).removed} == {"a": 0, "b": 0}
    assert {r.id: r.words_lost for r in dedup(three(), keep="earliest").removed} == {"a": 0, "c": 2}


def test_a_corpus_counts_footers_unless_they_are_cut() -> None:
    footed = Article(f"{text_of('news', 60)}\nجميع الحقوق محفوظة", "footed", date="2016-04-18")
    plain = Article(text_of("news", 60), "plain", date="2016-04-17")
    for choices, kept in (({}, footed), ({"boilerplate": "known"}, plain)):
        assert dedup([plain, footed], {**preset("corpus"), **choices}).kept == [kept]


def test_what_holds_too_much_of_its_own_stays() -> None:
    """A copy by its Jaccard whose own paragraph would be lost."""
    base = text_of("base", 100)
    long, other = f"{base} {text_of('end', 30)}", f"{base} {text_of('interview', 25)}"
    assert relation(other, long) is not None
    assert words_lost(other, long) > (1 - HELD) * 125
    result = dedup([long, other], PLAIN)
    assert result.removed == ()
    assert result.stats["copy groups"] == 1
    short = f"{base} {text_of('interview', 9)}"
    assert [r.words_lost for r in dedup([long, short], PLAIN).removed] == [9]


def test_columns_with_gaps_ties_and_texts() -> None:
    text = text_of(1, 30)
    rows = [{"id": str(i), "text": text, "quality": value} for i, value in enumerate([None, 0.1, 0.9, 0.9])]
    assert dedup(rows, keep="quality").kept_ids == ["1"]
    assert dedup(rows, keep="quality desc").kept_ids == ["2"], "of equal ones the first"
    mixed = [row | {"quality": value} for row, value in zip(rows, ["b", 3, "a", float("nan")], strict=True)]
    assert dedup(mixed, keep="quality").kept_ids == ["1"], "as texts where they cannot be compared"
    with pytest.raises(InputError, match=r"keep 'rank': no article has that; cure: longest, earliest, central"):
        dedup(rows, keep="rank")
    with pytest.raises(InputError, match=r"keep 'rank' is no column; cure: longest"):
        dedup(pd.DataFrame(rows), keep="rank")


def test_a_field_of_articles_is_named_alike_whatever_its_column_is_called() -> None:
    text = text_of(1, 30)
    of_arabic = [
        {"المعرف": "a", "النص": text, "الرابط": "", "تاريخ النشر": "2016-04-09"},
        {"المعرف": "b", "النص": text, "الرابط": "https://x.example/1", "تاريخ النشر": "10/04/2016"},
    ]
    for rows in (of_arabic, pd.DataFrame(of_arabic)):
        for keep, kept in (("url desc", "b"), ("الرابط desc", "b"), ("date", "a"), ("date desc", "b")):
            assert dedup(rows, keep=keep).kept_ids == [kept], keep
    given = [{"id": "a", "text": text, "rank": 2, "seen": ""}, {"id": "b", "text": text, "rank": 1, "seen": "x"}]
    assert dedup(given, keep="source desc", fields={"source": "seen"}).kept_ids == ["b"]
    assert dedup(given, keep="rank").kept_ids == ["b"]


def test_without_dates_the_first_is_the_earliest() -> None:
    text = text_of(1, 30)
    rows = [{"id": name, "text": text} for name in ("9", "10", "2")]
    assert dedup(rows).kept_ids == ["9"]
    with pytest.warns(UserWarning, match="no article has a date, so the earliest cannot be told"):
        assert dedup(rows, keep="earliest").kept_ids == ["9"]


# --- the window, levels, tiny texts


@pytest.mark.parametrize(("window", "kept"), [(0.0, 1), (1.0, 3), (2.5, 2), (10.0, 1)])
def test_dates_further_apart_than_the_window_never_match(window: float, kept: int) -> None:
    assert DATE is not None
    text = text_of("window", 40)
    texts = [f"{text} {text_of(i, 2)}" for i in range(3)]
    articles = [Article(x, str(i), date=DATE + timedelta(days=2 * i)) for i, x in enumerate(texts)]
    result = dedup(articles, Settings(level="copy", window=window, series="merge"))
    assert len(result.kept_ids) == kept
    dates = {a.id: a.date for a in articles}
    for removal in result.removed:
        apart = abs(dates[removal.id] - dates[removal.kept])  # type: ignore[operator]
        assert not window or apart <= timedelta(days=window)


def test_levels() -> None:
    base = words_of("level", 50)
    articles = [" ".join(base), " ".join(base), " ".join([*base[:-1], "آخر"]), "كلمة", "كلمة", ""]
    exact = dedup(articles, Settings(level="exact"))
    assert [r.relation for r in exact.removed] == ["exact", "exact"]
    copies = dedup(articles)
    assert [r.relation for r in copies.removed] == ["exact", "copy", "exact"]
    assert len(copies.kept_ids) == 3, "the empty one stays"


def test_identical_texts_of_one_that_goes_name_the_one_that_stays() -> None:
    base = words_of("chain", 60)
    longer = " ".join([*base, *words_of("tail", 3)])
    articles = [{"id": str(i), "text": text} for i, text in enumerate([" ".join(base), " ".join(base), longer])]
    result = dedup(articles)
    assert [(r.id, r.kept, r.relation) for r in result.removed] == [("0", "2", "copy"), ("1", "2", "copy")]


def test_reports_of_one_event_go_only_at_the_level_of_stories(sample: list[Article]) -> None:
    at_copy = dedup(sample)
    at_story = dedup(sample, Settings(level="story"))
    assert {r.relation for r in at_copy.removed} <= {"exact", "copy", "contained"}
    reports = [r for r in at_story.removed if r.relation == "story"]
    assert len(reports) > 20
    assert all(r.score >= Settings().story for r in reports)
    stays = set(at_story.kept_ids)
    assert {r.kept for r in at_story.removed} <= stays
    assert stays < set(at_copy.kept_ids)


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
def test_something_stays_of_every_story(sample: list[Article], threshold: float) -> None:
    """Also where a link leads into another story, which average linkage does not join."""
    settings = Settings(level="story", story=threshold)
    story = {a.id: a.story for a in cluster(sample, settings)}
    found = dedup(sample, settings)
    assert all(story[r.id] == story[r.kept] for r in found.removed if r.relation == "story")
    assert {story[id] for id in found.kept_ids} == {*story.values()}


@pytest.fixture(scope="module")
def sample() -> list[Article]:
    from places import DATA

    from clusterer.io import Feed

    return [row.article for row in Feed([DATA / "feed.jsonl"])]


# --- lists and frames

TEXTS = [text_of(1, 30), text_of(2, 30), f"{text_of(1, 30)} {text_of(3, 2)}"]


def test_lists_of_any_kind_come_back_as_they_were() -> None:
    rows = [{"id": name, "text": text, "more": [name]} for name, text in zip("xyz", TEXTS, strict=True)]
    for items in (TEXTS, tuple(TEXTS), rows, [Article(**{k: v for k, v in r.items() if k != "more"}) for r in rows]):
        result = dedup(items)
        assert result.kept == [items[1], items[2]]
        assert result.removed_items == [items[0]]
        assert result.kept[0] is items[1]
    assert dedup(iter(TEXTS)).kept == TEXTS[1:], "what can be read once only is held"


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_come_back_as_frames_of_their_library(library: str) -> None:
    columns = {"id": list("xyz"), "text": TEXTS, "quality": [3.0, 2.0, 1.0]}
    make = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}[library]
    frame = make(columns)
    result = dedup(frame)
    assert type(result.kept) is type(frame)
    ids = result.kept["id"].to_pylist() if library == "pyarrow" else result.kept["id"].to_list()
    assert ids == ["y", "z"] == result.kept_ids
    assert len(result.removed_items) == 1
    assert dedup(frame, keep="quality desc").kept_ids == ["x", "y"]
    if library == "pandas":
        indexed = dedup(frame.set_index(pd.Index([7, 7, 9])))
        assert indexed.kept.index.tolist() == [7, 9]


@pytest.mark.parametrize("column", [pd.Series(TEXTS), pl.Series(TEXTS), np.array(TEXTS)])
def test_columns_come_back_as_columns(column: Any) -> None:
    result = dedup(column)
    assert type(result.kept) is type(column)
    assert list(result.kept) == TEXTS[1:]
    assert list(result.removed_items) == TEXTS[:1]


def test_nothing_in_nothing_out() -> None:
    result = dedup([])
    assert (result.kept, result.removed, result.kept_ids, result.mask) == ([], (), [], [])
    assert isinstance(result, Deduplication)


def test_order_chunks_and_threads_change_nothing(run: PipelineRun) -> None:
    articles = generated()[0][:COUNT]
    expected = {(r.id, r.kept, r.relation, r.score, r.words_lost) for r in deduplicate(run, PLAIN).removed}
    shuffled = articles[:]
    random.Random(3).shuffle(shuffled)
    other = replace(PLAIN, chunk=100, threads=2)
    found = dedup(shuffled, other)
    assert {(r.id, r.kept, r.relation, r.score, r.words_lost) for r in found.removed} == expected


def test_batches_of_pyarrow_are_taken_as_tables_are() -> None:
    dataset = pytest.importorskip("pyarrow.dataset")
    text, other = text_of(1, 40), text_of(2, 40)
    table = pa.table({"id": ["a", "b", "c"], "text": [text, text, other]})
    expected = pa.table({"id": ["a", "c"], "text": [text, other]})
    halves = [table.slice(0, 2).to_batches()[0], table.slice(2).to_batches()[0]]
    for given in (table.to_batches()[0], halves, iter(halves)):
        assert dedup(given, keep="id").kept == expected
    assert cluster(halves).stats["articles"] == 3
    for given in (dataset.dataset(table), table.to_reader(), dataset.dataset(table).scanner()):
        for call in (partial(dedup, keep="id"), cluster, dedup):
            with pytest.raises(
                InputError, match=r"its rows are not there yet; cure: \.(to_table|read_all)\(\) it first"
            ):
                call(given)
    with pytest.raises(InputError, match="2 batches of several schemas"):
        dedup([halves[0], halves[1].select(["text"])])
