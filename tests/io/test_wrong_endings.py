"""A file whose name says another format than its bytes: told, with a cure that works."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clusterer.errors import InputError
from clusterer.io.feed import Feed

ROWS = [{"id": str(n), "title": "عنوان", "text": f"افتتح الوزير مستشفى جديدا في المدينة رقم {n}"} for n in range(3)]


def _content(name: str, folder: Path) -> bytes:
    path = folder / "right"
    if name == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
        return path.read_bytes()
    if name == "xlsx":
        book = openpyxl.Workbook()
        for row in [list(ROWS[0]), *(list(row.values()) for row in ROWS)]:
            book.worksheets[0].append(row)
        book.save(path)
        return path.read_bytes()
    items = "".join(f"<item><title>{r['title']}</title><description>{r['text']}</description></item>" for r in ROWS)
    return {
        "jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS),
        "json": json.dumps(ROWS, ensure_ascii=False, indent=1),
        "rss": f'<?xml version="1.0"?>\n<rss version="2.0"><channel>{items}</channel></rss>',
        "csv": "id,title,text\n" + "".join(",".join(row.values()) + "\n" for row in ROWS),
    }[name].encode()


@pytest.mark.parametrize(
    ("what", "endings"),
    [
        ("parquet", [".jsonl", ".csv", ".json", ".xml", ".txt", ".tsv"]),
        ("jsonl", [".csv", ".tsv", ".parquet", ".xml"]),
        ("json", [".csv", ".parquet"]),
        ("rss", [".csv", ".jsonl", ".json", ".parquet"]),
        ("csv", [".jsonl", ".json", ".parquet"]),
        ("xlsx", [".parquet"]),
    ],
)
def test_a_wrong_ending_is_told_and_the_cure_works(what: str, endings: list[str], tmp_path: Path) -> None:
    content = _content(what, tmp_path)
    for ending in endings:
        path = tmp_path / f"a{ending}"
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"looks like {what}, .*; cure: --format {what}") as error:
            list(Feed(path))
        assert len(str(error.value)) < len(str(path)) + 120
        assert len(list(Feed(path, format=what))) == 3


def test_a_long_name_of_a_column_is_cut_short(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",".join("كلمة من خبر " * 40 for _ in range(3)) + "\nx,y,z\n")
    with pytest.raises(InputError, match=r"found columns: .{80}…, ") as error:
        list(Feed(tmp_path / "a.csv"))
    assert len(str(error.value)) < len(str(tmp_path)) + 500
