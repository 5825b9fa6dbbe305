"""`clusterer evaluate --feed`: whose titles are shown."""

from __future__ import annotations

import json
from pathlib import Path

from commands import run_in_text


def test_ids_that_rows_share_are_those_of_the_result(tmp_path: Path) -> None:
    rows = [
        {
            "id": "56",
            "title": "ثانية",
            "date": "2015-07-22",
            "text": "افتتح الوزير معرض الكتاب في العاصمة بحضور ناشرين",
        },
        {
            "id": "56",
            "title": "أولى",
            "date": "2015-07-21",
            "text": "فاز المنتخب على ضيفه في مباراة الإياب بثلاثة أهداف",
        },
        {
            "id": "58",
            "title": "أخرى",
            "date": "2015-07-23",
            "text": "ارتفعت أسعار النفط بعد قرار الدول المصدرة خفض الإنتاج",
        },
    ]
    for name, some in (
        ("feed", rows),
        ("gold", [{"id": "56", "event": 1}, {"id": "56#2", "event": 1}, {"id": "58", "event": 1}]),
    ):
        (tmp_path / name).with_suffix(".jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    run_in_text("cluster", "feed.jsonl", "-o", "out.jsonl", cwd=tmp_path)
    shown = run_in_text("evaluate", "out.jsonl", "gold.jsonl", "--feed", "feed.jsonl", cwd=tmp_path).stdout
    for words in ("56  [] 2015-07-21 أولى", "56#2  [] 2015-07-22 ثانية", "58  [] 2015-07-23 أخرى"):
        assert words in shown
    feed = (tmp_path / "feed.jsonl").read_text().splitlines(keepends=True)
    for name, some in (("a.jsonl", feed[:1]), ("b.jsonl", feed[1:])):
        (tmp_path / name).write_text("".join(some))
    command = ("evaluate", "out.jsonl", "gold.jsonl", "--feed", "a.jsonl", "--feed", "b.jsonl")
    assert run_in_text(*command, cwd=tmp_path).stdout == shown
    reverse = (tmp_path / "out.jsonl").read_text().splitlines(keepends=True)[::-1]
    (tmp_path / "out.jsonl").write_text("".join(reverse))
    other = run_in_text("evaluate", "out.jsonl", "gold.jsonl", "--feed", "feed.jsonl", cwd=tmp_path)
    assert "أخرى" in other.stdout
    assert not any(title in other.stdout for title in ("أولى", "ثانية"))
    assert "rows share ids" in other.stderr
