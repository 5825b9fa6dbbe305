"""Rows written back in the form in which they came; Parquet."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from feed_forms import MOMENT, rss
from places import ROOT

from clusterer.articles import Article
from clusterer.errors import InputError, OutputError
from clusterer.io.feed import Feed
from clusterer.io.writers import write_rows


def test_rows_come_back_byte_for_byte(tmp_path: Path) -> None:
    odd = b'{"b" : 1.50,  "text":"\\u0646\xd8\xb5", "id":12345678901234567890123}'
    (tmp_path / "a.jsonl").write_bytes(odd + b"\r\n")
    write_rows(tmp_path / "b.jsonl", Feed(tmp_path / "a.jsonl"))
    assert (tmp_path / "b.jsonl").read_bytes() == odd + b"\n"

    odd = b'\xef\xbb\xbf"id";"text";id\r\n"1";abc;"x"\r\n2;"d ""e"" \r\n\r\nf";\r\n'
    (tmp_path / "a.csv").write_bytes(odd)
    write_rows(tmp_path / "b.csv", Feed(tmp_path / "a.csv"))
    assert (tmp_path / "b.csv").read_bytes() == odd


def test_parquet_round_trip_keeps_schema_and_values(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    schema = pa.schema(
        [
            ("id", pa.int32()),
            ("body", pa.dictionary(pa.int32(), pa.string())),
            ("published", pa.timestamp("ns", "Asia/Riyadh")),
            ("title", pa.large_string()),
            ("tags", pa.list_(pa.string())),
        ],
        metadata={"made": "by a test"},
    )
    when = [1437646830000000001 + i for i in range(3000)]
    table = pa.table(
        [
            pa.array(range(3000), pa.int32()),
            pa.array([f"نص {i % 7}" for i in range(3000)]).dictionary_encode(),
            pa.array(when, pa.timestamp("ns", "Asia/Riyadh")),
            pa.array([None if i % 2 else f"عنوان {i}" for i in range(3000)], pa.large_string()),
            pa.array([["a"]] * 3000, pa.list_(pa.string())),
        ],
        schema,
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=700)
    (tmp_path / "b.parquet.gz").write_bytes(gzip.compress((tmp_path / "a.parquet").read_bytes()))
    feed = Feed([tmp_path / "a.parquet", tmp_path / "b.parquet.gz"])
    rows = list(feed)
    assert feed.format == "parquet"
    assert [row.article.id for row in rows] == [str(i) for i in range(3000)] * 2
    assert [row.line for row in rows[:3000]] == list(range(1, 3001))
    assert rows[8].article == Article("نص 1", "8", "عنوان 8", "", "", MOMENT)
    write_rows(tmp_path / "out.parquet", rows[3000:])
    out = pq.read_table(tmp_path / "out.parquet")
    original = pq.read_table(tmp_path / "a.parquet")
    assert out.equals(original)
    assert out.schema.equals(original.schema, check_metadata=True)
    write_rows(tmp_path / "out.jsonl", rows[:2], "jsonl")
    assert json.loads((tmp_path / "out.jsonl").read_text().splitlines()[1])["tags"] == ["a"]


def test_parquet_without_text_is_an_input_error(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"id": [1], "author": ["a b c d"]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"found columns: id, author; cure: --text-field 'author';.*no text field"):
        list(Feed(tmp_path / "a.parquet"))


def test_parquet_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from clusterer.errors import InputError\n"
        "from clusterer.io import Feed\n"
        "try: list(Feed('a.parquet'))\nexcept InputError as e: print(e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert b"pip install 'clusterer[parquet]'" in done.stdout, done.stderr.decode()


def test_rows_of_several_forms_become_json_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text,n\n1,abc,5\n")
    (tmp_path / "b.json").write_text('[{"text":\n"x"}]')
    (tmp_path / "c.txt").write_text("text only")
    (tmp_path / "d.rss").write_text(rss(), encoding="utf-8")
    feed = Feed(tmp_path)
    write_rows(tmp_path / "out", feed, feed.format)
    out = [json.loads(line) for line in (tmp_path / "out").read_text(encoding="utf-8").splitlines()]
    assert out[0] == {"id": "1", "text": "abc", "n": "5"}
    assert out[1] == {"text": "x"}
    assert out[2] == {"id": "c", "title": "", "text": "text only"}
    assert out[3]["date"] == "2015-07-23T10:20:30+00:00"
    assert len(out) == 8
    write_rows(tmp_path / "out.json", feed, "json")
    assert json.loads((tmp_path / "out.json").read_bytes()) == out


def test_tables_of_several_dialects_are_written_as_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,abc\n")
    (tmp_path / "b.csv").write_text('text;id\n"d;e,""f""";2\n')
    write_rows(tmp_path / "out.csv", Feed([tmp_path / "a.csv", tmp_path / "b.csv"]))
    assert (tmp_path / "out.csv").read_text() == 'id,text\n1,abc\n2,"d;e,""f"""\n'
    write_rows(tmp_path / "out.tsv", Feed(tmp_path / "b.csv"), "tsv")
    assert (tmp_path / "out.tsv").read_text() == 'text\tid\n"d;e,""f"""\t2\n'
    (tmp_path / "c.csv").write_text("id,text,more\n3,x,y\n")
    with pytest.raises(OutputError, match=r"c\.csv, line 2.*jsonl"):
        write_rows(tmp_path / "not.csv", Feed([tmp_path / "a.csv", tmp_path / "c.csv"]))
    assert not (tmp_path / "not.csv").exists()


@pytest.mark.parametrize("format", ["csv", "tsv", "parquet", "xml"])
def test_rows_without_columns_make_no_table(format: str, tmp_path: Path) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    (tmp_path / "a.jsonl").write_text('{"text": "x"}')
    with pytest.raises(OutputError, match="cure"):
        write_rows(tmp_path / "out", Feed(tmp_path / "a.jsonl"), format)
    assert os.listdir(tmp_path) == ["a.jsonl"]


def test_no_rows_make_an_empty_file(tmp_path: Path) -> None:
    for format, data in {"jsonl": b"", "json": b"[]\n", "csv": b"", "parquet": b""}.items():
        assert write_rows(tmp_path / "out", [], format) == 0
        assert (tmp_path / "out").read_bytes() == data
