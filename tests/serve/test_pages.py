"""The pages in a real browser: both languages and themes, every width, keyboard alone, hostile articles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
from browser import PATIENCE, opened_browser, overflow, serious, watched
from hostile import ELEMENTS, URLS, WORDS
from indexes import SAMPLE
from serving import Server, served

from clusterer import Article, StoryIndex

SAID = [words.format(f"alert({number})") for number, words in enumerate(WORDS)]
SIZES = ((390, "dark"), (1280, "light"), (1920, "light"), (1920, "dark"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("pages") / "news.db"
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
    with served(path, path.with_name("gold.jsonl")) as server:
        server.wait_for_words(len(SAMPLE))
        yield server


class Window:
    """A window of a browser; what goes wrong in it, and what is asked for elsewhere, fails the test."""

    def __init__(self, browser: Any, server: Server, width: int = 1280, scheme: str = "light") -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page, self.base = self.context.new_page(), server.base
        self.page.set_default_timeout(PATIENCE)
        self.wrong = watched(self.page)

    def __enter__(self) -> Window:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.context.close()
        wrong = [
            x for x in self.wrong if not x.startswith((f"asked for: {self.base}/", f"failed: {self.base}/static/icon"))
        ]
        assert kind or not wrong, wrong

    def goto(self, path: str, **values: str) -> None:
        self.page.goto(f"{self.base}{path}?{urlencode(values)}")


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(390, "light"), (1280, "dark"), *(pytest.param(*x, marks=pytest.mark.slow) for x in SIZES)],
)
def test_no_width_overflows_and_axe_finds_nothing_serious(
    browser: Any, server: Server, width: int, scheme: str
) -> None:
    pages: list[tuple[str, dict[str, str]]] = [
        ("/", {}), ("/", {"q": "الطائره المصريه"}), ("/story", {"id": "qandil-06"}), ("/article", {"id": "qandil-06"}),
        ("/explain", {"a": "qandil-06", "b": "sawahil-11"}), ("/explain", {"a": "marsad-14", "b": "aldifaf-14"}),
    ]  # fmt: skip
    language = "ar" if (scheme == "dark") == (width > 390) else "en"  # each language in each theme
    with Window(browser, server, width, scheme) as window:
        for path, values in pages:
            window.goto(path, **values, language=language)
            assert window.page.locator("html").get_attribute("dir") == {"ar": "rtl", "en": "ltr"}[language]
            window.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
            assert overflow(window.page) <= 0, (path, values)
            if width < 1920:  # laid out as at 1280
                assert serious(window.page) == [], (path, values)
            background = window.page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 200) == (scheme == "dark")


def test_keyboard_alone_searches_opens_and_answers(browser: Any, server: Server) -> None:
    with Window(browser, server) as window:
        page = window.page
        window.goto("/", language="en")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        while page.evaluate("document.activeElement.id") != "q":
            page.keyboard.press("Tab")
        page.keyboard.type("الطائره المصريه")
        page.keyboard.press("Enter")
        page.wait_for_url("**/?*q=*")
        assert "latest first" in page.locator(".count").inner_text()
        while page.evaluate("document.activeElement.className") != "headline":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/story?*")
        assert page.locator("html").get_attribute("lang") == "en"
        window.goto("/explain", a="darb-08", b="qandil-07", language="en")
        while page.evaluate("document.activeElement.value") != "no":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("This is answered.").wait_for()
        assert "language=en" in page.url


def test_a_story_shows_its_course_and_its_texts(browser: Any, server: Server) -> None:
    story = server.api("story", id="qandil-06")
    with Window(browser, server) as window:
        window.goto("/story", id="qandil-06", language="en")
        page = window.page
        assert page.locator("h1").inner_text() == story["title"]
        assert page.locator(".lines tbody tr").count() == story["articles"]
        assert page.locator(".texts > li").count() == story["independent_texts"]
        dates = page.locator(".lines tbody time").evaluate_all("all => all.map(one => one.dateTime)")
        assert dates == sorted(dates)
        assert "was first of the story" in page.locator(".lines tbody tr").first.inner_text()
        page.locator("summary").first.click()
        page.locator(".copies a", has_text="compare").first.click()
        page.wait_for_url("**/explain?*")
        assert "Copies" in page.locator("h1").inner_text()
        window.goto("/story", id="qandil-06", language="ar")
        x = page.locator("figure > svg .lead").evaluate("one => one.getBoundingClientRect().x")
        assert x > 640  # time runs as the language is read: what came first is on the right


def test_the_language_turns_and_lasts(browser: Any, server: Server) -> None:
    with Window(browser, server) as window:
        window.goto("/")
        page = window.page
        assert page.locator("html").get_attribute("lang") == "ar"  # that of most articles
        page.get_by_role("link", name="English").click()
        page.locator("html[lang=en]").wait_for()
        page.get_by_label("Sort by").select_option("date")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**/?*sort=date*")
        assert page.locator("html").get_attribute("lang") == "en"
        page.locator(".headline").first.click()
        page.wait_for_url("**/story?*")
        page.get_by_role("link", name="العربية").click()
        page.locator("html[lang=ar]").wait_for()
        assert "id=" in page.url


def test_stories_of_a_day_and_an_outlet_are_shown(browser: Any, server: Server) -> None:
    with StoryIndex.open(server.desk.path) as index:
        found = index.stories("24h", 1, sort="size", until="2016-03-30", outlet=SAMPLE[0].outlet)
    assert 0 < len(found) < 25
    with Window(browser, server) as window:
        page = window.page
        window.goto("/", language="en", sort="size")
        page.locator("[name=since]").select_option("24h")
        page.locator("[name=until]").fill("2016-03-30")
        page.locator("[name=outlet]").fill(SAMPLE[0].outlet)
        page.locator("[name=min_size]").select_option("1")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**/?*until=2016-03-30*")
        assert page.locator(".headline").all_inner_texts() == [story.title for story in found]
        growth = [len(story) for story in found if story.recent < len(story)]
        assert page.locator(".growth").count() == len(growth)
        assert page.locator("[name=until]").input_value() == "2016-03-30"
        assert page.locator("[name=outlet]").input_value() == SAMPLE[0].outlet
        window.goto("/", language="en", until="2016-03-30T12:00", outlet=SAMPLE[0].outlet)
        assert page.locator("[name=until]").input_value() == "2016-03-30T12:00"
        assert page.locator("[name=since]").input_value() == "24h"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, list[tuple[str, dict[str, str]]]]]:
    """A server over eighty hostile articles, and all addresses that show one."""
    articles = []
    for number, words in enumerate(SAID):
        body, when = " ".join(f"كلمة{number}و{i}" for i in range(40)), datetime(2015, 7, 21, number % 24, tzinfo=UTC)
        for copy in ("", "2"):
            url = URLS[number % len(URLS)].format(words)
            about = (words + copy, words, words + copy, url, when + timedelta(hours=len(copy)))
            articles.append(Article(f"{body} {words} {copy}", *about))
    path = tmp_path_factory.mktemp("hostile") / "hostile.db"
    with StoryIndex.open(path) as index:
        stored = [a.id for a in index.add(articles)]
    pages: list[tuple[str, dict[str, str]]] = []
    for words, one, other in zip(SAID, stored[::2], stored[1::2], strict=True):
        pages += [("/story", {"id": one}), ("/article", {"id": other}), ("/explain", {"a": one, "b": other})]
        pages += [("/", {"q": words}), ("/story", {"id": f"no {words}"}), ("/", {"since": words[:40]})]
        pages += [("/", {"since": "24h", "until": words[:40]}), ("/", {"outlet": words, "min_size": "1"})]
    with served(path, path.with_name("gold.jsonl")) as server:
        yield server, [("/", {"min_size": "1", "limit": "200"}), *pages]


class Read(HTMLParser):
    """The elements of a page, and its links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen, self.links, self.attributes = set[str](), set[str](), set[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "action")}


