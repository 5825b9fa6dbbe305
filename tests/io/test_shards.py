"""Shards in Parquet: what can stand together does, what cannot is told from the footers, before any work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import run

from clusterer.errors import InputError, OutputError
from clusterer.io.feed import Feed
from clusterer.io.shards import check_shards
from clusterer.io.writers import write_rows

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def write(folder: Path, **shards: dict[str, Any]) -> None:
    for name, columns in shards.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")


def texts(n: int) -> list[str]:
    return [f"نص الخبر رقم {n}{i} عن افتتاح الجسر" for i in range(2)]


STRINGS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


@pytest.mark.parametrize("kind", STRINGS, ids=str)
def test_what_differs_only_in_layout_is_one_feed(kind: Any, tmp_path: Path) -> None:
    plain = {"id": pa.array([1, 2], pa.int32()), "text": texts(1), "source": pa.nulls(2), "n": pa.array([1, 2], pa.uint8()),
             "t": pa.array([1, 2], pa.timestamp("s"))}  # fmt: skip
    other = {"t": pa.array([1, 2], pa.timestamp("us")), "n": pa.array([1, 2], pa.int16()), "source": pa.array(["واس", None]),
             "text": pa.array(texts(2)).cast(kind), "id": pa.array([3, 4], pa.int64())}  # fmt: skip
    write(tmp_path, a=plain, b=other, c=plain)
    feed = Feed(tmp_path)
    rows = list(feed)
    assert [row.article.text for row in rows] == texts(1) + texts(2) + texts(1)
    assert [row.article.id for row in rows[:4]] == ["1", "2", "3", "4"]
    assert not feed.shards.conflicts
    assert write_rows(tmp_path / "out.parquet", feed) == 6
    back = pq.read_table(tmp_path / "out.parquet")
    assert back.column_names == list(plain)
    assert back["text"].to_pylist() == texts(1) + texts(2) + texts(1)
    assert back["id"].to_pylist() == [1, 2, 3, 4, 1, 2]
    assert back["source"].to_pylist() == [None, None, "واس", None, None, None]
    assert back["n"].type == pa.int64()
    assert back["t"].cast(pa.int64()).to_pylist() == [10**6, 2 * 10**6, 1, 2, 10**6, 2 * 10**6]


def test_what_cannot_stand_together_is_told_with_all_files_and_fields(tmp_path: Path) -> None:
    write(
        tmp_path,
        a={"text": texts(1), "n": [1, 2], "x": [1.5, 2]},
        b={"text": texts(2), "n": ["1", "2"], "x": pa.array([[1], [2]])},
        c={"text": texts(3), "n": [1, 2]},
    )
    feed = Feed(tmp_path)
    assert len(list(feed)) == 6  # articles are read of each as it is
    with pytest.raises(OutputError) as error:
        feed.shards.refuse_conflicts()
    for part in (
        "column 'n' is int64 in",
        "a.parquet, string in",
        "b.parquet",
        "column 'x'",
        "c.parquet",
        "cure: write JSON",
    ):
        assert part in str(error.value), part


def test_shards_that_cannot_be_read_are_told_before_any_row(tmp_path: Path) -> None:
    write(tmp_path, a={"text": texts(1)}, b={"text": [1, 2]}, c={"colour": ["red", "blue"]})
    taken = []
    with pytest.raises(InputError) as error:
        taken += list(Feed(tmp_path))
    assert not taken
    told = str(error.value)
    assert "b.parquet: text column 'text' is int64, not a string" in told
    assert "c.parquet: found columns: colour" in told
    assert "cure: " in told


def test_a_column_twice_by_name_is_an_error(tmp_path: Path) -> None:
    table = pa.table([pa.array(texts(1)), pa.array(texts(2))], ["text", "text"])
    pq.write_table(table, tmp_path / "a.parquet")
    for paths in ([tmp_path / "a.parquet"], [tmp_path / "a.parquet"] * 2):
        with pytest.raises(
            InputError, match=r"a\.parquet: 2 columns, several of the name 'text'; cure: rename all but one"
        ):
            list(Feed(paths))


def test_shards_without_a_footer_are_left_to_the_reader(tmp_path: Path) -> None:
    write(tmp_path, a={"text": texts(1)}, b={"text": texts(2)})
    (tmp_path / "b.parquet").write_bytes((tmp_path / "b.parquet").read_bytes()[:-30])
    feed = Feed(tmp_path)
    assert [row.article.text for row in feed] == texts(1)
    ((file, is_unreadable),) = ((d.file, d.is_unreadable) for d in feed.damaged_files)
    assert (Path(file).name, is_unreadable) == ("b.parquet", True)
    assert check_shards([], feed._walk.columns).schemas == {}


def test_dedup_refuses_before_the_work(tmp_path: Path) -> None:
    write(tmp_path, a={"text": texts(1), "n": [1, 2]}, b={"text": texts(2), "n": ["1", "2"]})
    done = run("dedup", "a.parquet", "b.parquet", "-o", "out.parquet", cwd=tmp_path)
    assert done.returncode == 1
    assert b"column 'n' is int64 in a.parquet, string in b.parquet" in done.stderr
    assert not (tmp_path / "out.parquet").exists()
    done = run("dedup", "a.parquet", "b.parquet", "-o", "out.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["n"] for row in rows] == [1, 2, "1", "2"]
