"""Databases and what they dump: SQLite, `.sql` of four programs, tables of text with escapes, workbooks."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import sqlite3
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from commands import run
from feed_forms import ARTICLES, MOMENT, ROWS, dump, read

from clusterer.errors import InputError
from clusterer.io import BadRow, Feed, write_rows
from clusterer.io.walk_words import is_loss
from clusterer.io.work_folder import WorkFolder
from clusterer.reading import InputReader
from clusterer.settings import Settings

HARD = "قال: \"لن يتوقف\";\n(بين قوسين), و'اقتباس' \\ وخط\\n\tجدولة\n);\nINSERT INTO x VALUES (1)"
"""A text with all that dumps must escape."""


def make(path: Path, *scripts: str) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as database:
        for script in scripts:
            database.executescript(script)
    return path


def test_the_one_table_of_texts_is_found(tmp_path: Path) -> None:
    path = make(tmp_path / "news.db", "CREATE TABLE tags (id, name); INSERT INTO tags VALUES (1, 'a')", dump())
    assert read(path) == (ARTICLES, [])
    with gzip.open(tmp_path / "news.sqlite.gz", "wb") as packed:
        packed.write(path.read_bytes())
    assert read(tmp_path / "news.sqlite.gz") == (ARTICLES, [])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "inner/news.db")
    assert read(tmp_path / "a.zip") == (ARTICLES, [])


def test_a_path_names_the_table(tmp_path: Path) -> None:
    other = "CREATE TABLE other (id, body, extra); INSERT INTO other VALUES ('o', 'نص آخر', x'ff00'), ('p', NULL, NULL)"
    path = make(tmp_path / "news.db", dump(), other, 'CREATE VIEW "a ""view""" AS SELECT id, text FROM articles')
    assert [a.text for a in read(Path(f"{path}::articles"))[0]] == [a.text for a in ARTICLES]
    assert [a.id for a in read(Path(f'{path}::a "view"'))[0]] == [a.id for a in ARTICLES]
    articles, bad = read(Path(f"{path}::other"))
    assert [a.id for a in articles] == ["o"]
    assert [(row.file, row.line) for row in bad] == [(f"{path}::other", 2)]
    assert "text (column 'body') is null" in bad[0].reason
    with pytest.raises(InputError, match=r"tables articles, other, .* cure: .*news\.db::TABLE"):
        read(path)
    with pytest.raises(InputError, match="no table 'none'; cure: one of articles, other, a"):
        read(Path(f"{path}::none"))
    assert write_rows(tmp_path / "out.jsonl", Feed(f"{path}::other"), "jsonl") == 1


