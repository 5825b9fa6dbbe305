"""Remote paths, by fsspec: tried on its file system in memory."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from feed_forms import ARTICLES, ROWS, lines, table

from clusterer.errors import InputError
from clusterer.io import Feed, sources


@pytest.fixture
def memory() -> Iterator[Any]:
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    system.pipe({"/feed/a.jsonl": lines().encode(), "/feed/b.csv.gz": gzip.compress(table(",").encode()), "/feed/x.png": b"no",
                 "/feed/README.md": b"# no"})  # fmt: skip
    yield system
    system.rm("/feed", recursive=True)


def test_files_globs_and_folders(memory: Any) -> None:
    assert [row.article for row in Feed("memory://feed/a.jsonl")] == ARTICLES
    feed = Feed("memory://feed/*.csv.gz")
    assert [(row.article, row.file) for row in feed] == [(article, "memory://feed/b.csv.gz") for article in ARTICLES]
    assert [row.article for row in Feed("memory://feed/")] == ARTICLES * 2
    assert Feed("memory://feed/").paths == []


def test_texts_and_cut_files(memory: Any) -> None:
    memory.pipe(
        {"/feed/t/1.txt": ROWS[0]["text"].encode(), "/feed/t/c.jsonl.gz": gzip.compress(lines().encode())[:-30]}
    )
    assert [row.article.id for row in Feed("memory://feed/t/1.txt")] == ["1"]
    feed = Feed("memory://feed/t/")
    list(feed)
    assert [file.file for file in feed.damaged_files] == ["memory://feed/t/c.jsonl.gz"]


def test_what_is_not_there_is_named(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, why in (
        ("memory://feed/none.jsonl", "cannot be read .*cure"),
        ("memory://feed/*.none", "matches no file; cure"),
        ("nothing://x/a.jsonl", "cannot be reached .*cure: check the address"),
    ):
        with pytest.raises(InputError, match=why):
            list(Feed(path))

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(sources, "import_module", missing)
    with pytest.raises(InputError, match=r"remote paths need fsspec; cure: pip install 'clusterer\[remote\]'"):
        Feed("s3://bucket/a.jsonl")


def test_a_file_may_have_such_a_name(tmp_path: Path) -> None:
    (tmp_path / "a:b.jsonl").write_text('{"text": "x"}')
    assert [row.article.text for row in Feed(tmp_path / "a:b.jsonl")] == ["x"]
