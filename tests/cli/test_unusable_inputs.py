"""Inputs of which nothing can be read beside good ones: named and set aside; the run goes on, and ends with 1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import run_in_text

from clusterer.cli.run import refuse_within
from clusterer.errors import InputError, OutputError
from clusterer.io.feed import Feed

GOOD = "id,text,day\n" + "".join(f"{n},خبر رقم {n} عن افتتاح معرض الكتاب في العاصمة,2015-07-2{n}\n" for n in range(3))
BAD = "id,author,published\n1,كاتب,2015-07-21\n2,كاتب,2015-07-22\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good table, one without a text column, and one whose first bytes tell nothing."""
    place = tmp_path / "feeds"
    place.mkdir()
    (place / "a.csv").write_text(BAD, encoding="utf-8")
    (place / "b.csv").write_text(GOOD, encoding="utf-8")
    return place


@pytest.mark.parametrize(
    "words", [["cluster", "-o", "out"], ["dedup", "-o", "out"], ["index", "add", "i.db", "-o", "out"]]
)
def test_a_table_without_a_text_is_set_aside(words: list[str], folder: Path, tmp_path: Path) -> None:
    if words[0] == "index":
        run_in_text("index", "create", "i.db", cwd=tmp_path)
    done = run_in_text(*words, folder, "--quarantine", "bad.jsonl", cwd=tmp_path)
    assert done.returncode == 1
    assert len((tmp_path / "out").read_text(encoding="utf-8").splitlines()) == 3 + (words[0] == "dedup" and 1)
    (bad,) = (json.loads(line) for line in (tmp_path / "bad.jsonl").read_bytes().splitlines())
    assert bad["file"].endswith("a.csv")
    assert bad["reason"].startswith("found columns: id, author, published; cure: leave it out, ")
    assert len(bad["reason"]) < 150
    assert "a.csv: unreadable; found columns" in done.stderr
    assert "1 file is unreadable" in done.stderr


def test_it_may_be_allowed_and_may_end_the_run(folder: Path, tmp_path: Path) -> None:
    assert run_in_text("cluster", folder, "-o", tmp_path / "out", "--max-bad", "50%").returncode == 0
    strict = run_in_text("cluster", folder, "-o", tmp_path / "none", "--strict")
    assert (strict.returncode, (tmp_path / "none").exists()) == (1, False)
    assert "a.csv, line 1: found columns" in strict.stderr


def test_of_nothing_but_such_inputs_the_first_is_the_error(folder: Path) -> None:
    (folder / "b.csv").write_text(BAD, encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.csv: found columns: id, author, published"):
        list(Feed(folder))


def test_a_named_column_must_be_in_one_of_the_inputs(folder: Path) -> None:
    (folder / "a.csv").write_text("id,text,published\n9,نص الخبر,2015-07-21\n", encoding="utf-8")
    feed = Feed(folder, fields={"date": "published"})
    assert [row.article.date is not None for row in feed] == [True, False, False, False]
    assert [note for note in feed.notes if "published" in note] == [
        f"no field 'published' in 1 of the files, date is read there as if none were named: {folder / 'b.csv'} (none)"
    ]
    with pytest.raises(InputError, match=r"a\.csv: no column 'publishd' \(given for date\).*did you mean 'published'"):
        list(Feed(folder, fields={"date": "publishd"}))
    assert sum(1 for _ in Feed(folder, fields={"text": "published"})) == 4


def test_outputs_of_an_earlier_run_are_no_articles(folder: Path, tmp_path: Path) -> None:
    (folder / "a.csv").unlink()
    (folder / "c.csv").write_text(GOOD, encoding="utf-8")
    text = "سطر من خبر عن افتتاح معرض الكتاب في العاصمة يتكرر في كل مقال منها"
    rows = "".join(json.dumps({"id": str(n), "text": f"{text}\n{n}"}) + "\n" for n in range(2))
    (tmp_path / "lines.jsonl").write_text(rows)
    run_in_text("dedup", folder, "-o", "kept.jsonl", "--removed", folder / "removed.jsonl", cwd=tmp_path)
    run_in_text("cluster", folder / "b.csv", "-o", "groups.jsonl", "--stories", folder / "stories.jsonl", cwd=tmp_path)
    cut = ("--unit", "paragraph", "--removed", folder / "paragraphs.jsonl")
    run_in_text("dedup", "lines.jsonl", "-o", "cut.jsonl", *cut, cwd=tmp_path)
    (folder / "groups.jsonl").write_bytes((tmp_path / "groups.jsonl").read_bytes())
    done = run_in_text("cluster", folder, "-o", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert len((tmp_path / "out").read_bytes().splitlines()) == 6
    told = [json.loads(line) for line in (tmp_path / "out.quarantine.jsonl").read_bytes().splitlines()]
    named = {
        Path(bad["file"]).stem for bad in told if bad["reason"].startswith("this is a result of clusterer, not an")
    }
    assert named == {"removed", "stories", "paragraphs", "groups"}
    assert len(told) == sum(len((folder / f"{name}.jsonl").read_bytes().splitlines()) for name in named)
    assert "removed.jsonl: unreadable; none of" in done.stderr


def test_outputs_do_not_stand_among_inputs(tmp_path: Path) -> None:
    """The next run would read them; what is never read, or stands in a folder that is not, may be there."""
    (tmp_path / "in").mkdir()
    refuse_within(f"{tmp_path}/in/out.toml", [f"{tmp_path}/in"])
    refuse_within(f"{tmp_path}/in/out.jsonl", [f"{tmp_path}/in/a.jsonl"])
    refuse_within("-", ["."])
    for output in ("in/out.jsonl", "in/more/out.csv.gz", "in/shards/"):
        with pytest.raises(OutputError, match=r"is inside .*in, which is read; cure: "):
            refuse_within(f"{tmp_path}/{output}", [f"{tmp_path}/in"])


@pytest.mark.parametrize("words", [["cluster", "-o", "out"], ["dedup", "-o", "out"], ["dedup", "-o", "outs/"]])
def test_a_link_in_a_folder_that_leads_nowhere_is_a_lost_file(words: list[str], tmp_path: Path) -> None:
    """A folder whose disk is gone would look like a small feed."""
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "b.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "feeds" / "a.csv").symlink_to(tmp_path / "gone" / "a.csv")
    done = run_in_text(*words, "feeds", cwd=tmp_path)
    assert done.returncode == 1
    assert "a.csv: unreadable" in done.stderr
    assert "cannot be read (No such file or directory)" in done.stderr
    assert "3 articles" in done.stderr
