"""A day's desk, jobs that come again and overlap, schedulers, DuckDB, datasets, moving: each block as the page has it."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from datetime import datetime
from email.utils import format_datetime
from html import escape
from pathlib import Path

import pytest
from places import ROOT
from task_pages import ROWS, lines_of, never, python, recipe, shell

from clusterer import StoryIndex, cluster, dedup, read


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    return tmp_path


def date_of(row: dict) -> datetime:
    return datetime.fromisoformat(row["date"])


@pytest.fixture
def desk(workplace: Path) -> Path:
    """The sample feed as a desk has it: RSS of some outlets, a CSV with Arabic columns, an export of Telegram."""
    (workplace / "feeds").mkdir()
    (workplace / "telegram").mkdir()
    explained = ("صدى الوادي", "مرصد الشرق")  # whose ids the page names: an export of Telegram has none
    outlets = sorted({row["source"] for row in ROWS}, key=lambda name: (name not in explained, name))
    for number, outlet in enumerate(outlets[:4]):
        items = "".join(
            f"<item><title>{escape(row['title'])}</title><guid>{row['id']}</guid>"
            f"<pubDate>{format_datetime(date_of(row))}</pubDate><description>{escape(row['content'])}</description></item>"
            for row in ROWS
            if row["source"] == outlet
        )
        page = f'<rss version="2.0"><channel><title>{outlet}</title>{items}</channel></rss>'
        (workplace / "feeds" / f"{number}.rss").write_text(page, "utf-8")
    with (workplace / "agency.csv").open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(["المعرف", "التاريخ", "المصدر", "العنوان", "النص"])
        table.writerows(
            [row["id"], row["date"], row["source"], row["title"], row["content"]]
            for row in ROWS
            if row["source"] in outlets[4:6]
        )
    chats = [
        {
            "name": outlet,
            "type": "public_channel",
            "messages": [
                {
                    "id": number,
                    "type": "message",
                    "date": row["date"][:19],
                    "date_unixtime": str(int(date_of(row).timestamp())),
                    "from": outlet,
                    "from_id": f"channel{outlet}",
                    "text": [row["content"][:20], {"type": "bold", "text": row["content"][20:40]}, row["content"][40:]],
                }
                for number, row in enumerate(ROWS)
                if row["source"] == outlet
            ],
        }
        for outlet in outlets[6:]
    ]
    export = json.dumps({"chats": {"list": chats}}, ensure_ascii=False)
    (workplace / "telegram" / "result.json").write_text(export, "utf-8")
    return workplace


def test_stories_of_a_day(desk: Path) -> None:
    assert shell(desk, recipe("Stories of a day", "--report"), never) == 0
    with (desk / "articles.csv").open(encoding="utf-8-sig", newline="") as file:
        articles = list(csv.DictReader(file))
    assert Counter(row["source"] for row in articles) == Counter(row["source"] for row in ROWS)
    assert "<html" in (desk / "report.html").read_text("utf-8")[:2000]
    said = python(recipe("Stories of a day", "DictReader"), desk)
    sizes = Counter(row["story"] for row in articles)
    told = [line.split(" ", 1)[0] for line in said.splitlines() if "independent texts" in line]
    assert told == [str(count) for _, count in sizes.most_common(5)]
    assert not any(line.endswith("texts: ") for line in said.splitlines())  # messages have no title, their stories do
    assert shell(desk, recipe("Stories of a day", "explain"), never) == 0
    assert shell(desk, recipe("A list without reposts", "--level copy"), never) == 0
    with (desk / "copies.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["copy"] for row in csv.DictReader(file) if row["representative"] == "true"} > set()
    assert shell(desk, recipe("A list without reposts", "--keep"), never) == 0
    assert {row["kept_file"] for row in lines_of(desk / "removed.jsonl")} <= {
        row["file"] for row in lines_of(desk / "removed.jsonl")
    } | {str(path.relative_to(desk)) for path in desk.rglob("*.*")}


def test_the_same_stories_in_an_index(desk: Path) -> None:
    for _ in range(2):
        assert shell(desk, recipe("Tomorrow"), never) == 0
    assert {row["status"] for row in lines_of(desk / "answers.jsonl")} == {"known"}
    assert len(lines_of(desk / "clusters.jsonl")) == len(ROWS)


@pytest.fixture
def job(workplace: Path) -> Path:
    """A folder with the script of the page and what has come."""
    (workplace / "incoming").mkdir()
    shutil.copy(workplace / "data" / "feed.jsonl", workplace / "incoming")
    (workplace / "every_15_minutes.sh").write_text(recipe("Cron", "set -eu"), "utf-8")
    return workplace


def start(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(
        [*command, "sh", "every_15_minutes.sh"], cwd=folder, env={**os.environ, "PATH": path}, stderr=subprocess.PIPE
    )


def stored(folder: Path) -> int:
    with StoryIndex.open(folder / "news.db", must_exist=True) as index:
        return len(index)


def test_jobs_that_overlap_store_everything_once(job: Path) -> None:
    first, second = start(job), start(job)
    said = [process.communicate(timeout=60)[1] for process in (first, second)]
    assert {first.returncode, second.returncode} == {0}, said
    assert stored(job) == len(ROWS)
    assert start(job).wait(60) == 0  # run again: nothing is new, and the backup is whole
    assert stored(job) == len(ROWS)
    with StoryIndex.open(job / "news-backup.db", must_exist=True) as backup:
        assert len(backup) == len(ROWS)


@pytest.mark.skipif(shutil.which("flock") is None, reason="flock is not on this machine")
def test_a_job_lets_go_where_another_is_at_work(job: Path) -> None:
    page = (ROOT / "docs" / "schedules.md").read_text("utf-8")
    assert "cd /srv/news && flock -n news.lock sh every_15_minutes.sh" in page
    with (job / "news.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert start(job, "flock", "-n", "news.lock").wait(60) == 1
    assert not (job / "news.db").exists()
    assert start(job, "flock", "-n", "news.lock").wait(60) == 0
    assert stored(job) == len(ROWS)


def with_tasks(folder: Path, code: str, end: str) -> str:
    """What a module of a scheduler does beside `news_tasks.py`."""
    (folder / "news_tasks.py").write_text(recipe("A task of a scheduler"), "utf-8")
    (folder / "scheduled.py").write_text(code, "utf-8")
    return python(end, folder, AIRFLOW_HOME=str(folder / "home"), PREFECT_HOME=str(folder / "home"))


def test_the_tasks_themselves(workplace: Path) -> None:
    said = with_tasks(
        workplace,
        "from news_tasks import add_news, group_news",
        "from scheduled import *; print([add_news('data/feed.jsonl', 'news.db') for _ in range(2)])",
    )
    first, second = json.loads(said.replace("'", '"'))
    assert sum(first.values()) == len(ROWS)
    assert second == {"known": len(ROWS), "bad rows": 0}


def test_airflow(workplace: Path) -> None:
    said = with_tasks(
        workplace,
        recipe("Airflow"),
        "from scheduled import dag_of_news as dag; print(sorted(dag.task_dict), dag.max_active_runs, dag.schedule)",
    )
    assert said.splitlines()[-1] == "['add_news', 'group_news'] 1 */15 * * * *"


def test_prefect(workplace: Path) -> None:
    said = with_tasks(
        workplace,
        recipe("Prefect"),
        "from scheduled import news; print(news('data/feed.jsonl', '.'), news('data/feed.jsonl', '.'))",
    )
    assert f"{{'known': {len(ROWS)}, 'bad rows': 0}}" in said
    assert len(lines_of(workplace / "clusters.jsonl")) == len(ROWS)


def test_polars_join_and_mask(workplace: Path) -> None:
    said = python(recipe("Polars and pyarrow", "group_by"), workplace)
    sizes = Counter(cluster(ROWS).labels("story"))
    assert f" {max(sizes.values())} " in said
    assert said.splitlines()[-1] == f"{len(dedup(ROWS).kept)} of {len(ROWS)} stay"


def test_duckdb(workplace: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("polars")
    said = python(recipe("DuckDB", "largest"), workplace)
    sizes = Counter(cluster([row for row in ROWS if row["date"] >= "2016-03-25"]).labels("story"))
    assert said.strip() == str(sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))[:3])
    with duckdb.connect(str(workplace / "news.duckdb")) as database:
        database.sql(f"CREATE TABLE articles AS FROM '{workplace}/data/feed.jsonl'")
    assert shell(workplace, recipe("DuckDB", "news.duckdb::articles"), never) == 0
    assert len(lines_of(workplace / "kept.jsonl")) == len(dedup(ROWS).kept)
    found = python(recipe("DuckDB", "of_outlets"), workplace)
    outlets = Counter(row["source"] for row in ROWS)
    assert found.startswith(f"[('{min(outlets, key=lambda name: (-outlets[name], name))}', {max(outlets.values())}, ")


@pytest.fixture
def dataset(workplace: Path) -> Path:
    parquet, pa = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    folder = workplace / "dataset" / "data"
    folder.mkdir(parents=True)
    for n, part in enumerate((ROWS[:60], ROWS[60:])):
        parquet.write_table(pa.Table.from_pylist(part), folder / f"train-{n:05}-of-00002.parquet")
    return workplace


def test_datasets_by_places(dataset: Path) -> None:
    said = python(recipe("With the datasets library", "select"), dataset, HF_HOME=str(dataset / "cache"))
    kept = dedup(ROWS, "corpus").kept
    stories = len(set(cluster(kept).labels("story")))
    assert said == f"{len(ROWS)} articles, {len(kept)} stay, {stories} stories\n"


def test_datasets_by_ids(dataset: Path) -> None:
    block = recipe("With the datasets library", "removed.jsonl")
    removed = [{"id": removal.id} for removal in dedup(ROWS).removed]
    (dataset / "removed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in removed), "utf-8")
    said = python(block, dataset, HF_HOME=str(dataset / "cache"))
    assert said == f"{len(ROWS) - len(removed)} of {len(ROWS)} stay\n"


def test_a_dataset_is_given_back_as_it_was() -> None:
    datasets = pytest.importorskip("datasets")
    wanted = dedup(ROWS)
    given = datasets.Dataset.from_list(ROWS)
    found = dedup(given)
    assert type(found.kept) is datasets.Dataset
    assert found.kept["id"] == wanted.kept_ids
    assert found.removed_items["id"] == [removal.id for removal in wanted.removed]
    assert [row["id"] for row in dedup(given.to_iterable_dataset()).kept] == wanted.kept_ids


def test_from_text_dedup(workplace: Path) -> None:
    assert shell(workplace, recipe("From text-dedup"), never) == 0
    kept = dedup(read(ROOT / "data" / "feed.jsonl"), "corpus", size=5, jaccard=0.7).kept_ids
    assert [row["id"] for row in lines_of(workplace / "kept.jsonl")] == kept


def test_from_datasketch(workplace: Path) -> None:
    said = python(recipe("From datasketch"), workplace)
    rows = [line.split() for line in said.splitlines()]
    assert len(rows) >= 2
    groups = cluster(ROWS, level="copy", jaccard=0.7)
    for name, _, other, _ in rows:
        assert groups[name].copy == groups[other].copy


def test_from_semhash(workplace: Path) -> None:
    said = python(recipe("From semhash"), workplace)
    copies, events = dedup(ROWS), dedup(ROWS, level="story")
    assert said.startswith(
        f"{len(ROWS)} articles, {len(copies.kept)} without copies, {len(events.kept)} events\n{events.removed[0].id} "
    )
