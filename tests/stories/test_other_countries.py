"""Reports, copies and forms of countries and years that nothing was tuned on."""

from __future__ import annotations

from datetime import UTC, datetime

from other_countries import BESIDE, EDITED, FORMS, REPORTS, Report

from clusterer import Article, cluster, dedup


def article(name: str, report: Report) -> Article:
    """The report as an article of that name."""
    time = datetime.fromisoformat(report.time).replace(tzinfo=UTC)
    return Article(report.text, name, report.title, report.outlet, "", time)


ARTICLES = [
    *(article(f"{name} {i}", report) for name, pair in (REPORTS | FORMS).items() for i, report in enumerate(pair)),
    *(article(f"{name} edited", report) for name, report in EDITED.items()),
    *(article(f"beside {name}", report) for name, report in BESIDE.items()),
]


def test_events_stay_apart_and_most_reports_of_one_meet() -> None:
    story = {a.id: a.story for a in cluster(ARTICLES)}
    met = {name for name in REPORTS if story[f"{name} 0"] == story[f"{name} 1"]}
    assert len(met) >= 22  # of 27; those that share hardly a word are missed
    assert not [name for name in FORMS if story[f"{name} 0"] == story[f"{name} 1"]]
    names = {
        (group, name.rpartition(" ")[0] if name.rpartition(" ")[0] in REPORTS else name)
        for name, group in story.items()
    }
    assert len(names) == len({group for group, _ in names}), "no story holds two events"


def test_edited_copies_are_copies_and_nothing_else_goes() -> None:
    copy = {a.id: a.copy for a in cluster(ARTICLES, level="copy")}
    assert [name for name in EDITED if copy[f"{name} 0"] != copy[f"{name} edited"]] == []
    assert len(set(copy.values())) == len(ARTICLES) - len(EDITED)
    removed = {frozenset((r.id, r.kept)) for r in dedup(ARTICLES).removed}
    assert removed == {frozenset((f"{name} 0", f"{name} edited")) for name in EDITED}
