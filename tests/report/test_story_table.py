"""The table of stories against counting by hand, in every form that it is written in."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path

from click.testing import CliRunner
from places import ROOT
from reports import embedded

from clusterer import Settings, cluster, read
from clusterer.articles import seconds
from clusterer.cli.main import cli
from clusterer.io.dates import zone_from
from clusterer.report.charts import day_of
from clusterer.report.story_table import StoryRow, story_table

DAY = timedelta(days=1, seconds=-1)
FEED = ROOT / "data" / "feed.jsonl"


def test_a_row_a_story() -> None:
    articles = list(read(FEED))
    result = cluster(articles)
    table = list(story_table(result, articles, Settings()))
    groups = dict(sorted(result.groups("story").items(), key=lambda group: -len(group[1])))
    assert [row.story for row in table] == list(groups)
    by_id = {a.id: (a, article) for a, article in zip(result, articles, strict=True)}
    for row, members in zip(table, groups.values(), strict=True):
        inside = [by_id[id] for id in members]
        dates = [article.date for _, article in inside if article.date]
        assert (row.first, row.last) == ((min(dates), max(dates)) if dates else (None, None))
        assert row.articles == len(members)
        assert row.independent_texts == len({a.copy for a, _ in inside})
        assert set(row.outlets) == {article.outlet for _, article in inside} - {""}
        assert [(row.representative, row.title)] == [(a.id, x.title) for a, x in inside if a.representative]
        ends = [x.date + DAY if x.date.time() == time() else x.date for _, x in inside if x.date]
        early = {x.outlet for _, x in inside if x.date and x.date <= min(ends)}
        assert row.first_outlet == ((early.pop() or None) if len(early) == 1 else None)
        assert row.follows == result.follows.get(row.story)
        words = {word for _, x in inside for word in f"{x.title} {x.text}".split()}
        spelt = [part for name in row.key_words for part in name.split()]
        assert all(any(part in word for word in words) for part in spelt)
    assert sum(len(row.key_words) > 1 for row in table) > 0.9 * len(table)


def test_tables_say_what_lines_say(tmp_path: Path) -> None:
    for ending in ("jsonl", "csv"):
        words = [
            "cluster",
            str(FEED),
            "-q",
            "-o",
            str(tmp_path / "out.jsonl"),
            "--stories",
            str(tmp_path / f"s.{ending}"),
        ]
        assert CliRunner().invoke(cli, words, catch_exceptions=False).exit_code == 0
    lines = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text("utf-8").splitlines()]
    with (tmp_path / "s.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.DictReader(file))
    assert list(lines[0]) == list(cells[0]) == list(StoryRow._fields)
    for line, row in zip(lines, cells, strict=True):
        line |= {name: "; ".join(line[name]) for name in ("outlets", "key_words")}
        assert {name: "" if value is None else str(value) for name, value in line.items()} == row


def test_any_field_is_added_to_lines(tmp_path: Path) -> None:
    rows = [
        {
            "id": str(i),
            "text": f"نص رقم {i} عن أمر ما في مدينة بعيدة",
            "Section": "محليات",
            "meta": {"tags": ["أ", i]},
            "n": i,
        }
        for i in range(3)
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for ending in ("jsonl", "csv", "parquet"):
        words = ["cluster", str(tmp_path / "in.jsonl"), "-q", "-o", str(tmp_path / f"out.{ending}")]
        done = CliRunner().invoke(cli, [*words, "--with", "Section,meta.tags,n,row"], catch_exceptions=False)
        assert done.exit_code == 0
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [(x["Section"], x["meta.tags"], x["n"], x["row"]) for x in lines] == [
        ("محليات", ["أ", i], i, i + 1) for i in range(3)
    ]
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [(x["meta.tags"], x["n"]) for x in csv.DictReader(file)] == [(f'["أ",{i}]', str(i)) for i in range(3)]


def test_tables_tell_dates_in_the_zone_that_is_given(tmp_path: Path) -> None:
    text = "أعلنت وزارة التعليم موعد بدء العام الدراسي الجديد في المدارس"
    dates = ["2016-04-17 23:30", "2016-04-17T10:30:00Z", "2016-04-18", ""]
    rows = [{"id": str(i), "text": text, "date": value, "source": f"صحيفة {i}"} for i, value in enumerate(dates)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    clock = ["2016-04-17T23:30:00+03:00", "2016-04-17T13:30:00+03:00", "2016-04-18", ""]
    for ending in ("csv", "tsv", "jsonl"):
        out, stories = tmp_path / f"a.{ending}", tmp_path / f"s.{ending}"
        words = ["cluster", str(tmp_path / "in.jsonl"), "-q", "-o", str(out), "--stories", str(stories)]
        words += ["--with", "date", "--timezone", "Asia/Riyadh", "--report", str(tmp_path / f"{ending}.html")]
        assert CliRunner().invoke(cli, words, catch_exceptions=False).exit_code == 0
        held_to(tmp_path / f"{ending}.html", "Asia/Riyadh")
        if ending == "jsonl":  # machines read these, and Parquet: the same moments in UTC
            utc = [json.loads(line)["date"] for line in out.read_text("utf-8").splitlines()]
            assert utc == [f"2016-04-{moment}:00+00:00" for moment in ("17T20:30", "17T10:30", "18T00:00")] + [None]
            continue
        dialect = {"csv": csv.excel, "tsv": csv.excel_tab}[ending]
        with (
            out.open(encoding="utf-8-sig", newline="") as file,
            stories.open(encoding="utf-8-sig", newline="") as table,
        ):
            assert [row["date"] for row in csv.DictReader(file, dialect=dialect)] == clock
            (story,) = csv.DictReader(table, dialect=dialect)
        assert (story["first"], story["last"], story["first_outlet"]) == (clock[1], clock[2], "صحيفة 1")
    run = partial(CliRunner().invoke, cli, catch_exceptions=False)
    store, zone = str(tmp_path / "a.db"), ["--timezone", "+03:00"]
    for words in (
        ["create", store],
        [
            "add",
            store,
            str(tmp_path / "in.jsonl"),
            "-q",
            "--timezone",
            "Asia/Riyadh",
            "-o",
            str(tmp_path / "answers.jsonl"),
        ],
        ["stories", store, *zone, "-o", str(tmp_path / "s.csv")],
        ["export", store, *zone, "-o", str(tmp_path / "a.csv"), "--with", "date", "--report", str(tmp_path / "i.html")],
    ):
        assert run(["index", *words]).exit_code == 0
    held_to(tmp_path / "i.html", "UTC+03:00")
    (story,) = csv.DictReader((tmp_path / "s.csv").open(encoding="utf-8-sig", newline=""))
    assert story["first"] == clock[1]
    dates = [row["date"] for row in csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8-sig", newline=""))]
    assert dates[:3] == clock[:3]


def held_to(page: Path, zone: str) -> None:
    """A report of the four articles above tells moments on the clock of a zone, days as they are, and which zone that is."""
    html = page.read_bytes()
    (story,) = embedded(html, "listed")["stories"]
    assert (story["first"], story["hours"][:3]) == ("2016-04-17T13:30:00+03:00", [0, 10, 13])
    ((members,),) = [embedded(html, "block-0")]
    assert [a["date"] for a in members[:3]] == [story["first"], "2016-04-17T23:30:00+03:00", "2016-04-18T00:00:00Z"]
    assert f"بتوقيت \u2068{zone}\u2069" in html.decode() or f"those of \u2068{zone}\u2069" in html.decode()


def test_days_of_a_report_are_those_of_its_clock() -> None:
    moments = [
        datetime(2016, 4, 17, 22, 30, tzinfo=UTC),
        datetime(2016, 4, 17, tzinfo=UTC),
        datetime(1, 1, 1, 0, 30, tzinfo=UTC),
    ]
    riyadh, west = zone_from("Asia/Riyadh"), zone_from("-05:00")
    for moment, here, there in zip(
        moments, ("2016-04-18", "2016-04-17", "0001-01-01"), ("2016-04-17",) * 2, strict=False
    ):
        assert [day_of(seconds(moment), zone).isoformat() for zone in (riyadh, west)] == [here, there]
    assert day_of(seconds(moments[2]), west).isoformat() == "0001-01-01"  # the calendar begins
