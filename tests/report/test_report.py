"""The data of a report against obvious oracles, and what its page holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st
from reports import SAMPLE, Run, embedded, members, reported

from clusterer import Article, Settings, cluster
from clusterer.explanation.highlights import Passages
from clusterer.io.feed import Feed
from clusterer.messages import table
from clusterer.report import build, charts, page as report_page, reprints
from clusterer.stories import features, model as stories_model
from clusterer.text.normalize import normalise, tables


@pytest.fixture(scope="module")
def sample() -> Run:
    return reported([row.article for row in Feed([SAMPLE])])


def test_every_article_is_in_one_story_as_it_was_assigned(sample: Run) -> None:
    articles, result, made = sample
    of = {a.id: (a, article) for a, article in zip(result, articles, strict=True)}
    seen = Counter[str]()
    for story, inside in members(made):
        copies: dict[int, set[str]] = {}
        for m in inside:
            a, article = of[m["id"]]
            seen[m["id"]] += 1
            assert (a.story, article.title, article.outlet, article.url, article.text) == (
                story.id, m["title"], m["outlet"], m["url"], m["text"],
            )  # fmt: skip
            assert m["representative"] == a.representative
            assert (m["date"] is None) == (article.date is None)
            assert article.date is None or datetime.fromisoformat(m["date"]) == article.date.replace(microsecond=0)
            copies.setdefault(m["copy"], set()).add(a.copy)
            if a.linked_to is None:
                assert m["why"] is None
            else:
                why = m["why"]
                assert inside[why["to"]]["id"] == a.linked_to
                assert (why["relation"], why["score"], why["evidence"]) == (a.relation, a.score, dict(a.evidence or {}))
        assert all(len(names) == 1 for names in copies.values())
        assert list(copies) == list(range(story.texts))
        assert [m["date"] for m in inside if m["date"]] == sorted(m["date"] for m in inside if m["date"])
        assert {made.outlets[o] for o in story.outlets} == {m["outlet"] for m in inside} - {""}
        assert story.size == len(inside)
        assert story.title == next(m["title"] for m in inside if m["representative"])
    assert seen == Counter(a.id for a in result)


def test_stories_are_listed_by_size_then_freshness(sample: Run) -> None:
    for before, after in pairwise(sample[2].stories):
        assert (before.size, before.last or "") >= (after.size, after.last or "")


def test_totals_and_charts_count_what_is_there(sample: Run) -> None:
    articles, result, made = sample
    sizes = Counter(a.story for a in result)
    assert made.totals["articles"] == len(articles) == 130
    assert made.totals["stories"] == len(sizes) == sum(bar.several + bar.single for bar in made.sizes)
    several = [size for size in sizes.values() if size > 1]
    assert made.totals["stories of two or more"] == len(several) == sum(bar.several for bar in made.sizes)
    assert made.totals["articles in them"] == sum(several)
    assert made.totals["independent texts"] == len({a.copy for a in result})
    assert made.totals["outlets"] == len({a.outlet for a in articles} - {""}) == len(made.outlets)
    for bar, (low, high) in zip(made.sizes, charts.SIZES, strict=False):
        assert bar.several + bar.single == sum(low <= size <= (high or size) for size in sizes.values())
    first = {}
    for a, article in zip(result, articles, strict=True):
        if article.date:
            first[a.story] = min(first.get(a.story, article.date), article.date)
    assert made.unit == "month"
    assert {bar.label: bar.several + bar.single for bar in made.days if bar.several + bar.single} == Counter(
        f"{date:%Y-%m}" for date in first.values()
    )
    assert made.undated == len(sizes) - len(first)
    assert (made.first, made.last) == (f"{min(first.values()):%F}", f"{max(a.date for a in articles if a.date):%F}")


@pytest.mark.parametrize(("days", "unit"), [(0, "day"), (70, "day"), (71, "week"), (490, "week"), (491, "month")])
def test_days_without_stories_are_in_the_chart(days: int, unit: str) -> None:
    start = datetime(2015, 7, 21, 23, 59, tzinfo=UTC)
    texts = ["خبر أول عن مدينة بعيدة", "كلام آخر تماما"]
    _, _, made = reported([Article(t, str(i), date=start + i * timedelta(days)) for i, t in enumerate(texts)])
    assert made.unit == unit
    assert sum(bar.single for bar in made.days) == 2
    starts = [datetime.fromisoformat(bar.label if unit != "month" else f"{bar.label}-01") for bar in made.days]
    assert starts[0].date() <= start.date()
    gaps = {"day": {1}, "week": {7}, "month": {28, 29, 30, 31}}[unit]
    assert {(b - a).days for a, b in pairwise(starts)} <= gaps
    assert len(starts) == {"day": days + 1, "week": days // 7 + 1, "month": days // 30 + 1}[unit]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.sampled_from(["", "واس", "سبق", "عكاظ"]),
            st.sampled_from([0.0, 1.0, 2.0, np.inf]),
        ),
        max_size=20,
    )
)
def test_who_copies_whom_by_brute_force(rows: list[tuple[str, str, float]]) -> None:
    made = reprints.reprints([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])
    wanted, groups, ties, unknown = Counter[tuple[str, str]](), 0, 0, 0
    for name in "abcd":
        group = [(when, outlet) for copy, outlet, when in rows if copy == name]
        names = {outlet for _, outlet in group}
        if len(names) < 2:
            continue
        if not all(outlet and when < np.inf for when, outlet in group):
            unknown += 1
            continue
        latest = min(when or 86_399.0 for when, _ in group)  # 0.0 is a day without an hour
        earliest = {outlet for when, outlet in group if when <= latest}
        if len(earliest) > 1:
            ties += 1
        else:
            groups += 1
            (first,) = earliest
            for other in names - {first}:
                wanted[other, first] += 1
    assert (made.groups, made.ties, made.unknown, made.left_out) == (groups, ties, unknown, 0)
    got = {(a, b): made.counts[i][j] for i, a in enumerate(made.outlets) for j, b in enumerate(made.outlets)}
    assert {pair: count for pair, count in got.items() if count} == wanted
    assert {name for pair in wanted for name in pair} == set(made.outlets)
    assert made.copied == tuple(sum(row) for row in made.counts)
    assert made.was_first == tuple(sum(column) for column in zip(*made.counts, strict=True))


def test_outlets_that_do_not_fit_the_matrix_stay_in_its_sums() -> None:
    names = [f"منفذ {i}" for i in range(reprints.OUTLETS + 3)]
    made = reprints.reprints(["a"] * len(names), names, [float(i) for i in range(1, len(names) + 1)])
    assert (len(made.outlets), made.left_out, made.groups) == (reprints.OUTLETS, 3, 1)
    assert sum(made.was_first) == len(names) - 1
    assert sum(map(sum, made.counts)) == reprints.OUTLETS - 1


def test_marks_are_the_pieces_of_both_texts(sample: Run) -> None:
    articles, result, made = sample
    at = {a.id: i for i, a in enumerate(result)}
    passages = Passages(articles, Settings(), result.furniture)
    kinds, checked = ("own", "shared", "cut"), Counter[str]()
    for _, inside in members(made):
        for m in inside:
            if not m["why"]:
                continue
            other = inside[m["why"]["to"]]
            for one, two, marks in ((m, other, m["why"]["mine"]), (other, m, m["why"]["theirs"])):
                rest, told = one["text"].encode("utf-16-le"), []
                for kind, length in marks:
                    told.append((rest[: 2 * length].decode("utf-16-le"), kinds[kind]))
                    rest = rest[2 * length :]
                assert not rest
                assert told == [tuple(piece) for piece in passages.pieces(at[one["id"]], at[two["id"]])]
                checked.update(kind for _, kind in told)
    assert min(checked[kind] for kind in kinds) > 10


def test_lengths_are_those_of_javascript() -> None:
    body = "أعلنت وزارة التعليم 😀 موعد بدء العام الدراسي الجديد في جميع المدارس 𐎀 وقالت الوزارة"
    _, _, made = reported([Article(body, "a"), Article(body.replace("جميع", "كل"), "b")])
    ((_, inside),) = members(made)
    (one,) = [m for m in inside if m["why"]]
    lengths = [length for _, length in one["why"]["mine"]]
    assert sum(lengths) == len(one["text"].encode("utf-16-le")) // 2 == len(one["text"]) + 2
    assert len(lengths) >= 3


def test_half_a_character_neither_stops_the_report_nor_moves_its_marks() -> None:
    body = "أعلنت وزارة التعليم \ud83d موعد بدء العام الدراسي الجديد في جميع المدارس"
    _, _, made = reported([Article(body, "a", source="س\ud800"), Article(body + " اليوم", "b", title="\udfff")])
    ((_, inside),) = members(made)
    assert {m["text"] for m in inside} == {body, body + " اليوم"}
    report_page.page(made).decode()


def test_the_model_tells_every_score_of_a_story(sample: Run) -> None:
    model, stories = stories_model.shipped_model(), 0
    for a in sample[1]:
        kind = "feature" if a.relation == "story" else "measure"
        assert {f"{kind}.{name}" for name in a.evidence or {}} <= set(table())
        if a.relation == "story":
            stories += 1
            values = {"apart": model.undated, **(a.evidence or {})}
            total = model.bias + sum(w * values[n] for n, w in zip(features.FEATURES, model.weights, strict=True))
            assert 1 / (1 + np.exp(-total)) == pytest.approx(a.score, abs=0.002)
    assert stories > 10


def test_what_is_left_out_is_counted_and_said() -> None:
    everything = [row.article for row in Feed([SAMPLE])]
    walks = []

    def walk() -> Iterator[Article]:
        walks.append(1)
        return iter(everything)

    result = cluster(everything)
    made = build.build(result.assignments, walk, Settings(), most=70)
    assert len(walks) == 2
    shown = sum(story.size for story in made.stories)
    assert shown == 70
    assert made.left_out == (len(result.sizes("story")) - len(made.stories), 130 - shown)
    assert made.totals["articles"] == 130
    least = min(story.size for story in made.stories)
    assert all(
        size <= least for name, size in result.sizes("story").items() if name not in {s.id for s in made.stories}
    )
    assert b'id="left-out"' in report_page.page(made)
    whole = build.build(result.assignments, walk, Settings())
    assert whole.stories[:1] == made.stories[:1]
    assert b'id="left-out"' not in report_page.page(whole)


def test_a_report_does_not_depend_on_threads(sample: Run) -> None:
    articles, result, made = sample
    other = build.build(
        result.assignments, lambda: articles, Settings(threads=3), furniture=result.furniture, stats=result.stats
    )
    assert replace(other, settings=made.settings) == made


def test_the_page_folds_letters_as_the_package_does(sample: Run) -> None:
    listed = embedded(report_page.page(sample[2]), "listed")
    table = tables("news-1")[0]
    became = {}
    for first, length, moves, value in listed["letters"]:
        for code in range(first, first + length):
            became[code] = code + value if moves else value
    plain = [c for c in range(0x10000) if table[c] != 2 and not 0xD800 <= c <= 0xDFFF]
    assert all(became.get(c, c) == table[c] for c in plain)
    assert {ord(c) for c in listed["unfolded"]} == {c for c in range(0x10000) if table[c] == 2} - {
        *range(0xD800, 0xE000)
    }
    assert listed["unfolded"]["ﷲ"] == normalise(["ﷲ"], "news-1")[0]
    for (_, inside), story in zip(members(sample[2]), listed["stories"], strict=True):
        for m in inside:
            for part in normalise([m["title"], m["outlet"], m["id"]], "news-1"):
                assert part in story["key"]


@pytest.mark.parametrize("level", ["exact", "copy"])
def test_levels_below_stories(level: str) -> None:
    articles, result, made = reported([row.article for row in Feed([SAMPLE])], Settings(level=level))
    assert made.totals["stories"] == len(result.sizes("story"))
    assert sum(story.size for story in made.stories) == len(articles)


def test_an_empty_feed_and_dates_at_the_ends_of_time() -> None:
    _, _, made = reported([])
    assert made.totals["articles"] == 0
    assert b"<h1>" in report_page.page(made)
    ends = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), None]
    _, _, made = reported([Article(f"نص {i}", str(i), date=date) for i, date in enumerate(ends)])
    assert (made.first, made.last, made.undated) == ("0001-01-01", "9999-12-31", 1)
    assert sum(bar.single for bar in made.days) == 2
    assert len(made.days) < 300
    report_page.page(made)


def test_articles_that_are_not_those_of_the_run_are_refused(sample: Run) -> None:
    articles, result, _ = sample
    with pytest.raises(ValueError, match="129"):
        build.build(result.assignments, lambda: articles[1:], Settings())


def test_the_page_stands_alone_and_allows_only_its_own_script(sample: Run) -> None:
    page = report_page.page(sample[2]).decode()
    outside = re.sub(r"(?s)<script type=\"application/octet-stream\".*?</script>", "", page)
    assert not re.findall(r"(?:src|href)=[\"'](?!#)|@import|url\(", outside)
    assert "default-src 'none'" in page
    assert "unsafe-inline'; script" in page
    assert "script-src 'unsafe" not in page


def test_a_day_without_an_hour_may_be_any_hour_of_it() -> None:
    day = 86_400.0
    found = reprints.reprints(["g", "g", "h", "h"], ["agency", "daily", "agency", "daily"], [day + 9.0, day, 9.0, day])
    assert (found.ties, found.groups) == (1, 1)
    assert dict(zip(found.outlets, found.was_first, strict=True))["agency"] == 1
