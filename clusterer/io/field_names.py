"""The names under which feeds keep an article's fields, in English and Arabic, and how names are compared."""

from __future__ import annotations

import re

from clusterer.io.date_words import NO_MARKS

_PARTS = re.compile(r"(?<!^)[_.:/ -]")
_ADDED = re.compile(r"^(?:_source\.|dc(?:terms)?[:_.]|og[:_.]|news:)|\.(?:rendered|#text|\$t|__cdata|_)$")
_SAME_NAME = re.compile(r"#[2-9]$|#[1-9][0-9]+$")


def column_key(name: str) -> str:
    """The form in which column names are compared.

    Case, outer spaces, what parts words (`pub_date`, `pub-date`, `pubDate`), diacritics, tatweel, the number of a name that
    stands twice, and what a vocabulary puts before a name (`dc:date`) or a program behind it (`title.rendered`) do not matter.

    >>> column_key(" Pub-Date "), column_key("text#2"), column_key("dc:date"), column_key("_id")
    ('pubdate', 'text', 'date', '_id')
    """
    bare = name.translate(NO_MARKS).strip().casefold()
    bare = _SAME_NAME.sub("", bare) if "#" in bare else bare
    bare = _ADDED.sub("", bare) if "." in bare or ":" in bare or "_" in bare else bare
    return _PARTS.sub("", bare)


def _keys(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(column_key, names)))


ABSTRACT_NAMES = _keys(
    "description", "summary", "abstract", "excerpt", "lead", "snippet", "الوصف", "الملخص", "مقتطف",
)  # fmt: skip
"""Names of what is the text only where nothing fuller is: a part of it, or a word on the site."""
MOMENT_NAMES = _keys("date_gmt", "post_date_gmt", "date_unixtime")
"""Names of columns of dates that are moments whatever zone the row's other clock is of."""
FIELD_NAMES: dict[str, tuple[str, ...]] = {
    "text": _keys(
        "text", "content", "body", "article", "article_body", "article_text", "full_text", "maintext", "content_text",
        "content_html", "body_text", "body_html", "raw_content", "raw_text", "clean_text", "cleaned_text", "plain_text",
        "post_content", "post_text", "article_content", "news_content", "news_text", "content_raw",
        "النص", "نص", "المحتوى", "محتوى", "نص_الخبر", "متن_الخبر", "نص_المقال", "الخبر", "المقال",
        "المتن", "محتوى_الخبر", "نص_المقالة", "التفاصيل", "story",
        *ABSTRACT_NAMES,
        "passage", "question", "prompt",  # of benchmarks
    ),
    "title": _keys(
        "title", "headline", "head", "heading", "article_title", "post_title", "news_title", "web_title",
        "العنوان", "عنوان", "عنوان_الخبر", "عنوان_المقال",
    ),
    "date": _keys(
        *MOMENT_NAMES,
        "date", "published", "pubdate", "published_at", "publish_date", "datetime", "published_time", "publish_time",
        "published_date", "timestamp", "date_published", "date_publish", "publication_date", "web_publication_date",
        "first_published", "article:published_time", "article_date", "pub_time", "seen_date", "post_date", "posted_at",
        "release_date", "taken_at",
        "التاريخ", "تاريخ", "تاريخ_النشر", "تاريخ_الخبر", "وقت_النشر",
        "created_at", "created_time", "date_created", "date_extracted", "updated", "updated_at", "time",
    ),
    "source": _keys(
        "source", "outlet", "publisher", "newspaper", "site", "site_name", "source_name", "news_source",
        "source_hostname", "domain", "source_domain", "hostname", "publisher_name", "feed_title", "provider", "origin",
        "clean_url", "site_full",
        "المصدر", "مصدر", "الصحيفة", "الجريدة", "الموقع", "اسم_المصدر", "الوكالة", "القناة",
        "channel", "media",
    ),
    "url": _keys(
        "url", "link", "href", "permalink", "article_url", "page_url", "post_url", "news_url", "source_url",
        "canonical_url", "web_url", "original_url", "canonical", "alternate",
        "الرابط", "رابط", "رابط_الخبر",
    ),
    "id": _keys(
        "id", "_id", "uuid", "guid", "article_id", "doc_id", "post_id", "news_id", "item_id", "message_id", "tweet_id",
        "nid", "uri", "المعرف", "الرقم", "رقم_الخبر",
    ),
}  # fmt: skip
"""Article attribute to the usual column names, in order of preference, in the form of `column_key`."""
FETCH_NAMES = frozenset(_keys(
    "fetched_at", "fetch_date", "fetch_time", "fetched", "crawled_at", "crawl_date", "crawl_time", "scraped_at", "scrape_date",
    "date_scraped", "date_crawled", "date_download", "download_date", "downloaded_at", "retrieved_at", "collected_at",
    "date_collected", "warc_date", "date_extracted", "تاريخ_الجمع", "تاريخ_السحب",
))  # fmt: skip
"""Names of when a row was fetched: what "منذ ساعتين" in its date is told from."""


def each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of columns, each its own: one that stands twice becomes "name#2".

    >>> each_once(("id", "text", "text"))
    ('id', 'text', 'text#2')
    """
    counts: dict[str, int] = {}
    own = []
    taken = set(names)
    for name in names:
        counts[name] = number = counts.get(name, 0) + 1
        while number > 1 and f"{name}#{number}" in taken:
            number += 1
        counts[name] = number
        own.append(name if number == 1 else f"{name}#{number}")
        taken.add(own[-1])
    return tuple(own)
