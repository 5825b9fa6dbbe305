"""The page of formats and fields: equal to the readers' tables, and these to what the readers give."""

from __future__ import annotations

from pathlib import Path

import pytest
from feed_forms import read, rss, sitemap, warc

from benchmarks.report.fields import PAGE, page
from clusterer.io.field_names import FIELD_NAMES
from clusterer.io.formats import FORMATS, FORMATS_BY_NAME

TEXT = "قالت الوزارة في بيان لها إن العمل مستمر في المشروع، وأضافت أن المرحلة الثانية تبدأ الأسبوع المقبل. " * 4
WHOLE = {
    "rss": rss(),
    "sitemap": sitemap(),
    "warc": warc().decode(),
    "html": "<html><head><title>عنوان</title><meta property='og:site_name' content='واس'>"
    "<meta property='og:url' content='https://a.b/1'>"
    f"<meta property='article:published_time' content='2015-07-23T10:20:30Z'></head><body><article>"
    f"<p>{TEXT}</p></article></body></html>",
    "markdown": f"---\ntitle: عنوان\ndate: 2015-07-23\nsource: واس\nurl: https://a.b/1\n---\n{TEXT}",
    "txt": f"عنوان\n\n{TEXT}",
}  # fmt: skip
"""Of each format whose reader names the fields an input that has all of them."""


def test_the_page_is_what_the_command_writes() -> None:
    assert PAGE.read_text("utf-8") == page()


@pytest.mark.parametrize("name", [format.name for format in FORMATS if format.own_names])
def test_a_format_gives_the_fields_that_its_table_names_and_no_others(name: str, tmp_path: Path) -> None:
    pytest.importorskip({"html": "trafilatura", "warc": "warcio"}.get(name, "json"))
    path = tmp_path / "a.file"
    path.write_text(WHOLE[name], "utf-8")
    articles, bad = read(path, format=name)
    assert not bad
    table = FORMATS_BY_NAME[name].fields
    assert list(table) == list(FIELD_NAMES)
    of_wet = {"date", "source"} if name == "warc" else set()  # a text of Common Crawl has neither
    given = {attribute for attribute in table if getattr(articles[0], attribute)}
    assert given == {attribute for attribute, where in table.items() if where} - of_wet
