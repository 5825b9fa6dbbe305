"""One small feed in every form that feeds have."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard

from clusterer.articles import Article
from clusterer.io.feed import Feed
from clusterer.io.rows import BadRow

MOMENT = datetime(2015, 7, 23, 10, 20, 30, tzinfo=UTC)

ROWS: list[dict[str, str]] = [
    {
        "id": f"a{i}",
        "title": f"عنوان الخبر {i}",
        "text": f'قالت الوزارة في بيان لها رقم {i} إن العمل مستمر، وأضافت: "لن يتوقف"\nسطر ثان; وبه\tجدولة, وفاصلة',
        "date": "2015-07-23 10:20:30",
        "source": "واس",
        "url": f"https://spa.example/{i}",
    }
    for i in range(5)
]

ARTICLES = [Article(r["text"], r["id"], r["title"], r["source"], r["url"], MOMENT) for r in ROWS]


def table(delimiter: str, newline: str = "\r\n") -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(ROWS[0]), delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue()


def rss() -> str:
    items = "".join(
        f"<item><guid>{r['id']}</guid><title>{r['title']}</title><link>{r['url']}</link>"
        f"<pubDate>Thu, 23 Jul 2015 13:20:30 +0300</pubDate><description><![CDATA[{r['text']}]]></description></item>"
        for r in ROWS
    )
    return f'<rss version="2.0"><channel><title>واس</title>{items}</channel></rss>'


def sitemap() -> str:
    """The feed as a sitemap for Google News: titles, no texts."""
    entries = "".join(
        f"<url><loc>{r['url']}</loc><image:image><image:title>صورة</image:title></image:image><news:news><news:publication>"
        f"<news:name>{r['source']}</news:name><news:language>ar</news:language></news:publication>"
        f"<news:publication_date>2015-07-23T13:20:30+03:00</news:publication_date><news:title>{r['title']}</news:title>"
        "</news:news></url>"
        for r in ROWS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{entries}</urlset>'
    )


def dump() -> str:
    """The feed as SQLite dumps a table."""
    with contextlib.closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(
            "CREATE TABLE articles (id TEXT PRIMARY KEY, title TEXT, text TEXT, date TEXT, source TEXT, url TEXT)"
        )
        memory.executemany("INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?)", [tuple(row.values()) for row in ROWS])
        memory.commit()
        return "".join(f"{line}\n" for line in memory.iterdump())


def warc() -> bytes:
    """The feed as texts of Common Crawl (WET), every record with its request before it."""
    out = b""
    for r in ROWS:
        for kind, media, body in (
            ("request", "application/http; msgtype=request", b"GET / HTTP/1.0\r\n\r\n"),
            ("conversion", "text/plain", f"{r['title']}\n\n{r['text']}".encode()),
        ):
            out += (
                f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {r['url']}\r\nWARC-Date: 2015-07-23T10:20:30Z\r\n"
                f"WARC-Record-ID: <urn:uuid:0>\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode() + body + b"\r\n\r\n"  # fmt: skip
    return out


def atom() -> str:
    items = "".join(
        f"<entry><id>{r['id']}</id><title>{r['title']}</title><link href='{r['url']}'/><summary>موجز</summary>"
        f"<updated>2015-07-23T10:20:30Z</updated><content type='text'><![CDATA[{r['text']}]]></content></entry>"
        for r in ROWS
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>واس</title>{items}</feed>'


def lines() -> str:
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in ROWS)


TEXTS: dict[str, Callable[[], str]] = {
    "a.jsonl": lines,
    "a.ndjson": lambda: lines().replace("\n", "\r\n"),
    "a.jsonlines": lambda: lines().rstrip("\n"),
    "lines.json": lines,
    "array.json": lambda: json.dumps(ROWS, ensure_ascii=False),
    "escaped.json": lambda: json.dumps(ROWS),
    "indented.json": lambda: json.dumps(ROWS, ensure_ascii=False, indent=2),
    "wrapped.json": lambda: json.dumps({"tags": ["a"], "data": {"articles": ROWS}}, ensure_ascii=False),
    "a.csv": lambda: table(","),
    "semicolons.csv": lambda: table(";", "\n"),
    "a.tsv": lambda: table("\t"),
    "a.rss": rss,
    "a.xml": rss,
    "a.atom": atom,
}

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256", "iso8859-6")

PACKINGS: dict[str, Callable[[str, bytes], bytes]] = {
    "": lambda _, data: data,
    ".gz": lambda _, data: gzip.compress(data),
    ".zst": lambda _, data: zstandard.compress(data),
    ".zip": lambda name, data: zipped({name: data}),
}


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def read(*paths: Path | str, **options: Any) -> tuple[list[Article], list[BadRow]]:
    bad: list[BadRow] = []
    return [row.article for row in Feed(paths, on_bad=bad.append, **options)], bad
