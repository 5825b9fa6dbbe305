"""The pages of explain, evaluate and tune in a real browser. The report's has its own tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import opened_browser, overflow, serious, watched
from places import DATA

FEED, GOLD = DATA / "feed.jsonl", DATA / "gold.jsonl"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One page of each kind, as a user makes it."""
    folder = tmp_path_factory.mktemp("pages")
    result = folder / "clusters.jsonl"
    commands: dict[str, list[str | Path]] = {
        "": ["cluster", FEED, "-o", result],
        "story": ["explain", "sadawadi-05", "marsad-06", FEED],
        "apart": ["explain", "sadawadi-05", "aldifaf-13", FEED],
        "evaluate": ["evaluate", result, GOLD, "--feed", FEED],
        "tune": ["tune", FEED, GOLD, "-q"],
    }
    out = {}
    for name, command in commands.items():
        page = ["--html", folder / f"{name}.html"] if name else []
        line = [sys.executable, "-c", "from clusterer.cli.main import main; main()", *map(str, [*command, *page])]
        subprocess.run(line, check=True, capture_output=True, timeout=120)
        out[name] = folder / f"{name}.html"
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as found:
        yield found


@pytest.mark.parametrize("name", ["story", "apart", "evaluate", "tune"])
def test_pages_fit_and_can_be_read_by_all(pages: dict[str, Path], browser: Any, name: str) -> None:
    for width, scheme in ((390, "dark"), (1280, "light"), (1920, "light")):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        wrong = watched(page)
        page.goto(pages[name].as_uri())
        assert page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
        assert overflow(page) <= 0
        if width < 1920:
            assert serious(page) == []
        assert wrong == []
        page.close()


def test_an_explanation_shows_arabic_right_to_left(pages: dict[str, Path], browser: Any) -> None:
    page = browser.new_page()
    page.goto(pages["story"].as_uri())
    texts = page.locator(".text")
    assert texts.count() == 2
    assert {texts.nth(i).evaluate("x => getComputedStyle(x).direction") for i in range(2)} == {"rtl"}
    assert page.locator(".text mark").count() > 0
    assert "One story" in page.locator("h1").inner_text()
