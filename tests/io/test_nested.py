"""JSON as interfaces answer and programs dump it: fields in fields, texts in pieces, a page a line, whole tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from feed_forms import ARTICLES, MOMENT, ROWS

from clusterer import Article, InputError, dedup, read as read_articles
from clusterer.articles import name_of
from clusterer.io import Feed
from clusterer.io.inputs import articles_from, blocks_from
from clusterer.io.rows import BadRow

TEXTS = [row["text"] for row in ROWS]


def read(path: Path, value: Any, **options: Any) -> tuple[list[Article], list[BadRow], Feed]:
    """What a file holds: a list of lines, or one document."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in value), "utf-8")
    else:
        path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    bad: list[BadRow] = []
    feed = Feed(path, on_bad=bad.append, **options)
    return [row.article for row in feed], bad, feed


def wordpress(row: dict[str, str], number: int) -> dict[str, Any]:
    """A post as `/wp-json/wp/v2/posts` gives it."""
    return {
        "id": number, "date": "2015-07-23T13:20:30", "date_gmt": "2015-07-23T10:20:30", "type": "post", "link": row["url"],
        "guid": {"rendered": f"https://spa.example/?p={number}"}, "title": {"rendered": row["title"] + " &#8211; واس"},
        "content": {"rendered": f"<p>{row['text']}</p>\n", "protected": False},
        "excerpt": {"rendered": "<p>موجز [&hellip;]</p>", "protected": False}, "author": 3, "meta": {"footnotes": ""},
        "_links": {"self": [{"href": "https://spa.example/wp-json/1"}]},
    }  # fmt: skip


@pytest.mark.parametrize("name", ["posts.json", "posts.jsonl"])
def test_wordpress_posts(name: str, tmp_path: Path) -> None:
    articles, bad, _ = read(tmp_path / name, [wordpress(row, number) for number, row in enumerate(ROWS)])
    assert [a.text for a in articles] == TEXTS
    assert [(a.title, a.url, a.id, a.date) for a in articles] == [
        (f"{row['title']} – واس", row["url"], str(number), MOMENT) for number, row in enumerate(ROWS)
    ]
    assert not bad


def hit(row: dict[str, str]) -> dict[str, Any]:
    source = {key: row[key] for key in ("title", "url", "source")}
    return {"_index": "news", "_id": row["id"], "_score": 1.0,
            "_source": {**source, "body": row["text"], "@timestamp": "x", "published_at": "2015-07-23T10:20:30Z"}}  # fmt: skip


def test_elasticsearch_hits(tmp_path: Path) -> None:
    hits = [hit(row) for row in ROWS]
    answer = {"took": 3, "_shards": {"total": 1}, "hits": {"total": {"value": 5}, "hits": hits}}
    for name, value in (("dump.jsonl", hits), ("answer.json", answer), ("pages.jsonl", [answer])):
        articles, bad, _ = read(tmp_path / name, value)
        assert (articles, bad) == (ARTICLES, []), name


def test_an_article_in_an_object(tmp_path: Path) -> None:
    """JSON:API, GraphQL and the Guardian's: the article is a member of the row."""
    for name in ("attributes", "node", "fields", "article"):
        rows = [{"id": row["id"], "cursor": "x", name: {k: v for k, v in row.items() if k != "id"}} for row in ROWS]
        assert read(tmp_path / "a.jsonl", rows)[0] == ARTICLES


