"""The report as a newsroom uses it: what grows, who printed first, what a story is about, links to it, lists taken away."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from browser import PATIENCE, opened_browser, watched
from made import text_of
from reports import SAMPLE, Run, members, reported

from clusterer import Article
from clusterer.io.feed import Feed
from clusterer.report import page as report_page
from clusterer.text.normalize import normalise

START = datetime(2015, 7, 21, 6, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def sample() -> Run:
    return reported([row.article for row in Feed([SAMPLE])])


@pytest.fixture(scope="module")
def sample_page(sample: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(report_page.page(sample[2], "en"))
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as found:
        yield found


@pytest.fixture
def seen(browser: Any) -> Iterator[Any]:
    """A new page; nothing may go wrong on it."""
    with browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        wrong = watched(page)
        yield page
        assert wrong == []


def shown(page: Any, path: Path, fragment: str = "") -> Any:
    """The page opened anew, with its list, and with the texts of the story that the fragment names."""
    page.goto("about:blank")  # another fragment alone would leave the page that is open, and what is open on it
    page.goto(path.as_uri() + fragment)
    page.locator("#list .story").first.wait_for()
    if "story=" in fragment:  # a story is unpacked after the list stands
        page.locator(".inside:not([hidden]) .texts").wait_for()
    return page


def test_key_words_are_words_of_the_story_and_hardly_of_others(sample: Run) -> None:
    named = 0
    for story, inside in members(sample[2]):
        assert bool(story.words) <= (story.size > 1)
        assert len(story.words) <= 6
        assert len(set(story.words)) == len(story.words)
        text = " ".join(normalise([f"{m['title']} {m['text']}" for m in inside], "news"))
        for name in story.words:
            named += 1
            assert all(word in text for word in normalise([name], "news")[0].split()), name
    assert named > 80
    words = {s.id: s.words for s in sample[2].stories}["sawahil-11"]
    assert {"لارنكا", "قبرص", "الخاطف"} <= set(words)


def test_growth_is_counted_up_to_the_end_of_the_feed_or_the_day_chosen(seen: Any, tmp_path: Path) -> None:
    def told(name: str, hours: list[float]) -> list[Article]:
        body = text_of(name, 60)
        return [
            Article(body, f"{name}{i}", body[:40], f"o{i}", date=START + timedelta(hours=h))
            for i, h in enumerate(hours)
        ]

    feed = [*told("old", [0, 1, 2, 3]), *told("new", [30, 71, 72]), *told("now", [71.5, 72])]
    made = reported(feed)[2]
    assert made.until == "2015-07-24T06:00:00Z"
    assert {s.id: s.hours for s in made.stories} == {"old0": (0, 1, 2, 3), "new0": (0, 41, 42), "now0": (0, 0)}
    path = tmp_path / "r.html"
    path.write_bytes(report_page.page(made, "en"))
    page = shown(seen, path)
    page.locator("#sort").select_option("growth")
    ids = page.locator("#list .story").evaluate_all(
        "all => all.map((e) => e.querySelector('.growth')?.textContent ?? '')"
    )
    assert ids == ["+2 in the last day", "+2 in the last day", ""]
    page.locator("#kind").select_option("growing")
    assert page.locator("#list .story").count() == 2
    page.locator("#to").fill("2015-07-21")
    assert page.locator(".growth").all_inner_texts() == ["+4 in the last day"]


def test_a_clock_that_runs_ahead_does_not_end_the_feed() -> None:
    feed = [Article(text_of(i, 30), str(i), date=START + timedelta(minutes=i)) for i in range(1100)]
    made = reported([*feed, Article(text_of("x", 30), "x", date=START + 900 * DAY)])[2]
    assert made.until is not None
    assert made.until < "2015-07-23"


def test_a_timeline_tells_who_was_first_and_who_copied_whom(seen: Any, tmp_path: Path) -> None:
    body = text_of("one", 80)
    hours = (("agency", 0), ("daily", 1), ("paper", 30), ("agency", 50))
    feed = [Article(body, f"{o}{h}", "خبر", o, date=START + timedelta(hours=h)) for o, h in hours]
    midnight = datetime(2015, 7, 25, tzinfo=UTC)
    other = text_of("two", 80)
    feed += [
        Article(other, "tie1", "آخر", "agency", date=midnight),
        Article(other, "tie2", "آخر", "daily", date=midnight),
    ]
    other = text_of("three", 80)
    feed += [Article(other, "u1", "ثالث", "agency", date=midnight + DAY), Article(other, "u2", "ثالث", "daily")]
    path = tmp_path / "r.html"
    path.write_bytes(report_page.page(reported(feed)[2], "en"))
    page = shown(seen, path, "#story=agency0")
    rows = [
        [cell.replace("\u2068", "").replace("\u2069", "") for cell in row.locator("td, th").all_inner_texts()]
        for row in page.locator(".lines tbody tr").all()
    ]
    assert rows == [
        ["21 Jul 2015 06:00", "agency", "was first of the story"],
        ["21 Jul 2015 07:00 +1 h", "daily", "copied agency"],
        ["22 Jul 2015 12:00 +30 h", "paper", "copied agency"],
        ["23 Jul 2015 08:00 +2 d", "agency", "printed its own text again"],
    ]
    for story, says in (
        ("tie1", "the same text at about the same time"),
        ("u1", "copied a text; who was first is not known"),
    ):
        shown(page, path, f"#story={story}")
        assert {row.locator("td").last.inner_text() for row in page.locator(".lines tbody tr").all()} == {says}


def test_a_link_opens_its_story_whatever_is_filtered(seen: Any, sample_page: Path, sample: Run) -> None:
    alone = sample[2].stories[-1]
    assert alone.size == 1
    page = shown(seen, sample_page, f"#story={quote(alone.id)}&search=nothing-like-that")
    page.locator(".texts").wait_for()
    assert page.locator("[aria-expanded=true]").inner_text() == alone.title
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    several = sample[2].stories[3]
    page.evaluate("id => { location.hash = `#story=${encodeURIComponent(id)}`; }", several.id)
    page.locator("[aria-expanded=true]", has_text=several.title).wait_for()
    page.locator(".permanent").first.wait_for()
    page.locator("#kind").select_option("other")
    page.locator("#outlet").select_option("2")
    kept, found = page.evaluate("location.hash"), page.locator("#list .title").all_inner_texts()
    assert "kind=other" in kept
    page.reload()
    page.locator("#list .story").first.wait_for()
    assert page.locator("#list .title").all_inner_texts() == found != []
    assert page.locator("#outlet").input_value() == "2"
    page.locator("#clear").click()
    assert page.evaluate("location.hash") == ""


def test_the_filtered_list_can_be_taken_away(seen: Any, tmp_path: Path) -> None:
    titles = ['=HYPERLINK("x")', 'خبر "أول"; ثان,\nثالث', "+1", "عادي"]
    feed = [Article(text_of(i, 60), f"{t}{i}", t, f"@o{i}", date=START + i * DAY) for t in titles for i in range(2)]
    feed = [
        Article(text_of(t, 60) + f" {text_of(i, 1)}", a.id, t, a.outlet, date=a.date)
        for t in titles
        for i, a in enumerate(feed[:2])
    ]
    feed = [Article(a.text, f"{n}", a.title, a.outlet, date=a.date) for n, a in enumerate(feed)]
    made = reported(feed)[2]
    path = tmp_path / "r.html"
    path.write_bytes(report_page.page(made, "en"))
    page = shown(seen, path)
    page.locator("#from").fill("2015-07-22")
    with page.expect_download() as download:
        page.locator("#csv").click()
    assert download.value.suggested_filename == "stories.csv"
    raw = Path(download.value.path()).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert {row["title"] for row in rows} == {'\'=HYPERLINK("x")', titles[1], "'+1", "عادي"}
    assert {row["outlets"] for row in rows} == {"'@o0; @o1"}
    assert {(row["articles"], row["growth"], row["first"][:10]) for row in rows} == {("2", "1", "2015-07-21")}
    with page.expect_download() as download:
        page.locator("#json").click()
    told = json.loads(Path(download.value.path()).read_bytes())
    assert {s["title"] for s in told} == set(titles)
    by_id = {s.id: inside for s, inside in members(made)}
    for story in told:
        assert [m["id"] for m in story["members"]] == [m["id"] for m in by_id[story["story"]]]
        assert [m["relation"] for m in story["members"]].count(None) == 1
    page.locator("#search").fill("لاشيءكهذا")
    assert page.locator("#csv").is_hidden()
