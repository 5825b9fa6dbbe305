"""Rows with fields more, or with another text: all else as it came, in every format that is written as itself."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from feed_forms import ROWS, lines, rss, table

from clusterer.errors import OutputError
from clusterer.io import Feed, write_rows
from clusterer.io.formats import FORMATS
from clusterer.io.row_edits import RowEditor

WRITTEN = [format.name for format in FORMATS if format.write_rows]
NAMES = ("copy", "story")
SAMPLES = {
    "jsonl": lines().encode(),
    "json": ("[" + ",".join(lines().splitlines()) + "]").encode(),
    "rss": rss().encode(),
    "csv": table(",").encode(),
    "tsv": table("\t").encode(),
}


def sample(name: str) -> bytes:
    if name != "parquet":
        return SAMPLES[name]
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), out)
    return out.getvalue()


def rows_as_dicts(path: Path) -> list[dict]:
    if path.suffix == ".parquet":
        return pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
    if path.suffix in (".csv", ".tsv"):
        text = path.read_text("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text), delimiter="\t" if path.suffix == ".tsv" else ","))
    if path.suffix == ".json":
        return json.loads(path.read_bytes())
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("name", WRITTEN)
def test_rows_get_fields_more_and_keep_all_else(name: str, tmp_path: Path) -> None:
    source, target = tmp_path / f"in.{name}", tmp_path / f"out.{name}"
    source.write_bytes(sample(name))
    editor, values = RowEditor(NAMES), [["a,b", "ق;1"], ["«", "x y"]]
    count = len(list(Feed(source)))
    values = [values[i % 2] for i in range(count)]
    write_rows(target, (editor.with_added(row, v) for row, v in zip(Feed(source), values, strict=True)), name)
    before, after = rows_as_dicts(source), rows_as_dicts(target)
    assert after == [{**row, **dict(zip(NAMES, v, strict=True))} for row, v in zip(before, values, strict=True)]
    assert [list(row)[-2:] for row in after] == [list(NAMES)] * count
    assert [row.article for row in Feed(target)] == [row.article for row in Feed(source)]


@pytest.mark.parametrize("name", [*WRITTEN, "rss"])
def test_a_field_that_is_there_is_refused(name: str, tmp_path: Path) -> None:
    source = tmp_path / f"in.{name}"
    source.write_bytes(sample(name))
    editor = RowEditor(("title",))
    row = next(iter(Feed(source)))
    with pytest.raises(OutputError, match="'title' already; cure: rename"):
        editor.with_added(row, ["x"])


@pytest.mark.parametrize("name", WRITTEN)
def test_a_text_is_put_where_it_was_read_from(name: str, tmp_path: Path) -> None:
    source, target = tmp_path / f"in.{name}", tmp_path / f"out.{name}"
    source.write_bytes(sample(name))
    editor = RowEditor()
    new = 'سطر "أول"\nسطر, ثان'
    edited = [editor.with_text(row, new) for row in Feed(source)]
    assert None not in edited
    write_rows(target, edited, name)
    before, after = rows_as_dicts(source), rows_as_dicts(target)
    assert [{**row, "text": ""} for row in after] == [{**row, "text": ""} for row in before]
    assert {row["text"] for row in after} == {new}


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        (
            '{"id": 12345678901234567890123, "text":  "نص", "x": 1.50}',
            '{"id": 12345678901234567890123, "text":  "new", "x": 1.50}',
        ),
        (r'{"text": "\u0646\u0635", "n": 1.50}', '{"text": "new", "n": 1.50}'),
        ('{"title": "نص", "text": "نص"}', '{"title": "نص", "text": "new"}'),
        ('{"text": "<p>نص</p>"}', '{"text": "new"}'),
    ],
)
def test_json_keeps_its_bytes(line: str, changed: str, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(line + "\n")
    [row] = Feed(tmp_path / "in.jsonl")
    edited = RowEditor().with_text(row, "new")
    assert edited is not None
    assert edited.raw == changed.encode()
    joined = RowEditor(NAMES).with_added(row, ["a", "b"])
    assert joined.raw == f'{line[:-1]},"copy":"a","story":"b"}}'.encode()


def test_a_text_of_several_fields_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": ["أول", "ثان"]}\n')
    [row] = Feed(tmp_path / "in.jsonl")
    assert RowEditor().with_text(row, "new") is None