def test_hostile_articles_are_text_on_every_page(hostile: tuple[Server, list[tuple[str, dict[str, str]]]]) -> None:
    server, pages = hostile
    for path, values in pages:
        status, _, text = server.ask(f"{path}?{urlencode(values)}")
        read = Read(text)
        assert status in (200, 400, 404), (path, values)
        assert not read.seen & {"script", "iframe", "object", "embed", "img", "base", "template", "style"}, (
            path,
            values,
        )
        assert not {name for name in read.attributes if name.startswith("on") or name in ("style", "srcdoc")}, (
            path,
            values,
        )
        assert all(re.match(r"[/?#]", link) for link in read.links), (path, values, read.links)


@pytest.mark.slow
def test_hostile_articles_run_nothing_and_lead_nowhere(
    browser: Any, hostile: tuple[Server, list[tuple[str, dict[str, str]]]]
) -> None:
    server, pages = hostile
    with Window(browser, server) as window:
        page, asked = window.page, []
        page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        window.goto(pages[0][0], **pages[0][1])
        shown = page.locator("main").inner_text()
        assert (
            sum(words.strip() in shown for words in SAID) >= 35
        )  # but for blanks and controls, which a browser leaves out
        for path, values in (x for x in pages if not x[1].get("id", "").startswith("no ") and "since" not in x[1]):
            window.goto(path, **values)
            assert page.locator(f"main :is({ELEMENTS})").count() == 0, (path, values)
            links = page.locator("a[href]").evaluate_all("all => all.map(one => one.protocol + '//' + one.host)")
            assert set(links) <= {server.base}, (path, values)
        assert not asked
