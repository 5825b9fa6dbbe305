"""Follow-ups: which earlier story a story goes on with."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from clusterer import Article, cluster
from clusterer.cli.main import cli
from clusterer.stories.features import FEATURES
from clusterer.stories.follow_ups import earlier_stories
from clusterer.stories.model import shipped_model

pytestmark = pytest.mark.usefixtures("loops")

START = datetime(2031, 5, 6, 9, tzinfo=UTC)
AFFAIR = (
    ("زلزال يضرب كوجالي في تركيا", "ضرب زلزال قوي مدينة كوجالي في تركيا فجرا، وانهارت مبان قديمة وسط السوق، وقال الدفاع"
     " المدني إن فرق الإنقاذ انتشلت عائلة من تحت الأنقاض في السوق القديم."),
    ("توقيف ثلاثة مقاولين بعد زلزال كوجالي", "أوقفت النيابة في كوجالي التركية ثلاثة مقاولين بتهمة الغش في مواد البناء"
     " بعد أن انهارت في الزلزال مبان شيدوها، ومنعت خمسة مهندسين من السفر."),
)  # fmt: skip
OTHER = (
    "نتائج سباق الدراجات",
    "فاز الدراج الإسباني بالمرحلة الجبلية من سباق فرنسا متقدما بدقيقة على منافسيه واحتفظ بالقميص الأصفر.",
)


def feed() -> list[Article]:
    dated = [(*report, START + timedelta(days=2 * day)) for day, report in enumerate(AFFAIR)]
    reports = [*dated, (*OTHER, START + timedelta(days=2))]
    return [Article(text, str(i), title, f"outlet {i}", date=date) for i, (title, text, date) in enumerate(reports)]


def test_a_later_story_of_an_affair_follows_the_earlier_one() -> None:
    found = cluster(feed())
    assert len(set(found.labels("story"))) == 3
    assert found.follows == {"1": "0"}


def test_order_of_the_input_changes_nothing() -> None:
    assert cluster(feed()[::-1]).follows == cluster(feed()).follows


def test_undated_stories_follow_nothing() -> None:
    assert cluster([replace(article, date=None) for article in feed()]).follows == {}


def test_the_most_alike_earlier_story_counts_and_of_equals_the_latest() -> None:
    features = np.zeros((4, len(FEATURES)), dtype=np.float32)
    features[:, FEATURES.index("title_found")] = 1.0
    features[:, FEATURES.index("lead_shared")] = 1.0
    features[:, FEATURES.index("opening")] = (1.0, 1.0, 0.9, 1.0)
    features[:, FEATURES.index("apart")] = 0.3  # what tells the days apart says nothing here
    pairs = np.array([[0, 3], [1, 3], [2, 3], [3, 4]])
    begun = np.array([0.0, 1.0, 2.0, 4.0, np.inf]) * 86_400.0
    assert earlier_stories(pairs, features, np.arange(5), begun, shipped_model()).tolist() == [[3, 1]]
    assert earlier_stories(pairs, features, np.zeros(5, dtype=np.int64), begun, shipped_model()).tolist() == []


def test_the_command_writes_a_line_a_story(tmp_path: Path) -> None:
    rows = [{"id": a.id, "title": a.title, "text": a.text, "source": a.outlet, "date": str(a.date)} for a in feed()]
    (tmp_path / "feed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    command = ["cluster", "feed.jsonl", "-o", "out.jsonl", "--stories", "stories.jsonl", "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert CliRunner().invoke(cli, command).exit_code == 0
    lines = list(map(json.loads, (tmp_path / "stories.jsonl").read_text("utf-8").splitlines()))
    assert [line["story"] for line in lines] == ["0", "1", "2"]
    told = ("articles", "independent_texts", "representative", "follows", "title", "first", "last", "outlets")
    article = feed()[1]
    day = article.date.isoformat() if article.date else None
    assert [lines[1][name] for name in told] == [1, 1, "1", "0", article.title, day, day, [article.outlet]]
    assert lines[2]["follows"] is None
