"""RSS and Atom: the article is the text, whatever other vocabularies describe beside it; what is cut off is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from clusterer.io.added_fields import AddedFields
from clusterer.io.feed import Feed
from clusterer.io.rows import BadRow

SPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:m="http://search.yahoo.com/mrss/" xmlns:a="http://www.w3.org/2005/Atom"'
)
TEXT = "قالت الوزارة في بيان لها اليوم إن العمل مستمر"
CAPTION = "صورة أرشيفية من مقر الوزارة في العاصمة تصوير وكالة الأنباء وهي أطول كثيرا من نص الخبر نفسه في هذا المثال"


def rss(*items: str, closed: bool = True) -> str:
    body = "".join(f"<item><guid>{i}</guid><title>ع{i}</title>{item}</item>" for i, item in enumerate(items))
    return (
        f'<?xml version="1.0"?><rss version="2.0" {SPACES}><channel><title>واس</title>{body}'
        + "</channel></rss>" * closed
    )


def read(data: str, folder: Path, name: str = "a.rss") -> tuple[Feed, list[str], list[BadRow]]:
    (folder / name).write_text(data, encoding="utf-8")
    bad: list[BadRow] = []
    feed = Feed(folder / name, on_bad=bad.append)
    return feed, [row.article.text for row in feed], bad


@pytest.mark.parametrize(
    "item",
    [
        f"<description>{TEXT}</description><media:description>{CAPTION}</media:description>",
        f"<media:description>{CAPTION}</media:description><description>{TEXT}</description>",
        f"<description>{TEXT}</description><media:content url='x.jpg'><media:title>ص</media:title>"
        f"<media:description>{CAPTION}</media:description></media:content>",
        f"<description>{TEXT}</description><m:description>{CAPTION}</m:description>",
        f"<description>{TEXT}</description><itunes:summary>{CAPTION}</itunes:summary><dc:description>{CAPTION}</dc:description>",
        f"<description>موجز</description><content:encoded><![CDATA[<p>{TEXT}</p>]]></content:encoded>"
        f"<media:description>{CAPTION}</media:description>",
        f"<description>{TEXT}</description><content:encoded><![CDATA[<img src='x.jpg'/>]]></content:encoded>",
        f"<description>{TEXT}</description><content:encoded></content:encoded>",
        f"<description>NULL</description><a:summary>{TEXT}</a:summary>",
        f"<media:group><media:description>{TEXT}</media:description></media:group>",  # nothing else tells
        f"<dc:description>{TEXT}</dc:description>",
    ],
)
def test_the_text_is_the_article(item: str, tmp_path: Path) -> None:
    feed, texts, bad = read(rss(item, f"<description>{TEXT} أيضا</description>"), tmp_path)
    assert (texts, bad, feed.damaged_files) == ([TEXT, f"{TEXT} أيضا"], [], [])


def test_atom_entries_with_pictures(tmp_path: Path) -> None:
    entry = (
        f"<entry><id>1</id><title>ع</title><summary>{TEXT}</summary><updated>2016-04-17T10:30:00+03:00</updated>"
        f"<media:group><media:title>ص</media:title><media:description>{CAPTION}</media:description></media:group></entry>"
    )
    data = f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" {SPACES}><title>واس</title>{entry}</feed>'
    (article,) = [row.article for row in read(data, tmp_path, "a.atom")[0]]
    assert (article.text, article.title, article.date) == (TEXT, "ع", datetime(2016, 4, 17, 7, 30, tzinfo=UTC))
    feed, texts, bad = read(data[: data.index("</summary>") - 5], tmp_path, "a.atom")
    assert (texts, len(bad)) == ([], 1)
    assert feed.damaged_files[0].is_unreadable


ITEMS = [f"<description>{TEXT} {i}</description><pubDate>Sun, 17 Apr 2016 10:3{i}:00 GMT</pubDate>" for i in range(5)]


@pytest.mark.parametrize(
    ("end", "count", "part"),
    [
        ("</channel></rss>", 5, ""),  # between the last entry and the end
        (" 4</description>", 4, ", of the next a part is lost"),  # in a text
        ("<pubDate>Sun, 17 Apr 2016 10:34", 5, ", the last one in part"),  # behind a whole text
        ("<item><guid>4", 4, ""),
    ],
)
def test_a_feed_that_is_cut_off_is_one_bad_row_and_all_before_it(
    end: str, count: int, part: str, tmp_path: Path
) -> None:
    whole = rss(*ITEMS)
    feed, texts, bad = read(whole[: whole.index(end) + (3 if count == 4 and "item" in end else 0)], tmp_path)
    assert texts == [f"{TEXT} {i}" for i in range(count)]
    assert [(row.line, "the feed is not closed" in row.reason) for row in bad] == [(count + 1, True)]
    assert f"{count} entries are read{part}, how many are missing is not known; cure" in bad[0].reason
    assert [(file.rows, file.is_unreadable) for file in feed.damaged_files] == [(count, False)]


def test_a_whole_feed_that_only_looks_cut_is_whole(tmp_path: Path) -> None:
    texts = ["<![CDATA[</item></channel>]]>", "<![CDATA[<item>]]> نص", "&lt;item&gt; نص"]
    feed, found, bad = read(
        rss(*(f"<description>{text}</description>" for text in texts)) + "<!-- <item> -->\n", tmp_path
    )
    assert (len(found), bad, feed.damaged_files) == (3, [], [])


def test_zones_of_pub_dates(tmp_path: Path) -> None:
    zones = {"AST": "07:30", "+03:00": "07:30", "GMT+0300": "07:30", "EST": "15:30", "GMT": "10:30", "+0000": "10:30"}
    items = [f"<description>{TEXT} {z}</description><pubDate>Sun, 17 Apr 2016 10:30:00 {z}</pubDate>" for z in zones]
    dates = [row.article.date for row in read(rss(*items), tmp_path)[0]]
    assert [f"{date:%H:%M}" for date in dates if date] == list(zones.values())


def test_entries_of_many_hosts_are_of_these_hosts(tmp_path: Path) -> None:
    items = [f"<link>https://www.site{i}.example/{i}</link><description>{TEXT} {i}</description>" for i in range(4)]
    feed = read(rss(*items), tmp_path)[0]
    assert [row.article.outlet for row in feed] == [f"site{i}.example" for i in range(4)]
    assert "the host is taken as outlet" in feed.notes[0]
    assert [AddedFields(["source"]).of(row) for row in feed] == [{"source": f"site{i}.example"} for i in range(4)]
    assert "; cure: --source-field 'source' to keep it" in feed.notes[0]
    for named in ("source", "مصدر"):  # that a feed of RSS does not have
        kept = Feed(tmp_path / "a.rss", fields={"source": named})
        assert {row.article.source for row in kept} == ({"واس"} if named == "source" else {""})
        assert bool(kept.notes) == (named != "source")
    items = [f"<link>https://www.spa.example/{i}</link><description>{TEXT} {i}</description>" for i in range(4)]
    assert {row.article.outlet for row in read(rss(*items), tmp_path)[0]} == {"واس"}
