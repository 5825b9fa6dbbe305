"""The course of a story: the module's own beside the script of the report's page, in a real browser."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from browser import PATIENCE, await_true, opened_browser
from made import text_of
from reports import members, reported

from clusterer import Article
from clusterer.messages import worded
from clusterer.report import page as report_page
from clusterer.report.course import course
from clusterer.report.model import Member

DAY = datetime(2016, 4, 1, tzinfo=UTC)
DID = (
    "was first of the story",
    "was first with",
    "copied ",
    "the same text at about",
    "its own text again",
    "is not known",
)


def articles(seed: int) -> list[Article]:
    """Stories whose articles are early, late, of one day without an hour, of no date, of no outlet, and of one outlet again."""
    draw, out = random.Random(seed), []
    for story in range(40):
        text = text_of(f"story {story}", 60)
        for i in range(draw.randint(2, 5)):
            date = DAY + timedelta(minutes=draw.choice((0, 0, 5, 55, 200, 1440, 9000)))
            when = None if draw.random() < 0.05 else date if draw.random() < 0.7 else date.replace(hour=0, minute=0)
            outlet = draw.choice(("وكالة", "صحيفة", "مرصد", *([""] if draw.random() < 0.2 else [])))
            out.append(Article(f"{text} {i}", f"{story}-{i}", f"عنوان {story}", outlet, "", when))
    return out


def told(rows: list[dict[str, Any]]) -> list[str]:
    inside = [Member(**{**row, "why": None}) for row in rows]
    return [" ".join([*([worded(line.after)] if line.after else []), worded(line.did)]) for line in course(inside)]


def test_the_page_tells_the_same_course(tmp_path: Path) -> None:
    _, _, made = reported(articles(2))
    path = tmp_path / "report.html"
    path.write_bytes(report_page.page(made, "en"))
    wanted = [told(rows) for story, rows in members(made) if story.size > 1]
    with opened_browser() as browser:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(path.as_uri())
        page.locator("#list .story").first.wait_for()
        page.evaluate("document.querySelectorAll('#list .title').forEach(one => one.click())")
        await_true(page, "document.querySelectorAll('#list > .story:not(:has(.lines))').length === 0")
        found = page.evaluate(
            """[...document.querySelectorAll('#list .story')].map(story =>
            [...story.querySelectorAll('.lines tbody tr')].map(row =>
            [...row.cells[0].querySelectorAll('.soft'), row.cells[2].firstElementChild].map(x => x.textContent).join(' ')))"""
        )
    plain = [[line.replace("\u2068", "").replace("\u2069", "") for line in story] for story in found]
    assert sorted(plain) == sorted(wanted)
    told_of = {did for did in DID if any(did in line for story in wanted for line in story)}
    assert told_of == set(DID)
