"""Forty titles, ids, outlets and addresses that want to run or to lead elsewhere, on the report's page in a real browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from browser import PATIENCE, await_true, opened_browser, watched
from hostile import ELEMENTS, URLS, WORDS
from reports import reported

from clusterer import Article
from clusterer.report import page as report_page

UNFOLDED = """() => {
  const all = [...document.querySelectorAll('details')];
  all.forEach((one) => { one.open = true; });
  return all.every((one) => one.children.length > 1);
}"""
"""All that is folded is opened, and what is made when it is opened is there; folds inside of it come with the next look."""


def test_forty_hostile_titles_ids_and_urls_run_nothing_and_lead_nowhere(tmp_path: Path) -> None:
    said = [words.format(f"alert({number})") for number, words in enumerate(WORDS)]
    assert len(said) == 40
    articles = []
    for number, words in enumerate(said):
        body = " ".join(f"كلمة{number}و{i}" for i in range(40))
        when = datetime(2015, 7, 21, number % 24, tzinfo=UTC)
        for copy in ("", "2"):  # two of each: the list shows stories of several
            url = URLS[number % len(URLS)].format(words)
            articles.append(Article(f"{body} {words} {copy}", words + copy, words, words + copy, url, when))
    articles.append(Article(articles[0].text, "fine", "عنوان", "a", 'https://a.example/?q="><script>alert(1)</script>'))
    path = tmp_path / "forty.html"
    path.write_bytes(report_page.page(reported(articles)[2]))
    with opened_browser() as browser:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        wrong, asked = watched(page), []
        page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        page.locator("#list .story").first.wait_for()
        assert page.locator("#list .story").count() >= 30
        for title in page.locator("#list .story .title").all():
            title.click()
        await_true(page, "document.querySelectorAll('#list > .story:not(:has(.texts))').length === 0")
        await_true(page, UNFOLDED)
        shown = page.locator("#list").inner_text()
        assert (
            sum(words.strip() in shown for words in said) >= 35
        )  # but for those whose blanks and controls a browser leaves out
        links = page.locator("#list article a[href]").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert 'https://a.example/?q="><script>alert(1)</script>' in links
        assert all(re.match(r"https?://", link) for link in links), links
        assert page.locator(f"main :is({ELEMENTS})").count() == 0
        assert not asked
        assert not wrong
