"""Inputs as real tools write them, each with its right values: ``python -m benchmarks.suites.cases FOLDER``.

FOLDER holds `formats/`, `copies/`, `titles/`, `index/` and `reports/NN-name/`, small files of faults that were met in use; they
are not in the repository. For each the table says whether it is read and grouped right, and else what was found instead.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.suites.copy_cases import CASES as OF_COPIES, Check
from clusterer import Article, Settings, cluster
from clusterer.io.dates import parse_date
from clusterer.io.feed import Feed
from clusterer.io.rows import BadRow

DATA = Path(__file__).parents[2] / "data"


def _read(path: Path, **options: Any) -> tuple[list[Article], list[BadRow]]:
    bad: list[BadRow] = []
    return [row.article for row in Feed(path, on_bad=bad.append, **options)], bad


def _equal(found: object, right: object) -> None:
    assert found == right, f"{found!r}, right is {right!r}"


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _ccnet(folder: Path) -> None:
    path = folder / "ccnet.jsonl"
    _equal([a.text for a in _read(path)[0]], [row["raw_content"] for row in _rows(path)])


_DATES = (
    "2025-03-02", "2025-03-02", "2025-03-02", "2025-12-14", "2025-01-09", "2025-03-02", "2025-03-02", "2025-03-02",
    "2025-03-02T22:30", "2025-03-02T22:30", "2025-03-05T10:00", "2025-03-04", "2025-03-04T08:10", "2025-03-04T08:10",
    "2025-03-04T06:10", "2025-03-04T20:10", "2025-05-13", "2025-08-25", "2025-08-03", "2025-09-05", "2025-03-02T12:00",
    "2025-12-05", "2025-07-20",
)  # fmt: skip


def _dates(folder: Path) -> None:
    found = [a.date for a in _read(folder / "dates.csv", now=datetime(2025, 3, 5, 12, tzinfo=UTC))[0]]
    wrong = [f"{number}: {date} not {right}" for number, (date, right) in enumerate(zip(found, _DATES, strict=True), 1)
             if date != _day(right)]  # fmt: skip
    assert not wrong, "; ".join(wrong)
    found = [a.date for a in _read(folder / "dates.csv")[0]]
    _equal(found[10:12], [None, None])


def _event_registry(folder: Path) -> None:
    rows = json.loads((folder / "eventregistry.json").read_text("utf-8"))["articles"]["results"]
    articles = _read(folder / "eventregistry.json")[0]
    _equal([a.date for a in articles], [datetime.fromisoformat(row["dateTime"]) for row in rows])
    _equal([a.text for a in articles], [row["body"] for row in rows])
    _equal([a.source for a in articles], [row["source"]["title"] for row in rows])


def _excel(folder: Path) -> None:
    lines = (folder / "excel_utf16.txt").read_text("utf-16").splitlines()
    articles = _read(folder / "excel_utf16.txt")[0]
    _equal([a.id for a in articles], [line.split("\t")[0] for line in lines[1:]])
    _equal([a.text for a in articles], [line.split("\t")[4] for line in lines[1:]])
    _equal(articles[0].date, _day("2025-03-04T08:10"))


def _newsapi(folder: Path) -> None:
    rows = json.loads((folder / "newsapi_null.json").read_text("utf-8"))["articles"]
    articles, bad = _read(folder / "newsapi_null.json")
    _equal([a.text for a in articles], [row["description"] for row in rows if row["description"] != "[Removed]"])
    _equal([a.source for a in articles], ["Youm7", "Masrawy", "Elwatan"])
    _equal(len(bad), 1)


def _truncated(folder: Path) -> None:
    articles, bad = _read(folder / "rss_truncated.xml")
    _equal(len(articles), 9)
    _equal([row.line for row in bad], [10])


def _zones(folder: Path) -> None:
    found = [a.date for a in _read(folder / "tz.jsonl", timezone="Africa/Cairo")[0]]
    _equal(found, [_day("2025-03-04T07:30"), _day("2025-03-04T08:00")])


def _trafilatura(folder: Path) -> None:
    rows = [json.loads(path.read_text("utf-8")) for path in sorted((folder / "trafilatura").glob("*.json"))]
    articles = _read(folder / "trafilatura")[0]
    _equal(
        [(a.text, a.source, a.url) for a in articles], [(r["text"], r["source-hostname"], r["source"]) for r in rows]
    )


def _wrapped(folder: Path) -> None:
    _equal([a.id for a in _read(folder / "wrapped_lines.json")[0]], list("01234"))


def _by_ids(name: str, count: int, starts_alike: bool = False) -> Check:
    """A check that so many articles with different texts and titles are read, none bad."""

    def check(folder: Path) -> None:
        articles, bad = _read(folder / name)
        _equal((len(articles), len(bad)), (count, 0))
        _equal(len({a.text for a in articles}), count)
        assert all(len(a.text.split()) > 5 for a in articles), "a text is short"
        assert not any("<" in a.text or "\\n" in a.text for a in articles), "marks of the format are in the texts"
        assert starts_alike or all(a.title for a in articles), "a title is missing"

    return check


FORMATS: dict[str, Check] = {
    "book.xlsx": _by_ids("book.xlsx", 12),
    "ccnet.jsonl": _ccnet,
    "crawl.warc.gz": _by_ids("crawl.warc.gz", 12),
    "dates.csv": _dates,
    "docs_md": _by_ids("docs_md", 12),
    "eventregistry.json": _event_registry,
    "excel_utf16.txt": _excel,
    "html": _by_ids("html", 12),
    "mysql_tab.tsv": _by_ids("mysql_tab.tsv", 12),
    "newsapi_null.json": _newsapi,
    "pages.jsonl": lambda folder: _equal(len(_read(folder / "pages.jsonl")[0]), 4),
    "pandas_default.json": _by_ids("pandas_default.json", 12),
    "rss_truncated.xml": _truncated,
    "scrapy.jsonl": _by_ids("scrapy.jsonl", 12),
    "sitemap-news.xml": lambda folder: _equal(len({a.title for a in _read(folder / "sitemap-news.xml")[0]}), 12),
    "telegram.json": _by_ids("telegram.json", 13, starts_alike=True),
    "trafilatura": _trafilatura,
    "tz.jsonl": _zones,
    "wrapped_lines.json": _wrapped,
}
"""Name in `formats/` to its check; new readers are among them."""


def _media_description(folder: Path) -> None:
    articles = _read(folder / "a.rss")[0]
    _equal([a.text.split()[0] for a in articles], ["أعلنت", "وقع"])


def _declared(folder: Path) -> None:
    articles = [article for name in ("a.rss", "b.rss") for article in _read(folder / name)[0]]
    _equal(articles[0].text, articles[1].text)
    _equal(articles[0].text.split()[0], "أعلنت")


def _zone_names(folder: Path) -> None:
    _equal([a.date for a in _read(folder / "a.rss")[0]], [_day("2016-04-17T07:30")] * 3)


def _cut(folder: Path) -> None:
    articles, bad = _read(folder / "a.rss")
    _equal([a.id for a in articles], ["1"])
    _equal(len(bad), 1)


def _variant(change: Callable[[dict[str, Any]], dict[str, Any]]) -> list[Article]:
    """The made feed of the repository with every row changed, read from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        rows = _rows(DATA / "feed.jsonl")
        path.write_text("".join(json.dumps(change(row)) + "\n" for row in rows), "utf-8")
        return _read(path)[0]