def test_a_row_with_a_text_keeps_it_beside_such_a_member(tmp_path: Path) -> None:
    rows = [{**row, "data": {"text": "نص آخر", "title": "آخر"}} for row in ROWS]
    assert read(tmp_path / "a.jsonl", rows)[0] == ARTICLES


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_dotted_paths(name: str, tmp_path: Path) -> None:
    rows = [
        {"id": row["id"], "text": "ليس هذا", "meta": {"pub": {"when": row["date"]}}, "parts": [{"body": {"ar": row["text"]}}],
         "a.b": {"c": row["title"]}}
        for row in ROWS
    ]  # fmt: skip
    fields = {"text": "parts.body.ar", "date": "meta.pub.when", "title": "a.b.c"}
    articles, bad, feed = read(tmp_path / name, rows, fields=fields)
    assert [(a.text, a.title, a.date) for a in articles] == [(r["text"], r["title"], MOMENT) for r in ROWS]
    assert not bad
    assert "text parts.body.ar" in feed.reading
    articles, bad, _ = read(tmp_path / name, [*rows, {"id": "x", "parts": []}], fields=fields)
    assert len(articles) == 5
    assert "'parts.body.ar'" in bad[0].reason
    assert "--text-field NAME; so far" in bad[0].reason


def test_lists_of_strings_as_scrapys_item_loaders_give_them(tmp_path: Path) -> None:
    rows = [
        {"headline": [r["title"]], "body": r["text"].split("\n"), "url": [r["url"]], "date": [r["date"]],
         "source": [r["source"]], "id": [r["id"]], "tags": ["a", "b"]}
        for r in ROWS
    ]  # fmt: skip
    for name in ("a.jsonl", "a.json"):
        assert read(tmp_path / name, rows)[0] == ARTICLES
    articles, bad, _ = read(tmp_path / "a.jsonl", [{"title": "عنوان", "text": [1, 2]}])
    assert not articles
    assert "text (column 'text') is a list, not a string; cure: --text-field NAME" in bad[0].reason


