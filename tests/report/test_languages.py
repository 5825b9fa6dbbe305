"""Every page in Arabic and English: one table words them, the page turns from one to the other, and nothing is left behind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import PATIENCE, opened_browser, overflow, serious, watched
from commands import run_in_text
from places import DATA

from clusterer.messages import Language, Message, worded

FEED, GOLD = DATA / "feed.jsonl", DATA / "gold.jsonl"
NAMES = {"clusterer", "Enter", "Esc", "CSV", "JSON", "English", "cubed", "ARI", "label", "merge", "series"}
LABELS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    const theirs = 'bdi, code, pre, .body, .opening, .text, #outlet, script, style, noscript';
    if (!parent.closest(theirs)) found.push(walker.currentNode.data);
  }
  for (const name of ['aria-label', 'title']) {
    for (const element of document.querySelectorAll(`[${name}]:not(bdi, .dot)`)) found.push(element.getAttribute(name));
  }
  return found;
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One page of each kind, as a user makes it."""
    folder = tmp_path_factory.mktemp("pages")
    result = folder / "clusters.jsonl"
    commands: dict[str, list[str | Path]] = {
        "report": ["cluster", FEED, "-o", result, "--report", folder / "report.html"],
        "story": ["explain", "sadawadi-05", "marsad-06", FEED, "--html", folder / "story.html"],
        "apart": ["explain", "sadawadi-05", "aldifaf-13", FEED, "--html", folder / "apart.html"],
        "evaluate": ["evaluate", result, GOLD, "--feed", FEED, "--html", folder / "evaluate.html"],
        "tune": ["tune", FEED, GOLD, "-q", "--html", folder / "tune.html"],
        "english": ["explain", "sadawadi-05", "marsad-06", FEED, "--language", "en", "--html", folder / "english.html"],
    }
    for command in commands.values():
        done = run_in_text(*command)
        assert done.returncode == 0, done.stderr
    return {name: folder / f"{name}.html" for name in commands}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as found:
        yield found


def opened(browser: Any, path: Path, width: int = 1280, scheme: str = "light") -> tuple[Any, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    wrong = watched(page)
    page.goto(path.as_uri())
    return page, wrong


def message_of(data: Any) -> Any:
    """A message as it came from a page."""
    if isinstance(data, dict):
        return Message(data["key"], {name: message_of(value) for name, value in data["values"].items()})
    return [message_of(one) for one in data] if isinstance(data, list) else data


def assert_says(page: Any, language: Language) -> int:
    """Every message of a page is worded as the package words it; how many there are."""
    said = page.evaluate("[...document.querySelectorAll('[data-say]')].map((e) => [e.dataset.say, e.textContent])")
    for data, text in said:
        assert text == worded(message_of(json.loads(data)), language, isolate=True)
    return len(said)


@pytest.mark.parametrize("name", ["report", "story", "apart", "evaluate", "tune"])
def test_a_page_is_whole_in_both_languages(pages: dict[str, Path], browser: Any, name: str) -> None:
    page, wrong = opened(browser, pages[name])
    if name == "report":
        page.locator("#list .title").first.click()
        page.locator(".texts").first.wait_for()
        for fold in page.locator(".story .copies > summary, .story .why > summary").all():
            fold.click()
        page.locator(".compare").first.wait_for()
    for language, direction in (("ar", "rtl"), ("en", "ltr"), ("ar", "rtl")):
        root = page.locator("html")
        assert (root.get_attribute("lang"), root.get_attribute("dir")) == (language, direction)
        assert root.evaluate("e => getComputedStyle(e).direction") == direction
        assert assert_says(page, language) > 20
        texts = [re.sub("\u2068[^\u2069]*\u2069", "", text) for text in page.evaluate(LABELS)]
        if language == "ar":
            assert {word for text in texts for word in re.findall("[A-Za-z]{3,}", text)} <= NAMES
            assert not any(re.search("(?<!F)[0-9]", text) for text in texts)
        else:
            assert not any(re.search("[ء-ي٠-٩]", text) for text in texts if text != "العربية")
        page.locator("#language").click()
    assert wrong == []
    page.close()


@pytest.mark.parametrize("name", ["story", "apart", "evaluate", "tune"])
def test_pages_fit_and_can_be_read_by_all(pages: dict[str, Path], browser: Any, name: str) -> None:
    for width, scheme, turned in (
        (390, "dark", False),
        (390, "light", True),
        (1280, "light", False),
        (1920, "dark", True),
    ):
        page, wrong = opened(browser, pages[name], width, scheme)
        if turned:
            page.locator("#language").click()
        assert overflow(page) <= 0
        assert serious(page) == []
        assert wrong == []
        page.close()


def test_an_explanation_shows_arabic_right_to_left(pages: dict[str, Path], browser: Any) -> None:
    page, wrong = opened(browser, pages["english"])
    assert page.locator("html").get_attribute("lang") == "en"
    assert "One story" in page.locator("h1").inner_text()
    texts = page.locator(".text")
    assert {texts.nth(i).evaluate("x => getComputedStyle(x).direction") for i in range(texts.count())} == {"rtl"}
    assert texts.count() == 2
    assert page.locator(".text mark").count() > 0
    assert wrong == []
    page.close()
