"""Files as real tools write them: every article, field and date. What is not installed is skipped."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from feed_forms import ARTICLES, MOMENT, ROWS, dump, read

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


def duckdb_file(path: Path) -> None:
    pytest.importorskip("pandas")
    connection = pytest.importorskip("duckdb").connect(str(path))
    connection.register("feed", pytest.importorskip("pandas").DataFrame(ROWS))
    connection.execute("CREATE TABLE articles AS SELECT * REPLACE (date::TIMESTAMP AS date) FROM feed")
    connection.close()


def openpyxl(path: Path) -> None:
    """A workbook with a heading above its table, a sheet of notes before it, and dates as dates."""
    pytest.importorskip("python_calamine")
    book = pytest.importorskip("openpyxl").Workbook()
    book.active.append(["ملاحظات"])
    sheet = book.create_sheet("أخبار")
    sheet.append(["نشرة الأخبار"])
    sheet.append(list(ROWS[0]))
    for row in ROWS:
        sheet.append([MOMENT.replace(tzinfo=None) if name == "date" else value for name, value in row.items()])
    book.save(path)


def xlsxwriter(path: Path) -> None:
    pytest.importorskip("python_calamine")
    pytest.importorskip("xlsxwriter")
    pytest.importorskip("polars").DataFrame(ROWS).write_excel(path)


def pandas_ods(path: Path) -> None:
    pytest.importorskip("odf")
    pytest.importorskip("python_calamine")
    pytest.importorskip("pandas").DataFrame(ROWS).to_excel(path, index=False, engine="odf")


def sqlite_shell(mode: str) -> Write:
    """What the program sqlite3 prints."""

    def write(path: Path) -> None:
        if not (program := shutil.which("sqlite3")):
            pytest.skip("sqlite3 is not installed")
        with sqlite3.connect(path.with_suffix(".other")) as database:
            database.executescript(dump())
        database.close()
        with path.open("wb") as out:
            command = [program, "-header", mode, str(path.with_suffix(".other")), "SELECT * FROM articles"]
            subprocess.run(command, stdout=out, check=True)
        path.with_suffix(".other").unlink()

    return write


def sqlite_dump(path: Path) -> None:
    if not (program := shutil.which("sqlite3")):
        pytest.skip("sqlite3 is not installed")
    with sqlite3.connect(path.with_suffix(".other")) as database:
        database.executescript(dump())
    database.close()
    path.write_bytes(
        subprocess.run([program, str(path.with_suffix(".other")), ".dump"], capture_output=True, check=True).stdout
    )
    path.with_suffix(".other").unlink()


def arrow(kind: str, **options: Any) -> Write:
    def write(path: Path) -> None:
        table = pytest.importorskip("pyarrow").Table.from_pylist(ROWS)
        pytest.importorskip(f"pyarrow.{kind}")
        if kind == "csv":
            sys.modules["pyarrow.csv"].write_csv(table, path)
        else:
            sys.modules["pyarrow.parquet"].write_table(table, path, **options)

    return write


def sqlite_utils(path: Path) -> None:
    database = pytest.importorskip("sqlite_utils").Database(path)
    database["articles"].insert_all(ROWS, pk="id")
    database["articles"].enable_fts(["title", "text"])
    database.close()


def hugging_face(kind: str) -> Write:
    return lambda path: getattr(pytest.importorskip("datasets").Dataset.from_list(ROWS), f"to_{kind}")(str(path))


def dask(path: Path) -> None:
    frame = pytest.importorskip("dask.dataframe")
    made = frame.from_pandas(pytest.importorskip("pandas").DataFrame(ROWS), npartitions=1)
    made.to_json(str(path.with_suffix(".parts")), orient="records", lines=True)
    next(path.with_suffix(".parts").iterdir()).rename(path)


def python_csv(**options: Any) -> Write:
    """By the module csv, as scripts use it."""

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(ROWS[0]), **options)
            writer.writeheader()
            writer.writerows(ROWS)

    return write


def elementtree(path: Path) -> None:
    """RSS by ElementTree, with prefixes of its own making."""
    root = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(root, "channel")
    ElementTree.SubElement(channel, "title").text = "واس"
    for row in ROWS:
        item = ElementTree.SubElement(channel, "item")
        for name, value in (
            ("guid", row["id"]),
            ("title", row["title"]),
            ("link", row["url"]),
            ("description", "موجز"),
        ):
            ElementTree.SubElement(item, name).text = value
        ElementTree.SubElement(item, "pubDate").text = format_datetime(MOMENT)
        ElementTree.SubElement(item, "{http://purl.org/rss/1.0/modules/content/}encoded").text = row["text"]
        ElementTree.SubElement(item, "{http://search.yahoo.com/mrss/}description").text = "صورة"
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def warcio_wet(path: Path) -> None:
    """Texts as Common Crawl's WET files hold them; dates and outlets are not in them."""
    writer = pytest.importorskip("warcio.warcwriter").WARCWriter
    with path.open("wb") as file:
        records = writer(file, gzip=path.suffix == ".gz")
        for row in ROWS:
            body = io.BytesIO(f"{row['title']}\n\n{row['text']}".encode())
            records.write_record(
                records.create_warc_record(row["url"], "conversion", payload=body, warc_content_type="text/plain")
            )


