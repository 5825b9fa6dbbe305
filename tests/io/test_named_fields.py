"""Fields that the caller named, over several inputs: used where they are there; where they are not, none is named.

No process is forked here: threads of Arrow do not outlive that.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from clusterer.errors import InputError
from clusterer.io.blocks import Block
from clusterer.io.feed import Feed
from clusterer.io.rows import Row


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "parquet"])
def test_a_named_field_is_used_in_each_input_that_has_it(form: str, tmp_path: Path) -> None:
    """One note names the others, and they are read by their usual names; rows of an input that has it are not."""
    story = [f"نص الخبر رقم {n} عن افتتاح معرض الكتاب في العاصمة" for n in range(3)]
    kinds = {
        "a": [{"id": f"a{n}", "متن": story[n], "text": "قصير جدا"} for n in range(3)],
        "b": [{"id": f"b{n}", "text": story[n]} for n in range(3)],
        "c": [{"id": f"c{n}", "content": story[n]} for n in range(3)],
    }
    for name, rows in kinds.items():
        table, path = pa.Table.from_pylist(rows), tmp_path / f"{name}.{form}"
        if form == "parquet":
            pq.write_table(table, path)
        elif form == "csv":
            csv.write_csv(table, path)
        else:
            lines = [json.dumps(row) for row in rows]
            path.write_text("\n".join(lines) if form == "jsonl" else f"[{','.join(lines)}]")
    paths = [tmp_path / f"{name}.{form}" for name in "bac"]
    told = f"{paths[0]} ('text'), {paths[2]} ('content')"
    for read in (Feed.by_input, Feed.blocks_by_input):
        feed = Feed(paths, fields={"text": "متن"})
        assert [count for _, items in read(feed) for item in items for count in _letters(item)] == [len(story[0])] * 9
        assert [note for note in feed.notes if "متن" in note] == [
            f"no field 'متن' in 2 of the files, text is read there as if none were named: {told}"
        ]
    with pytest.raises(InputError, match=r"b\.\w+: no column 'contnt' \(given for title\).*found columns: id, text"):
        list(Feed(paths, fields={"title": "contnt"}))
    with pytest.raises(InputError, match=r"did you mean 'id'"):
        list(Feed(paths, fields={"source": "idd"}))


def _letters(item: Row | Block) -> list[int]:
    """How long the texts are."""
    return [len(item.article.text)] if isinstance(item, Row) else item.letters.tolist()


def test_rows_without_the_field_of_an_input_that_has_it_are_bad(tmp_path: Path) -> None:
    rows = [{"id": 1, "body_ar": "نص الخبر الأول"}, {"id": 2, "text": "نص آخر"}]
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows[: 2 if name == "a" else 1]))
    feed = Feed(tmp_path, fields={"text": "body_ar"})
    assert [row.article.text for row in feed] == ["نص الخبر الأول"] * 2
    assert feed.bad_rows == 1


@pytest.mark.parametrize("attribute", ["title", "date", "source", "url", "id"])
def test_a_field_that_no_line_has_is_an_error(attribute: str, tmp_path: Path) -> None:
    """Read as if it were not named, every article would be undated, or without a source, and nobody told."""
    path = tmp_path / "a.jsonl"
    lines = [{"key": str(i), "text": f"نص {i}"} for i in range(300)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    with pytest.raises(
        InputError, match=rf"a\.jsonl: no column 'nope' \(given for {attribute}\); found columns: key, text"
    ):
        list(Feed([path], fields={attribute: "nope"}))
    lines[-1]["nope"] = "2024-01-01"  # one line that has it is enough
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert len(list(Feed([path], fields={attribute: "nope"}))) == 300
