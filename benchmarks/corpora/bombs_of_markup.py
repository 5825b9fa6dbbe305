"""Bombs of RSS, sitemaps, HTML, Markdown, WARC and plain text, beside those of `benchmarks.corpora.bombs`."""

from __future__ import annotations

import gzip

from benchmarks.corpora.bombs import MB as _MB, bomb, packed as _gz


@bomb(".rss.gz")
def nested_elements() -> bytes:
    """An RSS feed of ten million elements, one in the other."""
    return _gz(b"<a>", 10 * _MB, b"<rss><channel><item><title>")


@bomb(".rss.gz")
def empty_elements() -> bytes:
    """An RSS feed of five million elements without a word."""
    return _gz(b"<b/>", 5 * _MB, b"<rss version='2.0'><channel><item><title>a</title>", b"</item></channel></rss>")


@bomb(".rss.gz")
def many_entries() -> bytes:
    """A million entries without a word."""
    return _gz(b"<item></item>", 2 * _MB, b"<rss version='2.0'><channel>", b"</channel></rss>")


@bomb(".xml")
def billion_laughs() -> bytes:
    """Entities that hold entities that hold entities."""
    entities = b"".join(b"<!ENTITY l%d '%s'>" % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 12))
    return (
        b"<!DOCTYPE rss [<!ENTITY l0 'lol'>"
        + entities
        + b"]><rss><channel><item><title>&l11;</title></item></channel></rss>"
    )


@bomb(".xml")
def laughing_sitemap() -> bytes:
    """The same in a sitemap."""
    entities = b"".join(b"<!ENTITY l%d '%s'>" % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 12))
    return b"<!DOCTYPE urlset [<!ENTITY l0 'lol'>" + entities + b"]><urlset><url><loc>&l11;</loc></url></urlset>"


@bomb(".html.gz")
def nested_page() -> bytes:
    """A page of six million elements, one in the other."""
    return _gz(b"<div>", 6 * _MB, b"<html><body>")


@bomb(".html.gz")
def open_scripts() -> bytes:
    """A page of a million scripts that are never closed."""
    return _gz(b'<script type="application/ld+json">', 900_000, b"<html><body>")


@bomb(".html.gz")
def many_paragraphs() -> bytes:
    """A page of four million paragraphs."""
    return _gz(b"<p>a</p>", 4 * _MB, b"<html><body><article>", b"</article></body></html>")


@bomb(".md.gz")
def open_links() -> bytes:
    """Markdown of thirty million brackets in one line."""
    return _gz(b"[", 30 * _MB, b"# a\n\n")


@bomb(".md")
def open_marks() -> bytes:
    """1 MB of Markdown of stars and blanks."""
    return (b"# a\n\n" + b"**a " * (_MB // 4))[: _MB - 10]


@bomb(".warc.gz")
def warc_claims() -> bytes:
    """A record that claims to be longer than any disk, and a page packed inside."""
    page = gzip.compress(b"<html><body>" + b"x" * 512 * _MB, 9)
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n" + page
    head = (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\n"
        b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n"
    )
    return gzip.compress(head % len(http) + http + b"\r\n\r\n" + head % 10**18 + http)


@bomb(".txt.gz")
def two_letter_words() -> bytes:
    """A text of ten million words."""
    return _gz(b"ab ", 10 * _MB, b"a\n")