def by_hand(rows: Callable[[], Any], is_lines: bool = False) -> Write:
    """A document as an interface or program of that name answers it, by hand after its documentation."""

    def write(path: Path) -> None:
        found = rows()
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found) if is_lines else json.dumps(found)
        path.write_text(text, "utf-8")

    return write


def renamed(**names: str) -> list[dict[str, Any]]:
    return [{names.get(name, name): value for name, value in row.items()} for row in ROWS]


def without_id(row: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if name != "id"}


DAY = "2015-07-23T10:20:30Z"
HANDS: dict[str, Write] = {
    "wordpress-rest.json": by_hand(lambda: [
        {"id": r["id"], "date": "2015-07-23T13:20:30", "date_gmt": "2015-07-23T10:20:30", "link": r["url"], "source": r["source"],
         "title": {"rendered": r["title"]}, "content": {"rendered": f"<p>{r['text']}</p>", "protected": False},
         "excerpt": {"rendered": "<p>موجز</p>", "protected": False}} for r in ROWS]),
    "elasticsearch-search.json": by_hand(lambda: {"took": 3, "hits": {"total": {"value": 5}, "hits": [
        {"_index": "news", "_id": r["id"], "_score": 1.0, "_source": without_id(r)} for r in ROWS]}}),
    "elasticdump.json": by_hand(lambda: [
        {"_index": "news", "_type": "_doc", "_id": r["id"], "_source": without_id(r)} for r in ROWS], True),
    "elasticsearch-bulk.ndjson": by_hand(lambda: [part for r in ROWS for part in (
        {"index": {"_index": "news", "_id": r["id"]}}, without_id(r))], True),
    "mongoexport.json": by_hand(lambda: [
        {**r, "id": None, "_id": {"$oid": r["id"]}, "date": {"$date": DAY}} for r in ROWS], True),
    "solr.json": by_hand(lambda: {"responseHeader": {"status": 0}, "response": {"numFound": 5, "docs": [
        {**r, "text": [r["text"]], "title": [r["title"]]} for r in ROWS]}}),
    "newsapi.json": by_hand(lambda: {"status": "ok", "totalResults": 5, "articles": [
        {"id": r["id"], "source": {"id": None, "name": r["source"]}, "author": None, "title": r["title"], "description": "موجز",
         "url": r["url"], "publishedAt": DAY, "content": r["text"]} for r in ROWS]}),
    "guardian.json": by_hand(lambda: {"response": {"status": "ok", "results": [
        {"id": r["id"], "webTitle": r["title"], "webUrl": r["url"], "webPublicationDate": DAY,
         "source": r["source"], "fields": {"bodyText": r["text"]}} for r in ROWS]}}),
    "eventregistry.json": by_hand(lambda: {"articles": {"page": 1, "results": [
        {"uri": r["id"], "date": "2015-07-23", "time": "10:20:30", "dateTime": DAY, "url": r["url"],
         "title": r["title"], "body": r["text"], "source": {"uri": "spa.example", "title": r["source"]}} for r in ROWS]}}),
    "mastodon.json": by_hand(lambda: [
        {"id": r["id"], "created_at": "2015-07-23T10:20:30.000Z", "url": r["url"], "title": r["title"],
         "content": f"<p>{r['text']}</p>", "account": {"id": "1", "username": "wa", "acct": r["source"]}} for r in ROWS]),
    "strapi.json": by_hand(lambda: {"data": [
        {"id": r["id"], "attributes": without_id(r)} for r in ROWS], "meta": {"pagination": {"page": 1}}}),
    "graphql.json": by_hand(lambda: {"data": {"posts": {"edges": [{"node": r, "cursor": "x"} for r in ROWS]}}}),
    "jsonfeed.json": by_hand(lambda: {"version": "https://jsonfeed.org/version/1.1", "title": "واس", "items": [
        {"id": r["id"], "url": r["url"], "title": r["title"], "content_text": r["text"], "date_published": DAY,
         "source": r["source"]} for r in ROWS]}),
    "google-reader.json": by_hand(lambda: {"id": "feed", "title": "واس", "items": [
        {"id": r["id"], "title": r["title"], "published": 1437646830, "canonical": [{"href": r["url"]}],
         "origin": {"streamId": "feed/1", "title": r["source"]}, "summary": {"content": r["text"]}} for r in ROWS]}),
    "trafilatura-columns.csv": lambda path: python_csv_of(path, renamed(source="hostname", url="source")),
    "kibana.csv": lambda path: python_csv_of(path, renamed(text="_source.body", id="_id", title="_source.title")),
    "json-normalize.csv": lambda path: python_csv_of(
        path, renamed(text="content.rendered", title="title.rendered", source="source.name")),
    "dublin-core.csv": lambda path: python_csv_of(path, renamed(title="dc:title", date="dc:date", text="description")),
    "arabic-names.csv": lambda path: python_csv_of(
        path, renamed(id="المعرف", title="العنوان", text="النص", date="التاريخ", source="المصدر", url="الرابط")),
}  # fmt: skip


