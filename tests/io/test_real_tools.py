"""Files as real tools write them: every article, field and date. What is not installed is skipped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from feed_forms import ARTICLES, MOMENT, ROWS, read

Write = Callable[[Path], Any]


def scrapy_exporter(name: str) -> Write:
    """Items of Scrapy's loaders, whose fields are lists, by one of its exporters."""

    def write(path: Path) -> None:
        exporters = pytest.importorskip("scrapy.exporters")
        loaders = pytest.importorskip("itemloaders")
        with path.open("wb") as file:
            exporter = getattr(exporters, name)(file, **({} if name.startswith("Csv") else {"encoding": "utf-8"}))
            exporter.start_exporting()
            for row in ROWS:
                loader = loaders.ItemLoader()
                for key, value in row.items():
                    loader.add_value(key, value.split("\n") if key == "text" and not name.startswith("Csv") else value)
                exporter.export_item(loader.load_item())
            exporter.finish_exporting()

    return write


def feedgen(kind: str) -> Write:
    def write(path: Path) -> None:
        feed = pytest.importorskip("feedgen.feed").FeedGenerator()
        feed.load_extension("media")
        feed.title("واس")
        feed.id("https://spa.example")
        feed.link(href="https://spa.example")
        feed.description("أخبار")
        for row in ROWS:
            entry = feed.add_entry(order="append")
            entry.id(row["id"])
            entry.guid(row["id"])
            entry.title(row["title"])
            entry.link(href=row["url"])
            entry.published(MOMENT)
            entry.updated(datetime(2016, 1, 1, tzinfo=UTC))
            entry.description("موجز الخبر")
            entry.content(row["text"], type="CDATA")
        (feed.rss_file if kind == "rss" else feed.atom_file)(str(path))

    return write


def polars(kind: str) -> Write:
    return lambda path: getattr(pytest.importorskip("polars").DataFrame(ROWS), f"write_{kind}")(path)


def pandas(kind: str, **options: Any) -> Write:
    return lambda path: getattr(pytest.importorskip("pandas").DataFrame(ROWS), f"to_{kind}")(path, **options)


def pandas_excel(path: Path) -> None:
    pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    frame = pytest.importorskip("pandas").DataFrame([{**row, "date": MOMENT.replace(tzinfo=None)} for row in ROWS])
    frame.to_excel(path, sheet_name="Feed")


def duckdb(options: str) -> Write:
    def write(path: Path) -> None:
        pytest.importorskip("pandas")
        connection = pytest.importorskip("duckdb").connect()
        connection.register("feed", pytest.importorskip("pandas").DataFrame(ROWS))
        connection.execute(f"COPY (SELECT * REPLACE (date::TIMESTAMP AS date) FROM feed) TO '{path}' {options}")

    return write


FILES: dict[str, Write] = {
    "scrapy.jsonl": scrapy_exporter("JsonLinesItemExporter"),
    "scrapy.json": scrapy_exporter("JsonItemExporter"),
    "scrapy.csv": scrapy_exporter("CsvItemExporter"),
    "feedgen.rss": feedgen("rss"),
    "feedgen.atom": feedgen("atom"),
    "polars.ndjson": polars("ndjson"),
    "polars.json": polars("json"),
    "polars.csv": polars("csv"),
    "polars.parquet": polars("parquet"),
    "pandas.csv": pandas("csv"),
    "pandas-utf16.csv": pandas("csv", encoding="utf-16"),
    "pandas.tsv": pandas("csv", sep="\t", index=False),
    "pandas.parquet": pandas("parquet"),
    "pandas.json": pandas("json"),
    "pandas-lines.jsonl": pandas("json", orient="records", lines=True),
    "pandas.jsonl.gz": pandas("json", orient="records", lines=True),
    "pandas.csv.bz2": pandas("csv"),
    "pandas.csv.xz": pandas("csv"),
    "pandas.csv.zip": pandas("csv"),
    "pandas.xlsx": pandas_excel,
    "duckdb.csv": duckdb(""),
    "duckdb.tsv": duckdb("(DELIMITER '\t', HEADER)"),
    "duckdb.json": duckdb(""),
    "duckdb-array.json": duckdb("(FORMAT json, ARRAY true)"),
    "duckdb.parquet": duckdb(""),
}


@pytest.mark.parametrize("name", FILES)
def test_every_article_field_and_date_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    FILES[name](path)
    articles, bad = read(path)
    found = [(a.text.replace("\r\n", "\n"), a.id, a.title, a.source, a.url, a.date) for a in articles]
    assert found == [(a.text, a.id, a.title, a.source, a.url, a.date) for a in ARTICLES]
    assert not bad


def test_what_trafilatura_writes_of_a_page(tmp_path: Path) -> None:
    trafilatura = pytest.importorskip("trafilatura")
    text = " ".join(f"قالت الوزارة في بيان لها إن العمل مستمر في المشروع رقم {i}." for i in range(6))
    page = f"<html><head><title>عنوان</title></head><body><article><p>{text}</p></article></body></html>"
    written = trafilatura.extract(page, output_format="json", with_metadata=True, url="https://spa.example/1")
    (tmp_path / "a.json").write_text(written, "utf-8")
    (tmp_path / "b.jsonl").write_text(written + "\n", "utf-8")
    articles, bad = read(tmp_path)
    assert [(a.text, a.title, a.url) for a in articles] == [(text, "عنوان", "https://spa.example/1")] * 2
    assert not bad


def test_what_pandas_puts_into_sqlite(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    frame = pytest.importorskip("pandas").DataFrame(ROWS)
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        frame.to_sql("articles", database)
    assert read(tmp_path / "a.db") == (ARTICLES, [])
