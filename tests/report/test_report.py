"""The report: its data against obvious oracles, the command, and the page in a real browser."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
import time
import zlib
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import opened_browser, overflow, serious, watched
from hypothesis import given
from hypothesis import strategies as st
from made import lines_of
from places import ROOT

from clusterer import Article, Clustering, Settings, StoryIndex, cluster
from clusterer.explanation.highlights import Passages
from clusterer.io.feed import Feed
from clusterer.io.rows import BadRow
from clusterer.report import build, charts, reprints
from clusterer.report import model as report_model
from clusterer.report import page as report_page
from clusterer.stories import features
from clusterer.stories import model as stories_model
from clusterer.text.normalize import normalise, tables

SAMPLE = ROOT / "data" / "feed.jsonl"
FEED = ROOT.parent / "shared" / "feed"
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)></script><!--'
Run = tuple[list[Article], Clustering, report_model.Report]


def reported(articles: list[Article], settings: Settings | None = None, **options: Any) -> Run:
    settings = settings or Settings()
    result = cluster(articles, settings)
    options = {"furniture": result.furniture, "stats": result.stats, **options}
    return articles, result, build.build(result.assignments, lambda: articles, settings, **options)


def unpacked(block: bytes) -> Any:
    return json.loads(zlib.decompress(block, -zlib.MAX_WBITS))


def embedded(page: bytes, name: str) -> Any:
    """What a page holds in one of its blocks."""
    (coded,) = re.findall(rf'<script type="application/octet-stream" id="{name}">([^<]*)</script>', page.decode())
    return unpacked(b64decode(coded))


def members(made: report_model.Report) -> Iterator[tuple[report_model.Summary, list[dict[str, Any]]]]:
    blocks = [unpacked(block) for block in made.blocks]
    for story in made.stories:
        yield story, blocks[story.block][story.place]


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
        assert set(a.evidence or {}) <= set(report_page.EVIDENCE)
        if a.relation == "story":
            stories += 1
            values = {"apart": model.undated, **(a.evidence or {})}
            total = model.bias + sum(w * values[n] for n, w in zip(features.FEATURES, model.weights, strict=True))
            assert 1 / (1 + np.exp(-total)) == pytest.approx(a.score, abs=0.002)
    assert stories > 10
    assert set(features.FEATURES) < set(report_page.EVIDENCE)


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
    assert b"Left out of the list" in report_page.page(made)
    whole = build.build(result.assignments, walk, Settings())
    assert whole.stories[:1] == made.stories[:1]
    assert b"Left out of the list" not in report_page.page(whole)


def test_a_report_does_not_depend_on_threads(sample: Run) -> None:
    articles, result, made = sample
    other = build.build(
        result.assignments, lambda: articles, Settings(threads=3), furniture=result.furniture, stats=result.stats
    )
    assert replace(other, settings=made.settings) == made


def test_the_page_folds_letters_as_the_package_does(sample: Run) -> None:
    listed = embedded(report_page.page(sample[2]), "listed")
    table = tables("news")[0]
    became = {}
    for first, length, moves, value in listed["letters"]:
        for code in range(first, first + length):
            became[code] = code + value if moves else value
    plain = [c for c in range(0x10000) if table[c] != 2 and not 0xD800 <= c <= 0xDFFF]
    assert all(became.get(c, c) == table[c] for c in plain)
    assert {ord(c) for c in listed["unfolded"]} == {c for c in range(0x10000) if table[c] == 2} - {
        *range(0xD800, 0xE000)
    }
    assert listed["unfolded"]["ﷲ"] == normalise(["ﷲ"])[0]
    for (_, inside), story in zip(members(sample[2]), listed["stories"], strict=True):
        for m in inside:
            for part in normalise([m["title"], m["outlet"], m["id"]]):
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


def run(*args: str | Path, stdin: bytes | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from clusterer.cli.main import main; main()", *map(str, args)]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, timeout=120, check=False)


def test_the_commands_write_reports(tmp_path: Path) -> None:
    page, lines, store = tmp_path / "r.html", tmp_path / "c.jsonl", tmp_path / "news.db"
    done = run("cluster", SAMPLE, "-o", lines, "--report", page)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    plain = run("cluster", SAMPLE)
    assert lines.read_bytes() == plain.stdout
    stories = embedded(page.read_bytes(), "listed")["stories"]
    assert sum(story["size"] for story in stories) == 130
    piped = run("cluster", "-", "-o", tmp_path / "p.jsonl", "--report", tmp_path / "p.html", stdin=SAMPLE.read_bytes())
    assert piped.returncode == 0, piped.stderr
    assert (tmp_path / "p.html").read_bytes().count(b"block-") == page.read_bytes().count(b"block-")
    with StoryIndex.open(store) as index:
        index.add([row.article for row in Feed([SAMPLE])])
    done = run("index", "export", store, "-o", tmp_path / "e.jsonl", "--report", tmp_path / "e.html")
    assert done.returncode == 0, done.stderr
    exported = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text("utf-8").splitlines()]
    stories = embedded((tmp_path / "e.html").read_bytes(), "listed")["stories"]
    assert {s["id"]: s["size"] for s in stories} == Counter(a["story"] for a in exported)


def test_an_index_tells_its_furniture(tmp_path: Path) -> None:
    footer = "تابعوا جديد الأخبار أولا بأول من هنا"
    articles = [Article(f"{lines_of(i, 3)}\n{footer}", str(i), source="سبق") for i in range(9)]
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add(articles)
        assert index.furniture() == cluster(articles).furniture != frozenset()


def test_a_report_is_whole_or_absent_and_never_over_an_input(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(SAMPLE.read_bytes())
    other = tmp_path / "other"
    for args, says in (
        (["cluster", feed, "--report", feed], "is also an input"),
        (["cluster", feed, "-o", other, "--report", other], "is also another output"),
        (["cluster", feed, "--report", "-"], "name a file"),
        (["cluster", feed, "-o", other, "--report", tmp_path / "no" / "r.html"], "cannot be written"),
        (["cluster", feed, "-o", other, "--report", tmp_path / "r.html", "--text-field", "nope"], "nope"),
    ):
        done = run(*args)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert says in done.stderr.decode()
        assert [p.name for p in tmp_path.iterdir()] == ["feed.jsonl"]
    assert feed.read_bytes() == SAMPLE.read_bytes()


def test_an_input_that_changes_between_its_readings_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from clusterer.cli import main as cli
    from clusterer.cli import run as cli_run
    from clusterer.errors import InputError

    feed = tmp_path / "feed.jsonl"
    lines = SAMPLE.read_bytes().splitlines(keepends=True)
    whole = cli_run.cluster

    for after in (lines[:-1], [*lines, lines[0]], lines[::-1]):

        def changing(*args: Any, _after: list[bytes] = after, **named: Any) -> Clustering:
            result = whole(*args, **named)
            feed.write_bytes(b"".join(_after))
            return result

        feed.write_bytes(b"".join(lines))
        monkeypatch.setattr(cli_run, "cluster", changing)
        with pytest.raises(InputError, match="changed between"):
            cli.cli.main(
                ["cluster", str(feed), "-o", str(tmp_path / "o"), "--report", str(tmp_path / "r")],
                standalone_mode=False,
            )
        assert [p.name for p in tmp_path.iterdir()] == ["feed.jsonl"]


def test_quarantined_rows_are_told(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(SAMPLE.read_bytes() + b"{broken <b>\n" * 12)
    assert run("cluster", feed, "-o", tmp_path / "c", "--report", tmp_path / "r.html").returncode == 0
    page = html.unescape(re.sub("<[^>]*>", "", (tmp_path / "r.html").read_text("utf-8")))
    assert "12 rows could not be read" in page
    assert "c.quarantine.jsonl" in page
    assert page.count("{broken <b>") == 10
    assert "line 131" in page


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as found:
        yield found


@pytest.fixture(scope="module")
def sample_page(sample: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    bad = report_model.Quarantined(1, "bad.jsonl", (BadRow("feed.jsonl", 7, HOSTILE, HOSTILE),))
    path.write_bytes(report_page.page(replace(sample[2], quarantined=bad)))
    return path


class Opened:
    """A page in a window of some size; everything that goes wrong on it fails the test."""

    def __init__(self, browser: Any, path: Path, width: int = 1280, scheme: str = "light", **options: Any) -> None:
        size = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=size, color_scheme=scheme, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.wrong = watched(self.page)
        start = time.perf_counter()
        self.page.goto(path.as_uri(), wait_until="commit")
        if options.get("java_script_enabled", True):
            self.page.locator("#list .story").first.wait_for()
        self.seconds = time.perf_counter() - start

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.context.close()
        assert kind or not self.wrong, self.wrong

    def search(self, words: str) -> list[str]:
        """Titles of the stories that are found."""
        self.page.locator("#search").fill(words)
        return list(self.page.locator("#list .title").all_inner_texts())

    def open(self, title: str) -> Any:
        """A story, unfolded."""
        story = self.page.locator(".story", has=self.page.locator(".title", has_text=title)).first
        story.locator(".title").click()
        story.locator(".texts").wait_for()
        return story


def unfold(inside: Any, kind: str) -> int:
    """Open all of what is folded of a kind; how many they are."""
    folds = inside.locator(f"{kind} > summary").all()
    for fold in folds:
        fold.click()
    for part in inside.locator(kind).all():
        part.locator("> :nth-child(2)").wait_for()
    return len(folds)


def titles_with(run: Run, wanted: str) -> set[str]:
    """Titles of stories of two or more with an article whose title has some words."""
    return {s.title for s, inside in members(run[2]) if s.size > 1 and any(wanted in m["title"] for m in inside)}


def test_search_folds_and_filters_narrow(browser: Any, sample_page: Path, sample: Run) -> None:
    with Opened(browser, sample_page) as seen:
        page, stories = seen.page, sample[2].stories
        several = [s for s in stories if s.size > 1]
        assert page.locator("#list .story").count() == min(50, len(several))
        assert f"{len(several)} stories" in page.locator("#count").inner_text()
        wanted = titles_with(sample, "الطائرة المصرية")
        assert wanted
        assert set(seen.search("الطائره المصريه")) == wanted == set(seen.search("الطَّائِرة المصـــريّة"))
        assert seen.search("لا-شيء-كهذا") == []
        assert "Nothing is like that" in page.locator("#count").inner_text()
        assert set(seen.search("SAWAHIL-11")) == {s.title for s in several if "sawahil 11" in s.key}
        seen.search("")
        page.locator("#kind").select_option("copied")
        assert page.locator("#list .story").count() == sum(s.texts == 1 for s in several)
        page.locator("#kind").select_option("other")
        assert page.locator("#list .story").count() == sum(s.texts > 1 for s in several)
        page.locator("#kind").select_option("")
        page.locator("#least").select_option("3")
        assert page.locator("#list .story").count() == sum(s.size >= 3 for s in stories)
        page.locator("#least").select_option("1")
        assert f"{len(stories)} stories, 130 articles" in page.locator("#count").inner_text()
        page.locator("#outlet").select_option("2")
        assert f"{sum(2 in s.outlets for s in stories)} stories" in page.locator("#count").inner_text()
        page.locator("#outlet").select_option("")
        day = stories[0].first[:10]
        page.locator("#from").fill(day)
        page.locator("#to").fill(day)
        inside = [s for s in stories if s.first and s.first[:10] <= day <= s.last[:10]]
        assert len(inside) < len(stories)
        assert page.locator("#list .story").count() == len(inside)
        page.get_by_role("button", name="Clear").click()
        page.locator("#count", has_text=f"{len(several)} stories").wait_for()
        for order, key in (
            ("latest", lambda s: s.last or ""), ("texts", lambda s: s.texts), ("outlets", lambda s: len(s.outlets)),
        ):  # fmt: skip
            page.locator("#sort").select_option(order)
            titles = page.locator("#list .title").all_inner_texts()
            by_title = {s.title: key(s) for s in several}
            assert [by_title[t] for t in titles] == sorted((by_title[t] for t in titles), reverse=True)


def test_a_long_list_comes_in_parts(browser: Any, sample_page: Path, sample: Run) -> None:
    with Opened(browser, sample_page) as seen:
        seen.page.locator("#least").select_option("1")
        assert seen.page.locator("#list .story").count() == 50 < len(sample[2].stories)
        seen.page.locator("#more").scroll_into_view_if_needed()
        seen.page.locator("#list .story").nth(len(sample[2].stories) - 1).wait_for(state="attached")
        assert seen.page.locator("#more").is_hidden()


def test_a_story_unfolds_and_shows_why_and_what_differs(browser: Any, sample_page: Path, sample: Run) -> None:
    story, inside = next((s, i) for s, i in members(sample[2]) if s.texts > 1 and s.size > s.texts)
    with Opened(browser, sample_page) as seen:
        shown = seen.open(story.title)
        assert "independent texts" in shown.locator("> .meta").inner_text()
        assert shown.locator(".texts > li").count() == story.texts
        assert shown.locator(".timeline .lanes .dot").count() == story.size
        assert shown.locator("article:visible").count() == story.texts
        unfold(shown, ".copies")
        assert shown.locator("article:visible").count() == story.size
        assert unfold(shown, ".why") == story.size - 1
        assert shown.locator(".compare").count() == story.size - 1
        assert "likely that both report one event" in shown.inner_text()
        assert shown.locator(".share.for").count() > 0
        by_id = {m["id"]: m for m in inside}
        for block in shown.locator("article:has(> .folds > .why)").all():
            m = by_id[block.locator("> .meta .id").inner_text()]
            other = inside[m["why"]["to"]]
            sides = block.locator(".sides .body")
            assert [sides.nth(x).evaluate("e => e.textContent") for x in (0, 1)] == [m["text"], other["text"]]
            kind = "shared" if m["why"]["relation"] == "story" else "own"
            for side, text, marks in ((0, m["text"], m["why"]["mine"]), (1, other["text"], m["why"]["theirs"])):
                wanted, at = [], 0
                for code, length in marks:
                    part = re.sub(r"^[\W_]+", "", text[at : at + length]).rstrip()
                    if ("own", "shared", "cut")[code] == kind and part:
                        wanted.append(part)
                    at += length
                assert [
                    re.sub(r"^[\W_]+", "", t) for t in sides.nth(side).locator("mark").all_text_contents()
                ] == wanted
        assert unfold(shown, ".read") == story.size
        assert set(shown.locator(".read .body").all_text_contents()) == {m["text"] for m in inside}
        assert {a.get_attribute("rel") for a in shown.locator("a").all()} == {"noopener noreferrer"}
        seen.page.locator("#copying > summary").click()
        total = sum(map(sum, sample[2].reprints.counts))
        cells = seen.page.locator(".matrix tbody td:not(.sum)").all_inner_texts()
        assert sum(int(cell) for cell in cells if cell.isdigit()) == total > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_no_width_overflows_and_axe_finds_nothing_serious(
    browser: Any, sample_page: Path, sample: Run, width: int, scheme: str
) -> None:
    story = next(s for s in sample[2].stories if s.texts > 1 and s.size > s.texts)
    with Opened(browser, sample_page, width, scheme) as seen:
        assert overflow(seen.page) <= 0
        for name in ("copying", "quarantine", "run"):
            seen.page.locator(f"#{name} > summary").click()
        seen.page.locator("#charts").evaluate("e => { e.open = true; }")
        shown = seen.open(story.title)
        for kind in (".copies", ".why", ".read"):
            unfold(shown, kind)
        assert overflow(seen.page) <= 0
        if width < 1920:  # laid out as at 1280
            assert serious(seen.page) == []
        background = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 200) == (scheme == "dark")


def test_the_checks_can_fail(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text(
        "<html><body><img src='x.png'><div style='width: 9000px'>x</div><script>nope()</script></body></html>"
    )
    with browser.new_context(viewport={"width": 390, "height": 800}) as context:
        page = context.new_page()
        wrong = watched(page)
        page.goto(path.as_uri())
        assert overflow(page) > 0
        assert {problem.split(" ")[0] for problem in serious(page)} >= {"image-alt", "html-has-lang"}
        assert any("nope" in problem for problem in wrong)
        assert any(problem.startswith("failed") for problem in wrong)


def test_the_theme_can_be_chosen(browser: Any, sample_page: Path) -> None:
    with Opened(browser, sample_page, scheme="light") as seen:
        button = seen.page.locator("#theme")
        colours = []
        for name in ("system", "light", "dark", "system"):
            assert button.inner_text() == f"Theme: {name}"
            colours.append(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))
            button.click()
        assert colours[0] == colours[1] == colours[3] != colours[2]


def test_hostile_articles_show_as_text(browser: Any, tmp_path: Path) -> None:
    body = f"أعلنت وزارة التعليم موعد بدء العام الدراسي الجديد {HOSTILE} في جميع المدارس يوم الأحد"
    when = datetime(2015, 7, 21, tzinfo=UTC)
    articles = [
        Article(
            body + tail,
            f"{HOSTILE}{i}",
            HOSTILE,
            f"{HOSTILE}{i}",
            f"javascript:alert(3)//{HOSTILE}",
            when + timedelta(i),
        )
        for i, tail in enumerate(["", " القادم", " القادم والمدارس الأهلية"])
    ]
    bad = report_model.Quarantined(1, HOSTILE, (BadRow(HOSTILE, 1, HOSTILE, HOSTILE),))
    _, _, made = reported(articles, quarantined=bad)
    path = tmp_path / "hostile.html"
    path.write_bytes(report_page.page(made))
    with Opened(browser, path) as seen:
        asked: list[str] = []
        seen.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        for name in ("copying", "quarantine", "run"):
            seen.page.locator(f"#{name} > summary").click()
        assert seen.page.locator("#list .title").inner_text() == HOSTILE
        shown = seen.open(HOSTILE)
        for kind in (".copies", ".why", ".read"):
            unfold(shown, kind)
        assert shown.locator(".id").first.inner_text().startswith(HOSTILE)
        assert HOSTILE in shown.locator(".read .body").first.inner_text()
        assert HOSTILE in seen.page.locator("#quarantine").inner_text()
        assert f"{HOSTILE}0" in seen.page.locator(".matrix").inner_text()
        assert seen.page.locator("img").count() == 0
        assert seen.page.locator("main script").count() == 0
        assert seen.page.locator("#list a").count() == 0
        assert not asked
        seen.search("onerror alert")
        assert seen.page.locator("#list .story").count() == 1


def test_arabic_is_right_to_left_and_english_is_isolated(browser: Any, sample_page: Path, sample: Run) -> None:
    direction = "e => getComputedStyle(e).direction"
    with Opened(browser, sample_page) as seen:
        shown = seen.open(sample[2].stories[0].title)
        unfold(shown, ".why")
        for place in (".title bdi", ".compare .body", "h4 bdi"):
            assert shown.locator(place).first.evaluate(direction) == "rtl", place
        assert seen.page.locator("html").evaluate(direction) == "rtl"
        for label in seen.page.locator("[lang=en]").all()[:80]:
            assert label.evaluate(direction) == "ltr"
        isolated = shown.locator(".meta [lang=en]").first.evaluate("e => getComputedStyle(e).unicodeBidi")
        assert isolated == "isolate"
        title = shown.locator(".title bdi").bounding_box()
        box = shown.bounding_box()
        assert box["x"] + box["width"] - title["x"] - title["width"] < 80  # it begins at the right edge


def test_the_keyboard_is_enough(browser: Any, sample_page: Path, sample: Run) -> None:
    with Opened(browser, sample_page) as seen:
        page = seen.page
        focused = "document.activeElement.id || document.activeElement.className"
        page.keyboard.press("Tab")
        assert page.evaluate(focused) == "skip"
        page.keyboard.press("/")
        assert page.evaluate(focused) == "search"
        page.keyboard.type("الطائره")
        found = page.locator("#list .story").count()
        assert 0 < found < len(sample[2].stories)
        page.keyboard.press("Escape")
        page.locator("#list .story").nth(found).wait_for()
        assert page.locator("#search").input_value() == ""
        page.keyboard.press("ArrowDown")
        first = page.locator("#list .title").nth(0)
        assert first.evaluate("e => e === document.activeElement")
        page.keyboard.press("j")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("k")
        second = page.locator("#list .title").nth(1)
        assert second.evaluate("e => e === document.activeElement")
        page.keyboard.press("Enter")
        page.locator(".story").nth(1).locator(".texts").wait_for()
        assert second.get_attribute("aria-expanded") == "true"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.inside') !== null")
        page.keyboard.press("k")
        assert first.evaluate("e => e === document.activeElement")
        second.focus()
        page.keyboard.press("Enter")
        assert second.get_attribute("aria-expanded") == "false"
        page.locator("#least").select_option("1")
        page.locator("#list .title").nth(49).focus()
        page.keyboard.press("j")  # beyond what is there: more comes
        assert page.locator("#list .title").nth(50).evaluate("e => e === document.activeElement")


def test_it_prints(browser: Any, sample_page: Path, sample: Run) -> None:
    with Opened(browser, sample_page, scheme="dark") as seen:
        shown = seen.open(sample[2].stories[0].title)
        unfold(shown, ".why")
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        seen.page.emulate_media(media="print")
        for hidden in ("#tools", "#theme", ".skip"):
            assert seen.page.locator(hidden).is_hidden()
        for visible in (".totals", "#sizes", "#days", ".matrix", ".story >> nth=0", ".compare >> nth=0"):
            assert seen.page.locator(visible).is_visible(), visible
        assert (
            seen.page.evaluate("getComputedStyle(document.querySelector('.story')).backgroundColor")
            == "rgb(255, 255, 255)"
        )
        assert seen.page.pdf(format="A4").startswith(b"%PDF")
        seen.page.emulate_media(media="screen")
        seen.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert seen.page.locator(".matrix").is_hidden()


def test_without_scripts_totals_and_charts_are_there(browser: Any, sample_page: Path) -> None:
    with Opened(browser, sample_page, java_script_enabled=False) as seen:
        assert seen.page.locator("noscript").inner_text().startswith("The list of stories")
        assert "130" in seen.page.locator(".totals").inner_text()
        for chart in ("#sizes", "#days"):
            assert seen.page.locator(chart).is_visible()
        assert seen.page.locator("#tools").is_hidden()
        seen.page.locator("#copying > summary").click()
        assert seen.page.locator(".matrix").is_visible()


def test_a_browser_that_cannot_unpack_is_told(browser: Any, sample_page: Path, tmp_path: Path) -> None:
    page = sample_page.read_text("utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(re.sub(r'(id="listed">).{40}', r"\1" + "A" * 40, page), "utf-8")
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(broken.as_uri())
    opened.locator("#count", has_text="could not be unpacked").wait_for()
    context.close()


@pytest.mark.slow
def test_the_whole_feed_opens_at_once(browser: Any, tmp_path: Path) -> None:
    if not FEED.is_dir():
        pytest.skip(f"real articles are not here: no {FEED}")
    articles = [row.article for row in Feed([FEED])]
    settings = Settings()
    result = cluster(articles, settings)
    start = time.perf_counter()
    made = build.build(result.assignments, lambda: articles, settings, furniture=result.furniture, stats=result.stats)
    path = tmp_path / "feed.html"
    path.write_bytes(report_page.page(made))
    assert time.perf_counter() - start < 10
    assert sum(story.size for story in made.stories) == len(articles) == 15_042
    for width in (1280, 390):
        with Opened(browser, path, width) as seen:
            assert seen.seconds < 2, f"the list was there after {seen.seconds:.2f} s"
            assert overflow(seen.page) <= 0
            story = next(s for s in made.stories if s.texts > 1 and s.size > s.texts)
            shown = seen.open(story.title)
            shown.locator(".why > summary").first.click()
            shown.locator(".compare").first.wait_for()
            start = time.perf_counter()
            assert seen.search("الجزيرة")
            assert time.perf_counter() - start < 1
            seen.page.locator("#least").select_option("1")
            last = made.stories[-1]
            assert last.title in seen.search(" ".join(last.key.split("\n")))
            seen.open(last.title)
            assert overflow(seen.page) <= 0
            assert serious(seen.page) == []


def test_a_day_without_an_hour_may_be_any_hour_of_it() -> None:
    day = 86_400.0
    found = reprints.reprints(["g", "g", "h", "h"], ["agency", "daily", "agency", "daily"], [day + 9.0, day, 9.0, day])
    assert (found.ties, found.groups) == (1, 1)
    assert dict(zip(found.outlets, found.was_first, strict=True))["agency"] == 1