def _source_is_url(folder: Path) -> None:
    def trafilatura(row: dict[str, Any]) -> dict[str, Any]:
        url = row.pop("url")
        return {**row, "source": url, "source-hostname": row["source"]}

    _equal(_variant(trafilatura), _variant(lambda row: row))


def _null_words(folder: Path) -> None:
    for word in ("nan", "NULL", "None", "N/A", "\\N", "-", "unknown"):
        _equal([a.outlet for a in _variant(lambda row, word=word: {**row, "source": word})],
               [a.outlet for a in _variant(lambda row: {**row, "source": ""})])  # fmt: skip
    articles = _read(folder / "a.csv")[0]
    _equal([(a.title, a.source, a.date) for a in articles], [("", "", None)] * 3)


def _no_epoch(folder: Path) -> None:
    for date in ("1970-01-01T00:00:00Z", "1970-01-01", 0):
        _equal({a.date for a in _variant(lambda row, date=date: {**row, "date": date})}, {None})


def _big_ids(folder: Path) -> None:
    _equal([a.id for a in _read(folder / "a.jsonl")[0]], ["18446744073709551617", "18446744073709551618"])


def _glued(folder: Path) -> None:
    for name in ("a.jsonl", "b.json"):
        articles, bad = _read(folder / name)
        told = any("one object a line" in row.reason for row in bad)
        assert [a.id for a in articles] == ["a", "b"] or told, f"{name}: {[row.reason for row in bad]}"


