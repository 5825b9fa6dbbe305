"""Files made to break readers, each read as a feed: ``python -m benchmarks.suites.torture FOLDER``.

FOLDER holds corpora that others keep, unpacked, none of them in the repository: the tests of feedparser (of its source
distribution), `csv-spectrum` (npm), JSONTestSuite, the data of frictionless, ... For each file: does the reader end, within
seconds, without an exception but `InputError`; and is every loss told? What a file holds is counted by the standard library:
entries of XML, records of CSV, objects of JSON; rows of Parquet by its footer. Those that are neither articles, nor bad rows,
nor refused with a cure, are lost without a word.
"""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from xml.etree import ElementTree

import click
from rich.console import Console
from rich.table import Table

from clusterer.errors import InputError
from clusterer.io.feed import Feed
from clusterer.io.field_names import each_once
from clusterer.io.html import clean_text
from clusterer.io.rows import import_pyarrow

SECONDS = 30
"""Of processor time that a file may take before it hangs."""
KINDS = {
    ".xml": "rss",
    ".rss": "rss",
    ".atom": "rss",
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".parquet": "parquet",
}
"""Ending to the format as which a file is read; others by what they are."""
_ENTRY = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]")
WORDS = ("files", "articles", "bad rows", "refused", "crash", "hang", "untold", "misread")


@dataclass(slots=True)
class Reading:
    """What became of a file.

    Attributes:
        articles, bad: how many.
        outcome: "read", "refused", "crash", "hang", "untold", or "misread": a text that the file does not hold.
        why: of all but what was read.
    """

    articles: int = 0
    bad: int = 0
    outcome: str = "read"
    why: str = ""


@dataclass(slots=True)
class Holding:
    """What a file holds, as the standard library counts it.

    Attributes:
        rows: how many may be articles; None where the file is broken: then something must be told.
        fields: for the reader, the text's column.
        texts: all that a text may be; empty where any may.
    """

    rows: int | None = 0
    fields: dict[str, str] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)


def held_by_xml(data: bytes) -> Holding:
    """Count the entries of a feed."""
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, LookupError, ValueError):  # what feeds are forgiven
        return Holding(len(_ENTRY.findall(data)))
    return Holding(
        sum(
            element.tag.rpartition("}")[2] in ("item", "entry")
            for element in root.iter()
            if isinstance(element.tag, str)
        )
    )


def held_by_table(data: bytes) -> Holding:
    """Count the records of a table between commas, and take its widest column for the text."""
    try:
        records = [
            row
            for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
            if any(map(str.strip, row))
        ]
    except (UnicodeDecodeError, csv.Error):
        return Holding(None)
    if not records:
        return Holding()
    names = each_once(tuple(records[0]))
    width = [sum(len(row[i]) for row in records[1:] if i < len(row)) for i in range(len(names))]
    text = max(range(len(names)), key=width.__getitem__)
    return Holding(len(records) - 1, {"text": names[text]}, {_folded(cell) for row in records[1:] for cell in row})


def held_by_json(data: bytes) -> Holding:
    """Count the objects of a document."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return Holding(None if re.search(rb'[\w"]', data) else 0)  # brackets and commas alone hold no row
    return Holding(len(value) if isinstance(value, list) else 1)


def held_by_parquet(data: bytes) -> Holding:
    """Take the number of rows that the footer tells."""
    try:
        return Holding(import_pyarrow("parquet").ParquetFile(io.BytesIO(data)).metadata.num_rows)
    except Exception:  # of many kinds, where a file is broken
        return Holding(None)


HELD: dict[str, Callable[[bytes], Holding]] = {
    "rss": held_by_xml,
    "csv": held_by_table,
    "json": held_by_json,
    "parquet": held_by_parquet,
}


def _folded(text: str) -> str:
    return " ".join(clean_text(text).split())


def read_file(path: Path) -> Reading:
    """Read a file as a feed, and hold what comes out against what it holds."""
    kind, data = KINDS.get(path.suffix.lower(), ""), path.read_bytes()
    holding = HELD[kind](data) if kind in HELD else Holding(1 if data.strip() else 0)
    found = Reading()
    signal.signal(signal.SIGPROF, _ring)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            feed = Feed(path, format=kind or None, fields=holding.fields if kind == "csv" else None)
            texts = [row.article.text for row in feed]
    except InputError as error:
        return Reading(outcome="refused", why=str(error))
    except TimeoutError:
        return Reading(outcome="hang", why=f"more than {SECONDS} seconds of processor time")
    except Exception as error:
        return Reading(outcome="crash", why=f"{type(error).__name__}: {error}")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    found.articles, found.bad = feed.rows, feed.bad_rows
    told = feed.rows + feed.bad_rows + feed.blank_rows
    if holding.rows is None and not (feed.bad_rows or feed.damaged_files or feed.notes or feed.rows):
        found.outcome, found.why = "untold", "broken, and nothing is said"
    elif told < (holding.rows or 0) and not feed.damaged_files and not feed.notes:
        found.outcome, found.why = "untold", f"{holding.rows} rows, {feed.rows} articles and {feed.bad_rows} bad rows"
    elif wrong := [text for text in texts if holding.texts and _folded(text) and _folded(text) not in holding.texts]:
        found.outcome, found.why = "misread", f"a text is {wrong[0]!r}, which no cell is"
    return found


def _ring(number: int, frame: FrameType | None) -> None:
    raise TimeoutError


@click.command(help=__doc__.partition("\n")[0])
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Print a line a folder of what became of its files, and what is wrong; exit with 1 where anything is."""
    counts: dict[str, Counter[str]] = {}
    faults = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() in KINDS):
        found = read_file(path)
        row = counts.setdefault(str(path.parent.relative_to(folder)), Counter())
        row.update({"files": 1, "articles": found.articles, "bad rows": found.bad, found.outcome: 1})
        if found.outcome not in ("read", "refused"):
            faults.append(f"{found.outcome}: {path.relative_to(folder)}: {found.why:.200}")
    table = Table("folder", *WORDS, box=None)
    total = sum(counts.values(), Counter[str]())
    for name, row in [*counts.items(), ("all", total)]:
        table.add_row(name[-60:], *(f"{row[word]:,}" for word in WORDS))
    Console(width=160).print(table)
    for fault in faults:
        click.echo(fault)
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
