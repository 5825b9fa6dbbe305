"""What tables and APIs write where there is nothing is nothing."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from feed_forms import read
from hypothesis import given, strategies as st
from places import DATA

from clusterer import cluster
from clusterer.articles import Article
from clusterer.io.columns import article_from
from clusterer.io.feed import Feed
from clusterer.io.rows import BadRow
from clusterer.io.values import NOTHING, is_no_date, is_nothing

WORDS = [
    "nan",
    "NaN",
    "NULL",
    "None",
    "N/A",
    "\\N",
    "-",
    "unknown",
    "Unknown",
    "NaT",
    "<NA>",
    " null ",
    "",
    "غير معروف",
]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_for_nothing_is_nothing_in_every_field_but_the_id(word: str, tmp_path: Path) -> None:
    row = {"text": "نص الخبر", **dict.fromkeys(("title", "date", "source", "url"), word)}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "b.csv").write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n", encoding="utf-8")
    for name in ("a.jsonl", "b.csv"):
        feed = Feed(tmp_path / name)
        assert [r.article for r in feed] == [Article("نص الخبر")], name
        assert feed.unreadable_dates == 0
    assert article_from(row) == Article("نص الخبر")
    assert article_from({"text": word, "summary": "موجز", "title": word, "head": "ع"}) == Article("موجز", title="ع")


@pytest.mark.parametrize(
    ("word", "name"), [("none", "none"), ("-", "-"), ("NULL", ""), ("None", ""), ("nan", ""), (" ", "")]
)
def test_an_id_may_be_any_word_but_what_programs_write_for_none(word: str, name: str) -> None:
    assert article_from({"text": "نص", "id": word}).id == name


@given(st.text(max_size=20))
def test_what_is_nothing_is_listed(written: str) -> None:
    assert is_nothing(written) == (written.strip().lower() in NOTHING)


def test_words_that_only_look_like_nothing_stay(tmp_path: Path) -> None:
    row = {"text": "لا يوجد ما يمنع", "title": "None of them", "source": "Unknown Times", "id": "0", "url": "n"}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    (article,) = read(tmp_path / "a.jsonl")[0]
    assert article == Article("لا يوجد ما يمنع", "0", "None of them", "Unknown Times", "n")


def test_a_text_of_nothing_is_a_bad_row_unless_there_is_a_title(tmp_path: Path) -> None:
    rows = [
        {"text": "[Removed]", "title": "[Removed]"},
        {"text": "NULL", "title": "عنوان"},
        {"text": ""},
        {"text": None},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    articles, bad = read(tmp_path / "a.jsonl")
    assert articles == [Article("", title="عنوان"), Article("")]
    assert [row.reason.partition(" and")[0] for row in bad] == [
        "text (column 'text') is '[Removed]', which says nothing,", "text (column 'text') is null"]  # fmt: skip
    frames = pytest.importorskip("pandas")
    assert len(cluster(frames.DataFrame(rows))) == 4  # results stay aligned with the rows of a frame


@pytest.mark.parametrize(
    "value", ["1970-01-01", "1970-01-01T00:00:00Z", "1970-01-01 03:00:00+03:00", 0, "0", "0000-00-00 00:00:00", "0001-01-01",
              "1900-01-01T00:00:00", "9999-12-31", {"$date": "1970-01-01T00:00:00Z"}]
)  # fmt: skip
def test_the_first_day_of_a_calendar_is_no_date(value: Any, tmp_path: Path) -> None:
    rows = [
        {"text": "x", "date": value},
        {"text": "y", "date": value, "published": "2016-04-17"},
        {"text": "z", "date": value},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    feed = Feed(tmp_path / "a.jsonl")
    assert [row.article.date for row in feed] == [None, datetime(2016, 4, 17, tzinfo=UTC), None]
    assert feed.unreadable_dates == 0


def test_other_days_of_1970_are_dates() -> None:
    assert article_from({"text": "x", "date": "1970-01-02"}).date == datetime(1970, 1, 2, tzinfo=UTC)
    assert not is_no_date("1970-02-01")


def test_a_feed_of_sources_that_are_nothing_is_grouped_as_without(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (DATA / "feed.jsonl").read_text("utf-8").splitlines()]
    expected = None
    for source, date in (("", ""), ("nan", "nan"), ("unknown", "1970-01-01"), (None, 0)):
        changed = [{**row, "source": source, "date": date} for row in rows]
        (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in changed))
        found = cluster(row.article for row in Feed(tmp_path / "a.jsonl")).assignments
        expected = expected or found
        assert found == expected, (source, date)


LETTERS = "أعلنت وزارة التعليم موعد بدء العام الدراسي الجديد في جميع المدارس"
NO_NUMBERS = ["NaN", "Infinity", "-Infinity"]
FIELDS = ["id", "title", "text", "url", "source", "date", "views", "tags"]


@given(
    st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(NO_NUMBERS), min_size=1),
    st.sampled_from([(", ", ": "), (",", ":")]),
    st.sampled_from(["a.jsonl", "a.json"]),
)
def test_numbers_that_json_has_not_are_null(none: dict[str, str], separators: tuple[str, str], name: str) -> None:
    quoted = 'NaN, -Infinity: \\" NaN '  # in a string they are letters
    rows = [
        {
            "id": "12345678901234567890123", "title": quoted, "text": f"{quoted} {LETTERS} {i}", "views": i,
            "url": f"https://a.example/{i}", "source": "a.example", "date": f"2024-01-0{i + 1}", "tags": ["NaN"],
        }
        for i in range(3)
    ]  # fmt: skip
    written, nulls = ([dict(row) for row in rows] for _ in range(2))
    for field, word in none.items():
        written[1][field] = [float(word)] if field == "tags" else float(word)
        nulls[1][field] = [None] if field == "tags" else None
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for values in (written, nulls):
            lines = [json.dumps(row, ensure_ascii=False, separators=separators) for row in values]
            path = Path(folder, name)
            path.write_text("\n".join(lines) if name.endswith("l") else f"[{','.join(lines)}]")
            bad: list[BadRow] = []
            good = list(Feed(path, on_bad=bad.append))
            found.append(([row.article for row in good], [(one.line, one.reason) for one in bad]))
            if values is written:
                assert [row.raw for row in good] == [line.encode() for i, line in enumerate(lines) if i != 1 or not bad]
    assert found[0] == found[1]
    assert len(found[0][0]) + len(found[0][1]) == 3


def test_what_is_broken_behind_such_a_number_is_told_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for raw in (b'{"views": NaN, "text": oops}', b'{"views": 1.5, "text": oops}'):
        bad: list[BadRow] = []
        path.write_bytes(b'{"text": "%s"}\n' % LETTERS.encode() + raw)
        assert len(list(Feed(path, on_bad=bad.append))) == 1
        position = raw.index(b"oops") + 1
        assert f"at character {position};" in bad[0].reason
