"""Verified pairs: every relation, measured again slowly; as JSON lines, CSV and Parquet, with files and rows."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import reference
from click.testing import CliRunner
from daily_forms import printed
from made import text_of
from places import DATA

from clusterer import Article, Settings
from clusterer.cli.main import cli
from clusterer.io import Feed
from clusterer.pairs import COLUMNS, Pair, verified_pairs
from clusterer.pipeline import run_pipeline

_START = datetime(2025, 3, 1, 8, tzinfo=UTC)
MEASURED = ("copy", "contained", "quoted", "series")


def articles() -> list[Article]:
    """Two identical texts, a copy, a cut, a text that is quoted further down, two days of a form, reports of one event."""
    base, news, other = text_of("base", 120), text_of("news", 40), text_of("other", 120)
    texts = {
        "a": base,
        "b": base,
        "copy": f"{base} {text_of('more', 10)}",
        "cut": " ".join(base.split()[:50]),
        "news": news,
        "roundup": f"{other} {news} {text_of('rest', 60)}",
        "alone": text_of("alone", 50),
        "tiny": "كلمة",
    }
    made = [
        Article(x, name, "", f"صحيفة {name}", "", _START + timedelta(minutes=i))
        for i, (name, x) in enumerate(texts.items())
    ]
    days = [a for a in printed(2, 1) if a.id.startswith("gold-jo")]
    return [*made, *days, *(row.article for row in Feed([DATA / "feed.jsonl"]))]


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    settings = Settings(boilerplate="none")
    return list(verified_pairs(run_pipeline(articles(), settings), settings))


def test_every_relation_is_told(pairs: list[Pair]) -> None:
    assert set(Counter(pair.relation for pair in pairs)) == {"exact", "copy", "contained", "quoted", "series", "story"}
    told = {(pair.a, pair.b): pair.relation for pair in pairs}
    assert told["a", "b"] == "exact"
    assert told["copy", "a"] == "copy"
    assert told["a", "cut"] == told["copy", "cut"] == "contained"
    assert told["roundup", "news"] == "quoted"
    assert told[max_by_length("gold-jo-00", "gold-jo-01")] == "series"
    assert not {"b", "alone", "tiny"} & {x for (a, b), kind in told.items() for x in (a, b) if kind != "exact"}


def max_by_length(*names: str) -> tuple[str, str]:
    """The longer text first; of two equally long ones, as it came out."""
    text = {a.id: a.text for a in articles()}
    one, other = sorted(names, key=lambda name: -len(reference.words(text[name])))
    return one, other


def test_measures_are_those_of_the_sets(pairs: list[Pair]) -> None:
    given = articles()
    text = {a.id: a.text for a in given}
    place = {a.id: i for i, a in enumerate(given)}
    seen = set()
    for pair in pairs:
        assert (pair.a_place, pair.b_place) == (place[pair.a], place[pair.b])
        assert frozenset((pair.a, pair.b)) not in seen or pair.relation == "story"
        seen.add(frozenset((pair.a, pair.b)))
        a, b = ({*reference.shingles(reference.words(text[name]), 3)} for name in (pair.a, pair.b))
        measures = (pair.jaccard, pair.containment, pair.containment_of_longer)
        if pair.relation == "story":
            assert measures == (None, None, None)
            assert pair.score >= Settings().story
        elif pair.relation == "exact":
            assert measures == (1.0, 1.0, 1.0)
            assert pair.score == 1.0
        else:
            assert len(reference.words(text[pair.a])) >= len(reference.words(text[pair.b]))
            shared = len(a & b)
            smaller, larger = sorted((len(a), len(b)))
            assert measures == pytest.approx((reference.jaccard(a, b), shared / smaller, shared / larger), abs=5e-5)
            assert pair.score == (pair.containment if pair.relation in ("contained", "quoted") else pair.jaccard)
            assert pair.relation in MEASURED


def test_pairs_do_not_depend_on_the_order_of_the_input(pairs: list[Pair]) -> None:
    shuffled = articles()
    random.Random(1).shuffle(shuffled)
    settings = Settings(boilerplate="none", threads=2, chunk=30)
    assert {pair[:-2] for pair in verified_pairs(run_pipeline(shuffled, settings), settings)} == {p[:-2] for p in pairs}


def test_without_cuts_and_series_there_are_none() -> None:
    settings = Settings(boilerplate="none", cuts=False, series="merge", level="copy")
    found = Counter(pair.relation for pair in verified_pairs(run_pipeline(articles(), settings), settings))
    assert set(found) == {"exact", "copy"}
    assert not list(verified_pairs(run_pipeline([], settings), settings))


# --- the command

ROWS = [{"id": a.id, "source": a.source, "date": str(a.date), "text": a.text} for a in articles()[:10]]


@pytest.fixture
def inputs(tmp_path: Path) -> list[Path]:
    """The same rows in two files, one of them packed."""
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl.gz"
    one.write_text("".join(json.dumps(row) + "\n" for row in ROWS[:1]))
    with gzip.open(other, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in ROWS[1:])
    return [one, other]


def table(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    told = {
        "score": float,
        "jaccard": float,
        "containment": float,
        "containment_of_longer": float,
        "a_row": int,
        "b_row": int,
        "apart": str,
    }
    return [{k: (told[k](v) if v else None) if k in told else v for k, v in row.items()} for row in rows]


@pytest.mark.parametrize("command", ["cluster", "dedup"])
@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_the_command_writes_pairs_with_files_and_rows(
    inputs: list[Path], tmp_path: Path, command: str, ending: str
) -> None:
    out, listed = tmp_path / "out.jsonl", tmp_path / f"pairs.{ending}"
    args = [
        command,
        *map(str, inputs),
        "-o",
        str(out),
        "--pairs",
        str(listed),
        "--boilerplate",
        "none",
        "--level",
        "copy",
    ]
    done = CliRunner().invoke(cli, args)
    assert done.exit_code == 0, done.output
    found = table(listed)
    assert {tuple(row) for row in found} == {COLUMNS}
    assert {row["relation"] for row in found} == {"exact", "copy", "contained", "quoted", "series"}
    stood = {ROWS[0]["id"]: (str(inputs[0]), 1)} | {row["id"]: (str(inputs[1]), i) for i, row in enumerate(ROWS[1:], 1)}
    for row in found:
        assert (row["a_file"], row["a_row"]) == stood[row["a"]]
        assert (row["b_file"], row["b_row"]) == stood[row["b"]]
    settings = Settings(boilerplate="none", level="copy")
    expected = [pair[:-2] for pair in verified_pairs(run_pipeline(articles()[:10], settings), settings)]
    assert [tuple(row[name] for name in COLUMNS[:-4]) for row in found] == expected


def test_pairs_are_refused_where_they_cannot_be_written(inputs: list[Path], tmp_path: Path) -> None:
    feed, run = str(inputs[0]), CliRunner().invoke
    for args, says in (
        (["cluster", feed, "--pairs", "-"], "standard output is for the lines; name a file"),
        (["cluster", feed, "--pairs", feed], "is also an input"),
        (["cluster", feed, "--pairs", str(tmp_path / "pairs.xls")], ".xls promises what is not written here"),
        (["cluster", feed, "--engine", "spark", "-o", str(tmp_path / "out"), "--pairs", "p.jsonl"], "--pairs"),
    ):
        done = run(cli, args)
        assert done.exit_code != 0
        assert says in f"{done.output}{done.exception}", done.output
