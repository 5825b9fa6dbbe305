"""Rows read by columns beside the same rows read one by one: the same articles, the same complaints, the same counts."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from clusterer.arrays.utf8 import Utf8Texts, joined, scanned, utf8_of
from clusterer.corpus import text_words
from clusterer.io.blocks import Block, block_of, gathered
from clusterer.io.feed import Feed
from clusterer.io.resuming import state_of
from clusterer.io.rows import BadRow, Row
from clusterer.settings import Settings
from clusterer.text.bare_texts import bare_texts

LONG = "نص طويل يكفي لأن يكون خبرا في صحيفة"
TEXTS: list[Any] = [
    LONG, None, "", " \u00a0\u2003", "null", "N/A", "قصير", f"<p>{LONG} &amp; غيره</p>", f"{LONG}\r\nسطر", f"{LONG}\0",
    f"{LONG} mso-style: x; Mso", "<p></p><br/><script>x</script>", "\u00a0" * 30, f"«{LONG}»", f"\u2003{LONG}", "  " + LONG,
    f"{LONG} http://t.co/x 😀 ﷺ", "الرياض (رويترز) - " + LONG,
]  # fmt: skip
VALUES: list[Any] = [
    None, "", "null", "قيمة", " قيمة ", "http://www.site.org/1", "https://x.net", "<b>عنوان خبر طويل بما يكفي</b>",
    "عنوان\0", "2024-05-01T10:00:00Z", "1970-01-01", "0000-00-00", "غدا", "منذ ساعتين", "2024-05-02",
]  # fmt: skip
OTHERS = [7, 2**70, 1e25, 1.5, True, ["x"], ["2024-05-01"], [], {"name": "y"}, {"$date": "2024-05-01"}]


def by_rows(paths: object, **options: Any) -> tuple[list[Block], list[BadRow], dict[str, Any], Feed]:
    bad: list[BadRow] = []
    feed = Feed(paths, on_bad=bad.append, **options)  # type: ignore[arg-type]
    found = []
    for _, given_rows in feed.by_input():
        rows = list(given_rows)
        found.append(block_of([row.article for row in rows], [row.line for row in rows]))
    return found, bad, state_of(feed), feed


def by_columns(paths: object, **options: Any) -> tuple[list[Block], list[BadRow], dict[str, Any], Feed, int]:
    bad: list[BadRow] = []
    feed = Feed(paths, on_bad=bad.append, **options)  # type: ignore[arg-type]
    feed._threads = 2
    found, alone = [], 0
    for _, items in feed.blocks_by_input():
        stream = list(items)
        alone += sum(isinstance(item, Row) for item in stream)
        found.append(next(gathered(stream, 10**9), block_of([])))
    return found, bad, state_of(feed), feed, alone


def assert_same(paths: object, **options: Any) -> int:
    """Both ways give the same; returns how many rows were judged by themselves."""
    expected, expected_bad, expected_state, one = by_rows(paths, **options)
    found, bad, state, other, alone = by_columns(paths, **options)
    for a, b in zip(expected, found, strict=True):
        assert (a.ids, a.outlets) == (b.ids, b.outlets)
        assert (list(a.titles), list(a.texts)) == (list(b.titles), list(b.texts))
        for name in ("lines", "ties", "dates", "letters"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert bad == expected_bad
    assert state == expected_state
    assert (one.notes, one.reading, one.damaged_files) == (other.notes, other.reading, other.damaged_files)
    return alone


cells = st.sampled_from([*VALUES, *OTHERS])
rows = st.fixed_dictionaries(
    {"text": st.sampled_from([*TEXTS, LONG, LONG, 5, ["أ", "ب"]])},
    optional=dict.fromkeys(("title", "source", "date", "url", "id", "summary", "published_at"), cells),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.one_of(rows, st.sampled_from([[], 3, None])), max_size=8), st.sampled_from([None, "2025-01-01"]))
def test_json_lines_of_any_values(tmp_path: Path, found: list[Any], now: str | None) -> None:
    path = tmp_path / "a.jsonl"
    good = {"text": LONG, "title": "عنوان", "id": "1", "source": "صحيفة"}
    lines = [orjson.dumps(good)] * 2 + [
        repr(value).encode() if 2**70 in _values(value) else orjson.dumps(value) for value in found
    ]
    path.write_bytes(b"\n".join(line.replace(b"'", b'"') if b"118059" in line else line for line in lines))
    assert_same(path, now=now)


def _values(value: Any) -> list[Any]:
    return [v for v in value.values() if isinstance(v, int)] if isinstance(value, dict) else []


STRANGE = [
    b"", b"  ", b"{broken", b'{"text": "x"} {"text": "y"}', b"[", b'{"text": "' + LONG.encode() + b'"},', b"]",
    b'\xef\xbb\xbf{"text": "' + LONG.encode() + b'", "id": 12345678901234567890123}',
    b'{"text": "\xff bad utf-8 that is long enough"}', b'{"text": "\\ud800 half of a character, alone"}',
    b'{"text": NaN}',
    b'{"views": NaN, "text": "' + LONG.encode() + b'", "id": 12345678901234567890123}',
    b'{"text": "a", "text": "' + LONG.encode() + b'"}', b"x" * 3000,
    b'{"items": [{"text": "' + LONG.encode() + b'", "title": "t"}]}', b'{"text": "' + LONG.encode() + b'", "id": 2.0}',
]  # fmt: skip


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("packing", ["", ".gz"])
def test_lines_that_are_not_as_lines_should_be(ends: bytes, packing: str, tmp_path: Path) -> None:
    good = orjson.dumps({"text": LONG, "id": "a", "date": "2024-01-01"})
    data = b"\xef\xbb\xbf" + ends.join([good, *STRANGE, good, good, *STRANGE[::-1], good])
    path = tmp_path / f"a.jsonl{packing}"
    path.write_bytes(gzip.compress(data) if packing else data)
    assert_same(path, max_row_bytes=2000)
    path.write_bytes(path.read_bytes()[:-7])
    assert_same(path, max_row_bytes=2000)


def test_usual_rows_are_read_by_columns(tmp_path: Path) -> None:
    lines = [
        {"text": f"{LONG} {i}", "title": f"عنوان {i}", "id": i, "date": "2024-01-01T00:00:00Z"} for i in range(3000)
    ]
    (tmp_path / "a.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    assert assert_same(tmp_path / "a.jsonl") == 1, "only the first, which tells the columns"
    pq.write_table(pa.Table.from_pylist(lines), tmp_path / "a.parquet", row_group_size=700)
    assert assert_same(tmp_path / "a.parquet") == 1


MOMENTS = [
    None, *(datetime(*day, tzinfo=UTC) for day in ((2024, 5, 1, 10), (1970, 1, 1), (2150, 1, 1), (2024, 5, 1))),
]  # fmt: skip
KINDS: dict[str, Any] = {
    "string": pa.string(), "large": pa.large_string(), "view": pa.string_view(), "binary": pa.binary(),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
}  # fmt: skip


def _table(kind: Any, stamp: Any) -> Any:
    n = 3 * len(TEXTS)
    texts = pa.array([LONG, *TEXTS, *TEXTS, *TEXTS][:n], pa.string())
    pick = [VALUES[i * 7 % len(VALUES)] for i in range(n)]
    dates = pa.array([MOMENTS[i % len(MOMENTS)] for i in range(n)], pa.timestamp("us", "UTC"))
    return pa.table(
        {
            "content": texts.cast(kind) if not pa.types.is_dictionary(kind) else texts.dictionary_encode(),
            "title": pa.array(pick, pa.string()),
            "source": pa.array(pick[::-1], pa.string()).dictionary_encode(),
            "url": pa.array([None if i % 3 else f"https://www.site.org/{i}" for i in range(n)], pa.string()),
            "id": pa.array([None if i % 4 == 0 else i % 11 for i in range(n)], pa.int64()),
            "date": dates.cast(stamp) if not pa.types.is_string(stamp) else pa.array(pick, pa.string()),
            "crawl_date": pa.array(pick, pa.string()),
            "tags": pa.array([["x"], None, []] * (n // 3), pa.list_(pa.string())),
        }
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "stamp",
    [
        pa.timestamp("s", "Asia/Riyadh"), pa.timestamp("ms"), pa.timestamp("us", "UTC"), pa.timestamp("ns", "+03:00"),
        pa.date32(), pa.string(),
    ],
    ids=str,
)  # fmt: skip
def test_parquet_of_every_kind(kind: str, stamp: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(_table(KINDS[kind], stamp), path, row_group_size=17, store_schema=True)
    alone = assert_same(path)
    assert kind == "binary" or alone < sum(map(len, by_rows(path)[0])), "some come in blocks"
    assert_same(path, timezone="Asia/Riyadh", now="2025-01-01")
    pq.write_table(_table(KINDS[kind], stamp).drop_columns(["id", "url"]), path)
    assert_same(path)
    pq.write_table(_table(KINDS[kind], stamp).slice(0, 0), path)
    assert assert_same(path) == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            dict.fromkeys(("title", "date", "source"), st.sampled_from([v for v in VALUES + TEXTS if type(v) is not int]))
        ),
        min_size=1, max_size=6,
    ),
    st.sampled_from([(), ("published_at", "headline")]),
    st.sampled_from([None, "Asia/Riyadh"]),
)  # fmt: skip
def test_parquet_of_any_strings(
    tmp_path: Path, found: list[dict[str, Any]], more: tuple[str, ...], zone: str | None
) -> None:
    rows = [{"text": f"{LONG} {i}", **row, **dict.fromkeys(more, row["date"])} for i, row in enumerate(found)]
    schema = pa.schema([(name, pa.string()) for name in rows[0]])
    pq.write_table(pa.Table.from_pylist(rows * 2, schema), tmp_path / "a.parquet")
    assert_same(tmp_path / "a.parquet", timezone=zone)


def test_parquet_with_cells_that_have_no_form_in_python(tmp_path: Path) -> None:
    path, n = tmp_path / "a.parquet", 40
    broken = pa.array([LONG.encode()] * 20 + [b"\xff\xfe is no UTF-8, and long enough"] + [LONG.encode()] * 19).view(
        pa.string()
    )
    times = pa.array([0, 2**61, 10**9 * 10**6, -(2**61)] * 10, pa.int64()).cast(pa.timestamp("us"))
    whole, seconds = pa.array([LONG] * n), pa.array([10**9] * n).cast(pa.timestamp("s"))
    for columns in (
        {"text": broken},
        {"text": whole, "summary": broken},
        {"text": whole, "date": times},
        {"text": whole, "date": seconds, "fetched_at": times},
    ):
        pq.write_table(pa.table(columns), path, row_group_size=9)
        assert_same(path)


def test_shards_of_other_types_are_read_in_one_schema(tmp_path: Path) -> None:
    table = _table(pa.string(), pa.timestamp("ms", "UTC"))
    pq.write_table(table, tmp_path / "a.parquet")
    pq.write_table(
        _table(pa.large_string(), pa.timestamp("us", "UTC")).select(table.column_names[::-1]), tmp_path / "b.parquet"
    )
    assert_same(tmp_path)


@given(
    st.lists(st.sampled_from([text for text in TEXTS if text] + ["\ud800 نصف", "t.co/x", "www.a.b", ""]), max_size=6),
    st.integers(0, 6),
)
def test_texts_in_utf8_are_the_texts(found: list[str], cut: int) -> None:
    texts = utf8_of(found)
    assert list(texts) == found
    assert list(joined([texts.slice(0, cut), texts.slice(cut, len(found))])) == found
    assert [texts.head(i) for i in range(len(found))] == [text[:120] for text in found]
    assert [" ".join(text.split()) for text in bare_texts(texts)] == [
        " ".join(text.split()) for text in bare_texts(found)
    ]
    for settings_ in (Settings(), Settings(level="copy", unit="char", size=12)):
        one, other = text_words(texts, settings_), text_words(found, settings_)
        np.testing.assert_array_equal(one.hashes, other.hashes)
        np.testing.assert_array_equal(one.offsets, other.offsets)
    valid = [i for i, text in enumerate(found) if "\ud800" not in text]
    scan = scanned(texts).scan
    assert scan is not None
    assert scan.lengths[valid].tolist() == [len(found[i]) for i in valid]
    assert isinstance(texts, Utf8Texts)


def test_damage_is_told_after_the_rows_before_it(tmp_path: Path) -> None:
    path, n = tmp_path / "a.parquet", 6000
    texts = [f"{LONG} {i * 7919 % n} {i}" for i in range(n)]
    table = pa.table({"text": texts, "title": [None if i % 50 else "\0" for i in range(n)]})
    pq.write_table(table, path, row_group_size=3000, compression="gzip", use_dictionary=False, data_page_size=1 << 14)
    column = pq.read_metadata(path).row_group(1).column(0)
    raw = bytearray(path.read_bytes())
    place = column.data_page_offset + column.total_compressed_size * 2 // 3
    raw[place : place + 64] = bytes(64)
    path.write_bytes(raw)
    assert_same(path)
    bad = by_columns(path)[1]
    assert [row.line for row in bad] == sorted(row.line for row in bad)
    assert "cannot be read" in bad[-1].reason
    assert bad[-1].line < 6000
    assert bad[-2].line > 3000, "rows before the damage in its row group are judged"
