"""Every block of the pages on other tools runs as it stands, and what it writes and prints is what the page says."""

from __future__ import annotations

import csv
import json
import re
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path
from random import Random

import pytest
from places import ROOT
from reference import jaccard
from task_pages import BLOCKS, ROWS, lines_of, never, python, recipe, run, shell

from clusterer import Settings, StoryIndex, cluster, dedup
from clusterer.copies.candidates import shingle
from clusterer.corpus import text_words
from clusterer.evaluation.metrics import evaluate


@pytest.fixture(scope="module")
def story_ids() -> list[str]:
    return cluster(ROWS).labels("story")


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    return tmp_path


def test_files_and_settings_by_name(workplace: Path) -> None:
    said = python(recipe("Files and settings by name"), workplace)
    found = cluster(ROWS, level="copy", jaccard=0.5)
    assert said.startswith(f"{found!r}\n{found['aldifaf-13'].copy} ")


def test_every_block_has_its_test() -> None:
    sources = [path.read_text("utf-8") for path in Path(__file__).parent.glob("*.py")]
    called = {call for source in sources for call in re.findall(r'recipe\("([^"]+)"(?:, "([^"]+)")?\)', source)}
    for section, _, text in BLOCKS:
        assert any(section == name and holding in text for name, holding in called), text
    assert len(called) == len(BLOCKS) >= 20


def test_pandas_labels_and_one_of_every_copy_group(workplace: Path, story_ids: list[str]) -> None:
    out = python(recipe("pandas", "kept.csv"), workplace)
    largest = max(story_ids.count(name) for name in story_ids)
    assert re.search(rf" {largest}$", out, re.M)
    copies = cluster(ROWS).labels("copy")
    with (workplace / "kept.csv").open(encoding="utf-8", newline="") as file:
        kept = list(csv.DictReader(file))
    assert [row["id"] for row in kept] == [
        row["id"] for row, copy in zip(ROWS, copies, strict=True) if row["id"] == copy
    ]
    assert len(kept) == len(set(copies)) < len(ROWS)
    assert [row["story_id"] for row in kept] == [
        story for row, copy, story in zip(ROWS, copies, story_ids, strict=True) if row["id"] == copy
    ]
    assert out.endswith(f"{len(kept)} of {len(ROWS)} kept\n")


def test_pandas_columns_of_other_names(workplace: Path, story_ids: list[str]) -> None:
    named, texts = map(int, python(recipe("pandas", "متن"), workplace).split())
    assert len(set(cluster([row["content"] for row in ROWS]).labels("story"))) == texts != named
    without_title = cluster(ROWS).groups("story")
    assert named == len(without_title)


def test_pandas_ids_of_numbers(workplace: Path) -> None:
    assert python(recipe("pandas", "astype(str)"), workplace) == f"({len(ROWS)}, {len(ROWS[0]) + 1})\n"


def test_polars(workplace: Path, story_ids: list[str]) -> None:
    out = python(recipe("Polars and pyarrow", "write_parquet"), workplace)
    assert out == f"{len(set(story_ids))} stories\n"
    parquet = pytest.importorskip("pyarrow.parquet")
    assert parquet.read_table(workplace / "clusters.parquet")["story"].to_pylist() == story_ids


def test_pyarrow(workplace: Path) -> None:
    assert python(recipe("Polars and pyarrow", "append_column"), workplace) == f"{[*ROWS[0], 'story_id']}\n"


def test_a_dataset_of_parquet_files(workplace: Path, story_ids: list[str]) -> None:
    parquet, pa = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    folder = workplace / "dataset" / "data"
    folder.mkdir(parents=True)
    for n, part in enumerate((ROWS[:60], ROWS[60:])):
        parquet.write_table(pa.Table.from_pylist(part), folder / f"train-{n:05}-of-00002.parquet")
    assert shell(workplace, recipe("Files of the Hub", "dataset/data"), never) == 0
    assert [row["story"] for row in lines_of(workplace / "clusters.jsonl")] == story_ids
    kept = parquet.read_table(workplace / "kept.parquet")
    assert kept.column_names == list(ROWS[0])
    assert kept["id"].to_pylist() == dedup(ROWS).kept_ids
    assert len(kept) + len(lines_of(workplace / "removed.jsonl")) == len(ROWS)


