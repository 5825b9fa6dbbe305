"""The page of a report in a real browser: what it shows, finds and folds, at every width, for every reader."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from browser import PATIENCE, opened_browser, overflow, serious, watched
from made import generated
from places import ROOT
from reports import SAMPLE, Run, members, reported

from clusterer import Article, Settings, cluster
from clusterer.io.feed import Feed
from clusterer.io.rows import BadRow
from clusterer.report import build, model as report_model, page as report_page

FEED = ROOT.parent / "shared" / "feed"
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)></script><!--'


@pytest.fixture(scope="module")
def sample() -> Run:
    return reported([row.article for row in Feed([SAMPLE])])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as found:
        yield found


@pytest.fixture(scope="module")
def sample_page(sample: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    bad = report_model.Quarantined(1, "bad.jsonl", (BadRow("feed.jsonl", 7, HOSTILE, HOSTILE),))
    path.write_bytes(report_page.page(replace(sample[2], quarantined=bad), "en"))
    return path


class Opened:
    """A page in a window of some size; everything that goes wrong on it fails the test.

    Attributes:
        seconds: of processor time that the page took until its list was there.
    """

    def __init__(self, browser: Any, path: Path, width: int = 1280, scheme: str = "light", **options: Any) -> None:
        size = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=size, color_scheme=scheme, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.wrong = watched(self.page)
        self._tools = self.context.new_cdp_session(self.page)
        self._tools.send("Performance.enable")
        self.page.goto(path.as_uri(), wait_until="commit")
        if options.get("java_script_enabled", True):
            self.page.locator("#list .story").first.wait_for()
        self.seconds = self.processor_seconds()

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.context.close()
        assert kind or not self.wrong, self.wrong

    def processor_seconds(self) -> float:
        """Of the page's process up to now: the clock says more of what else the machine does."""
        told = {x["name"]: x["value"] for x in self._tools.send("Performance.getMetrics")["metrics"]}
        return float(told["ProcessTime"])

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
            ("latest", lambda s: s.last or ""), ("texts", lambda s: s.texts), ("spread", lambda s: len(s.outlets)),
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
        assert {a.get_attribute("rel") for a in shown.locator("article a").all()} == {"noopener noreferrer"}
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
        if (scheme == "dark") == (width > 390):  # each language in each theme
            seen.page.locator("#language").click()
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


def test_filters_fold_on_a_narrow_page(browser: Any, sample_page: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(PATIENCE)
    page.goto(sample_page.as_uri())
    assert page.locator("#list .title").first.bounding_box()["y"] < 850  # it was over 1,000
    assert not page.locator("#outlet").is_visible()
    page.click("#filters")
    assert page.locator("#outlet").is_visible()
    assert overflow(page) == 0
    page.goto("about:blank")
    page.goto(f"{sample_page.as_uri()}#least=3")
    page.locator("#list .title").first.wait_for()
    assert page.locator("#least").is_visible()  # what is in use is seen
    page.close()


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
        assert shown.locator("article .id").first.inner_text().startswith(HOSTILE)
        assert HOSTILE in shown.locator(".read .body").first.inner_text()
        assert HOSTILE in seen.page.locator("#quarantine").inner_text()
        assert f"{HOSTILE}0" in seen.page.locator(".matrix").inner_text()
        assert seen.page.locator("img").count() == 0
        assert seen.page.locator("main script").count() == 0
        assert seen.page.locator("#list a:not(.permanent)").count() == 0
        assert not asked
        seen.search("onerror alert")
        assert seen.page.locator("#list .story").count() == 1


def test_arabic_texts_are_right_to_left_in_an_english_page(browser: Any, sample_page: Path, sample: Run) -> None:
    direction = "e => getComputedStyle(e).direction"
    with Opened(browser, sample_page) as seen:
        shown = seen.open(sample[2].stories[0].title)
        unfold(shown, ".why")
        for place in (".title bdi", ".compare .body", "h4 bdi", ".opening", ".word"):
            assert shown.locator(place).first.evaluate(direction) == "rtl", place
        assert seen.page.locator("html").evaluate(direction) == "ltr"
        assert shown.locator(".meta").first.evaluate(direction) == "ltr"


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
        for hidden in ("#tools", "#theme", "#language", ".exports"):
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
@pytest.mark.parametrize("source", ["generated", "real"])
def test_the_whole_feed_opens_at_once(browser: Any, tmp_path: Path, source: str) -> None:
    if source == "real" and not FEED.is_dir():
        pytest.skip(f"real articles are not here: no {FEED}")
    articles = [row.article for row in Feed([FEED])] if source == "real" else generated()[0]
    settings = Settings()
    result = cluster(articles, settings)
    start = time.process_time()
    made = build.build(result.assignments, lambda: articles, settings, furniture=result.furniture, stats=result.stats)
    path = tmp_path / "feed.html"
    path.write_bytes(report_page.page(made))
    assert time.process_time() - start < 10
    assert sum(story.size for story in made.stories) == len(articles)
    for width in (1280, 390):
        with Opened(browser, path, width) as seen:
            assert seen.seconds < 1, f"the list was there after {seen.seconds:.2f} s of processor time"
            assert overflow(seen.page) <= 0
            story = next(s for s in made.stories if s.texts > 1 and s.size > s.texts)
            shown = seen.open(story.title)
            shown.locator(".why > summary").first.click()
            shown.locator(".compare").first.wait_for()
            start = seen.processor_seconds()
            assert seen.search(articles[0].outlet)
            assert seen.processor_seconds() - start < 0.5
            if width == 390:
                seen.page.click("#filters")  # folded on a narrow page
            seen.page.locator("#least").select_option("1")
            last = made.stories[-1]
            assert last.title in seen.search(" ".join(last.key.split("\n")))
            seen.open(last.title)
            assert overflow(seen.page) <= 0
            assert serious(seen.page) == []
