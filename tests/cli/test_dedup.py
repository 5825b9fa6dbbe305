"""`clusterer dedup` and `cluster --join`: what their options add, held against the library."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from commands import run, run_in_text
from places import DATA

from clusterer import InputError, Settings, cluster, dedup, dedup_paragraphs, read
from clusterer.cli.spark import lines_or_tables
from clusterer.index.story_index import StoryIndex

FEED = DATA / "feed.jsonl"


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """The sample feed: an older half in two files, and a newer one."""
    folder, rows = tmp_path_factory.mktemp("halves"), FEED.read_bytes().splitlines(keepends=True)
    parts = folder / "old-1.jsonl", folder / "old-2.jsonl", folder / "new.jsonl"
    for path, some in zip(parts, (rows[:30], rows[30:65], rows[65:]), strict=True):
        path.write_bytes(b"".join(some))
    return parts


def test_against_files_or_an_index_is_what_the_library_says(halves: tuple[Path, Path, Path], tmp_path: Path) -> None:
    *old, new = halves
    with StoryIndex.open(tmp_path / "old.db") as index:
        index.add(read(old))
    result = dedup(read(new), against=list(read(old)))
    assert any(removal.is_against for removal in result.removed)
    for number, against in enumerate(([*old], [tmp_path / "old.db"])):
        kept, gone = tmp_path / f"kept{number}.jsonl", tmp_path / f"gone{number}.jsonl"
        done = run(
            "dedup", new, "--against", *against, "-o", kept, "--removed", gone, "--stats", tmp_path / "stats.json"
        )
        assert done.returncode == 0, done.stderr
        assert [row["id"] for row in lines(kept)] == result.kept_ids
        of_files = {row["kept_file"]: row["kept_row"] for row in lines(gone)}
        assert set(of_files) <= {str(new), *map(str, against)}
        assert of_files.get(str(tmp_path / "old.db")) is None
        for row in lines(gone):
            if row["kept_row"]:  # where it stands
                stands = Path(row["kept_file"]).read_bytes().splitlines()[row["kept_row"] - 1]
                assert json.loads(stands)["id"] == row["kept"]
        assert [(row["id"], row["kept"], row["relation"], row["against"]) for row in lines(gone)] == [
            (r.id, r.kept, r.relation, r.is_against) for r in result.removed
        ]
    stats = json.loads((tmp_path / "stats.json").read_text())
    assert stats["counts"]["articles kept"] == len(result.kept)
    outlet = {name: article.outlet for name, article in zip(result.ids, read(new), strict=True)}
    assert stats["removed_by_outlet"] == Counter(outlet[removal.id] for removal in result.removed)
    assert list(stats["removed_by_outlet"].values()) == sorted(stats["removed_by_outlet"].values(), reverse=True)
    assert repr(result) == f"<Deduplication: {len(result.ids)} articles, {len(result.removed)} of them removed>"
    assert stats["counts"]["undated"] == sum(article.date is None for article in read(new))
    assert [stage["stage"] for stage in stats["stages"]] == [
        "reading", "learning boilerplate", "finding identical texts", "sketching", "verifying", "grouping", "choosing",
        "writing",
    ]  # fmt: skip
    assert all(stage["peak_bytes"] > 1 << 20 and stage["seconds"] >= 0 for stage in stats["stages"])
    assert stats["stages"][0]["done"] == 130


@pytest.mark.parametrize("side", [0, 1])
def test_a_named_column_holds_for_the_side_that_has_it(
    halves: tuple[Path, Path, Path], tmp_path: Path, side: int
) -> None:
    result = dedup(read(halves[2]), against=list(read(halves[0])), quote=13)
    assert result.removed
    sides = [halves[2], halves[0]]
    renamed = tmp_path / "renamed.jsonl"
    renamed.write_bytes(sides[side].read_bytes().replace(b'"content":', b'"text": "-", "question_ar":'))
    sides[side] = renamed
    kept = tmp_path / "kept.jsonl"
    command = ["dedup", sides[0], "--quote", "13", "-o", kept, "--against", sides[1], "--text-field"]
    done = run_in_text(*command, "question_ar")
    assert done.returncode == 0, done.stderr
    assert [row["id"] for row in lines(kept)] == result.kept_ids
    kept.unlink()
    done = run_in_text(*command, "question_at")
    assert (done.returncode, "found columns" in done.stderr, kept.exists()) == (1, True, False)


@pytest.mark.parametrize("quote", [None, 13])
@pytest.mark.parametrize(
    ("against", "said"),
    [
        ('{"n": 1}\n{"n": 2}\n', "--against: none of 2 rows is an article; "),
        ("", "bench.jsonl; cure: see whether it was fetched whole"),
        ('{"text": "", "title": "؟"}\n', "against: none of 1 articles has "),
        ('{"text": "ثلاث كلمات فقط"}\n', "against: none of 1 articles has 13 words"),
    ],
)
def test_what_compares_nothing_does_not_pass_for_clean(
    against: str, said: str, quote: int | None, halves: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    bench = tmp_path / "bench.jsonl"
    bench.write_text(against)
    words = ["--quote", str(quote)] if quote else []
    done = run_in_text(
        "dedup", halves[2], "--against", bench, *words, "--max-bad", "100%", "-o", tmp_path / "clean.jsonl"
    )
    if "13 words" in said and not quote:  # a short text has identical ones
        assert done.returncode == 0
        return
    assert (done.returncode, (tmp_path / "clean.jsonl").exists()) == (1, False)
    assert said in done.stderr.replace("has a word", "has ")
    old = [] if said.startswith("--") else list(read(bench)) if against else []
    with pytest.raises(InputError, match="against: "):
        dedup(read(halves[2]), against=old, quote=quote or 0)


@pytest.mark.parametrize("quote", [[], ["--quote", "13"]])
def test_a_path_among_several_with_nothing_to_compare_is_named(
    quote: list[str], halves: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "empty.jsonl").write_bytes(b"")
    (folder / "full.jsonl").write_bytes(halves[0].read_bytes())
    table = tmp_path / "table.csv"
    table.write_text("القسم\nرياضة\n")
    with StoryIndex.open(tmp_path / "empty.db"):
        pass
    command = ["dedup", halves[2], *quote, "--max-bad", "100%", "-o", tmp_path / "kept.jsonl", "--against", folder]
    for useless in (folder / "empty.jsonl", table, tmp_path / "empty.db"):
        given = halves[1] if useless.parent == folder else folder
        done = run_in_text(*command[:-1], given, useless)
        assert f"--against: nothing in {useless} has " in done.stderr
        assert (done.returncode, (tmp_path / "kept.jsonl").exists()) == (1, False)
    assert run_in_text(*command, halves[1]).returncode == 0


@pytest.mark.parametrize("command", [["cluster"], ["dedup"], ["dedup", "--unit", "paragraph"], ["boilerplate"]])
def test_an_empty_file_replaces_no_output(command: list[str], tmp_path: Path) -> None:
    """A file without a letter was not fetched; a table without a row, or `[]`, is a feed without news."""
    out = tmp_path / "out.jsonl"
    for content in (b"", b"\xef\xbb\xbf \n\n"):
        (tmp_path / "empty.jsonl").write_bytes(content)
        out.write_text("of yesterday")
        done = run_in_text(*command, "empty.jsonl", "-o", out, cwd=tmp_path)
        assert (done.returncode, out.read_text()) == (1, "of yesterday")
        assert "error: empty.jsonl is empty; nothing is written" in done.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.jsonl", "out.jsonl"]
    for name, content in (("none.json", "[]"), ("none.csv", "id,text\n")):
        (tmp_path / name).write_text(content)
        done = run_in_text(*command, name, "-o", out, cwd=tmp_path)
        assert (done.returncode, "INPUT has no row" in done.stderr) == (0, True)


def test_rows_of_several_formats_are_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,نص الخبر\n")
    (tmp_path / "b.jsonl").write_text('{"id": "2", "text": "نص آخر"}\n')
    done = run_in_text("dedup", "a.csv", "b.jsonl", "-o", "one.csv", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "one.csv").exists()) == (1, False)
    assert (
        "rows of several formats (csv, jsonl) keep their own fields, which no table holds; cure: -o one.jsonl, or"
        in done.stderr
    )


def test_an_empty_file_among_several_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    (tmp_path / "b.jsonl").write_bytes(FEED.read_bytes()[:4000].rpartition(b"\n")[0])
    said = "a.jsonl is empty, as what was not fetched whole; cure: "
    for quiet in ([], ["-q"]):
        done = run_in_text("cluster", "a.jsonl", "b.jsonl", "-o", "out.jsonl", *quiet, cwd=tmp_path)
        assert (done.returncode, said in done.stderr) == (0, not quiet)
        assert "for none" not in done.stderr  # nothing else is said of it


def test_an_input_is_not_compared_with_itself(halves: tuple[Path, Path, Path], tmp_path: Path) -> None:
    done = run_in_text("dedup", halves[2], "-o", tmp_path / "kept.jsonl", "--against", halves[0], halves[2])
    assert (done.returncode, "is an input and in --against" in done.stderr) == (1, True)
    assert not list(tmp_path.iterdir())


def test_a_report_tells_what_is_quoted_where(halves: tuple[Path, Path, Path], tmp_path: Path) -> None:
    *old, new = halves
    result = dedup(read(new), against=list(read(old)), quote=13)
    command = ("dedup", new, "-o", tmp_path / "kept.jsonl", "--removed", tmp_path / "gone.jsonl", "--quote", "13")
    done = run_in_text(*command, "--against", *old)
    assert done.returncode == 0
    assert "texts of --against have fewer than 13 words" in done.stderr
    assert [row["id"] for row in lines(tmp_path / "kept.jsonl")] == result.kept_ids
    rows = [row["id"] for path in old for row in lines(path)]
    for line, removal in zip(lines(tmp_path / "gone.jsonl"), result.removed, strict=True):
        assert [quote["passage"] for quote in line["quotes"]] == [quote.passage for quote in removal.quotes]
        for quote in line["quotes"]:
            place = quote["row"] - 1 + (0 if quote["file"] == str(old[0]) else 30)
            assert rows[place] == quote["quoted"]
    quoted = {quote["quoted"] for line in lines(tmp_path / "gone.jsonl") for quote in line["quotes"]}
    assert result.stats["texts quoted"] == len(quoted) > 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--quote", "13"], "--quote N is of a benchmark"),
        (["--quote", "13", "--against", FEED, "--pairs", "p.csv"], "--pairs is not written with --quote"),
        (["--unit", "paragraph", "--against", FEED], "--unit paragraph compares no articles"),
        (["--against", "nowhere.jsonl"], "does not exist"),
        (["--preset", "corpse"], "'corpse' is not one of"),
    ],
)
def test_bad_usage_is_one_line(options: list[object], said: str, tmp_path: Path) -> None:
    done = run_in_text("dedup", FEED, "-o", tmp_path / "kept.jsonl", *options, cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert said in done.stderr
    assert not list(tmp_path.iterdir())


def test_outputs_among_what_is_read_are_refused(halves: tuple[Path, Path, Path], tmp_path: Path) -> None:
    folder = halves[0].parent
    for command in (
        ("dedup", folder, "-o", f"{folder}/kept/"),
        ("dedup", FEED, "--against", folder, "-o", f"{folder}/kept/"),
        ("dedup", FEED, "--against", folder, "-o", halves[0]),
        ("cluster", folder, "-o", f"{folder}/", "--join"),
        ("dedup", FEED, "-o", f"{halves[0]}/"),
        ("dedup", FEED, "-o", f"{tmp_path}/out/", "--removed", f"{tmp_path}/out/removed.jsonl"),
    ):
        done = run_in_text(*command, cwd=tmp_path)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert sorted(folder.iterdir()) == sorted(halves)


def test_standard_input_has_no_name_in_a_folder(tmp_path: Path) -> None:
    done = run_in_text("dedup", "-", "-o", f"{tmp_path}/out/", stdin=FEED.read_text())
    assert (done.returncode, "standard input has no name" in done.stderr) == (1, True)
    assert not list(tmp_path.iterdir())


def test_a_preset_is_its_settings_and_what_is_given_wins(tmp_path: Path) -> None:
    for options, settings in (
        ([], Settings(level="copy", boilerplate="none", jaccard=0.8, cuts=False, series="merge", min_words=1)),
        (
            ["--jaccard", "0.5"],
            Settings(level="copy", boilerplate="none", jaccard=0.5, cuts=False, series="merge", min_words=1),
        ),
    ):
        done = run("dedup", FEED, "-o", tmp_path / "kept.jsonl", "--preset", "corpus", *options)
        assert done.returncode == 0
        assert [row["id"] for row in lines(tmp_path / "kept.jsonl")] == dedup(read(FEED), settings).kept_ids
    assert dedup(read(FEED), "corpus", jaccard=0.5).kept_ids == [row["id"] for row in lines(tmp_path / "kept.jsonl")]


def test_paragraphs_go_and_articles_stay(tmp_path: Path) -> None:
    done = run(
        "dedup", FEED, "--unit", "paragraph", "-o", tmp_path / "kept.jsonl", "--removed", tmp_path / "gone.jsonl"
    )
    assert done.returncode == 0
    result = dedup_paragraphs(FEED)
    before, after = lines(FEED), lines(tmp_path / "kept.jsonl")
    assert [{**row, "content": ""} for row in after] == [{**row, "content": ""} for row in before]
    touched = result.by_article()
    assert [row["content"] for i, row in enumerate(after) if i in touched] == [
        a.text for i, a in enumerate(result.articles) if i in touched
    ]
    assert [row for i, row in enumerate(after) if i not in touched] == [
        row for i, row in enumerate(before) if i not in touched
    ]
    assert [(row["id"], row["paragraph"], row["kept"]) for row in lines(tmp_path / "gone.jsonl")] == [
        (r.id, r.paragraph, r.kept) for r in result.removed
    ]


def test_rows_are_joined_with_the_ids_of_their_groups(halves: tuple[Path, Path, Path], tmp_path: Path) -> None:
    found = cluster(FEED)
    ids = [{"exact": a.exact, "copy": a.copy, "story": a.story} for a in found]
    assert run("cluster", FEED, "--join", "-o", tmp_path / "one.jsonl").returncode == 0
    assert lines(tmp_path / "one.jsonl") == [{**row, **own} for row, own in zip(lines(FEED), ids, strict=True)]
    assert run("cluster", *halves, "--join", "-o", f"{tmp_path}/parts/").returncode == 0
    parts = b"".join((tmp_path / "parts" / path.name).read_bytes() for path in halves)
    assert parts == (tmp_path / "one.jsonl").read_bytes()
    assert run("cluster", FEED, "--join", "--level", "copy", "-o", tmp_path / "two.jsonl").returncode == 0
    assert list(lines(tmp_path / "two.jsonl")[0])[-2:] == ["exact", "copy"]
    refused = run_in_text("cluster", tmp_path / "one.jsonl", "--join", "-o", tmp_path / "again.jsonl")
    assert (refused.returncode, "has a field 'exact' already" in refused.stderr) == (1, True)


def test_shards_of_a_table_that_lose_all_rows_keep_their_schema(tmp_path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [row for row in lines(FEED) if row["content"]][:12]  # one without a text stays, whatever it is read beside
    one, other = tmp_path / "a.parquet", tmp_path / "b.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), one)
    parquet.write_table(pyarrow.Table.from_pylist(rows[:3]), other)
    (tmp_path / "c.csv").write_text(
        "id,text\n" + "".join(f'{i},"{row["content"]}"\n' for i, row in enumerate(rows[:2]))
    )
    inputs = [one, other, tmp_path / "c.csv"]
    assert run("dedup", *inputs, "-o", f"{tmp_path}/out/", "--level", "exact", "--keep", "earliest").returncode == 0
    left = parquet.read_table(tmp_path / "out" / "b.parquet")
    assert (left.num_rows, left.schema) == (0, parquet.read_schema(other))
    assert parquet.read_table(tmp_path / "out" / "a.parquet").num_rows == 12
    assert (tmp_path / "out" / "c.csv").read_text().splitlines()[0] == "id,text"


@pytest.mark.parametrize(
    "words", [("dedup",), ("dedup", "--unit", "paragraph"), ("cluster", "--join", "--level", "copy")]
)
def test_every_output_can_be_opened_whatever_its_input_was(words: tuple[str, ...], tmp_path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    corpus, out = tmp_path / "corpus", tmp_path / "out"
    corpus.mkdir()
    table = pyarrow.Table.from_pylist(lines(FEED)[:20])
    parquet.write_table(table, corpus / "good.parquet", row_group_size=10, compression="ZSTD")
    parquet.write_table(table[:0], corpus / "empty.parquet")
    whole = (corpus / "good.parquet").read_bytes()
    (corpus / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    start = parquet.read_metadata(corpus / "good.parquet").row_group(1).column(0).dictionary_page_offset
    (corpus / "partly.parquet").write_bytes(whole[:start] + b"\xff" * 400 + whole[start + 400 :])
    (corpus / "gone.jsonl.gz").write_bytes(b"\x1f\x8b\x08")
    (corpus / "none.csv").write_text("id,text\n")
    (corpus / "none.json").write_text("[]")
    done = run_in_text(words[0], corpus, *words[1:], "-o", f"{out}/")
    assert done.returncode == 1
    assert done.stderr.count("unreadable, no output is written for it") == 2
    assert sorted(path.name for path in out.iterdir()) == [
        "_manifest.json", "empty.parquet", "good.parquet", "none.csv", "none.json", "partly.parquet",
    ]  # fmt: skip
    outputs = {entry["file"]: entry for entry in json.loads((out / "_manifest.json").read_text())["outputs"]}
    assert set(outputs["cut.parquet"]) == set(outputs["gone.jsonl.gz"]) == {"file", "unreadable"}
    assert "not a whole Parquet file" in outputs["cut.parquet"]["unreadable"]
    opened = [parquet.ParquetFile(out / name) for name in ("good.parquet", "partly.parquet", "empty.parquet")]
    assert opened[0].schema_arrow == opened[1].schema_arrow == opened[2].schema_arrow
    assert opened[0].metadata.row_group(0).column(0).compression == "ZSTD"
    assert [file.metadata.num_rows for file in opened[1:]] == [outputs["partly.parquet"]["rows"], 0]
    assert outputs["partly.parquet"]["rows"] < 20
    assert (out / "none.csv").read_text().startswith("id,text")
    again = run_in_text("dedup", out, "-o", f"{tmp_path}/again/")
    assert again.returncode == 0, again.stderr
    assert run(words[0], corpus / "empty.parquet", *words[1:], "-o", tmp_path / "one.parquet").returncode == 0
    assert parquet.read_schema(tmp_path / "one.parquet") == opened[2].schema_arrow


def test_the_output_of_an_input_that_became_unreadable_stays(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.jsonl").write_bytes(FEED.read_bytes())
    assert run("dedup", tmp_path / "in", "-o", f"{tmp_path}/out/").returncode == 0
    before = (tmp_path / "out" / "a.jsonl").read_bytes()
    (tmp_path / "in" / "a.jsonl").write_bytes(b"\x1f\x8b\x08")
    done = run_in_text("dedup", tmp_path / "in", "-o", f"{tmp_path}/out/", "--max-bad", "100%")
    out = tmp_path / "out" / "a.jsonl"
    assert f"in/a.jsonl: unreadable, {out} stays as an earlier run wrote it; " in done.stderr
    assert "no output" not in done.stderr
    assert (tmp_path / "out" / "a.jsonl").read_bytes() == before
    entry = json.loads((tmp_path / "out" / "_manifest.json").read_text())["outputs"][0]
    assert set(entry) == {"file", "unreadable", "of_earlier_run"}


def test_a_folder_that_was_written_is_read_again(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    shards.mkdir()
    rows = FEED.read_bytes().splitlines(keepends=True)
    for number in range(2):
        (shards / f"{number}.jsonl").write_bytes(b"".join(rows[number::2]))
    assert run("dedup", shards, "-o", f"{tmp_path}/kept/").returncode == 0
    done = run_in_text("dedup", tmp_path / "kept", "-o", f"{tmp_path}/again/")
    assert (done.returncode, "unreadable" in done.stderr) == (0, False)
    for number in range(2):
        assert (tmp_path / "again" / f"{number}.jsonl").read_bytes() == (
            tmp_path / "kept" / f"{number}.jsonl"
        ).read_bytes()


def test_what_cannot_be_heeded_is_said(tmp_path: Path) -> None:
    rows = [{"text": row["content"], "meta": {"rank": i}} for i, row in enumerate(lines(FEED)[:9])]
    feed = tmp_path / "feed.jsonl"
    feed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    dates, urls = (
        "no article has a date, so a window of 3 days",
        "no article has a URL, so none is a version of another",
    )
    for words in (("dedup", "--keep", "earliest"), ("cluster",)):
        done = run_in_text(words[0], feed, *words[1:], "--window", "3d", "--unique-url", "-o", tmp_path / "out.jsonl")
        assert done.returncode == 0
        assert dates in done.stderr
        assert ("and the earliest cannot" in done.stderr) == (words[0] == "dedup")
        assert urls in done.stderr
    with pytest.warns(
        UserWarning, match=r"date, so a window of 3 days and the earliest .* cure: fields={'date': NAME}"
    ):
        dedup(rows, window=3, keep="earliest")
    with pytest.warns(UserWarning, match=urls):
        cluster(rows, unique_url=True)
    assert run("dedup", feed, "--keep", "meta.rank desc", "-o", tmp_path / "out.jsonl").returncode == 0
    refused = run_in_text("dedup", feed, "--keep", "meta", "-o", tmp_path / "no.jsonl")
    assert (refused.returncode, "holds an object, which has no order; cure" in refused.stderr) == (1, True)


def test_the_one_to_keep_is_told_by_fields_of_articles_whatever_their_columns_are_called(tmp_path: Path) -> None:
    text = " ".join(lines(FEED)[0]["content"].replace(",", " ").split())
    (tmp_path / "a.csv").write_text(f"المعرف,النص,الرابط,الترتيب\na,{text},,2\n", "utf-8")
    (tmp_path / "b.jsonl").write_text(json.dumps({"id": "b", "body": text, "link": "https://x.example/1"}), "utf-8")
    (tmp_path / "c.jsonl").write_text(json.dumps({"id": "c", "text": f"{text} اليوم", "rank": 1}), "utf-8")
    for keep, kept in (("url desc", "b"), ("rank", "c"), ("الترتيب", "a"), ("file", "a")):
        done = run_in_text("dedup", tmp_path, "-o", "-", "--keep", keep)
        assert [row.get("id") or row["المعرف"] for row in map(json.loads, done.stdout.splitlines())] == [kept], keep
    refused = run_in_text("dedup", tmp_path, "-o", "-", "--keep", "date desc")
    assert (refused.returncode, "--keep 'date': no article has that field; cure: " in refused.stderr) == (1, True)


def test_small_words_are_those_of_the_command_line(tmp_path: Path) -> None:
    parquet, pyarrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    refused = run_in_text("dedup", FEED, "--memory", "1M", "-o", tmp_path / "kept.jsonl")
    assert refused.stderr.endswith("cure: 500M or more, 2G for a million articles, or auto\n")
    shards = tmp_path / "shards"
    shards.mkdir()
    table = pyarrow.Table.from_pylist(
        [{"id": f"a{i}", "text": row["content"]} for i, row in enumerate(lines(FEED)[:4])]
    )
    parquet.write_table(table.append_column("none", pyarrow.nulls(4)), shards / "a.parquet")
    parquet.write_table(pyarrow.table({"id": ["n"], "text": pyarrow.nulls(1, pyarrow.string())}), shards / "b.parquet")
    (shards / "c.parquet").write_bytes(b"PAR1")
    done = run_in_text("explain", "a0", "a1", shards)
    assert (done.returncode, "c.parquet: unreadable; not a whole Parquet file" in done.stderr) == (0, True)
    run("dedup", shards, "-o", f"{tmp_path}/kept/", "--removed", tmp_path / "removed.jsonl")
    bad = {Path(row["file"]).name: row for row in lines(tmp_path / "kept.quarantine.jsonl")}
    assert json.loads(bad["b.parquet"]["row"]) == {"text": None, "id": "n"}
    assert lines_or_tables([str(shards)], None) is False