def python_csv_of(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


FILES: dict[str, Write] = {
    **HANDS,
    "duckdb.duckdb": duckdb_file,
    "openpyxl.xlsx": openpyxl,
    "xlsxwriter.xlsx": xlsxwriter,
    "pandas.ods": pandas_ods,
    "sqlite3-shell.csv": sqlite_shell("-csv"),
    "sqlite3-shell.json": sqlite_shell("-json"),
    "sqlite3-shell.sql": sqlite_dump,
    "sqlite-utils.db": sqlite_utils,
    "pyarrow.csv": arrow("csv"),
    "pyarrow-zstd.parquet": arrow("parquet", compression="zstd", use_dictionary=False),
    "datasets.jsonl": hugging_face("json"),
    "datasets.csv": hugging_face("csv"),
    "datasets.parquet": hugging_face("parquet"),
    "dask.jsonl": dask,
    "pandas-index.json": pandas("json", orient="index"),
    "pandas-split.json": pandas("json", orient="split"),
    "pandas-table.json": pandas("json", orient="table"),
    "pandas-records.json": pandas("json", orient="records"),
    "csv-quoted.csv": python_csv(quoting=csv.QUOTE_ALL),
    "csv-semicolon.csv": python_csv(delimiter=";", lineterminator="\n"),
    "elementtree.rss": elementtree,
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


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.warc.wet.gz"])
def test_what_warcio_writes(name: str, tmp_path: Path) -> None:
    warcio_wet(tmp_path / name)
    articles, bad = read(tmp_path / name)
    assert [(a.title, a.text, a.url) for a in articles] == [(a.title, a.text, a.url) for a in ARTICLES]
    assert not bad


def test_what_pandas_puts_into_sqlite(tmp_path: Path) -> None:
    from contextlib import closing

    frame = pytest.importorskip("pandas").DataFrame(ROWS)
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        frame.to_sql("articles", database)
    assert read(tmp_path / "a.db") == (ARTICLES, [])
