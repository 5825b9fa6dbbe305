"""The names under which feeds keep an article's fields, in English and Arabic, and how names are compared."""

from __future__ import annotations

import re

from clusterer.io.date_words import NO_MARKS

ABSTRACT_NAMES = (
    "description", "summary", "abstract", "excerpt", "lead", "snippet", "الوصف", "الملخص", "مقتطف",
)  # fmt: skip
"""Names of what is the text only where nothing fuller is: a part of it, or a word on the site."""
FIELD_NAMES: dict[str, tuple[str, ...]] = {
    "text": (
        "text", "content", "body", "article", "article_body", "articlebody", "article_text", "full_text",
        "fulltext", "maintext", "main_text", "content_text", "content_html", "body_text", "raw_content", "raw_text",
        "clean_text", "cleaned_text", "plain_text", "post_content", "article_content", "news_content", "content_raw",
        "النص", "نص", "المحتوى", "محتوى", "نص_الخبر", "متن_الخبر", "نص_المقال", "الخبر", "المقال",
        "المتن", "محتوى_الخبر", "نص_المقالة", "التفاصيل", "story",
        *ABSTRACT_NAMES,
    ),
    "title": (
        "title", "headline", "head", "heading", "article_title", "post_title", "news_title",
        "العنوان", "عنوان", "عنوان_الخبر", "عنوان_المقال",
    ),
    "date": (
        "date_gmt", "post_date_gmt", "date_unixtime",
        "date", "published", "pubdate", "pub_date", "published_at", "publishedat", "publish_date", "datetime",
        "date_time", "published_time", "publish_time", "published_date", "publisheddate",
        "timestamp", "date_published", "datepublished", "date_publish", "publication_date", "post_date",
        "التاريخ", "تاريخ", "تاريخ_النشر", "تاريخ_الخبر", "وقت_النشر",
        "created_at", "date_extracted", "updated", "updated_at",
    ),
    "source": (
        "source", "outlet", "publisher", "newspaper", "site", "site_name", "sitename", "source_name",
        "source_hostname", "domain", "source_domain", "hostname",
        "المصدر", "مصدر", "الصحيفة", "الجريدة", "الموقع", "اسم_المصدر", "الوكالة", "القناة",
        "channel", "media",
    ),
    "url": (
        "url", "link", "href", "permalink", "article_url", "source_url", "canonical_url", "web_url", "original_url",
        "الرابط", "رابط", "رابط_الخبر",
    ),
    "id": ("id", "_id", "uuid", "guid", "article_id", "doc_id", "docid", "post_id", "المعرف", "الرقم", "رقم_الخبر"),
}  # fmt: skip
"""Article attribute to the usual column names, in order of preference; compared by `column_key`."""
FETCH_NAMES = frozenset({
    "fetched_at", "fetch_date", "fetch_time", "fetched", "crawled_at", "crawl_date", "crawl_time", "scraped_at", "scrape_date",
    "date_scraped", "date_crawled", "date_download", "download_date", "downloaded_at", "retrieved_at", "collected_at",
    "date_collected", "warc_date", "date_extracted", "تاريخ_الجمع", "تاريخ_السحب",
})  # fmt: skip
"""Names of when a row was fetched: what "منذ ساعتين" in its date is told from."""
_SAME_NAME = re.compile(r"#[2-9]$|#[1-9][0-9]+$")


def column_key(name: str) -> str:
    """The form in which column names are compared.

    Case, outer spaces, `-` or `_`, diacritics, tatweel and the number of a name that stands twice do not matter.

    >>> column_key(" Pub-Date "), column_key("text#2")
    ('pub_date', 'text')
    """
    bare = name.translate(NO_MARKS).strip().casefold().replace("-", "_").replace(" ", "_")
    return _SAME_NAME.sub("", bare) if "#" in bare else bare


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
