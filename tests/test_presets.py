"""Presets: settings by name in Python and on the command line, and what each is for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from commands import run
from places import DATA
from task_pages import ROWS, lines_of

from clusterer import Article, Settings, cluster, dedup, read_gold
from clusterer.evaluation.metrics import evaluate
from clusterer.settings import PRESETS, settings_from

DAY = datetime(2026, 3, 1, 10, tzinfo=UTC)
HEADLINES = [
    ("رحيل الفنان نور الشريف", "وفاة الفنان نور الشريف"),
    ("استقالة وزير الصحة التونسي", "وزير الصحة التونسي يستقيل"),
]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_its_settings(name: str, tmp_path: Path) -> None:
    by_name = cluster(ROWS, name)
    assert by_name.assignments == cluster(ROWS, Settings(**PRESETS[name])).assignments
    assert run("cluster", DATA / "feed.jsonl", "-o", tmp_path / "out.jsonl", "--preset", name).returncode == 0
    levels = ("exact", "copy", "story") if Settings(**PRESETS[name]).level == "story" else ("exact", "copy")
    for level in levels:
        assert [row[level] for row in lines_of(tmp_path / "out.jsonl")] == by_name.labels(level)


@pytest.mark.parametrize("titles", HEADLINES)
def test_short_titles_meet_as_headlines(titles: tuple[str, str]) -> None:
    articles = [Article("", name, title, name, date=DAY) for name, title in zip(("واس", "رويترز"), titles, strict=True)]
    stories = {name: len(cluster(articles, name).groups("story")) for name in ("news", "headlines", "strict")}
    assert stories == {"news": 2, "headlines": 1, "strict": 2}


def test_strict_is_never_less_precise() -> None:
    events = read_gold(DATA / "gold.jsonl").labels["story"]
    known = [row for row in ROWS if row["id"] in events]
    scores = {
        name: evaluate(cluster(known, name).labels("story"), [events[row["id"]] for row in known])
        for name in ("news", "strict")
    }
    assert scores["strict"].pair_precision >= scores["news"].pair_precision
    assert scores["strict"].pair_recall < scores["news"].pair_recall


@pytest.mark.parametrize(("said", "opposite"), [("ارتفع", "تراجع"), ("لن يكفي", "يكفي")])
def test_a_corpus_takes_one_of_two_opposites_unless_told_otherwise(said: str, opposite: str) -> None:
    text = (
        "أعلن البنك المركزي الموريتاني في بيان مساء الخميس أن سعر صرف الأوقية مقابل اليورو ارتفع خلال الأسبوع الماضي بعد تدخل"
        " السلطات في السوق، وقال محافظ البنك إن الاحتياطي من العملة الصعبة لن يكفي لتغطية ستة أشهر من الواردات، داعيا التجار"
        " إلى الالتزام بالأسعار المعلنة وعدم المضاربة."
    )
    both = [Article(text, "1"), Article(text.replace(said, opposite), "2")]
    assert len(dedup(both, "corpus").removed) == 1
    assert dedup(both, settings_from("corpus", {"series": "separate"})).removed == ()
