"""What fuzzing begins with: small inputs that a target understands."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import sqlite3
from importlib import import_module
from typing import Any

from clusterer.errors import InputError

ROWS = [
    {
        "id": "1",
        "title": "عنوان",
        "text": 'قالت الوزارة "اليوم", ثم\nسطر',
        "date": "2015-07-23 10:20",
        "url": "http://a.example/1",
    },
    {"id": "2", "title": "خبر", "text": "نص ثان <b>من</b> HTML &amp; غيره", "date": "٢٣ يوليو ٢٠١٥", "source": "وكالة"},
]


def seeds(name: str) -> list[bytes]:
    """Small inputs that a target understands."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    array = b"[" + lines.strip().replace(b"\n", b",\n") + b"]"
    table = 'id,text,date\n1,"قال ""نعم""\nسطر",2015-07-23\n2,خبر,23/07/2015\n'.encode()
    page = f"<!DOCTYPE html><html><head><title>عنوان</title></head><body><p>{ROWS[0]['text'] * 5}</p></body></html>".encode()
    rss = (
        b'<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:georss="http://www.georss.org/georss">'
        b'<channel><title>a</title><item><title>b</title><description>c</description><media:thumbnail url="x"/>'
        b"<georss:point>1 2</georss:point><pubDate>Thu, 23 Jul 2015 10:20:30 GMT</pubDate></item></channel></rss>"
    )
    dump = "CREATE TABLE `a` (`id` int, `text` text);\nINSERT INTO `a` VALUES (1,'قال \\'نعم\\''),(2,'خبر');\n".encode()
    sitemap = (
        b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
        b"<url><loc>http://a.example/1</loc><news:news><news:title>t</news:title></news:news></url></urlset>"
    )
    own: dict[str, list[bytes]] = {
        "read-json": [array, b'{"articles":' + array + b"}"], "json-array": [b"\2" + array, b"\5" + array],
        "read-csv": [table], "read-tsv": [table.replace(b",", b"\t"), b"id\ttext\n1\ta\\nb\n"], "read-rss": [rss],
        "read-sitemap": [sitemap], "read-html": [page], "html": [page, b"# a\n\n**b** [c](d)"], "read-sql": [dump],
        "read-markdown": ["---\ndate: 2015-07-23\n---\n# عنوان\n\n**نص** [رابط](x)\n".encode()],
        "dates": ["٢٣ يوليو ٢٠١٥ 10:20 ص".encode(), b"Thu, 23 Jul 2015 10:20:30 +0300", b"04/11/2016", "6 شوال 1436".encode()],
        "settings": [b'copy_threshold = 0.4\nlevel = "copy"\n'],
        "gold": [b'{"id":"a","event":"1","dup":"1"}\n{"id":"b","event":"1"}\n', b"id,event\na,1\nb,2\n", b"a,b,same\n1,2,true\n"],
        "guards": [b"=1+1", "\u202e\x1b[2J</script>".encode()],
        "utf8": ["قَالَت الوزارة\n٣٫٥ ﷺ\x1eترامب 😀\x1e".encode(), b"\xed\xa0\x80 \xf4\x8f\xbf\xbf\x1e\xc3"],
        "links": [bytes(range(64)), b"\x04" + bytes([0, 1, 9, 1, 2, 79, 2, 3, 70, 0, 3, 12])],
        "index": [bytes([0, 8, 0, 16, 3, 9, 2, 10, 5, 0, 6, 3, 1, 12, 4, 0, 12, 5]) + "\x1eنص أول من الفاحص\x1eid\x1e".encode(),
                  bytes([0, 32, 8, 64, 8, 96, 10, 64, 7, 0, 9, 2, 11, 0, 12, 9, 0, 40, 12, 33])
                  + "\x1eنص يعود\x1e\x1eعنوان\x1eوكالة\x1ehttps://a.example/1\x1e9".encode() * 2],
        "index-crowd": [bytes([0, 11, 0, 15, 12, 9, 2, 10, 0, 19, 5, 0, 6, 3, 10, 64, 4, 0, 12, 33])],
        "index-file": [b"", bytes(range(16)), b"\0\0\x10\xff"],
        "serve": [b"/api/stories?sort=size&limit=3", b"/search?q=%D9%86%D8%B5", b"/story?id=1", b"/api/changes?since=2",
                  b"/explain?a=1&b=2&language=ar", b"/?since=7d&sort=recent&min_size=2", b"/api/search?q=a&limit=5"],
        "folding": ["قَالَت الوزارة ٣٫٥ و 1,234 ﷺ".encode(), "ترمب\x1eترامب 😀".encode()],
    }  # fmt: skip
    if name.startswith("blocks-"):
        name = name.replace("blocks-", "read-")
    return own.get(name) or [*_made(name), lines, gzip.compress(lines)]


def _made(name: str) -> list[bytes]:
    """Files of a format that a package makes; none for formats of text.

    Raises:
        InputError: that package is not installed.
    """
    out = io.BytesIO()
    if name == "read-parquet":
        _needed("pyarrow.parquet").write_table(_needed("pyarrow").Table.from_pylist(ROWS), out)
    elif name == "read-xlsx":
        book = _needed("openpyxl").Workbook()
        for row in ([*ROWS[0]], [*ROWS[0].values()]):
            book.active.append(row)
        book.save(out)
    elif name == "read-sqlite":
        with contextlib.closing(sqlite3.connect(":memory:")) as memory:
            memory.executescript("CREATE TABLE a(id, text); INSERT INTO a VALUES (1, 'b'), (2, x'ff'), (NULL, NULL)")
            return [memory.serialize()]
    elif name == "read-warc":
        http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><p>" + b"word " * 50 + b"</body></html>"
        head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\nWARC-Date: 2015-07-23T10:20:30Z\r\n"
        kind = b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n" % len(http)
        return [head + kind + http + b"\r\n\r\n"]
    return [out.getvalue()] if out.getvalue() else []


def _needed(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise InputError(f"what it begins with needs {module}; cure: pip install 'clusterer[fuzz]'") from None
