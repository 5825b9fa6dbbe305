"""A real browser for the tests of pages, where there is one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 120_000
"""Milliseconds that a page may take: on a loaded machine all of it is slow."""
ARGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@contextmanager
def opened_browser() -> Iterator[Any]:
    """Chromium of this machine, without a window. Skips, saying so, where it or Playwright is missing."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no Chromium on this machine: none of {', '.join(NAMES)}")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        try:
            yield browser
        finally:
            browser.close()


def await_true(page: Any, expression: str) -> None:
    """Wait until an expression is true on a page. Playwright's own wait evaluates inside the page, whose policy forbids it."""
    until = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < until, f"never true: {expression}"
        page.wait_for_timeout(50)


def watched(page: Any) -> list[str]:
    """What goes wrong on a page from now on: console errors, exceptions, failed requests, requests to the network."""
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(f"console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(f"exception: {error}"))
    page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url[:200]}"))
    page.on("request", lambda r: None if r.url.startswith("file:") else wrong.append(f"asked for: {r.url[:200]}"))
    return wrong


def serious(page: Any) -> list[str]:
    """Serious and critical findings of axe-core on a page as it stands."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    found = axe.run(page).response["violations"]
    return [
        f"{v['id']} ({v['impact']}): {node['html'][:150]} {node['any'][:1] and node['any'][0]['message']}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]


def overflow(page: Any) -> int:
    """Pixels by which a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
