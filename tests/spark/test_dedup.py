"""What stays and what goes on Spark: the rows of the local run in its order, and the same reasons."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from made import text_of
from places import SHARED
from spark_runs import FEED_FILE

from clusterer import Deduplication, InputError, Settings, SettingsError, dedup as local, spark as clusterer_spark
from clusterer.cli.main import cli

COLUMNS = ("id", "title", "source", "url", "date", "text", "content")
Row = Mapping[str, Any]


def frame(spark: Any, rows: list[Row]) -> Any:
    names = tuple(rows[0]) if rows else COLUMNS
    values = [tuple(row[name] for name in names) for row in rows]
    return spark.createDataFrame(values, ", ".join(f"{name} string" for name in names)).coalesce(1)


def rows_of(lines: Iterator[bytes] | list[bytes]) -> list[Row]:
    return [{name: value for name, value in orjson.loads(line).items() if name in COLUMNS} for line in lines]


def lines_in(folder: Path) -> list[bytes]:
    """Lines of all parts in the order of their names."""
    read = (
        gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in sorted(folder.glob("part-*"))
    )
    return b"".join(read).splitlines()


def reasons(result: Deduplication) -> list[tuple[Any, ...]]:
    return [(r.id, r.kept, r.relation, r.score, r.words_lost, r.is_against) for r in result.removed]


def told(rows: list[Row]) -> list[tuple[Any, ...]]:
    return [tuple(r[x] for x in ("id", "kept", "relation", "score", "words_lost", "against")) for r in rows]


def alike(
    spark: Any, folder: Path, rows: list[Row], settings: Settings, keep: str, old: list[Row] | None
) -> Deduplication:
    """Hold a run on Spark against the local one: rows that stay, in order, and what is told of those that go."""
    wanted = local(rows, settings, keep=keep, against=old)
    against = frame(spark, old) if old else None
    for partitions in (None, 3):  # one worker, and some
        gone = folder / f"gone-{keep}-{partitions}"
        found = clusterer_spark.dedup(
            frame(spark, rows), settings, keep=keep, against=against, removed=str(gone), partitions=partitions
        )
        assert found.columns == list(rows[0])
        assert [row.asDict() for row in found.collect()] == wanted.kept
        lines = list(map(orjson.loads, lines_in(gone)))
        assert told(lines) == reasons(wanted)
        assert [line["row"] for line in lines] == wanted.removed_items
    return wanted


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(cli, ["dedup", *map(str, arguments)])


def spark_run(*arguments: Any) -> Result:
    return run("--engine", "spark", "--master", "local[2]", *arguments)


def undated(name: str, text: str, **fields: str) -> bytes:
    return json.dumps({"id": name, "text": text, **fields}, ensure_ascii=False).encode()


@pytest.mark.parametrize("workers", [(), ("--partitions", 3)], ids=["one worker", "shared out"])
@pytest.mark.parametrize("beside_old", [pytest.param(False, marks=pytest.mark.slow), True])
def test_the_command_gives_back_the_lines_of_the_local_one(
    spark: Any, tmp_path: Path, beside_old: bool, workers: tuple[Any, ...]
) -> None:
    """The sample feed in files whose order is neither that of sizes nor of ids; articles without a date; broken lines."""
    lines, folder = FEED_FILE.read_bytes().splitlines(), tmp_path / "أخبار العرب+1"
    folder.mkdir()
    same, half = text_of("same", 40), text_of("half", 300)
    cut = " ".join(half.split()[:200])
    extra = [undated("z", same), undated("a", same), undated("cut", cut), undated("x", same, title="عنوان")]
    (folder / "1.jsonl").write_bytes(b"\xef\xbb\xbf" + b"\r\n".join([*extra, b"", b"{broken", *lines[:20], b""]))
    (folder / "2.jsonl").write_bytes(b"\n".join([*lines[20:], undated("a", half), undated("b", same), b'{"id": 3}']))
    old = tmp_path / "old.jsonl"
    old.write_bytes(b"\n".join([*lines[::7], undated("a", same.replace(" ", "  ")), b"[]"]))
    inputs = (folder / "2.jsonl", folder / "1.jsonl")
    against = ("--against", old) if beside_old else ()
    wanted, found, gone, out = (tmp_path / f"{x}.jsonl" for x in ("local", "spark", "gone", "out"))
    assert run(*inputs, "-o", wanted, "--removed", gone, "--quiet", *against).exit_code == 0
    result = spark_run(*inputs, "-o", out, "--removed", found, *against, *workers, "--summary")
    assert result.exit_code == 0, result.output
    assert lines_in(out) == wanted.read_bytes().splitlines()
    ours, theirs = ([orjson.loads(line) for line in x] for x in (lines_in(found), gone.read_bytes().splitlines()))
    columns = ("id", "kept", "relation", "score", "words_lost", "article")
    assert [[row[x] for x in columns] for row in ours] == [[row[x] for x in columns] for row in theirs]
    assert [row["against"] for row in ours] == [row.get("against", False) for row in theirs]
    assert {row["id"] for row in ours} >= {"cut", "x"}
    assert f"{2 + beside_old} bad rows set aside" in result.output
    assert f"{len(wanted.read_bytes().splitlines()):,} kept" in result.output
    assert not Path(f"{out}.checkpoint").exists()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("--partitions", 3)], ids=["one worker", "shared out"])
def test_tables_and_what_is_there_already(spark: Any, tmp_path: Path, workers: tuple[Any, ...]) -> None:
    """Parquet with columns of its own, of which nothing is lost; JSON lines of what goes."""
    import pyarrow.parquet as pq

    rows = [
        dict(row, **{"n": i, "of.two": [i, None]}) for i, row in enumerate(rows_of(FEED_FILE.read_bytes().splitlines()))
    ]
    for name, part in (("b", rows[:70]), ("a", rows[70:100]), ("old", rows[100:])):
        pq.write_table(pa.Table.from_pylist(part), tmp_path / f"{name}.parquet")
    wanted = local(rows[:100], against=rows[100:])
    assert wanted.removed
    inputs = [*workers, tmp_path / "b.parquet", tmp_path / "a.parquet"]
    out, gone = tmp_path / "out.parquet", tmp_path / "gone.jsonl.gz"
    result = spark_run(*inputs, "--against", tmp_path / "old.parquet", "-o", out, "--removed", gone, "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    found = pa.concat_tables([pq.read_table(part) for part in sorted(out.glob("part-*"))]).to_pylist()
    assert found == wanted.kept
    result = spark_run(*inputs, "--against", tmp_path / "old.parquet", "-o", tmp_path / "out.jsonl", "--quiet")
    assert [orjson.loads(line) for line in lines_in(tmp_path / "out.jsonl")] == wanted.kept
    lines = list(map(orjson.loads, lines_in(gone)))
    assert told(lines) == reasons(wanted)
    assert [line["article"] for line in lines] == wanted.removed_items


def test_a_run_goes_on_with_its_rows_as_they_were_numbered(spark: Any, tmp_path: Path) -> None:
    rows, stages, seen = rows_of(FEED_FILE.read_bytes().splitlines())[:60], tmp_path / "stages", list[str]()
    rows += [{**row, "id": f"{row['id']} again"} for row in rows[::4]]
    df, exact = frame(spark, rows), Settings(level="exact")
    first = clusterer_spark.dedup(df, exact, checkpoint=str(stages), tell=seen.append).collect()
    assert 45 < len(first) <= 60
    assert (seen[0], seen[-1]) == ("rows", "removed")
    shutil.rmtree(stages / "removed")
    seen.clear()
    again = clusterer_spark.dedup(df.repartition(5), exact, checkpoint=str(stages), tell=seen.append).collect()
    assert seen == ["removed"]
    assert again == first
    with pytest.raises(SettingsError, match="other keep"):
        clusterer_spark.dedup(df, exact, keep="earliest", checkpoint=str(stages))
    with pytest.raises(SettingsError, match="command, keep"):
        clusterer_spark.cluster(df, exact, checkpoint=str(stages))


def test_what_spark_does_not_do_is_refused_with_a_cure(spark: Any, tmp_path: Path) -> None:
    index = tmp_path / "news.index"
    assert CliRunner().invoke(cli, ["index", "create", str(index)]).exit_code == 0
    out = tmp_path / "out.jsonl"
    for arguments, message in (
        (("--pairs", tmp_path / "p.jsonl"), "--pairs is not for --engine spark; cure: --engine local"),
        (("--against", FEED_FILE), "is an input and in --against"),
        (("--against", str(FEED_FILE).replace("feed.", "f*d.")), "is an input and in --against"),
        (("--against", index), "Spark reads no index; cure: --engine local"),
        (("--against", tmp_path / "old.jsonl", "--quote", "13"), "--quote is not for --engine spark"),
        (("--unique-url",), "--unique-url is not for --engine spark"),
        (("--unit", "paragraph"), "--unit paragraph is not for --engine spark"),
        (("--removed", tmp_path / "gone.parquet"), "holds lines of JSON; cure: --removed NAME.jsonl"),
        (("-o", tmp_path / "out.parquet"), "rows stay what they are, lines of JSON; cure: -o NAME.jsonl"),
        (("-o", tmp_path / "out.csv"), "Spark writes .parquet or .jsonl"),
        (("--keep", "id desc"), "Spark keeps the longest, earliest, central; cure: one of these, or the local engine"),
    ):
        result = spark_run(FEED_FILE, *(() if "-o" in arguments else ("-o", out)), *arguments)
        assert result.exit_code in (1, 2), arguments
        assert message in str(result.exception), arguments
        assert not out.exists()
        assert not Path(f"{out}.checkpoint").exists()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.jsonl", b"", "empty.jsonl"),
        ("cut.jsonl.gz", gzip.compress(FEED_FILE.read_bytes())[:9999], "cut.jsonl.gz: "),
        pytest.param("cut.parquet", b"PAR1" + bytes(500), "cut.parquet", marks=pytest.mark.slow),
        pytest.param("no.jsonl", None, "no.jsonl", marks=pytest.mark.slow),
        pytest.param("bad.jsonl", b"{\n{", "article", marks=pytest.mark.slow),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line_with_a_cure(
    spark: Any, tmp_path: Path, name: str, data: bytes | None, message: str
) -> None:
    """As an input and as what is compared against; nothing is written."""
    file = tmp_path / name
    if data is not None:
        file.write_bytes(data)
    for arguments in ((file,), (FEED_FILE, "--against", file)):
        out = tmp_path / ("out.parquet" if arguments == (file,) and file.suffix == ".parquet" else "out.jsonl")
        result = spark_run(*arguments, "-o", out)
        assert isinstance(result.exception, InputError), result.exception
        said = str(result.exception)
        assert message in said
        assert "; cure: " in said
        assert "\n" not in said
        assert not out.exists()
        shutil.rmtree(f"{out}.checkpoint", ignore_errors=True)


def test_what_a_killed_run_had_begun_to_write_is_written_anew(spark: Any, tmp_path: Path) -> None:
    out, feed = tmp_path / "out.jsonl", tmp_path / "feed.jsonl"
    feed.write_bytes(b"\n".join(FEED_FILE.read_bytes().splitlines()[:20]))
    (out / "_temporary" / "0").mkdir(parents=True)
    result = spark_run(feed, "-o", out, "--level", "exact")
    assert result.exit_code == 0, result.exception
    assert len(lines_in(out)) <= 20
    other = tmp_path / "other.jsonl"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    assert "was not written by Spark" in str(spark_run(feed, "-o", other, "--level", "exact").exception)
    assert (other / "notes.txt").read_text() == "mine"


def test_masters_that_spark_does_not_know_are_refused_before_it_starts(tmp_path: Path) -> None:
    for master in ("foo", "local[x]", "local[0]", "spark://here", "http://here:7077", ""):
        result = run(FEED_FILE, "-o", tmp_path / "out.jsonl", "--engine", "spark", "--master", master)
        assert f"master {master!r}: none that Spark knows; cure: " in str(result.exception)


@pytest.mark.slow
def test_nothing_to_keep(spark: Any, tmp_path: Path) -> None:
    rows = [{"id": "a", "text": None}, {"id": "b", "text": None}]
    with pytest.raises(InputError, match="none of 2 rows is an article"):
        clusterer_spark.dedup(frame(spark, rows), text="text", against=frame(spark, [{"id": "c", "text": "نص"}]))
    assert clusterer_spark.dedup(frame(spark, []), text="text").collect() == []


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["longest", "earliest", "central"])
@pytest.mark.parametrize("level", ["exact", "copy", "story"])
def test_levels_and_orders(spark: Any, tmp_path: Path, level: str, keep: str) -> None:
    rows = rows_of(FEED_FILE.read_bytes().splitlines())
    for old, part in ((None, rows), (rows[::2], rows[1::2])):
        assert alike(spark, tmp_path, part, Settings(level=level), keep, old).removed


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [Settings(level="story"), Settings(level="copy", unit="char", size=12, series="merge")]
)
def test_news_of_many_outlets(spark: Any, tmp_path: Path, settings: Settings) -> None:
    files = sorted((SHARED / "feed-panarab").glob("*.jsonl.gz"))
    if not files:
        pytest.skip("the feed of many outlets is not here: ../shared/feed-panarab")
    rows = rows_of(gzip.decompress(files[1].read_bytes()).splitlines()[:1200])
    assert alike(spark, tmp_path, rows, settings, "longest", None).removed
    assert alike(spark, tmp_path, rows[500:], settings, "longest", rows[:500]).removed