@pytest.mark.parametrize("orient", ["columns", "index", "split", "table", "records"])
@pytest.mark.parametrize("index", [None, "id", "url"])
def test_every_orientation_of_pandas(orient: str, index: str | None, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(ROWS)
    if index:
        frame = frame.set_index(index, drop=False).rename_axis(None)
    (tmp_path / "a.json").write_text(frame.to_json(orient=orient, force_ascii=False), "utf-8")
    feed = Feed(tmp_path / "a.json")
    assert [row.article for row in feed] == ARTICLES
    assert not feed.bad_rows


def test_a_page_of_an_interface_in_each_line(tmp_path: Path) -> None:
    pages: list[Any] = [
        {"status": "ok", "totalResults": 2, "articles": ROWS[:2]},
        {"status": "ok", "totalResults": 3, "articles": [*ROWS[2:], {"title": 5, "url": "x"}]},
    ]
    articles, bad, feed = read(tmp_path / "a.jsonl", pages)
    assert articles == ARTICLES
    assert [row.line for row in bad] == [2]
    assert "--text-field NAME; so far" in bad[0].reason
    assert [row.line for row in feed] == [1, 1, 2, 2, 2]


def test_arrays_at_one_path_are_read_together(tmp_path: Path) -> None:
    document = {
        "groups": [{"name": "a", "items": ROWS[:3]}, {"name": "b", "items": ROWS[3:]}],
        "other": [{"text": "x"}],
    }
    assert read(tmp_path / "a.json", document)[0] == ARTICLES


def telegram() -> dict[str, Any]:
    """A channel as Telegram Desktop exports it, written by hand after such a file."""

    def message(number: int, text: Any, **more: Any) -> dict[str, Any]:
        return {"id": number, "type": "message", "date": f"2015-07-23T13:2{number}:30",
                "date_unixtime": str(1437646830 + 60 * number),
                "from": "واس", "from_id": "channel7", **more, "text": text, "text_entities": []}  # fmt: skip

    first = [
        {"type": "bold", "text": "عاجل: "},
        "قالت الوزارة في ",
        {"type": "link", "text": "spa.example"},
        " اليوم\n\nسطر ثان",
    ]
    return {
        "name": "واس", "type": "public_channel", "id": 7,
        "messages": [
            {"id": 1, "type": "service", "date": "2015-07-23T01:00:00", "action": "create_channel", "text": ""},
            message(2, first), message(3, "", photo="photos/1.jpg"), message(4, "رسالة أخرى"),
        ],
    }  # fmt: skip


def test_telegram_exports(tmp_path: Path) -> None:
    one = telegram()
    for value in (one, {"about": "x", "chats": {"list": [{**one, "messages": one["messages"][:2]},
                                                        {**one, "messages": one["messages"][2:]}]}}):  # fmt: skip
        articles, bad, feed = read(tmp_path / "result.json", value)
        assert [(a.id, a.text) for a in articles] == [
            ("channel7/2", "عاجل: قالت الوزارة في spa.example اليوم\n\nسطر ثان"), ("channel7/4", "رسالة أخرى")
        ]  # fmt: skip
        assert [(a.source, a.date) for a in articles] == [("واس", MOMENT + timedelta(minutes=m)) for m in (2, 4)]
        assert not bad
        assert feed.blank_rows == 2, "messages without words are left out, and counted"


def test_mastodon_and_x(tmp_path: Path) -> None:
    toot = {"id": "1", "created_at": "2015-07-23T10:20:30.000Z", "url": "https://m.example/@a/1", "reblog": None,
            "content": "<p>قالت <a href='x'>الوزارة</a></p><p>اليوم</p>",
            "account": {"acct": "spa", "note": "كلمة طويلة عن الحساب"}}  # fmt: skip
    post = {"created_at": "Thu Jul 23 10:20:30 +0000 2015", "id": 624172712383893504, "id_str": "624172712383893504",
            "text": "قالت الوز…", "truncated": True, "extended_tweet": {"full_text": "قالت الوزارة اليوم"},
            "user": {"screen_name": "spa", "description": "كلمة"}, "source": "<a href='x'>Web</a>"}  # fmt: skip
    for value, text, id in ((toot, "قالت الوزارة\nاليوم", "1"), (post, "قالت الوزارة اليوم", "624172712383893504")):
        for name in ("a.jsonl", "a.json"):
            (article,), bad, _ = read(tmp_path / name, [value])
            assert (article.text, article.id, article.source, article.date) == (text, id, "spa", MOMENT)
            assert not bad
    comment = {"text": "نص", "source": "واس", "user": {"username": "x"}}
    assert [a.source for a in read(tmp_path / "a.jsonl", [comment])[0]] == ["واس"]
    archive = [{"tweet": {"id_str": "5", "full_text": "قالت الوزارة", "created_at": "Thu Jul 23 10:20:30 +0000 2015"}}]
    (article,), _, _ = read(tmp_path / "a.json", archive)
    assert (article.text, article.date) == ("قالت الوزارة", datetime(2015, 7, 23, 10, 20, 30, tzinfo=UTC))


def test_a_document_that_ends_early_is_told(tmp_path: Path) -> None:
    whole = json.dumps(telegram())
    for name, text, count in (("a.json", whole[:-200], 1), ("b.json", json.dumps([hit(r) for r in ROWS])[:-40], 4)):
        (tmp_path / name).write_text(text, "utf-8")
        feed = Feed(tmp_path / name)
        assert len(list(feed)) == count
        assert [file.file for file in feed.damaged_files] == [str(tmp_path / name)]


BOLD = {"type": "bold", "text": "🔴 عاجل | الذهب يتراجع"}


@pytest.mark.parametrize(
    ("pieces", "title", "text"),
    [
        (
            [BOLD, "\n\nهبطت الأسعار ", {"type": "link", "text": "https://x.example/1"}],
            "الذهب يتراجع",
            "هبطت الأسعار https://x.example/1",
        ),
        (["🔴 عاجل | ", {"type": "bold", "text": '"معجزة طفل".. عاد\n'}, "النص"], '"معجزة طفل".. عاد', "النص"),
        ([{"type": "hashtag", "text": "#عاجل"}, " ", {"type": "bold", "text": "العنوان"}, "\nالنص"], "العنوان", "النص"),
        ([BOLD, " اليوم في الأسواق"], "", "🔴 عاجل | الذهب يتراجع اليوم في الأسواق"),
        (["قال ", {"type": "bold", "text": "الوزير"}, "\nأمس"], "", "قال الوزير\nأمس"),
        ([BOLD], "", "🔴 عاجل | الذهب يتراجع"),
        ([{"type": "bold", "text": "سطر\nوآخر"}, "\nالنص"], "", "سطر\nوآخر\nالنص"),
    ],
)
def test_a_bold_line_that_opens_a_message_is_its_title(
    pieces: list[Any], title: str, text: str, tmp_path: Path
) -> None:
    message = {
        "id": 2,
        "type": "message",
        "date": "2015-07-23T10:20:30",
        "from": "قناة",
        "from_id": "channel7",
        "text": pieces,
    }
    (article,), bad, _ = read(tmp_path / "a.json", {"name": "قناة", "messages": [message]})
    assert (article.title, article.text, article.url, bad) == (title, text, "", [])


def structs() -> list[dict[str, Any]]:
    """Rows whose publisher, date and address stand in an object; one has none."""
    return [
        {
            "n": number,
            "body": f"نص الخبر رقم {number} من صحيفة في هذا اليوم",
            "meta": None
            if number == 2
            else {
                "publisher": f"p{number}",
                "days": {"printed": f"2025-03-0{number + 1}"},
                "tags": ["a", "b"],
                "url": "http://x.example/a",
            },
        }
        for number in range(4)
    ]


PATHS = {"source": "meta.publisher", "date": "meta.days.printed"}


def test_members_of_structs_by_their_paths(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.Table.from_pylist(structs())
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=2)
    pq.write_table(table, tmp_path / "b.parquet")
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in structs()))
    expected = list(articles_from(structs(), PATHS))
    assert [a.source for a in expected] == ["p0", "p1", "", "p3"]
    assert [a.date and a.date.day for a in expected] == [1, 2, None, 4]
    assert not any(a.url for a in expected)  # usual names inside an object are not guessed
    assert list(read_articles(tmp_path / "a.jsonl", fields=PATHS)) == expected
    assert list(read_articles(tmp_path / "a.parquet", fields=PATHS)) == expected
    assert list(read_articles(tmp_path, fields=PATHS, format="parquet")) == expected * 2
    assert list(articles_from(table, PATHS)) == expected
    for path in (tmp_path / "a.parquet", tmp_path / "a.jsonl"):
        assert [list(block.ids) for block in blocks_from(path, PATHS, 100)] == [[name_of(a) for a in expected]]
    for given, said in (
        (
            {"source": "meta"},
            r"column 'meta' \(given for source\) holds an object a row, not one value; cure: .*meta.publisher",
        ),
        (
            {"date": "meta.tags"},
            r"column 'meta.tags' \(given for date\) holds a list a row, not one value; cure: a column",
        ),
    ):
        for articles in (tmp_path / "a.parquet", tmp_path / "a.jsonl", table):
            with pytest.raises(InputError, match=said):
                list(articles_from(articles, given))
    with pytest.raises(InputError, match=r"no column 'meta\.publishr'"):
        list(read_articles(tmp_path / "a.parquet", fields={"source": "meta.publishr"}))
    with pytest.raises(InputError, match=r"fields={'text': 'words'}"):
        list(articles_from(pa.table({"n": [1], "words": ["نص من أربع كلمات"]})))
    pq.write_table(pa.table({"n": [1], "words": ["نص من أربع كلمات"]}), tmp_path / "c.parquet")
    with pytest.raises(InputError, match="--text-field 'words'"):
        list(Feed(tmp_path / "c.parquet"))
    for rows in (structs(), table):
        kept = dedup(rows, keep="meta.publisher desc", level="exact", fields={"text": "body"})
        assert len(kept.ids) == 4
        with pytest.raises(InputError, match=r"keep 'meta': holds an object, which has no order; cure: .*publisher"):
            dedup(rows, keep="meta", fields={"text": "body"})