def test_tables_of_duckdb(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "news.db"
    with contextlib.closing(duckdb.connect(str(path))) as database:
        database.execute(
            "CREATE TABLE articles (id HUGEINT, title VARCHAR, body VARCHAR, date TIMESTAMPTZ, tags VARCHAR[])"
        )
        rows = [(2**65 + i, r["title"], r["text"], MOMENT, ["a"]) for i, r in enumerate(ROWS)]
        database.executemany("INSERT INTO articles VALUES (?, ?, ?, ?, ?)", rows)
        database.execute('CREATE SCHEMA old; CREATE TABLE old."the news" AS SELECT * FROM articles LIMIT 2')
        database.execute("CREATE VIEW short AS SELECT id, body FROM articles")
    articles, bad = read(Path(f"{path}::articles"))
    assert [(a.id, a.title, a.text, a.date) for a in articles] == [
        (str(2**65 + i), r["title"], r["text"], MOMENT) for i, r in enumerate(ROWS)
    ]
    assert not bad
    assert len(read(Path(f"{path}::old.the news"))[0]) == 2
    assert len(read(Path(f"{path}::short"))[0]) == len(ROWS)
    with pytest.raises(InputError, match=r"tables articles, .*short.* cure: .*news\.db::TABLE"):
        read(path)
    data = path.read_bytes()
    (tmp_path / "cut.duckdb").write_bytes(data[: len(data) // 2])
    feed = Feed(tmp_path / "cut.duckdb")
    assert not list(feed)
    assert "the database cannot be read here" in feed.damaged_files[0].reason
    (tmp_path / "none.db").write_bytes(b"no database at all")
    feed = Feed(tmp_path / "none.db")
    assert not list(feed)
    assert "the database cannot be read here" in feed.damaged_files[0].reason


def test_damage_of_a_database_is_told(tmp_path: Path) -> None:
    rows = "; ".join(f"INSERT INTO a VALUES ({i}, '{'نص ' * 900}')" for i in range(40))
    path = make(tmp_path / "a.db", "CREATE TABLE a (id INTEGER PRIMARY KEY, text)", rows)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    feed = Feed(path)
    found = list(feed)
    assert len(found) < 40
    assert [file.file for file in feed.damaged_files] == [str(path)]
    assert "cure: " in feed.damaged_files[0].reason
    path = make(tmp_path / "b.db", "CREATE TABLE a (id, text)")
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO a VALUES (1, CAST(x'd98aff' AS TEXT))")
        database.execute("INSERT INTO a VALUES (2, 'نص')")
        database.commit()
    articles, bad = read(path)
    assert [a.id for a in articles] == ["2"]
    assert "not valid UTF-8 at character 2; cure" in bad[0].reason


def mysql(value: str | None) -> str:
    """A value as mysqldump writes it."""
    if value is None:
        return "NULL"
    for raw, written in (("\\", "\\\\"), ("'", "\\'"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\0", "\\0")):
        value = value.replace(raw, written)
    return f"'{value}'"


def wordpress(rows: list[tuple[Any, ...]]) -> str:
    """A dump of WordPress's posts, by hand after one of mysqldump."""
    values = ",".join("(" + ",".join(str(v) if isinstance(v, int) else mysql(v) for v in row) + ")" for row in rows)
    return f"""-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: wp
-- ------------------------------------------------------
/*!40101 SET NAMES utf8mb4 */;

DROP TABLE IF EXISTS `wp_options`;
CREATE TABLE `wp_options` (
  `option_id` bigint unsigned NOT NULL AUTO_INCREMENT,
  `option_name` varchar(191) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '',
  PRIMARY KEY (`option_id`)
) ENGINE=InnoDB AUTO_INCREMENT=9 DEFAULT CHARSET=utf8mb4;
LOCK TABLES `wp_options` WRITE;
INSERT INTO `wp_options` VALUES (1,'a'),(2,'b);');
UNLOCK TABLES;

CREATE TABLE `wp_posts` (
  `ID` bigint unsigned NOT NULL AUTO_INCREMENT,
  `price` decimal(10,2) DEFAULT NULL,
  `post_date_gmt` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `post_content` longtext COLLATE utf8mb4_unicode_ci NOT NULL,
  `post_title` text COLLATE utf8mb4_unicode_ci NOT NULL,
  `post_type` varchar(20) NOT NULL DEFAULT 'post',
  PRIMARY KEY (`ID`),
  KEY `type_status_date` (`post_type`,`post_date_gmt`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
LOCK TABLES `wp_posts` WRITE;
INSERT INTO `wp_posts` VALUES {values};
UNLOCK TABLES;

-- Dump completed on 2015-07-23 10:20:30
"""


def test_mysqldump_of_wordpress(tmp_path: Path) -> None:
    date = "2015-07-23 10:20:30"
    rows: list[tuple[Any, ...]] = [
        (7, "1.50", date, HARD, "عنوان", "post"),
        (8, None, date, HARD + "٢", "عنوان", "revision"),
        (9, None, date, "نص ثان", "it's", "post"),
    ]
    path = tmp_path / "wp.sql"
    path.write_text(wordpress(rows), "utf-8")
    feed = Feed(path)
    assert [(r.article.id, r.article.text, r.article.title, r.article.date) for r in feed] == [
        ("7", HARD, "عنوان", MOMENT), ("9", "نص ثان", "it's", MOMENT)
    ]  # fmt: skip
    assert (feed.bad_rows, feed.blank_rows) == (0, 1)
    assert any("revisions" in note for note in feed.notes)
    path.write_text(wordpress([*rows, (1, "short")]), "utf-8")
    articles, bad = read(path)
    assert len(articles) == 2
    assert "2 values where the table has 6 columns; cure: " in bad[0].reason
    data = wordpress(rows).encode()
    path.write_bytes(data[: data.rindex("ثان".encode())])
    feed = Feed(path)
    assert len(list(feed)) <= 1
    assert "ends early" in feed.damaged_files[0].reason
    path.write_text(wordpress(rows), "utf-8")
    with pytest.raises(InputError, match=r"no table 'wp_x'; found wp_options \(option_id, option_name\); wp_posts"):
        read(Path(f"{path}::wp_x"))


POSTGRES = """--
-- PostgreSQL database dump
--
SET standard_conforming_strings = on;

CREATE TABLE public.tags (
    id integer,
    name character varying(10)
);

CREATE TABLE public.articles (
    id integer NOT NULL,
    title text,
    body text,
    price numeric(10,2),
    published timestamp with time zone
);

"""
"""What pg_dump 15 writes before the rows."""


def copied(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


@pytest.mark.parametrize("kind", ["copy", "inserts", "column-inserts"])
def test_pg_dump(kind: str, tmp_path: Path) -> None:
    cells = [("1", "عنوان", HARD, "1.50", "2015-07-23 13:20:30+03"), ("2", None, "نص ثان", None, None)]
    quoted = [
        "(" + ", ".join("NULL" if c is None else "'" + c.replace("'", "''") + "'" for c in row) + ")" for row in cells
    ]
    if kind == "copy":
        lines = "".join("\t".join(r"\N" if c is None else copied(c) for c in row) + "\n" for row in cells)
        body = "COPY public.tags (id, name) FROM stdin;\n1\ta\n\\.\n\n\n"
        body += f"COPY public.articles (id, title, body, price, published) FROM stdin;\n{lines}\\.\n\n"
    elif kind == "inserts":
        body = "".join(f"INSERT INTO public.articles VALUES {row};\n" for row in quoted)
    else:
        body = "INSERT INTO public.tags (id, name) VALUES\n\t(1, 'a');\n\n"
        values = ",\n\t".join(quoted)
        body += f"INSERT INTO public.articles (id, title, body, price, published) VALUES\n\t{values};\n"
    path = tmp_path / "a.sql"
    path.write_text(POSTGRES + body + "--\n-- PostgreSQL database dump complete\n--\n\n", "utf-8")
    articles, bad = read(path)
    assert [(a.id, a.title, a.text, a.date) for a in articles] == [
        ("1", "عنوان", HARD, MOMENT),
        ("2", "", "نص ثان", None),
    ]
    assert not bad
    if kind == "copy":
        path.write_text((POSTGRES + body)[: -len("ثان\t\\N\t\\N\n\\.\n\n")], "utf-8")
        feed = Feed(path)
        assert "1" in [row.article.id for row in feed]
        assert "the dump ends early" in feed.damaged_files[0].reason


LINE_ENDS = r"""PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE a (id INTEGER, body TEXT);
INSERT INTO a VALUES(1,replace(replace('قال: ''لن''\r\012(بين قوسين)\n','\r',char(13)),'\012',char(10)));
INSERT INTO a VALUES(2,unistr('نص\u000aثان \\'));
COMMIT;
"""
"""Line ends as the command line of SQLite 3.40 and of 3.50 dumps them."""


def test_what_sqlite_dumps(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as memory:
        memory.execute("CREATE TABLE a (id INTEGER, body TEXT)")
        memory.executemany("INSERT INTO a VALUES (?, ?)", [(1, HARD), (2, None), (3, "نص")])
        memory.commit()
        (tmp_path / "a.sql").write_text("\n".join(memory.iterdump()), "utf-8")
    articles, bad = read(tmp_path / "a.sql")
    assert [(a.id, a.text) for a in articles] == [("1", HARD), ("3", "نص")]
    assert "is null" in bad[0].reason
    (tmp_path / "b.sql").write_text(LINE_ENDS, "utf-8")
    assert [a.text for a in read(tmp_path / "b.sql")[0]] == ["قال: 'لن'\n(بين قوسين)\\n", "نص\nثان \\"]


def test_tables_as_mysql_and_postgresql_write_them(tmp_path: Path) -> None:
    """`mysql --batch` and `COPY ... WITH (HEADER)`: `\\n` in a cell; `INTO OUTFILE`: a backslash before the line end itself."""
    for line_end, tab in (("\\n", "\\t"), ("\\\n", "\\\t")):
        text = (
            'id\ttext\tdate\n1\t"نص" أول'
            + line_end
            + "سطر"
            + tab
            + "ثان \\\\ خط\t2015-07-23 10:20:30\n2\tنص ثان\t\\N\n"
        )
        path = tmp_path / "a.tsv"
        path.write_bytes(text.encode())
        articles, bad = read(path)
        assert [(a.id, a.text, a.date) for a in articles] == [
            ("1", '"نص" أول\nسطر\tثان \\ خط', MOMENT),
            ("2", "نص ثان", None),
        ]
        assert not bad
        back = tmp_path / "back.tsv"
        assert write_rows(back, Feed(path), "tsv") == 2
        assert back.read_bytes() == text.encode()
        for form in ("csv", "jsonl"):
            assert write_rows(tmp_path / f"back.{form}", Feed(path), form) == 2
            assert read(tmp_path / f"back.{form}")[0] == articles
    path.write_bytes(b"id\ttext\n1\ta\\nb\n2\n3\t\xff\\n\n4\tc\n")
    articles, bad = read(path)
    assert [a.id for a in articles] == ["1", "4"]
    assert [row.line for row in bad] == [3, 4]
    assert all("cure: " in row.reason for row in bad)


def test_backslashes_of_other_tables_stay(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("id\ttext\n1\tC:\\new\\Users \\n\n", "utf-8")
    assert [a.text for a in read(tmp_path / "a.tsv")[0]] == ["C:\\new\\Users \\n"]
    out = io.StringIO()
    csv.writer(out, delimiter="\t").writerows([["id", "text"], ["1", 'a "word"\n\\n']])
    (tmp_path / "b.tsv").write_text(out.getvalue(), "utf-8")
    assert [a.text for a in read(tmp_path / "b.tsv")[0]] == ['a "word"\n\\n']


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    pytest.importorskip("python_calamine")
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_workbooks(tmp_path: Path) -> None:
    moment = datetime(2015, 7, 23, 10, 20, 30)
    body = [[i, r["title"], r["text"], moment, r["source"], r["url"]] for i, r in enumerate(ROWS)]
    rows = [
        ["تقرير"],
        [],
        ["id", "title", "text", "date", "source", "url"],
        *body,
        [None, None],
        [9, 5, None, None, "x", None],
    ]
    sheets = {"Notes": [["note"], ["x"]], "Feed": rows, "Old": [["id", "body"], [1, "قديم"]], "Empty": []}
    path = workbook(tmp_path / "a.xlsx", sheets)
    feed = Feed(path)
    found = [row.article for row in feed]
    assert [(a.id, a.text.replace("\r\n", "\n"), a.title, a.source, a.url, a.date) for a in found[:5]] == [
        (str(i), r["text"], r["title"], r["source"], r["url"], MOMENT) for i, r in enumerate(ROWS)
    ]
    assert feed.blank_rows == 1
    assert (
        f"{path}: sheet 'Feed' was read, not 'Notes', without a text column; cure: {path}::SHEET for one" in feed.notes
    )
    assert list(filter(is_loss, feed.notes)) == [
        f"{path}: sheet 'Old' holds texts, and little else of what 'Feed' has: it was not read; cure: name columns alike, or "
        f"'{path}::Old' in a run of its own"
    ]
    assert [a.text for a in read(Path(f"{path}::Old"))[0]] == ["قديم"]
    with pytest.raises(InputError, match="no sheet 'X'; cure: one of 'Notes', 'Feed', 'Old', 'Empty'"):
        read(Path(f"{path}::X"))
    with pytest.raises(InputError, match="found columns: note"):
        read(Path(f"{path}::Notes"))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    feed = Feed(path)
    assert not list(feed)
    assert "not a whole workbook" in feed.damaged_files[0].reason


def test_all_sheets_with_texts_are_read_and_places_name_them(tmp_path: Path) -> None:
    header = ["المعرف", "النص", "المصدر"]
    texts = [f"نص الخبر رقم {i} عن {word} في المدينة" for i, word in enumerate(("جسر", "ميناء", "مطار", "ملعب"))]
    path = workbook(
        tmp_path / "a.xlsx",
        {
            "غلاف": [["تقرير"], ["24/07/2015"]],
            "صحف": [header, [1, texts[0], "أ"], [2, texts[1], "أ"]],
            "مواقع": [["العنوان", *header], ["x", 3, texts[2], "ب"], [None, 4, "null", "ب"], ["y", 5, texts[3], "ب"]],
        },
    )
    bad = list[BadRow]()
    feed = Feed(path, on_bad=bad.append)
    assert [(row.article.id, row.article.text, row.article.title, row.file, row.line) for row in feed] == [
        ("1", texts[0], "", f"{path}::صحف", 2),
        ("2", texts[1], "", f"{path}::صحف", 3),
        ("3", texts[2], "x", f"{path}::مواقع", 2),
        ("5", texts[3], "y", f"{path}::مواقع", 4),
    ]
    assert [(row.file, row.line) for row in bad] == [(f"{path}::مواقع", 3)]
    assert any("sheets 'صحف', 'مواقع' were read, not 'غلاف', without" in note for note in feed.notes)
    assert not any(map(is_loss, feed.notes))
    other = tmp_path / "b.jsonl"
    other.write_text('{"id": "9", "text": "نص آخر"}\n', "utf-8")
    for kept in (None, tmp_path / "work", tmp_path / "work"):  # the second time as the first one left it
        with WorkFolder(str(kept)) if kept else contextlib.nullcontext() as work:
            reader = InputReader(Feed([other, path, other]), Settings(), work, "key")
            assert sum(map(len, reader.chunks())) == 6
        places = [(str(other), 1), *((row.file, row.line) for row in feed), (str(other), 1)]
        assert [reader.place(number) for number in range(6)] == places


def test_each_sheet_is_read_by_its_own_header(tmp_path: Path) -> None:
    texts = [f"نص الخبر رقم {i} عن {word} في المدينة" for i, word in enumerate(("جسر", "ميناء", "مطار", "ملعب"))]
    sheets = {
        "legend": [["field", "description"], ["id", "رقم الخبر كما في النظام"]],
        "notes": [["id", "comment", "content", "date"], [7, "x", "تعليق طويل من قارئ على الخبر الأول في الصحيفة", ""]],
        "Daily": [["id", "title", "text", "date", "source", "url"],
                  [1, "a", texts[0], "04/13/2016", "أ", "https://x.example/1"],
                  [2, "b", texts[1], "04/14/2016", "أ", "https://x.example/2"]],
        "وكالات": [["الرقم", "العنوان", "النص", "التاريخ", "المصدر"],
                   [3, "c", texts[2], "13/04/2016", "ب"], [4, "d", texts[3], "14/04/2016", "ب"]],
    }  # fmt: skip
    path = workbook(tmp_path / "a.xlsx", sheets)
    feed = Feed(path)
    assert [(a.id, a.text, a.title, a.source, a.date and a.date.day) for a in (row.article for row in feed)] == [
        ("1", texts[0], "a", "أ", 13),
        ("2", texts[1], "b", "أ", 14),
        ("3", texts[2], "c", "ب", 13),
        ("4", texts[3], "d", "ب", 14),
    ]
    assert any("sheets 'Daily', 'وكالات' were read" in note for note in feed.notes)
    lost = "holds texts, and little else of what 'Daily' has: it was not read"
    assert [note.split(": ", 1)[1].split(lost)[0] for note in filter(is_loss, feed.notes)] == [
        "sheet 'legend' ",
        "sheet 'notes' ",
    ]


@pytest.mark.parametrize(("name", "delimiter"), [("kept.csv", ","), ("kept.tsv", "\t")])
def test_rows_of_sheets_are_given_back_as_a_table(name: str, delimiter: str, tmp_path: Path) -> None:
    header = ["id", "text", "date", "note"]
    body = [[1, '@خبر، "أول"', datetime(2025, 3, 4, 10), 2.5], [2, "خبر ثان\nفي سطرين", None, True]]
    path = workbook(tmp_path / "a.xlsx", {"A": [header, body[0]], "B": [header, body[1]]})
    write_rows(tmp_path / name, Feed(path), name[-3:])
    data = (tmp_path / name).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter)) == [
        header,
        ["1", '\'@خبر، "أول"', "2025-03-04T10:00:00", "2.5"],  # no spreadsheet computes it
        ["2", "خبر ثان\nفي سطرين", "", "true"],
    ]
    for command in (["dedup"], ["cluster", "--join"]):
        done = run(*command, path, "-o", tmp_path / "k.csv", "-q")
        assert (done.returncode, done.stderr) == (0, b"")
        rows = list(csv.reader(io.StringIO((tmp_path / "k.csv").read_text("utf-8-sig"), newline="")))
        assert [len(row) for row in rows] == [len(rows[0])] * 3
        assert [row[1] for row in rows[1:]] == ['\'@خبر، "أول"', "خبر ثان\nفي سطرين"]


def test_only_what_has_parts_takes_one(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n', "utf-8")
    with pytest.raises(InputError, match="neither a database nor a workbook; cure: leave '::t' out"):
        read(Path(f"{tmp_path / 'a.jsonl'}::t"))
