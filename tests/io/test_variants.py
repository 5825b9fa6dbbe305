"""One article in the many forms that programs and interfaces give it: fields under other names, JSON in other wrappings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from feed_forms import ARTICLES, ROWS, read, table

from clusterer.io.dates import parse_date
from clusterer.io.feed import Feed

TEXTS = [row["text"] for row in ROWS]
WITHOUT_ID = [{name: value for name, value in row.items() if name != "id"} for row in ROWS]
SITE = "موقع الأخبار الأول في العالم العربي لمتابعة آخر الأخبار العاجلة والتقارير"
LISTED = [{"id": i, "name": f"تصنيف {i}", "description": f"{SITE} {i}"} for i in range(9)]
Document = Any


def lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


DOCUMENTS: dict[str, Document] = {
    "categories-first": {"categories": LISTED, "articles": ROWS},
    "authors-after": {"articles": ROWS, "authors": LISTED},
    "facets": {"response": {"facets": LISTED, "docs": ROWS}},
    "included": {"data": [{"type": "articles", "attributes": row} for row in ROWS], "included": LISTED},
    "two-lists": {"featured": ROWS[:1], "latest": ROWS[1:]},
    "pages-in-a-list": [{"items": ROWS[:2]}, {"items": []}, {"items": ROWS[2:]}],
    "under-their-keys": {row["id"]: rest for row, rest in zip(ROWS, WITHOUT_ID, strict=True)},
    "under-their-keys-inside": {"articles": {row["id"]: rest for row, rest in zip(ROWS, WITHOUT_ID, strict=True)}},
    "a-list-a-column": {name: [row[name] for row in ROWS] for name in ROWS[0]},
    "rows-of-a-viewer": {"features": [{"name": "id"}], "rows": [{"row_idx": i, "row": r} for i, r in enumerate(ROWS)]},
    "guardian": {"response": {"results": [
        {"id": r["id"], "webTitle": r["title"], "webUrl": r["url"], "webPublicationDate": r["date"], "source": r["source"],
         "fields": {"bodyText": r["text"]}} for r in ROWS]}},
}  # fmt: skip

LINES: dict[str, str] = {
    "lists": lines([ROWS[:2], ROWS[2:]]),
    "an-empty-page": lines([{"status": "ok", "articles": ROWS}, {"status": "ok", "articles": []}]),
    "bulk": lines([part for r, rest in zip(ROWS, WITHOUT_ID, strict=True) for part in ({"index": {"_id": r["id"]}}, rest)]),
    "one-array": json.dumps(ROWS),
    "pretty": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "pages-glued": "".join(json.dumps({"items": rows}) for rows in (ROWS[:2], ROWS[2:])),
    "commas": ",\n".join(json.dumps(row) for row in ROWS),
    "wrapped-lines": '{"data":[\n' + ",\n".join(json.dumps(row) for row in ROWS) + "\n]}",
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_articles_of_a_document_are_found(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(DOCUMENTS[name], ensure_ascii=False), "utf-8")
    assert read(tmp_path / "a.json") == (ARTICLES, [])


@pytest.mark.parametrize("ending", ["jsonl", "json", "txt"])
@pytest.mark.parametrize("name", LINES)
def test_the_articles_of_lines_are_found_whatever_the_ending(name: str, ending: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{ending}").write_text(LINES[name], "utf-8")
    assert read(tmp_path / f"a.{ending}") == (ARTICLES, [])


def test_a_table_saved_as_a_text_is_a_table_and_a_text_with_commas_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(table(","), "utf-8")
    assert read(tmp_path / "a.txt") == (ARTICLES, [])
    (tmp_path / "a.txt").write_text("text, and title, and date of it\nWhat follows is a text, no more.\n", "utf-8")
    assert len(read(tmp_path / "a.txt")[0]) == 1


def test_other_objects_with_texts_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"categories": LISTED, "articles": ROWS}), "utf-8")
    feed = Feed(tmp_path / "a.json")
    assert len(list(feed)) == len(ROWS)
    assert any("9 objects under 'categories'" in note for note in feed.notes)


def test_what_stands_behind_a_broken_documents_array_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"articles": ROWS})[:-1], "utf-8")
    articles, bad = read(tmp_path / "a.json")
    assert articles == ARTICLES
    assert [row.reason for row in bad] == [
        "the file ends early: the document is not closed; cure: fetch the file again"
    ]
    (tmp_path / "a.json").write_text(json.dumps({"articles": ROWS}) + "]" + json.dumps(ROWS[0]), "utf-8")
    assert "broken behind its array" in read(tmp_path / "a.json")[1][0].reason


@pytest.mark.parametrize(
    ("field", "attribute"),
    [
        *((name, "text") for name in ("bodyText", "raw_content", "content.rendered", "_source.body", "html_text")),
        *((name, "date") for name in ("seendate", "webPublicationDate", "dc:date", "article:published_time", "createdTime")),
        *((name, "source") for name in ("sourceName", "og:site_name", "provider", "source.name")),
        *((name, "title") for name in ("webTitle", "title.rendered", "og:title", "newsTitle")),
        *((name, "url") for name in ("webUrl", "pageUrl", "og:url")),
        *((name, "id") for name in ("uri", "newsId", "articleID")),
    ],
)  # fmt: skip
def test_fields_are_found_by_the_names_that_programs_give_them(field: str, attribute: str, tmp_path: Path) -> None:
    rows = [{**{k: v for k, v in row.items() if k != attribute}, field: row[attribute]} for row in ROWS]
    if field == "html_text":  # no usual name: found beside a word on the site
        rows = [{**row, "description": SITE} for row in rows]
    (tmp_path / "a.jsonl").write_text(lines(rows), "utf-8")
    assert read(tmp_path / "a.jsonl") == (ARTICLES, [])


def test_a_field_of_html_without_words_hides_none(tmp_path: Path) -> None:
    rows = [{**row, "content": row["text"], "text": None, "description": row["text"]} for row in ROWS]
    rows[1]["content"] = "<p>&nbsp;</p>"
    (tmp_path / "a.jsonl").write_text(lines(rows), "utf-8")
    assert [article.text for article in read(tmp_path / "a.jsonl")[0]] == TEXTS


def test_ids_as_databases_write_them_are_kept(tmp_path: Path) -> None:
    rows = [{**row, "id": {"$numberLong": str(2**65 + i)}} for i, row in enumerate(ROWS)]
    (tmp_path / "a.jsonl").write_text(lines(rows), "utf-8")
    assert [article.id for article in read(tmp_path / "a.jsonl")[0]] == [str(2**65 + i) for i in range(len(ROWS))]


def test_a_message_is_a_text_where_it_has_an_id_and_a_date(tmp_path: Path) -> None:
    rows = [{"id": r["id"], "date": r["date"], "message": r["text"]} for r in ROWS]
    (tmp_path / "a.jsonl").write_text(lines(rows), "utf-8")
    assert [article.text for article in read(tmp_path / "a.jsonl")[0]] == TEXTS
    (tmp_path / "b.jsonl").write_text(lines([{"status": "error", "message": "key expired"}]), "utf-8")
    assert not read(tmp_path / "b.jsonl")[0]


@pytest.mark.parametrize(
    ("date", "right"),
    [
        ("أمس الأول", "2016-04-15T00:00"),
        ("منذ نصف ساعة", "2016-04-17T11:30"),
        ("قبل ربع ساعة", "2016-04-17T11:45"),
        ("قبل لحظات", "2016-04-17T12:00"),
        ("half an hour ago", "2016-04-17T11:30"),
        ("2016-04-17 10:30:00 Asia/Riyadh", "2016-04-17T07:30"),
        ("17 أبريل 2016 10:30 Africa/Nowhere", "2016-04-17T10:30"),
    ],
)
def test_dates_told_from_the_day_and_in_named_zones(date: str, right: str) -> None:
    now = datetime(2016, 4, 17, 12, tzinfo=UTC)
    assert parse_date(date, now=now) == datetime.fromisoformat(right).replace(tzinfo=UTC)


def test_a_feed_cut_inside_a_letter_keeps_the_letters_before(tmp_path: Path) -> None:
    items = "".join(f"<item><guid>{i}</guid><description><![CDATA[{TEXTS[0]}]]></description></item>" for i in range(3))
    whole = f'<?xml version="1.0"?><rss version="2.0"><channel><title>واس</title>{items}'.encode()
    cut = whole[: whole.rindex("ل".encode()) + 1]
    (tmp_path / "a.rss").write_bytes(cut)
    articles, bad = read(tmp_path / "a.rss")
    assert {article.text for article in articles} == {TEXTS[0]}
    assert len(bad) == 1
