"""Which column is read as what, told by what the first rows hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from feed_forms import read

from clusterer.articles import Article
from clusterer.io.dates import parse_date
from clusterer.io.feed import Feed
from clusterer.io.inputs import articles_from

TEXTS = [
    f"قالت الوزارة في بيان لها اليوم إن العمل مستمر في المشروع رقم {i} وأضافت أن {name} سيفتتح في نهاية العام الحالي"
    for i, name in enumerate(("الجسر", "المطار", "المستشفى", "الملعب", "المتحف", "الميناء"))
]
SITE = "موقع الأخبار الأول لمتابعة آخر الأخبار"


def feed_of(rows: Sequence[dict[str, Any]], folder: Path, **options: Any) -> Feed:
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return Feed(path, **options)


def articles_of(rows: Sequence[dict[str, Any]], folder: Path, **options: Any) -> list[Article]:
    return [row.article for row in feed_of(rows, folder, **options)]


TEXT_COLUMNS: dict[str, dict[str, list[str]]] = {
    "an empty one first": {"content": [""] * 6, "description": TEXTS},
    "nothing in words first": {"content": ["null"] * 6, "body": TEXTS},
    "a word on the site first": {"description": [SITE] * 6, "raw_content": TEXTS},
    "a word on the site in a full column": {"content": [SITE] * 6, "summary": TEXTS},
    "an unusual name beside a word on the site": {"description": [SITE] * 6, "contenu": TEXTS},
    "an unusual name beside an abstract": {"summary": [text[:30] for text in TEXTS], "page": TEXTS},
    "a caption first": {"text": ["صورة"] * 3 + ["رسم"] * 3, "article_body": TEXTS},
    "the cut text first": {"text": [text[:40] + "…" for text in TEXTS], "full_text": TEXTS},
    "a whole page beside the text": {
        "text": TEXTS, "content": [f"<!DOCTYPE html><html><body><nav>رياضة</nav>{text * 2}</body></html>" for text in TEXTS],
    },
    "an abstract beside the text": {"summary": [text[:50] for text in TEXTS], "text": TEXTS},
    "the same text as it came and cleaned": {"text": TEXTS, "raw_text": TEXTS},
}  # fmt: skip


@pytest.mark.parametrize("kind", TEXT_COLUMNS)
def test_the_text_is_the_column_that_holds_texts(kind: str, tmp_path: Path) -> None:
    columns = TEXT_COLUMNS[kind]
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    assert [article.text for article in articles_of(rows, tmp_path)] == TEXTS
    (tmp_path / "a.json").write_text(json.dumps({"articles": rows}))
    assert [article.text for article in read(tmp_path / "a.json")[0]] == TEXTS
    assert [article.text for article in articles_from(rows)] == TEXTS
    table = [list(columns), *([cell.replace(",", "") for cell in row.values()] for row in rows)]
    (tmp_path / "a.csv").write_text("".join(",".join(row) + "\n" for row in table), encoding="utf-8")
    assert [article.text for article in read(tmp_path / "a.csv")[0]] == TEXTS
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    assert [article.text for article in articles_from(pandas.DataFrame(rows))] == TEXTS
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "a.parquet")
    assert [article.text for article in read(tmp_path / "a.parquet")[0]] == TEXTS


def test_each_row_is_read_from_its_first_column_that_is_filled(tmp_path: Path) -> None:
    rows = [{"content": text if i % 2 else "", "description": "وصف قصير", "title": None, "headline": "ع"}
            for i, text in enumerate(TEXTS)]  # fmt: skip
    feed = feed_of(rows, tmp_path)
    articles = [row.article for row in feed]
    assert [a.text for a in articles] == [text if i % 2 else "وصف قصير" for i, text in enumerate(TEXTS)]
    assert {a.title for a in articles} == {"ع"}
    assert feed.reading == "text content else description, title headline, date none, source none, url none, id none"
    assert not feed.notes


def test_a_close_choice_is_told_and_a_named_column_is_not_chosen_again(tmp_path: Path) -> None:
    rows = [{"text": text, "body": " ".join(f"كلمة{i}{n}" for n in range(20))} for i, text in enumerate(TEXTS)]
    feed = feed_of(rows, tmp_path)
    assert [row.article.text for row in feed] == TEXTS
    assert feed.notes == ["texts stand in 'text' and 'body'; 'text' was read; cure: --text-field 'body' for the other"]
    feed = feed_of(rows, tmp_path, fields={"text": "body"})
    assert [row.article.text for row in feed] == [row["body"] for row in rows]
    assert not feed.notes


def test_texts_that_are_alike_are_not_taken_for_a_word_on_the_site(tmp_path: Path) -> None:
    rows = [{"text": TEXTS[0], "summary": "ملخص"}, {"text": TEXTS[0], "summary": "خلاصة"}]
    assert [a.text for a in articles_of(rows, tmp_path)] == [TEXTS[0]] * 2


def test_shards_of_one_feed_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": "صورة", "body": text}) + "\n" for text in TEXTS))
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": "صورة أخرى أطول من نص هذا الخبر", "body": "خبر"}))
    assert [article.text for article in read(tmp_path)[0]] == [*TEXTS, "خبر"]


DATE_COLUMNS: dict[str, tuple[list[str], dict[str, list[str]]]] = {
    "the same day with its hour": (
        [f"2025-03-0{i}T06:10" for i in range(1, 7)],
        {
            "date": [f"2025-03-0{i}" for i in range(1, 7)],
            "dateTime": [f"2025-03-0{i}T08:10+02:00" for i in range(1, 7)],
        },
    ),
    "one moment in all rows": (
        [f"2025-03-0{i}T08:10" for i in range(1, 7)],
        {"date": ["2025-03-10T00:00:05"] * 6, "published": [f"2025-03-0{i} 08:10" for i in range(1, 7)]},
    ),
    "unreadable ones": (
        [f"2025-03-0{i}T08:10" for i in range(1, 7)],
        {"date": ["قريبا"] * 6, "created_at": [f"2025-03-0{i} 08:10" for i in range(1, 7)]},
    ),
    "another day": (
        [f"2025-03-0{i}" for i in range(1, 7)],
        {"date": [f"2025-03-0{i}" for i in range(1, 7)], "updated": [f"2025-04-0{i} 08:10" for i in range(1, 7)]},
    ),
}


@pytest.mark.parametrize("kind", DATE_COLUMNS)
def test_the_date_is_the_column_that_tells_most(kind: str, tmp_path: Path) -> None:
    expected, columns = DATE_COLUMNS[kind]
    rows = [{"text": text, **dict(zip(columns, cells, strict=True))}
            for text, *cells in zip(TEXTS, *columns.values(), strict=True)]  # fmt: skip
    feed = feed_of(rows, tmp_path)
    assert [row.article.date for row in feed] == [datetime.fromisoformat(date).replace(tzinfo=UTC) for date in expected]
    assert feed.unreadable_dates == 0


def test_a_source_that_is_an_address_is_where_the_article_stands(tmp_path: Path) -> None:
    place = "https://www.spa.example/news/7"
    for row, source, url in (
        ({"source": place, "source-hostname": "واس"}, "واس", place),
        ({"source": place, "hostname": "spa.example"}, "spa.example", place),
        ({"source": place}, "", place),
        ({"source": place, "url": "https://m.spa.example/7"}, "", "https://m.spa.example/7"),
        ({"source": "https://www.spa.example/"}, "spa.example", ""),
        ({"source": "spa.example"}, "spa.example", ""),
    ):
        (article,) = articles_of([{"text": TEXTS[0], **row}], tmp_path)
        assert (article.source, article.url) == (source, url), row
    (article,) = articles_of([{"text": "x", "source": place}], tmp_path, fields={"source": "source"})
    assert (article.source, article.url) == (place, "")


def test_a_source_of_all_hosts_is_no_outlet(tmp_path: Path) -> None:
    def rows(host: str, **more: str) -> list[dict[str, str]]:
        return [
            {"text": text, "source": "أخبار الكل", "url": f"https://{host % i}/{i}", **more}
            for i, text in enumerate(TEXTS)
        ]

    feed = feed_of(rows("www.site%d.example"), tmp_path)
    assert [row.article.outlet for row in feed] == [f"site{i}.example" for i in range(6)]
    assert feed.notes[0].startswith("source 'أخبار الكل' stands in every row, and the URLs are of 6 hosts")
    assert {a.outlet for a in articles_of(rows("s%d.spa.example"), tmp_path)} == {"أخبار الكل"}  # parts of one site
    named = articles_of(rows("www.site%d.example"), tmp_path, fields={"source": "source"})
    assert {a.outlet for a in named} == {"أخبار الكل"}
    by_publisher = [{**row, "publisher": f"صحيفة {i}"} for i, row in enumerate(rows("www.site%d.example"))]
    assert [a.outlet for a in articles_of(by_publisher, tmp_path)] == [f"صحيفة {i}" for i in range(6)]


@pytest.mark.parametrize("default", ["2000-01-01", "2025-01-15T12:00:00", "2025-02-28T03:04:05"])
def test_a_date_of_more_than_a_third_of_the_rows_is_a_default(default: str, tmp_path: Path) -> None:
    rows = [
        {"text": f"{TEXTS[i % 6]} {i}", "date": default if i % 2 else f"2025-03-{i + 1:02} 10:{i:02}"}
        for i in range(20)
    ]
    feed = feed_of(rows, tmp_path)
    assert [row.article.date is None for row in feed] == [i % 2 == 1 for i in range(20)]
    assert "is the date of 10 of the first 20 rows, unlike the others: a default, read as no date" in feed.notes[0]
    known = default == "2000-01-01"
    assert ("cure: --date-field 'date' to believe it" in feed.notes[0]) is not known
    assert feed.notes[1] == "10 dates stand for none, such as 1970-01-01"
    assert feed.unreadable_dates == 0
    named = Feed(tmp_path / "a.jsonl", fields={"date": "date"})
    assert [row.article.date is None for row in named] == [known and i % 2 == 1 for i in range(20)]


def _many(default: str, others: list[str]) -> list[str]:
    return [date for other in others for date in (default, other)]


@pytest.mark.parametrize(
    "dates",
    [
        _many("24/07/2015", [f"٢٤ يوليو ٢٠١٥ {i}:١٥ م" for i in range(1, 11)]),  # a day, half of it without hours
        _many("2015-07-24T00:00+03:00", [f"2015-07-24T{i:02}:15+03:00" for i in range(10)]),
        _many("2015-07-24T12:13:14", [f"2015-07-{20 + i // 2} {i:02}:15" for i in range(10)]),  # a week, and an export
        _many("2015-07-24", [f"2015-{i:02}-03 {i:02}:15" for i in range(1, 11)]),  # a day amid a year
        _many(
            "2015-07-24T03:00", [f"2015-07-{i + 10} {i:02}:15" for i in range(1, 11)]
        ),  # an edition within a fortnight
        _many("2024-01-01", [f"2024-01-{i + 10} {i:02}:15" for i in range(1, 11)]),
        ["2015-07-24T12:13:14"] * 20,
        ["2025-03-04"] * 20,
        ["2025-03-04"] * 15 + ["2025-03-05"] * 5,
        ["2025-03-04T03:00"] * 16 + ["2025-03-05T03:00"] * 4,  # a paper's editions
        ["2025-01-01"] * 12 + ["2025-01-02"] * 4 + ["2025-01-03"] * 4,
        ["2025-03-04T10:00"] * 2 + ["2025-03-04T10:05"],
    ],
)
def test_days_with_many_articles_are_no_defaults(dates: list[str], tmp_path: Path) -> None:
    articles = articles_of([{"text": f"{TEXTS[i % 6]} {i}", "date": date} for i, date in enumerate(dates)], tmp_path)
    assert [a.date for a in articles] == [parse_date(date) for date in dates]


@pytest.mark.parametrize(
    "default", ["1970-01-01", "0001-01-01T00:00:00", "1900-01-01", "0000-00-00 00:00:00", "1980-01-01"]
)
def test_known_defaults_are_no_dates_of_a_named_column_either(default: str, tmp_path: Path) -> None:
    dates = _many(default, [f"2015-07-24 {i:02}:15" for i in range(10)])
    rows = [{"text": f"{TEXTS[i % 6]} {i}", "date": date} for i, date in enumerate(dates)]
    articles = articles_of(rows, tmp_path, fields={"date": "date"})
    assert [article.date is None for article in articles] == [True, False] * 10


def test_two_columns_of_one_name_are_both_read(tmp_path: Path) -> None:
    data = f"id,text,text,Source,source\n1,,{TEXTS[0]},,واس\n2,{TEXTS[1]},,,\n3,,,سانا,\n"
    (tmp_path / "a.csv").write_text(data, encoding="utf-8")
    articles, bad = read(tmp_path / "a.csv")
    assert [(a.text, a.source) for a in articles] == [(TEXTS[0], "واس"), (TEXTS[1], ""), ("", "سانا")]
    assert not bad
    feed = Feed(tmp_path / "a.csv", fields={"text": "text#2"})
    assert [row.article.text for row in feed] == [TEXTS[0], "", ""]


def test_the_articles_are_the_array_with_the_most_text(tmp_path: Path) -> None:
    items = [{"id": str(i), "text": text, "parts": [{"text": "x" * 999}]} for i, text in enumerate(TEXTS)]
    others = [{"id": "s", "description": "صحيفة يومية"}]
    for document in (
        {"sort": [{"name": "best", "id": "r"}], "value": items},
        {"sources": others, "data": {"items": items}},
        {"items": items, "sources": others},
        {"pages": [{"n": 1}], "more": {"sources": others, "items": items}},
    ):
        whole = json.dumps(document, ensure_ascii=False).encode()
        (tmp_path / "a.json").write_bytes(whole)
        articles, bad = read(tmp_path / "a.json")
        assert ([a.text for a in articles], bad) == (TEXTS, []), document
    cut = json.dumps({"sources": others, "items": items}, ensure_ascii=False).encode()[:-30]
    (tmp_path / "a.json").write_bytes(cut)
    articles, bad = read(tmp_path / "a.json")
    assert [a.text for a in articles] == TEXTS[:-1]
    assert [row.line for row in bad] == [6]


def test_objects_without_a_line_end_between_them_are_rows(tmp_path: Path) -> None:
    rows = [{"id": str(i), "text": text + " }{ "} for i, text in enumerate(TEXTS)]
    for name, data in {
        "a.jsonl": "".join(json.dumps(row) for row in rows),
        "b.json": "".join(json.dumps(row) for row in rows),
        "c.json": "\n".join(json.dumps(row, indent=2) for row in rows),
        "d.jsonl": "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n",
        "e.json": '{"data": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]}\n",
        "f.jsonl": json.dumps(rows[0]) + "\n" + " ".join(json.dumps(row) for row in rows[1:]) + "\n",
    }.items():
        (tmp_path / name).write_text(data)
        articles, bad = read(tmp_path / name)
        assert ([a.id for a in articles], bad) == ([row["id"] for row in rows], []), name


def test_ids_of_any_length_keep_their_digits(tmp_path: Path) -> None:
    ids = [2**53 + 1, 2**64 - 1, 2**64 + 1, 10**30 + 7, -(2**70) - 1]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"id": id, "text": "x"}) + "\n" for id in ids))
    (tmp_path / "b.json").write_text(json.dumps([{"id": id, "text": "x"} for id in ids]))
    for name in ("a.jsonl", "b.json"):
        assert [a.id for a in read(tmp_path / name)[0]] == [str(id) for id in ids]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_damaged_row_tells_nothing_of_columns(ending: str, tmp_path: Path) -> None:
    """Found by `make fuzz`: what was kept of a table was read by another column."""
    rows = [["1", "a", "\0" * 90 + "b" * 90], ["2", "a longer one", "short"]]
    path = tmp_path / f"a.{ending}"
    if ending == "csv":
        path.write_text("\n".join(map(",".join, [["id", "text", "body"], *rows])) + "\n")
    else:
        path.write_text("".join(json.dumps(dict(zip(("id", "text", "body"), row, strict=True))) + "\n" for row in rows))
    assert [row.article.text for row in Feed(path)][-1] == "a longer one"
