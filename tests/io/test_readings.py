"""What a run says of inputs that were read differently, and of those without any date."""

from __future__ import annotations

import json
from pathlib import Path

from clusterer.io.feed import Feed


def test_inputs_that_were_read_alike_are_told_together(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.csv").write_text(
            "المحتوى,العنوان,تاريخ\nنص,ع,2015-07-21\nنص آخر,ع,2015-07-22\n", encoding="utf-8"
        )
    (tmp_path / "d.jsonl").write_text('{"text": "نص", "when": "أمس"}\n{"text": "نص آخر"}\n', encoding="utf-8")
    (tmp_path / "e.txt").write_text("نص", encoding="utf-8")
    for feed in (Feed(tmp_path), Feed(tmp_path, strict=True)):
        rows = [item for _, items in feed.blocks_by_input() for item in items]
        assert len(rows) >= 3
        first = f"{tmp_path / 'a.csv'}"
        assert feed.readings == [
            f"3 files ({first} …): text المحتوى, title العنوان, date تاريخ, source none, url none, id none",
            f"{tmp_path / 'd.jsonl'}: text text, title none, date none, source none, url none, id none",
            f"{tmp_path / 'e.txt'}: txt, fields by the format's own names",
        ]
        assert [note for note in feed.notes if "no date" in note] == [
            f"no date can be read in {tmp_path / 'd.jsonl'}, others have dates: what it holds is grouped without; cure:"
            " --date-field NAME"
        ]
    alone = Feed(tmp_path / "d.jsonl")
    assert len(list(alone)) == 2
    assert (alone.readings, alone.notes) == (["text text, title none, date none, source none, url none, id none"], [])


def test_a_default_is_told_where_no_other_date_is_or_one_without_its_zone(tmp_path: Path) -> None:
    rows = [
        {"text": "نص", "date_unixtime": "0", "date": "2018-05-08T00:11:33"},
        {"text": "نص", "date_unixtime": "0", "date": None},
        {"text": "نص", "date_unixtime": "0", "date": "2018-05-08T00:11:33Z"},
    ]
    guessed = "1 row has 0 or the like where the moment would stand, so a clock is read that names no zone; cure: "
    guessed += "check --timezone"
    for count, told in (
        (1, [guessed]),
        (2, [guessed, "1 date stands for none, such as 1970-01-01"]),
        (3, [guessed, "1 date stands for none, such as 1970-01-01"]),
    ):
        (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[:count]))
        feed = Feed(tmp_path / "a.jsonl")
        assert [row.article.date is None for row in feed] == [False, True, False][:count]
        assert feed.notes == told
