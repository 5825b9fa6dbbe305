"""Options of reading: what a run tells of its input, and when damage is an error."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clusterer.cli.main import cli

TEXT = "قالت الوزارة في بيان لها اليوم إن العمل مستمر في المشروع رقم {}"


def lines(count: int, bad: int = 0, **fields: str) -> str:
    rows = [json.dumps({"id": str(i), "text": TEXT.format(i), **fields}) for i in range(count)]
    return "".join(row + "\n" for row in [*rows, *(["{broken"] * bad)])


@pytest.fixture
def feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "feed.jsonl"


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, ["cluster", "-o", "out.jsonl", *args])


def error_of(result: Result) -> str:
    assert result.exit_code == 1
    return str(result.exception)


@pytest.mark.parametrize(
    ("limit", "is_allowed"), [("0", False), ("2", False), ("3", True), ("20%", False), ("24%", True)]
)
def test_more_bad_rows_than_allowed_are_an_error_after_all_is_written(limit: str, is_allowed: bool, feed: Path) -> None:
    feed.write_text(lines(10, bad=3))
    result = run("feed.jsonl", "--max-bad", limit)
    assert Path("out.jsonl").read_text().count("\n") == 10
    assert Path("out.jsonl.quarantine.jsonl").read_text().count("\n") == 3
    if is_allowed:
        assert result.exit_code == 0, result.output
    else:
        told = error_of(result)
        assert told.startswith(f"3 of 13 rows are bad, more than --max-bad {limit}; all outputs are written; cure: ")


def test_a_share_of_bad_rows_must_be_one(feed: Path) -> None:
    feed.write_text(lines(1))
    for limit in ("101%", "-1", "a", "5%%"):
        assert f"{limit!r} is neither a number of rows nor a share" in run("feed.jsonl", "--max-bad", limit).output


def test_an_unreadable_file_is_named_and_an_error_unless_allowed(feed: Path) -> None:
    feed.write_text(lines(5))
    Path("cut.jsonl.gz").write_bytes(gzip.compress(lines(5).encode())[:15])
    Path("page.jsonl").write_text("<html>\n<body>502 Bad Gateway</body>\n</html>\n")
    result = run("feed.jsonl", "cut.jsonl.gz", "page.jsonl")
    assert error_of(result).startswith(
        "2 files are unreadable: cut.jsonl.gz, page.jsonl; all else is read and written; cure: "
    )
    assert Path("out.jsonl").read_text().count("\n") == 5
    told = result.stderr.splitlines()
    assert told[0].startswith("4 bad rows set aside in out.jsonl.quarantine.jsonl: 3 × broken JSON: ")
    assert told[1].startswith("cut.jsonl.gz: unreadable; the file ends early or is damaged here")
    assert told[2].startswith("page.jsonl: unreadable; none of 3 rows is an article; the first: broken JSON")
    assert run("feed.jsonl", "cut.jsonl.gz", "page.jsonl", "--max-bad", "4").exit_code == 0
    assert "damaged files" in run("feed.jsonl", "cut.jsonl.gz", "--summary").stderr


def test_bad_rows_are_set_aside_whole_and_the_commonest_reasons_told(feed: Path) -> None:
    row = json.dumps({"text": None, "id": "ن" * 5000}, ensure_ascii=False)
    feed.write_text(lines(5) + f"{row}\n" * 3 + "{oops\n" + "{}\n" * 2, encoding="utf-8")
    told = run("feed.jsonl").stderr.splitlines()[0]
    bad = [json.loads(line) for line in Path("out.jsonl.quarantine.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["row"] for line in bad] == [row] * 3 + ["{oops", "{}", "{}"]
    first, second, third = (bad[place]["reason"].partition("; cure")[0] for place in (0, 4, 3))
    assert told.endswith(f": 3 × {first}, 2 × {second}, 1 × {third}")
    assert run("feed.jsonl", "--max-row-bytes", "2000").exit_code == 0
    bad = [json.loads(line) for line in Path("out.jsonl.quarantine.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["row"] for line in bad][:3] == [row[:1000]] * 3
    assert f"{len(row.encode()) + 1:,} bytes" in bad[0]["reason"]


def test_a_file_that_is_cut_off_is_told_and_no_error(feed: Path) -> None:
    data = gzip.compress(
        "".join(json.dumps({"text": TEXT.format(i) + str(hash((i, "x")))}) + "\n" for i in range(999)).encode()
    )
    Path("cut.jsonl.gz").write_bytes(data[: len(data) // 2])
    result = run("cut.jsonl.gz")
    assert result.exit_code == 0, result.output
    count = Path("out.jsonl").read_text().count("\n")
    assert result.stderr.splitlines()[1].startswith(f"cut.jsonl.gz: {count} rows of it are read; the file ends early")


def test_strict_ends_at_the_first_fault_and_writes_nothing(feed: Path) -> None:
    for data, told in (
        (lines(3, bad=1), "feed.jsonl, line 4: broken JSON"),
        (
            lines(3, date="قريبا"),
            "feed.jsonl, line 1: date 'قريبا' cannot be read; cure: --timezone, --now or --date-field",
        ),
    ):
        feed.write_text(data)
        assert run("feed.jsonl").exit_code == 0
        Path("out.jsonl").unlink()
        assert told in error_of(run("feed.jsonl", "--strict"))
        assert not Path("out.jsonl").exists()
    feed.write_text(lines(3))
    assert run("feed.jsonl", "--strict").exit_code == 0


def test_what_was_read_as_what_is_one_line_unless_quiet(feed: Path) -> None:
    feed.write_text(lines(3, summary="موجز", source="واس"))
    result = run("feed.jsonl")
    read_as = "read as: text text else summary, title none, date none, source source, url none, id id\n"
    assert result.stderr == f"{read_as}3 articles: 1 copy group, 1 story\n"
    assert run("feed.jsonl", "-q").stderr == ""
    Path("a.txt").write_text(TEXT)
    told = run("feed.jsonl", "a.txt").stderr.rpartition("4 articles: ")[0]
    assert told.startswith("read as: feed.jsonl: text text else summary,")
    assert told.endswith("read as: a.txt: txt, fields by the format's own names\n")
    assert run("a.txt").stderr.startswith("read as: txt, fields by the format's own names\n1 article: ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("cluster --level copy", "4 articles: 3 copy groups"),
        ("cluster --level exact", "4 articles: 3 distinct texts"),
        ("dedup", "4 articles: 3 kept, 1 removed"),
        ("dedup --against old.jsonl", "4 articles: 2 kept, 2 removed"),
        ("dedup --against old.jsonl --quote 5", "4 articles: "),
        ("dedup --unit paragraph", "4 articles: "),
    ],
)
def test_what_became_of_the_articles_is_one_line_where_nobody_watches(words: str, told: str, feed: Path) -> None:
    texts = [f"{name} {TEXT.format(name)} " + " ".join(f"{name}{n}" for n in range(9)) for name in "ابج"]
    rows = [json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate([*texts, texts[0]])]
    feed.write_text("".join(rows))
    Path("old.jsonl").write_text(rows[2])
    command = ["feed.jsonl", "-o", "out.jsonl", *words.split()[1:]]
    done = CliRunner().invoke(cli, [words.split()[0], *command])
    assert (done.exit_code, done.stderr.splitlines()[-1].startswith(told)) == (0, True), done.stderr
    assert CliRunner().invoke(cli, [words.split()[0], *command, "-q"]).stderr == ""


def test_doubt_is_told(feed: Path) -> None:
    rows = [
        {"text": TEXT.format(i), "body": " ".join(f"كلمة{i}{n}" for n in range(9)), "date": "1970-01-01"}
        for i in range(4)
    ]
    feed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = run("feed.jsonl").stderr.splitlines()
    assert told[0].startswith("texts stand in 'text' and 'body'; 'text' was read; cure: --text-field 'body'")
    assert told[1] == "4 dates stand for none, such as 1970-01-01"
    assert run("feed.jsonl", "--text-field", "body").stderr.splitlines()[0] == told[1]


def test_zone_and_day_of_fetching(feed: Path) -> None:
    feed.write_text(lines(1, date="2025-03-04 09:30") + lines(1, date="منذ ساعتين"))
    run("feed.jsonl", "--timezone", "Asia/Riyadh", "--now", "2025-03-02 12:00", "--with", "date")
    dates = [json.loads(line)["date"] for line in Path("out.jsonl").read_text().splitlines()]
    assert dates == ["2025-03-04T06:30:00+00:00", "2025-03-02T07:00:00+00:00"]
    assert "timezone 'Mars' is not known; cure" in error_of(run("feed.jsonl", "--timezone", "Mars"))
    assert "now 'soon' is no date; cure" in error_of(run("feed.jsonl", "--now", "soon"))


def test_rows_may_be_longer_where_that_is_asked_for(feed: Path) -> None:
    feed.write_text(json.dumps({"text": "كلمة " * 999}))
    assert "cure: --max-row-bytes" in error_of(run("feed.jsonl", "--max-row-bytes", "1KB"))
    assert run("feed.jsonl", "--max-row-bytes", "1MB").exit_code == 0


def test_a_text_that_is_empty_in_every_row_is_told(feed: Path) -> None:
    rows = [json.dumps({"id": str(i), "text": "", "title": TEXT.format(i)}) + "\n" for i in range(3)]
    feed.write_text("".join(rows))
    assert (
        f"the text is empty in every row of {feed.name}: titles stand in; cure: --text-field" in run(feed.name).stderr
    )
    feed.write_text("".join([*rows, lines(1)]))
    assert "the text is empty" not in run(feed.name).stderr
    feed.write_text('{"id": "1", "text": ""}\n{"id": "2", "text": "", "title": ""}\n')
    assert "and no title stands in" in run(feed.name).stderr


def test_a_format_that_contradicts_the_name_is_told(feed: Path) -> None:
    feed.write_text(lines(3))
    said = error_of(run(feed.name, "--format", "csv"))
    assert said == (
        "feed.jsonl: looks like jsonl, as its name says, and is to be read as csv; cure: leave --format out"
    )
    assert run(feed.name).exit_code == 0


def test_dates_told_from_the_day_of_reading_name_their_cure(feed: Path) -> None:
    feed.write_text(lines(3, date="منذ 3 ساعات"))
    assert "articles are kept without; cure: --now with when it was fetched" in run(feed.name).stderr
    assert "could not be read" not in run(feed.name, "--now", "2025-03-02T12:00").stderr


def test_dates_that_are_not_believed_are_told_in_quiet_runs(feed: Path) -> None:
    dates = ["2000-01-01" if i % 2 else f"2025-03-{i + 1:02} 10:00" for i in range(20)]
    feed.write_text("".join(lines(1, date=date) for date in dates))
    said = run(feed.name, "-q").stderr
    assert said.startswith("2000-01-01 00:00 UTC is the date of 10 of the first 20 rows, unlike the others: a default")
    assert len(said.splitlines()) == 1
    Path("more.jsonl").write_text(lines(1, date="2025-03-09", link=""))
    Path("same.jsonl").write_text("".join(lines(1, date=date) for date in dates[:4]))
    assert run(feed.name, "more.jsonl", "same.jsonl", "-q").stderr.startswith("feed.jsonl and 1 more: 2000-01-01 00:00")


def test_ids_that_most_rows_share_are_told(feed: Path) -> None:
    feed.write_text(lines(5, source="واس"))
    told = "4 of 5 articles have an id that another one has, and get #2, #3, … behind it; cure: --id-field"
    assert told in run(feed.name, "--id-field", "source").stderr
    assert "have an id that" not in run(feed.name).stderr