def _other_array(folder: Path) -> None:
    _equal([a.id for a in _read(folder / "sort.json")[0]], ["1"])
    _equal([a.id for a in _read(folder / "sources.json")[0]], ["0", "1", "2"])


def _one_name(folder: Path) -> None:
    _equal([a.text.split()[0] for a in _read(folder / "a.csv")[0]], ["أعلنت", "وقع"])


def _long_window(folder: Path) -> None:
    _equal(len(_read(folder / "a.jsonl.zst")[0]), 130)


def _name_not_utf8(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        for name in ("خبر", "نبأ"):
            Path(place, (name.encode("cp1256") + b".txt").decode("utf-8", "surrogateescape")).write_text("نص الخبر")
        result = cluster(_read(Path(place))[0], Settings(level="exact"))
        json.dumps([a.id for a in result], ensure_ascii=False).encode()


def _hijri_beside(folder: Path) -> None:
    for text in ("17/04/2016 - 10/07/1437", "الأحد 10 رجب 1437 هـ - 17 أبريل 2016 م", "10 رجب 1437 هـ الموافق 17 أبريل 2016",
                 "17/04/2016 - 08.15"):  # fmt: skip
        found = parse_date(text)
        assert found is not None, text
        _equal(found.date(), _day("2016-04-17").date())
    found = parse_date("23 يونيو 2020 (2 ذو القعدة 1441)")
    _equal(found, _day("2020-06-23"))


REPORTS: dict[str, Check] = {
    "01-rss-media-description": _media_description,
    "04-rss-declared-1256-is-utf8": _declared,
    "10-rss-zone-ast": _zone_names,
    "11-rss-cut-file": _cut,
    "23-json-source-is-url": _source_is_url,
    "24-null-words": _null_words,
    "28-json-big-ids": _big_ids,
    "29-json-concatenated": _glued,
    "30-json-other-array-first": _other_array,
    "32-csv-two-columns-one-name": _one_name,
    "35-zst-long-window": _long_window,
    "36-file-name-not-utf8": _name_not_utf8,
    "59-hijri-beside-gregorian": _hijri_beside,
    "61-epoch-date": _no_epoch,
}
"""Name in `reports/` to its check."""


def run(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and what is wrong, "" where nothing is, of every case whose files are there."""
    read = {"formats": FORMATS, "reports": REPORTS}
    for kind, checks in [*read.items(), *OF_COPIES.items()]:
        for name, check in checks.items():
            place = folder / kind
            if not (place / name).exists():
                continue
            try:
                check(place / name if kind == "reports" else place)
            except Exception as error:
                yield kind, name, f"{type(error).__name__}: {error}"
            else:
                yield kind, name, ""


@click.command(help=__doc__.partition("\n")[0])
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Print the table of cases and how many are right."""
    table = Table("", "case", "wrong", box=None)
    right: dict[str, list[bool]] = {}
    for kind, name, wrong in run(folder):
        right.setdefault(kind, []).append(not wrong)
        table.add_row("no" if wrong else "yes", f"{kind}/{name}", wrong[:150])
    Console(width=200).print(table)
    for kind, cases in right.items():
        click.echo(f"{kind}: {sum(cases)} of {len(cases)} right")


if __name__ == "__main__":
    main()
