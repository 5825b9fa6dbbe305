"""Which columns are read as what."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from clusterer.articles import Article
from clusterer.io.columns import FIELD_NAMES, RowError, article_from
from clusterer.io.feed import Feed


def test_every_usual_name_is_found() -> None:
    for attribute, names in FIELD_NAMES.items():
        for name in names:
            row = {"text": "x"} | {name.upper().replace("_", " "): "2015-07-23"}
            if attribute == "text":
                row = {name.title(): "2015-07-23"}
            value = getattr(article_from(row), attribute)
            assert value == (datetime(2015, 7, 23, tzinfo=UTC) if attribute == "date" else "2015-07-23"), name


def test_fields_can_be_given() -> None:
    row = {"text": "no", "body_ar": "yes", "k": 5, "source": {"id": None, "name": "واس"}, "_id": {"$oid": "f00"}}
    assert article_from(row, {"text": "Body_AR", "id": "k"}) == Article("yes", "5", source="واس")
    assert article_from(row) == Article("no", "f00", source="واس")
    assert article_from({"text": "x", "url": "u"}).id == "u"
    with pytest.raises(RowError, match=r"found columns: text; cure: leave it out, .*expected 'nope'"):
        article_from({"text": "x"}, {"text": "nope"})


def test_marks_in_names_of_columns_do_not_matter() -> None:
    row = {"المُتـــن": "نص", "\u200fالعُنوان": "عنوان", "media": "واس"}
    assert article_from(row) == Article("نص", title="عنوان", source="واس")


def test_a_picture_is_no_source() -> None:
    picture = "https://spa.example/1.jpg"
    for media in (picture, {"url": picture}, [picture]):
        assert article_from({"text": "x", "media": media}).source == ""
        assert article_from({"text": "x", "media": media, "channel": "واس"}).source == "واس"
    assert article_from({"text": "x", "media": picture}, {"source": "media"}).source == picture


@pytest.mark.parametrize(
    ("row", "cure"),
    [
        (
            {"id": "1", "العنوان": "ع" * 99, "القسم": "ق" * 99, "المضمون": "نص من أربع كلمات"},
            "cure: --text-field 'المضمون';",
        ),
        ({"id": "1", "it's": "x y z w"}, "cure: --text-field 'it'\\''s';"),
        ({"id": "1", "date": "x"}, "cure: leave it out, or name its column in a run of its own, --text-field NAME;"),
        ({"id": "1", "القسم": "رياضة"}, "found columns: id, القسم; cure: leave it out, or name its column"),
        ({}, "found columns: (none); cure: leave it out, "),
    ],
)
def test_the_cure_of_a_row_without_a_text_is_filled_in(row: dict[str, str], cure: str) -> None:
    with pytest.raises(RowError) as error:
        article_from(row)
    told = str(error.value)
    assert told.startswith("found columns: ")
    assert cure in told
    assert told.endswith("so far there is no text field")


def test_what_columns_were_read_as_is_known_where_rows_agree(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("النص,التاريخ,text\nx,y,z\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "x", "التاريخ": "y"}\n{"text": "x", "التاريخ": "y", "no": 1}')
    (tmp_path / "c.txt").write_text("x")
    columns = {"text": "text", "title": "", "date": "التاريخ", "source": "", "url": "", "id": ""}
    for paths, expected in {
        ("a.csv",): columns,
        ("a.csv", "b.jsonl"): columns,
        ("a.csv", "c.txt"): None,
        ("c.txt",): None,
    }.items():
        feed = Feed([tmp_path / path for path in paths])
        assert feed.read_as is None
        list(feed)
        assert feed.read_as == expected, paths
    (tmp_path / "d.csv").write_text("النص\nx\n", encoding="utf-8")
    feed = Feed([tmp_path / "a.csv", tmp_path / "d.csv"])
    list(feed)
    assert feed.read_as is None
