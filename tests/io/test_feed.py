"""Feeds of every form: formats, encodings, packings, folders, archives, standard input. Real files, no mocks."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard
from commands import run_in_text
from feed_forms import ARTICLES, ENCODINGS, PACKINGS, ROWS, TEXTS, lines, read, rss, table, zipped
from places import ROOT, SHARED

from clusterer.articles import Article
from clusterer.errors import InputError
from clusterer.io.feed import Feed
from clusterer.io.rows import BadRow
from clusterer.io.writers import write_rows

REAL = SHARED / "feed"


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", TEXTS)
def test_every_form_reads_the_same_and_comes_back_whole(name: str, encoding: str, packing: str, tmp_path: Path) -> None:
    expected = ARTICLES
    path = tmp_path / (name + packing)
    path.write_bytes(PACKINGS[packing](name, TEXTS[name]().encode(encoding)))

    feed = Feed(path)
    rows = list(feed)
    assert [row.article for row in rows] == expected
    assert (feed.rows, feed.bad_rows, feed.unreadable_dates) == (5, 0, 0)

    kept = tmp_path / f"kept.{feed.format}{packing if packing != '.zip' else ''}"
    assert write_rows(kept, rows[1:3]) == 2
    again, bad = read(kept)
    assert (again, bad) == (expected[1:3], [])


@pytest.mark.parametrize("encoding", ["cp1256", "utf-16", "windows-1256"])
def test_a_declared_encoding_is_taken(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id,text\n1,لا\n".encode(encoding))
    assert read(path, encoding=encoding)[0] == [Article("لا", "1")]


def test_a_french_feed_is_detected(tmp_path: Path) -> None:
    text = "Le gouvernement a annoncé hier à Genève que la réunion a été reportée à l'été prochain, déjà très chargé."
    path = tmp_path / "a.jsonl"
    path.write_bytes((json.dumps({"id": "1", "text": text * 3}, ensure_ascii=False) + "\n").encode("cp1252"))
    assert read(path)[0][0].text == text * 3


def test_xml_declares_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(b'<?xml version="1.0" encoding="windows-1256"?>' + rss().encode("cp1256"))
    assert read(path)[0] == ARTICLES


def test_line_numbers_are_physical(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\n1,"x\n\ny"\n\n2,z\n')
    assert [row.line for row in Feed(tmp_path / "a.csv")] == [2, 6]
    (tmp_path / "a.jsonl").write_text('\n{"text": "x"}\n\n{"text": "y"}')
    assert [row.line for row in Feed(tmp_path / "a.jsonl")] == [2, 4]
    (tmp_path / "a.json").write_text('[\n\n{"text": "x"}, {"text": "y"}\n]')
    assert [row.line for row in Feed(tmp_path / "a.json")] == [1, 2]


def test_tsv_without_quoting(tmp_path: Path) -> None:
    data = 'id\ttext\n1\t"قال" فلان\n2\t"مفتوح\n3\tعادي "مقتبس"\n'
    (tmp_path / "a.tsv").write_text(data, encoding="utf-8")
    articles, bad = read(tmp_path / "a.tsv")
    assert [a.text for a in articles] == ['"قال" فلان', '"مفتوح', 'عادي "مقتبس"']
    assert not bad
    write_rows(tmp_path / "b.tsv", Feed(tmp_path / "a.tsv"))
    assert (tmp_path / "b.tsv").read_text(encoding="utf-8") == data


def test_old_mac_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,text\r1,abc\r2,def\r")
    assert [a.text for a in read(tmp_path / "a.csv")[0]] == ["abc", "def"]


def test_a_folder_of_texts(tmp_path: Path) -> None:
    long = "قالت الوزارة في بيان لها إن العمل مستمر. " * 5
    for name, text in {
        "b.txt": f"عنوان قصير\n\n{long}",
        "a.txt": f"عنوان قصير\n{long}",
        "day/c.txt": "سطر واحد فقط",
        "day/b.txt": f"جملة تنتهي بنقطة.\n\n{long}",
        "d.txt": "",
        "e.txt": "كلمة " * 26 + f"\n\n{long}",
        ".hidden.txt": "لا",
        "README.md": "لا",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    articles, bad = read(tmp_path)
    assert not bad
    assert [a.id for a in articles] == ["a", "b", "d", "day/b", "day/c", "e"]
    by_id = {a.id: a for a in articles}
    assert (by_id["a"].title, by_id["a"].text) == ("عنوان قصير", long)
    assert (by_id["b"].title, by_id["b"].text) == ("عنوان قصير", long)
    assert (by_id["day/c"].title, by_id["day/c"].text) == ("", "سطر واحد فقط")
    assert by_id["day/b"].title == by_id["e"].title == by_id["d"].text == ""
    assert write_rows(tmp_path / "out.jsonl", Feed(tmp_path, format="txt")) == 6
    assert [a.id for a in read(tmp_path / "out.jsonl")[0]] == [a.id for a in articles]


def test_texts_of_one_name_get_ids_of_their_own(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.txt").write_text(folder)
    ids = [a.id for a in read(tmp_path / "x", tmp_path / "y")[0]]
    assert ids == [str(tmp_path / "x" / "1"), str(tmp_path / "y" / "1")]


def test_folders_globs_and_archives_come_sorted(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.csv", "sub/c.jsonl.gz"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        text = f"text\n{name}\n" if name.endswith("csv") else json.dumps({"text": name})
        path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    (tmp_path / "d.zip").write_bytes(
        zipped({"z.jsonl": b'{"text": "z"}', "a.txt": b"a", "__MACOSX/a.txt": b"no", "x.png": b"no", "k/": b""})
    )
    names = [a.text for a in read(tmp_path)[0]]
    assert names == ["a.csv", "b.jsonl", "a", "z", "sub/c.jsonl.gz"]
    assert [a.text for a in read(f"{tmp_path}/*.[cj]s*")[0]] == ["a.csv", "b.jsonl"]
    assert [a.text for a in read(f"{tmp_path}/**/*.gz")[0]] == ["sub/c.jsonl.gz"]
    assert [a.text for a in read(tmp_path, format="jsonl")[0]] == ["b.jsonl", "z", "sub/c.jsonl.gz"]
    (tmp_path / "odd[1].jsonl").write_text('{"text": "odd"}')
    assert [a.text for a in read(tmp_path / "odd[1].jsonl")[0]] == ["odd"]
    assert Feed(tmp_path).format == "jsonl"
    assert Feed(tmp_path / "a.csv").format == "csv"


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (lines().encode(), 5),
        (gzip.compress(lines().encode()), 5),
        (zstandard.compress(json.dumps(ROWS).encode()), 5),
        (table(",").encode("utf-8-sig"), 5),
        (table("\t").encode("utf-16"), 5),
        (rss().encode(), 5),
        (b"", 0),
    ],
    ids=["jsonl", "gz", "zst-array", "csv", "tsv-utf16", "rss", "empty"],
)
def test_standard_input_is_told_by_its_bytes_and_walked_twice(data: bytes, count: int) -> None:
    code = (
        "from clusterer.io import Feed\n"
        "feed = Feed(['-'])\n"
        "first = [(r.article, r.line, r.file) for r in feed]\n"
        "assert first == [(r.article, r.line, r.file) for r in feed]\n"
        "print(len(first), {r[2] for r in first} <= {'<stdin>'})"
    )
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=False, cwd=ROOT)
    assert done.stdout.split() == [str(count).encode(), b"True"], done.stderr.decode()


def test_unknown_endings_are_told_by_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(lines(), encoding="utf-8")
    (tmp_path / "b").write_bytes(gzip.compress(table(";").encode()))
    assert read(tmp_path / "a.log", tmp_path / "b")[0] == ARTICLES * 2


@pytest.mark.parametrize(
    ("paths", "options", "parts"),
    [
        (["missing.jsonl"], {}, ["missing.jsonl", "does not exist"]),
        (["*.nothing"], {}, ["*.nothing", "matches no file"]),
        ([], {}, ["no input"]),
        (["empty-folder"], {}, ["empty-folder", ".jsonl"]),
        (["no-members.zip"], {}, ["no-members.zip", ".jsonl"]),
        (["words.dat"], {}, ["words.dat", "--format"]),
        (["no-text.csv"], {}, ["no-text.csv", "no text field", "found columns: id, author", "--text-field"]),
        (["ok.csv"], {"fields": {"text": "body_ar"}}, ["ok.csv", "body_ar", "found columns: id, text"]),
        (["ok.csv"], {"fields": {"date": "when"}}, ["ok.csv", "'when'", "--date-field"]),
        (["ok.csv"], {"fields": {"txt": "text"}}, ["'txt'", "text, title, date"]),
        (["ok.csv"], {"format": "docx"}, ["docx", "jsonl"]),
        (["ok.csv"], {"encoding": "arabic-9"}, ["arabic-9", "windows-1256"]),
        (["ok.csv"], {"max_row_bytes": 0}, ["max_row_bytes 0"]),
        (["noise.jsonl"], {}, ["noise.jsonl", "encoding", "--encoding"]),
    ],
)
def test_what_cannot_be_read_names_value_rule_and_cure(
    paths: list[str], options: dict[str, Any], parts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty-folder").mkdir()
    Path("no-members.zip").write_bytes(zipped({"a.png": b""}))
    Path("words.dat").write_text("just words\nand more")
    Path("no-text.csv").write_text("id,author\n1,x\n")
    Path("ok.csv").write_text("id,text\n1,x\n")
    Path("noise.jsonl").write_bytes(bytes((i * i * 31 + i // 7) % 251 + 5 | 128 for i in range(5000)))
    with pytest.raises(InputError) as error:
        list(Feed(paths, **options))
    for part in [*parts, "cure"]:
        assert part in str(error.value)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}")
    path.chmod(0)
    with pytest.raises(InputError, match="permissions"):
        list(Feed(path))


def test_rows_of_empty_cells_are_blank_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id;text;title\n;;\n1;x;y\n ;"\n";\t\n;;;;;\n;\n2;;\n;;z\n' + ";;\n" * 300)
    bad: list[BadRow] = []
    feed = Feed(tmp_path / "a.csv", on_bad=bad.append)
    for _ in range(2):
        assert [(r.line, r.article) for r in feed] == [(3, Article("x", "1", "y")), (8, Article("", "2")),
                                                       (9, Article("", title="z"))]  # fmt: skip
        assert (feed.rows, feed.bad_rows, feed.blank_rows, bad) == (3, 0, 304, [])
    (tmp_path / "b.csv").write_text('text\nx\n""\n')  # an empty cell of one column is written so
    assert [a.text for a in read(tmp_path / "b.csv")[0]] == ["x", ""]


@pytest.mark.parametrize("hint", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;", "sep=|", "sep=\t"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a"])
def test_the_delimiter_may_stand_in_the_first_line(hint: str, name: str, tmp_path: Path) -> None:
    delimiter = hint.strip('"')[-1]
    data = f"{hint}\r\n" + "id;text,a,b,c\r\n1;x, y\r\n2;z\r\n".replace(";", delimiter)
    (tmp_path / name).write_bytes(data.encode())
    feed = Feed(tmp_path / name, fields={"text": "text,a,b,c"})
    rows = list(feed)
    assert [(r.line, r.article) for r in rows] == [(3, Article("x, y", "1")), (4, Article("z", "2"))]
    write_rows(tmp_path / "b.csv", rows, feed.format)
    assert (tmp_path / "b.csv").read_bytes() == data.encode()


@pytest.mark.parametrize("name", ["a.csv", "b.csv", "c.xlsx", "d.xls"])
def test_a_workbook_is_told_with_the_cure(name: str, tmp_path: Path) -> None:
    book = zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})
    is_old = name in ("b.csv", "d.xls")
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99) if is_old else book)
    if name.endswith("csv"):
        ending = "xls" if is_old else "xlsx"
        with pytest.raises(
            InputError, match=f'{name}: an Excel workbook.*cure: name it .{ending}, or save it as "CSV UTF-8"'
        ):
            list(Feed(tmp_path / name))
        return
    pytest.importorskip("python_calamine")
    feed = Feed(tmp_path / name)
    assert not list(feed)
    assert "not a whole workbook" in feed.damaged_files[0].reason


@pytest.mark.parametrize("name", ["a.csv", "a"])
@pytest.mark.parametrize("encoding", ["cp1256", "utf-16"])
def test_a_wrong_encoding_is_told_to_be_left_out(name: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("المعرف,النص\n1,خبر عن الوزارة\n" * 2, encoding="utf-8")
    with pytest.raises(InputError, match=f"cure: leave --encoding {encoding} out, the file is UTF-8"):
        list(Feed(tmp_path / name, encoding=encoding))
    (tmp_path / name).write_text("name,body_ar\n1,x\n")
    with pytest.raises(InputError) as error:
        list(Feed(tmp_path / name, encoding=encoding))
    assert "leave --encoding" not in str(error.value)


@pytest.mark.parametrize("options", [[], ["--summary"], ["--quiet"]])
def test_a_run_tells_of_dates_blank_rows_and_columns(options: list[str], tmp_path: Path) -> None:
    far = "x" * 100
    (tmp_path / "a.csv").write_text(f"النص;التاريخ\nx;2016-04-11\n;\nx;أمس\n;;;\nx;{far}\n", encoding="utf-8")
    words = ("cluster", "a.csv", "-o", "out.jsonl", *options)
    done = run_in_text(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = done.stderr.splitlines()
    if "--quiet" in options:
        assert not told
        return
    first, cure = (
        "2 dates could not be read, first 'أمس' (a.csv, line 4)",
        "--now with when it was fetched, such as 2025-03-02T12:00",
    )
    assert told[0] == f"{first}; articles are kept without; cure: {cure}"
    assert told[1] == "read as: text النص, title none, date التاريخ, source none, url none, id none"
    if not options:
        assert told[2:] == ["3 articles: 1 copy group, 1 story"]
        return
    assert [line.split() for line in told if "rows" in line] == [["2", "blank", "rows"],
        ["0", "bad", "rows", "in", "quarantine"]]  # fmt: skip
    (tmp_path / "a.csv").write_text(f"text,date\nx,{far}\n")
    done = run_in_text(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = done.stderr.splitlines()
    assert told[0] == f"1 date could not be read: '{far[:59]}… (a.csv, line 2); the article is kept without"
    assert not any("blank" in line for line in told)


@pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not here")
def test_the_real_feed_is_read_whole() -> None:
    feed = Feed(REAL)
    articles = [row.article for row in feed]
    assert (len(articles), feed.bad_rows, feed.unreadable_dates) == (15_042, 0, 0)
    assert sum(not a.text for a in articles) > 0  # empty bodies are kept
    assert all(a.id == a.url and a.source and a.date for a in articles)


def test_heavy_libraries_wait_until_they_are_needed() -> None:
    code = (
        "import sys, clusterer.io.feed, clusterer.io.writers, clusterer.io.quarantine; "
        "print([m for m in sys.modules if m in sys.argv[1:]])"
    )
    heavy = ["feedparser", "pyarrow", "charset_normalizer", "zstandard"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
