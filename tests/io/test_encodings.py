"""Encodings and packings: what the bytes say wins over what a feed declares."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from commands import run
from feed_forms import ARTICLES, lines, read, rss, table

from clusterer.errors import InputError
from clusterer.io.encodings import detect_encoding
from clusterer.io.feed import Feed

FRENCH = "Le président a déclaré que l'économie était en bonne santé après l'été, à l'issue d'une réunion"
ARABIC = "قالت الوزارة في بيان لها اليوم إن العمل مستمر"


@pytest.mark.parametrize("declared", ["windows-1256", "utf-8", "iso-8859-6", "windows-1252", "no-such-name"])
@pytest.mark.parametrize("real", ["utf-8", "cp1256"])
def test_the_bytes_of_a_feed_tell_its_encoding(declared: str, real: str, tmp_path: Path) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?>' + rss()
    (tmp_path / "a.rss").write_bytes(text.encode(real, "xmlcharrefreplace"))
    assert [article.text for article in read(tmp_path / "a.rss")[0]] == [article.text for article in ARTICLES]


@pytest.mark.parametrize("count", [30, 5000])
def test_one_arabic_row_among_french_ones_is_arabic(count: int, tmp_path: Path) -> None:
    rows = "".join(f'{i},"{FRENCH} {i}"\n' for i in range(count))
    for place in (0, count):  # within the bytes that are looked at, or far behind them
        row = f'x,"{ARABIC}"\n'
        data = "id,text\n" + (row + rows if place == 0 else rows + row)
        (tmp_path / "a.csv").write_bytes(data.encode("cp1256"))
        texts = {article.id: article.text for article in read(tmp_path / "a.csv")[0]}
        assert (texts["x"], texts["1"]) == (ARABIC, f"{FRENCH} 1")


def test_french_capitals_are_not_arabic_letters() -> None:
    assert detect_encoding(f"{FRENCH}. À l'École, Ébène".encode("cp1252"), "x") == "cp1252"
    assert detect_encoding(ARABIC.encode("iso8859_6"), "x") == "iso8859_6"


@pytest.mark.parametrize("tail", [b"\0" * 40, b"a\0" * 20, b"\0\0a\0" * 12, b"\0\0\0a" * 12, b"\0\0a\tb\0\n" * 7])
@pytest.mark.parametrize("head", [b"text\n", b"id\ttext\n", b"id\ttext\n1\tb\n", b"title\ttext\r\nb\tc\r\n"])
def test_nuls_behind_the_head_of_a_table_are_no_utf16(head: bytes, tail: bytes) -> None:
    assert detect_encoding(head + tail, "x") == "utf-8"


@pytest.mark.parametrize(
    "text", [ARABIC, FRENCH, f"id\ttext\n1\t{ARABIC}\0\0\0", f"é\n{ARABIC} 😀", "title,text\n؀,ā\n"]
)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_told_by_its_nuls(text: str, encoding: str) -> None:
    assert detect_encoding(text.encode(encoding) + b"\0\0" * 3, "x") == encoding


def test_a_given_encoding_is_refused_where_the_bytes_are_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(), encoding="utf-8")
    with pytest.raises(InputError, match="not cp1256; cure: leave --encoding cp1256 out, the file is UTF-8"):
        list(Feed(tmp_path / "a.jsonl", encoding="cp1256"))


def test_a_table_saved_as_unicode_text_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(table("\t").replace("\n", "\r\n").encode("utf-16"))
    (tmp_path / "b.txt").write_text("عنوان\tالخبر\n\nنص عن حادث", encoding="utf-16")
    articles, bad = read(tmp_path)
    assert [article.text for article in articles] == [*(article.text for article in ARTICLES), "نص عن حادث"]
    assert not bad
    assert [article.id for article in read(tmp_path / "a.txt", format="txt")[0]] == ["a"]


def _long_window(data: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(compression_level=1, window_log=28)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": _long_window,
    ".gz": lambda data: gzip.compress(gzip.compress(data)),
    ".gz.bz2": lambda data: bz2.compress(gzip.compress(data)),
    "": bz2.compress,
}


@pytest.mark.parametrize("ending", PACKERS)
def test_packings_are_opened_one_in_the_other_and_whatever_the_name_says(ending: str, tmp_path: Path) -> None:
    data = lines().encode()
    for name in (f"a.jsonl{ending}", f"b.jsonl{ending}"):
        packed = PACKERS[ending](data)
        (tmp_path / name).write_bytes(
            packed if name[0] == "a" else packed + packed if ending in (".bz2", ".xz") else packed
        )
    articles, bad = read(tmp_path if ending != ".gz.bz2" else tmp_path / "a.jsonl.gz.bz2")
    assert not bad
    assert articles[: len(ARTICLES)] == ARTICLES
    (tmp_path / "c.jsonl.gz").write_bytes(PACKERS[ending](data))
    assert read(tmp_path / "c.jsonl.gz")[0] == ARTICLES


@pytest.mark.parametrize("packing", ["bz2", "xz"])
def test_what_stands_before_the_cut_is_read(packing: str, tmp_path: Path) -> None:
    rows = b"".join(json.dumps({"id": i, "text": os.urandom(99).hex()}).encode() + b"\n" for i in range(20_000))
    packed = PACKERS[f".{packing}"](rows)
    (tmp_path / f"a.jsonl.{packing}").write_bytes(packed[: len(packed) * 2 // 3])
    feed = Feed(tmp_path / f"a.jsonl.{packing}")
    ids = [row.article.id for row in feed]
    assert 5_000 < len(ids) < 15_000
    assert ids == [str(i) for i in range(len(ids))]
    ((file, reason, rows_read),) = ((d.file, d.reason, d.rows) for d in feed.damaged_files)
    assert (file, rows_read) == (str(tmp_path / f"a.jsonl.{packing}"), len(ids))
    assert f"the {packing} data ends before its end mark" in reason


def test_what_is_not_opened_is_named(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("a.jsonl"))
    for data, what in ((b"7z\xbc\xaf\x27\x1c" + bytes(99), "a 7z archive"), (b"Rar!\x1a\x07" + bytes(99), "a RAR archive"),
                       (archive.getvalue(), "a tar archive")):  # fmt: skip
        (tmp_path / "a.jsonl").write_bytes(data)
        with pytest.raises(InputError, match=f"a.jsonl: {what}, which is not opened here; cure: unpack it before"):
            list(Feed(tmp_path / "a.jsonl"))


def test_names_of_files_that_are_not_utf8_are_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    for name in ("خبر", "نبأ"):
        path = os.fsencode(folder) + b"/" + name.encode("cp1256") + b".txt"
        with open(path, "w", encoding="utf-8") as out:
            out.write(f"{ARABIC} {name}")
    (folder / "ok.txt").write_text(ARABIC, encoding="utf-8")
    done = run("cluster", "d", "-o", "out.jsonl", "--with", "text", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["ok", r"\xce\xc8\xd1", r"\xe4\xc8\xc3"]


def test_an_encoding_is_of_texts_alone(tmp_path: Path) -> None:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": ["نص الخبر الأول في الصحيفة"]}), path)
    told = "is parquet, which tells its letters by itself: --encoding cp1256 is of texts; cure: none, or leave it out"
    for encoding, notes in (("cp1256", [f"{path} {told}"]), (None, [])):
        feed = Feed(path, encoding=encoding)
        assert [row.article.text for row in feed] == ["نص الخبر الأول في الصحيفة"]
        assert [note for note in feed.notes if "--encoding" in note] == notes