def test_a_dataset_that_was_saved_to_disk(workplace: Path, story_ids: list[str]) -> None:
    block = recipe("Files of the Hub", "saved")
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    folder = workplace / "saved" / "train"  # the layout of DatasetDict.save_to_disk of datasets 5
    folder.mkdir(parents=True)
    (workplace / "saved" / "dataset_dict.json").write_text('{"splits": ["train"]}')
    shards = [f"data-{n:05}-of-00003.arrow" for n in range(3)]
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name} for name in shards]}))
    features = json.dumps({"info": {"features": {name: {"dtype": "string", "_type": "Value"} for name in ROWS[0]}}})
    for name, part in zip(shards, (ROWS[:50], ROWS[50:51], ROWS[51:]), strict=True):
        table = pa.Table.from_pylist(part).replace_schema_metadata({"huggingface": features})
        with pa.OSFile(str(folder / name), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
            stream.write_table(table, max_chunksize=20)
    assert python(block, workplace) == f"3 shards, {len(ROWS)} articles\n"
    grouped = parquet.read_table(workplace / "grouped.parquet")
    assert grouped["id"].to_pylist() == [row["id"] for row in ROWS]
    assert grouped["story_id"].to_pylist() == story_ids


def test_a_dataset_as_it_is(story_ids: list[str]) -> None:
    datasets = pytest.importorskip("datasets")
    dataset = datasets.Dataset.from_list(ROWS)
    assert cluster(dataset).labels("story") == story_ids
    assert cluster(dataset.to_iterable_dataset()).labels("story") == story_ids
    assert cluster(dataset.select(range(20, 90))).assignments == cluster(ROWS[20:90]).assignments


def test_a_task_can_run_again_and_leaves_nothing_half_done(workplace: Path, story_ids: list[str]) -> None:
    task = recipe("A task of a scheduler")
    first = python(task, workplace)
    assert "'articles': 130" in first
    assert "'bad rows': 0" in first
    written = (workplace / "clusters.jsonl").read_bytes()
    assert [row["story"] for row in map(json.loads, written.splitlines())] == story_ids
    assert python(task, workplace) == first
    assert (workplace / "clusters.jsonl").read_bytes() == written
    # What the command writes, to the byte.
    assert shell(workplace, "clusterer cluster data/feed.jsonl -o by_command.jsonl", never) == 0
    assert (workplace / "by_command.jsonl").read_bytes() == written

    (workplace / "empty.jsonl").write_bytes(b"")
    for source, reason in (("missing.jsonl", "missing.jsonl"), ("empty.jsonl", "empty.jsonl: no article")):
        done = run(task, workplace, source, "clusters.jsonl")
        assert done.returncode != 0
        assert re.search(rf"InputError: .*{reason}", done.stderr)
        assert (workplace / "clusters.jsonl").read_bytes() == written
    assert run(task, workplace, "data/feed.jsonl", "no_folder/clusters.jsonl").returncode != 0


def test_a_task_sets_bad_rows_aside(workplace: Path) -> None:
    task = recipe("A task of a scheduler")
    feed = (workplace / "data" / "feed.jsonl").read_text("utf-8")
    (workplace / "dirty.jsonl").write_text(feed + '{"id": "x"}\nnot JSON\n', "utf-8")
    out = python(task, workplace, "dirty.jsonl", "out.jsonl")
    assert "'bad rows': 2" in out
    assert [row["line"] for row in lines_of(workplace / "out.jsonl.quarantine.jsonl")] == [131, 132]
    assert len(lines_of(workplace / "out.jsonl")) == 130
    python(task, workplace, "data/feed.jsonl", "out.jsonl")
    assert not (workplace / "out.jsonl.quarantine.jsonl").exists()


def test_a_task_tells_of_bad_rows_of_an_index(workplace: Path) -> None:
    feed = (workplace / "data" / "feed.jsonl").read_text("utf-8")
    (workplace / "dirty.jsonl").write_text(feed + '{"id": "x"}\nnot JSON\n', "utf-8")
    (workplace / "news_tasks.py").write_text(recipe("A task of a scheduler"), "utf-8")
    out = python("from news_tasks import add_news; print(add_news('dirty.jsonl', 'news.db'))", workplace)
    counts = json.loads(out.replace("'", '"'))
    assert (counts.pop("bad rows"), sum(counts.values())) == (2, len(ROWS))
    assert len(lines_of(workplace / "news.db.quarantine.jsonl")) == 2


def test_what_came_since_the_last_time(workplace: Path) -> None:
    with StoryIndex.open(workplace / "news.db") as index:
        index.add(ROWS)
        assert shell(workplace, recipe("What came since the last time", "index changes news.db"), never) == 0
        (last,) = lines_of(workplace / "came.jsonl")  # nothing came between the two
        assert last == {"next": index.changes().next, "history": index.changes().history}


def test_a_table_that_follows(workplace: Path) -> None:
    follow = recipe("What came since the last time", "sqlite3")
    rows = list(ROWS)
    Random(0).shuffle(rows)  # in this order an article moves to a story that nothing comes to
    with StoryIndex.open(workplace / "news.db") as index:
        steps = [*(partial(index.add, rows[start : start + 4]) for start in range(0, len(rows), 4)),
                 partial(index.remove, [ROWS[0]["id"], ROWS[5]["id"]]), partial(index.expire, max_articles=60), list]  # fmt: skip
        for number, step in enumerate(steps):
            step()
            if number % 6 == 0 or number >= len(steps) - 4:
                python(follow, workplace)
                with closing(sqlite3.connect(workplace / "desk.sqlite")) as table:
                    held = dict(table.execute("SELECT article, story FROM news"))
                assert held == {a.id: a.story for a in index.assignments()}


def test_the_stories_of_the_last_24_hours(workplace: Path) -> None:
    rows = [{**row, "date": datetime.now(UTC) - timedelta(hours=n)} for n, row in enumerate(ROWS[:60])]
    with StoryIndex.open(workplace / "news.db") as index:
        index.add(rows)
        fresh = {row["id"] for row in rows[:24]}
        recent = {s.id: sum(a.id in fresh for a in s.assignments) for s in index.stories(min_size=2)}
    assert shell(workplace, recipe("The stories of the last 24 hours", "--since"), never) == 0
    with (workplace / "day.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = [(row["story"], int(row["recent"])) for row in csv.DictReader(file)]
    assert dict(listed) == {story: count for story, count in recent.items() if count}
    assert [count for _, count in listed] == sorted(dict(listed).values(), reverse=True)
    assert len(listed) < len(recent)
    page = recipe("The stories of the last 24 hours", "--report")
    assert shell(workplace, page.replace("2016-03-30", "24h"), never) == 0
    assert {row["id"] for row in lines_of(workplace / "day.jsonl")} == fresh
    assert "<html" in (workplace / "day.html").read_text("utf-8")


def test_alerts(workplace: Path) -> None:
    script = recipe("Alerts", "OUTLETS")
    begin = datetime(2016, 3, 29, tzinfo=UTC)
    ordered = sorted(ROWS, key=lambda row: str(row["date"]))
    rows = [{**row, "date": begin + timedelta(minutes=5 * n)} for n, row in enumerate(ordered)]  # a busy desk
    with StoryIndex.open(workplace / "news.db") as index:
        index.add(rows)
        of_story = {a.id: a.story for a in index.assignments()}
    expected = set[str]()
    for last, row in enumerate(rows):  # told slowly: all articles of each hour, by story
        outlets = dict[str, set[str]]()
        for one in rows[max(0, last - 12) : last + 1]:
            outlets.setdefault(of_story[one["id"]], set()).add(one["source"])
        fresh = {story for story, names in outlets.items() if len(names) >= 3} - expected
        if fresh or last == len(rows) - 1:
            assert python(script, workplace, row["date"].isoformat()).count("\n") == len(fresh)
        expected |= fresh
    with closing(sqlite3.connect(workplace / "alerts.sqlite")) as told:
        assert {story for (story,) in told.execute("SELECT story FROM told")} == expected
    assert len(expected) > 2


def test_a_feed_that_never_ends(workplace: Path) -> None:
    watch = recipe("A feed that never ends", "StoryIndex")
    out = python(watch, workplace)
    counted = [json.loads(line.replace("'", '"')) for line in out.splitlines() if line.startswith("{")]
    assert sum(sum(batch.values()) for batch in counted) == len(ROWS)
    assert {"new", "report", "copy"} <= {status for batch in counted for status in batch}
    tops = [
        (int(n), int(copies))
        for n, copies in re.findall(r"^top: (\d+) articles, (\d+) independent texts: \S", out, re.M)
    ]
    assert len(tops) == 5
    assert tops == sorted(tops, key=lambda pair: -pair[0])
    assert tops[0][0] >= 4
    with StoryIndex.open(workplace / "news.db", must_exist=True) as index:
        assert max(len(story) for story in index.stories()) == tops[0][0]
        late = sum(row["date"] >= "2016-03-25" for row in ROWS)
        assert 0 < len(index) == late < len(ROWS)
    # The process dies and starts again: what is there is known, what had expired comes back.
    again = python(watch, workplace)
    assert re.search(r"'known': \d+", again)
    assert again[again.index("top:") :] == out[out.index("top:") :]


def test_a_feed_that_never_ends_from_a_shell(workplace: Path) -> None:
    command = recipe("A feed that never ends", "tail")
    feed, answers = workplace / "news.jsonl", workplace / "answers.jsonl"
    shell_lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS[:30]]
    feed.write_text("".join(shell_lines[:20]), "utf-8")
    seen = [0]

    def answered() -> bool:
        seen.append(answers.read_bytes().count(b"\n") if answers.exists() else 0)
        if seen[-1] == 20 != seen[-2]:  # it waits: more comes
            with feed.open("a", encoding="utf-8") as file:
                file.writelines(shell_lines[20:])
        return seen[-1] == 30

    assert shell(workplace, command, answered) == 0
    assert 20 in seen
    found = lines_of(answers)
    assert [row["id"] for row in found] == [row["id"] for row in ROWS[:30]]
    assert {"new", "copy"} <= {row["status"] for row in found}
    with StoryIndex.open(workplace / "live.db", must_exist=True) as index:
        assert len(index) == 30


@pytest.fixture
def redis_port(tmp_path: Path) -> Iterator[int]:
    """A Redis of our own on a free port."""
    pytest.importorskip("redis", reason="the Python client of Redis is not installed")
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("redis-server is not on this machine")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = subprocess.Popen(
        [
            server,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(tmp_path),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert running.poll() is None, "redis-server did not start"
                assert time.monotonic() < until
                time.sleep(0.05)
        yield port
    finally:
        running.terminate()
        running.wait()


def copies_found(out: str) -> dict[tuple[str, str], float]:
    rows = (line.split() for line in out.splitlines())
    return {(a, b): float(likeness) for a, b, likeness in rows}


def assert_are_copies(found: dict[tuple[str, str], float]) -> None:
    """Beside all pairs by their exact sets, as far as a sketch of 128 slots can tell them apart."""
    settings = Settings(level="copy")
    shingles = shingle(text_words([row["content"] for row in ROWS], settings), settings)
    members = {
        row["id"]: set(shingles.values[a:b].tolist())
        for row, (a, b) in zip(ROWS, pairwise(shingles.offsets), strict=True)
    }
    pairs = {
        (a, b): jaccard(members[a], members[b])
        for a, b in combinations(sorted(members), 2)
        if members[a] and members[b]
    }
    assert {pair for pair, likeness in pairs.items() if likeness >= 0.65} <= set(found)
    assert set(found) <= {pair for pair, likeness in pairs.items() if likeness >= 0.35}
    assert len(found) > 15
    for pair, likeness in found.items():
        assert likeness == pytest.approx(pairs[pair], abs=0.15)


def test_datasketch_in_memory(workplace: Path) -> None:
    assert_are_copies(copies_found(python(recipe("An index of datasketch's"), workplace, REDIS_HOST="")))


def test_datasketch_in_redis(workplace: Path, redis_port: int) -> None:
    import redis

    block = recipe("An index of datasketch's")
    found = copies_found(python(block, workplace, REDIS_HOST="127.0.0.1", REDIS_PORT=str(redis_port)))
    assert_are_copies(found)
    assert found == copies_found(python(block, workplace, REDIS_HOST=""))
    with redis.Redis("127.0.0.1", redis_port) as client:
        assert client.dbsize() > len(ROWS)


def test_a_search_by_b_cubed(workplace: Path) -> None:
    out = python(recipe("Search over parameters"), workplace)
    events = {row["id"]: row["event"] for row in lines_of(workplace / "data" / "gold.jsonl")}
    known = [row for row in ROWS if row["id"] in events]
    labels = cluster(known).labels("story")
    score = float(re.findall(r"B-cubed F1 ([\d.]+) with", out)[0])
    assert score >= evaluate(labels, [events[row["id"]] for row in known]).bcubed_f1 - 0.03
    assert 0.9 < score <= 1
    assert re.search(r"'stories__jaccard': 0.[57], 'stories__story': 0.[357]", out)
    assert out.splitlines()[-1].startswith("[0 1 ")
