"""Forged index files: whatever stands in them, an operation answers or says what is wrong, and `check` names it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.corpora.forgeries import FORGERIES, Forgery
from benchmarks.suites import forged
from clusterer import Article, InputError, StoryIndex
from clusterer.errors import IndexDamaged
from clusterer.index.writer_note import WriterNote

if not hasattr(os, "fork"):
    pytest.skip("processes are forked here", allow_module_level=True)

HARMLESS = {
    "kept with another journal",
    "counter article 2**32 - 1",
    "story.id NUL",
    "200,000 learned lines",
    "an encoding that is none",
    "no write-ahead log",
    "a log of garbage",
    "a journal of garbage",
    "a note of a writer with a huge number",
}
"""Forgeries that change no answer: SQLite mends them, or they are what an honest file may hold."""

QUICK = ("check", "query", "add", "assignments")


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("honest") / "honest.db"
    forged.make_honest(path, forged.sample())
    return path


def in_turn(forgeries: list[Forgery], honest: Path, folder: Path) -> list[str]:
    """What went wrong with some operations in this process."""
    articles, wrong = forged.sample(), []
    for forgery in forgeries:
        for name in QUICK:
            path = folder / "forged.db"
            for left in folder.glob("*"):
                left.unlink()
            shutil.copy(honest, path)
            forgery.forge(path)
            kind, told = forged.attempt(path, name, articles)
            if kind.startswith("bad") or (
                name == "check" and kind == "answer" and not told and forgery.name not in HARMLESS
            ):
                wrong.append(f"{forgery.name}, {name}: {kind} {told}")
    return wrong


@pytest.mark.parametrize("part", range(2))
def test_forged_files_are_refused_or_named(part: int, honest: Path, tmp_path: Path) -> None:
    some = [x for x in FORGERIES if not any(size in x.name for size in ("MB", "200,000", "every other", "thousand"))]
    assert not in_turn(some[part * 20 :: 40], honest, tmp_path)


@pytest.mark.slow
def test_every_forgery_under_every_operation(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    names = [*forged.OPERATIONS, "merge into new"]
    counts, wrong, unnoticed = forged.run(FORGERIES, tmp_path, names, lambda name: None)
    record_property("outcomes", dict(counts))
    assert not wrong, "\n".join(wrong)
    assert set(unnoticed) <= HARMLESS


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "a view that never ends in place of a table",
            "schema is not that of an index: .*view 'article' is another one",
        ),
        ("a trigger that deletes", "schema is not that of an index: trigger 't'"),
        ("version 0", "its schema is 0"),
        ("counter article 2**40", "its counter 'article' is 1099511627776"),
        ("settings no JSON", "what it was made with cannot be read"),
    ],
)
def test_a_refused_file_says_what_is_forged_and_what_to_do(
    name: str, message: str, honest: Path, tmp_path: Path
) -> None:
    path = tmp_path / "news.db"
    shutil.copy(honest, path)
    next(x for x in FORGERIES if x.name == name).forge(path)
    told = rf"news\.db: the file is damaged: .*{message}.*; cure: .*index check.*backup.*merge"
    with pytest.raises(IndexDamaged, match=told), StoryIndex.open(path) as index:
        index.counts()


def test_readers_cannot_write(honest: Path, tmp_path: Path) -> None:
    path = tmp_path / "news.db"
    shutil.copy(honest, path)
    with StoryIndex.open(path) as index, index._database.named_errors(), pytest.raises(Exception, match="readonly"):
        index._database.write("DELETE FROM article")


def test_a_text_that_packs_too_well_is_kept_and_read(tmp_path: Path) -> None:
    """Its body is padded, so that no reader takes it for a bomb."""
    articles = [Article("سلام " * 150_000, f"a{i}") for i in range(3)]
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add(articles)
        assert [x.text for x in index.articles(["a0", "a1", "a2"]).values()] == [x.text for x in articles]
        assert index.check() == []
    with StoryIndex.open(tmp_path / "other.db") as index:
        assert len(index.merge(tmp_path / "news.db")) == 3


def test_an_honest_statement_that_runs_long_is_not_cut(
    honest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every statement has the pages looked through when patience is none; all of them go on."""
    path = tmp_path / "news.db"
    shutil.copy(honest, path)
    monkeypatch.setattr("clusterer.index.guards._PATIENCE", -1e9)
    monkeypatch.setattr("clusterer.index.guards._STEPS", 1)
    with StoryIndex.open(path) as index:
        assert len(index.assignments()) == len(index)
        assert index.check() == []


@pytest.mark.parametrize("field", ['"at": 1e300', '"pid": 1e30', '"host": "\\u001b[31mred"', '"command": "\\u202egnp"'])
def test_a_forged_note_of_a_writer_is_shown_plain(field: str, tmp_path: Path) -> None:
    fields = {"pid": "1", "host": '"elsewhere"', "command": '"add"', "at": "1.0"}
    fields |= {field.split(":")[0].strip('"'): field.split(": ")[1]}
    (tmp_path / "news.db-writer").write_text("{" + ", ".join(f'"{k}": {v}' for k, v in fields.items()) + "}")
    told = WriterNote(str(tmp_path / "news.db")).describe()
    assert told.isprintable()


def test_damage_is_an_input_error() -> None:
    assert issubclass(IndexDamaged, InputError)
