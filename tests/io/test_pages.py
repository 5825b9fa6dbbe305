"""Pages as they stand on the web and as crawlers keep them: HTML, Markdown, WARC, WET, sitemaps."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from feed_forms import MOMENT, ROWS, read, sitemap, warc

from clusterer.errors import InputError
from clusterer.io import Feed

TEXT = " ".join(f"قالت الوزارة في بيان لها إن العمل مستمر في المشروع رقم {i} وإنه لن يتوقف." for i in range(6))


def page(text: str = TEXT, head: str = "", title: str = "عنوان الخبر") -> str:
    paragraphs = "".join(f"<p>{part}.</p>" for part in text.rstrip(".").split(". "))
    return (
        f'<!DOCTYPE html>\n<html lang="ar" dir="rtl"><head><meta charset="utf-8"><title>{title} | صحيفة</title>{head}</head>'
        '<body><nav><a href="/">الرئيسية</a> <a href="/s">رياضة</a></nav><main><article>'
        f"<h1>{title}</h1>{paragraphs}</article></main><aside><a href='/x'>اقرأ أيضا خبرا آخر</a></aside>"
        "<footer>جميع الحقوق محفوظة</footer></body></html>"
    )


HEADS = {
    "open graph": '<meta property="og:title" content="عنوان الخبر"><meta property="og:site_name" content="واس &amp; الناس">'
    '<meta property="article:published_time" content="2015-07-23T13:20:30+03:00">'
    '<link rel="canonical" href="https://spa.example/1?a=1&amp;b=2">',
    "linked data": '<script type="application/ld+json">'
    + json.dumps({"@context": "x", "@graph": [{"@type": "WebSite", "name": "x"}, {
        "@type": ["NewsArticle"], "headline": "عنوان الخبر", "datePublished": "2015-07-23T10:20:30Z",
        "publisher": {"@type": "Organization", "name": "واس & الناس"}}]})
    + "</script><meta property='og:url' content='https://spa.example/1?a=1&amp;b=2'>",
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADS)
def test_a_page_gives_its_text_and_what_it_says_of_itself(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    (tmp_path / "one.html").write_text(page(head=HEADS[kind]), "utf-8")
    (article,), bad = read(tmp_path)
    assert " ".join(article.text.split()) == TEXT
    assert (article.id, article.title, article.source) == ("one", "عنوان الخبر", "واس & الناس")
    assert (article.url, article.date) == ("https://spa.example/1?a=1&b=2", MOMENT)
    assert not bad


def test_folders_and_archives_of_pages(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.html").write_bytes(page().encode("cp1256"))
    (tmp_path / "b.htm").write_text(page(text=TEXT[: TEXT.index(".") + 1]), "utf-8")
    (tmp_path / "empty.html").write_text("<html><body></body></html>", "utf-8")
    (tmp_path / "cut.html").write_text(page()[:-120], "utf-8")
    bad: list[Any] = []
    feed = Feed(tmp_path, on_bad=bad.append)
    articles = {row.article.id: row.article for row in feed}
    assert set(articles) == {"sub/a", "b", "cut"}
    assert " ".join(articles["sub/a"].text.split()) == TEXT
    assert articles["b"].text == TEXT[: TEXT.index(".") + 1], "a brief comes without the menu"
    assert ["no main text found in the page; cure: " in row.reason for row in bad] == [True]
    assert {Path(file.file).name for file in feed.damaged_files} == {"cut.html"}
    with zipfile.ZipFile(tmp_path / "pages.zip", "w") as archive:
        archive.writestr("x/1.html", page())
        archive.writestr("x/2.html", page(title="آخر"))
    assert [a.id for a in read(tmp_path / "pages.zip")[0]] == ["x/1", "x/2"]


def test_a_page_beside_a_feed_is_not_of_it(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# About\n\nThis feed is ours.", "utf-8")
    (tmp_path / "index.html").write_text(page(), "utf-8")
    (tmp_path / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99))
    (tmp_path / "schema.sql").write_text("CREATE TABLE x (id int);", "utf-8")
    (tmp_path / "a.jsonl").write_text('{"text": "نص"}\n', "utf-8")
    assert [a.text for a in read(tmp_path)[0]] == ["نص"]
    assert [a.title for a in read(tmp_path, format="markdown")[0]] == ["About"]


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from clusterer.io.readers import html, warc as warc_reader, workbook

    def missing(name: str) -> Any:
        raise ImportError(name)

    (tmp_path / "a.html").write_text(page(), "utf-8")
    (tmp_path / "a.warc").write_bytes(warc())
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04" + b"\0" * 26 + b"xl/workbook.xml")
    html._extract.cache_clear()
    for module in (html, warc_reader, workbook):
        monkeypatch.setattr(module, "import_module", missing)
    for name, extra in (("a.html", "web"), ("a.warc", "web"), ("a.xlsx", "excel")):
        with pytest.raises(InputError, match=rf"cure: pip install 'clusterer\[{extra}\]'"):
            read(tmp_path / name)


def crawl(packed: bool) -> bytes:
    """An archive as warcio writes it: a page in chunks, one in cp1256, a missing one, a picture, a page fetched anew."""
    pytest.importorskip("trafilatura")
    pytest.importorskip("warcio")
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packed)
    utf8, arabic = page(head=HEADS["open graph"]).encode(), page(title="آخر").encode("cp1256")
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(utf8), utf8)
    for number, (status, headers, payload) in enumerate((
        ("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Transfer-Encoding", "chunked")], body),
        ("200 OK", [("Content-Type", "text/html"), ("Content-Encoding", "gzip")], gzip.compress(arabic)),
        ("404 Not Found", [("Content-Type", "text/html")], utf8),
        ("200 OK", [("Content-Type", "image/png")], b"\x89PNG"),
        ("200 OK", [("Content-Type", "text/html")], b"<html><body></body></html>"),
    )):  # fmt: skip
        uri = f"https://spa.example/{number}"
        sent = StatusAndHeaders("GET / HTTP/1.0", [("Host", "spa.example")], is_http_request=True)
        writer.write_record(writer.create_warc_record(uri, "request", http_headers=sent))
        answer = StatusAndHeaders(status, headers, protocol="HTTP/1.1")
        writer.write_record(writer.create_warc_record(uri, "response", io.BytesIO(payload), http_headers=answer))
    return out.getvalue()


@pytest.mark.parametrize("packed", [True, False])
def test_archives_of_crawlers(packed: bool, tmp_path: Path) -> None:
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    data = crawl(packed)
    path.write_bytes(data)
    articles, bad = read(path)
    assert [(a.url, a.title) for a in articles] == [
        ("https://spa.example/0", "عنوان الخبر"),
        ("https://spa.example/1", "آخر"),
    ]
    assert [" ".join(a.text.split()) for a in articles] == [TEXT, TEXT]
    assert [a.date for a in articles] == [MOMENT, None], "the day of fetching is no date of an article"
    assert [row.line for row in bad] == [10]
    assert "no main text" in bad[0].reason
    whole = data.rindex(b"WARC/1.0") if not packed else data.rindex(b"\x1f\x8b\x08")
    path.write_bytes(data[: whole + 100] if packed else data[: data.index(b"2015-07-23T13") + 300])
    feed = Feed(path)
    found = list(feed)
    assert len(found) == (2 if packed else 0)
    assert [file.file for file in feed.damaged_files] == [str(path)]
    assert "cure: fetch the file again" in feed.damaged_files[0].reason


def test_texts_of_common_crawl(tmp_path: Path) -> None:
    pytest.importorskip("warcio")
    (tmp_path / "CC-MAIN-1.warc.wet.gz").write_bytes(gzip.compress(warc()))
    articles, bad = read(tmp_path)
    assert [(a.title, a.text, a.url, a.date) for a in articles] == [
        (r["title"], r["text"], r["url"], None) for r in ROWS
    ]
    assert not bad
    (tmp_path / "b.wet").write_bytes(warc()[:-30])
    feed = Feed(tmp_path / "b.wet")
    assert len(list(feed)) == 4
    assert "bytes early" in feed.damaged_files[0].reason


FRONT = """---
title: "عنوان: الخبر"
date: 2015-07-23 10:20:30
source: واس
url: https://spa.example/1
tags: [a, b]
---
"""


def test_markdown(tmp_path: Path) -> None:
    body = (
        "قالت **الوزارة** في [بيان](https://x.example/a_(b) \"t\") لها[^1] إن *العمل* مستمر.\n\n![صورة](a.png)\n\n"
        "## فرعي\n\n> اقتباس\n\n* أولا\n* ثانيا\n\n---\n\n```\ncode\n```\n\n[1]: https://x.example\n"
    )  # fmt: skip
    (tmp_path / "a.md").write_text(f"# عنوان الخبر #\n\n{body}", "utf-8")
    (tmp_path / "b.md").write_text(f"{FRONT}\n# آخر\n\nنص.", "utf-8")
    (tmp_path / "c.markdown").write_text("عنوان\n=====\n\nنص", "utf-8")
    (tmp_path / "d.md").write_bytes(b"# x\n\n\xff\xfe\xfa abc \xd9\x86\xd8\xb5 \xd9\x86\xd8\xb5 \xd9\x86\xd8\xb5")
    (tmp_path / "e.md").write_text(" \n", "utf-8")
    articles, bad = read(tmp_path)
    assert [(a.id, a.title) for a in articles[:3]] == [("a", "عنوان الخبر"), ("b", "عنوان: الخبر"), ("c", "عنوان")]
    assert articles[0].text.split() == (
        ["قالت", "الوزارة", "في", "بيان", "لها[^1]", "إن", "العمل", "مستمر.", "فرعي", "اقتباس", "أولا", "ثانيا", "code"]
    )
    assert (articles[1].date, articles[1].source, articles[1].url) == (MOMENT, "واس", "https://spa.example/1")
    assert articles[1].text == "نص."
    assert [Path(row.file).name for row in bad if "not valid UTF-8" in row.reason] == ["d.md"]


def test_news_sitemaps(tmp_path: Path) -> None:
    path = tmp_path / "sitemap-news.xml"
    path.write_text(sitemap(), "utf-8")
    articles, bad = read(path)
    assert [(a.title, a.text, a.source, a.url, a.date) for a in articles] == [
        (r["title"], "", r["source"], r["url"], MOMENT) for r in ROWS
    ]
    assert not bad
    plain = sitemap().replace(f"<news:title>{ROWS[1]['title']}</news:title>", "")
    path.write_text(plain, "utf-8")
    articles, bad = read(path)
    assert len(articles) == 4
    assert [(row.line, "an address without a title; cure: " in row.reason) for row in bad] == [(2, True)]
    path.write_text(sitemap()[: sitemap().index(ROWS[3]["title"])], "utf-8")
    feed = Feed(path)
    assert [row.line for row in feed] == [1, 2, 3]
    assert "ends early" in feed.damaged_files[0].reason
    path.write_text(
        '<?xml version="1.0"?><sitemapindex xmlns="x"><sitemap><loc>y</loc></sitemap></sitemapindex>', "utf-8"
    )
    articles, bad = read(path)
    assert not articles
    assert "a list of sitemaps" in bad[0].reason


def test_feeds_of_titles_alone(tmp_path: Path) -> None:
    items = "".join(
        f"<item><guid>{i}</guid><title>{r['title']}</title><description/></item>" for i, r in enumerate(ROWS)
    )
    (tmp_path / "a.rss").write_text(f'<rss version="2.0"><channel><title>واس</title>{items}</channel></rss>', "utf-8")
    (tmp_path / "b.jsonl").write_text(
        "".join(json.dumps({"title": r["title"], "text": ""}) + "\n" for r in ROWS), "utf-8"
    )
    articles, bad = read(tmp_path)
    assert [(a.title, a.text) for a in articles] == [(r["title"], "") for r in ROWS] * 2
    assert not bad
