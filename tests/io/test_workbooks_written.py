"""Results as workbooks of Excel, read back by openpyxl and by our own reader."""

from __future__ import annotations

import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from commands import run
from places import DATA
from said import said

from clusterer.errors import OutputError
from clusterer.io.readers import workbook_results
from clusterer.io.readers.workbook_results import write_result

openpyxl = pytest.importorskip("openpyxl")
pytest.importorskip("xlsxwriter")

FEED = DATA / "feed.jsonl"


def done(*words: object, cwd: Path) -> bytes:
    ran = run(*words, cwd=cwd)
    assert (ran.returncode, said(ran.stderr)) == (0, "")
    return ran.stdout


def sheets(path: Path) -> list[list[tuple[Any, ...]]]:
    return [list(sheet.iter_rows(values_only=True)) for sheet in openpyxl.load_workbook(path)]


def test_a_workbook_holds_what_the_lines_hold(tmp_path: Path) -> None:
    done(
        "cluster",
        FEED,
        "-o",
        "c.xlsx",
        "--stories",
        "s.xlsx",
        "--pairs",
        "p.xlsx",
        "--with",
        "title,date",
        cwd=tmp_path,
    )
    done(
        "cluster",
        FEED,
        "-o",
        "c.jsonl",
        "--stories",
        "s.jsonl",
        "--pairs",
        "p.jsonl",
        "--with",
        "title,date",
        cwd=tmp_path,
    )
    for name in "csp":
        ((head, *body),) = sheets(tmp_path / f"{name}.xlsx")
        lines = [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text("utf-8").splitlines()]
        assert [list(line) for line in lines] == [list(head)] * len(body)
        for line, row in zip(lines, body, strict=True):
            assert [_told(value) or None for value in row] == [
                _wanted(name, value) or None for name, value in line.items()
            ]


def _told(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


def _wanted(name: str, value: Any) -> Any:
    if name in ("date", "first", "last") and value:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    return "; ".join(value) if name in ("outlets", "key_words") else value


def test_dates_stand_on_the_clock_asked_for(tmp_path: Path) -> None:
    (tmp_path / "feed.jsonl").write_text(
        '{"text": "نص", "date": "2016-03-01 22:30:00"}\n{"text": "نص آخر", "date": "2016-03-01"}\n'
    )
    done("cluster", "feed.jsonl", "--with", "date", "--timezone", "Asia/Riyadh", "-o", "c.xlsx", cwd=tmp_path)
    ((_, first, second),) = sheets(tmp_path / "c.xlsx")
    assert first[-1] == datetime(2016, 3, 1, 22, 30)
    assert str(second[-1]).startswith("2016-03-01")


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "-2+3", "https://x.example/=", "_x0041_", "\x07\x1b[2J", " أ\n\tب ", "{=1}"]
)
def test_a_text_stays_a_text(text: str, tmp_path: Path) -> None:
    (tmp_path / "feed.jsonl").write_text(json.dumps({"id": text, "title": text, "text": "نص خبر"}) + "\n")
    done("cluster", "feed.jsonl", "-o", "c.xlsx", "--with", "title", cwd=tmp_path)
    book = openpyxl.load_workbook(tmp_path / "c.xlsx")
    cell = book.active.cell(2, 10)
    assert cell.data_type in ("s", "inlineStr")
    assert cell.hyperlink is None
    assert openpyxl.utils.escape.unescape(cell.value) == text


def test_rows_over_the_most_of_a_sheet_go_on_in_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(workbook_results, "_MOST_ROWS", 4)
    with open(tmp_path / "c.xlsx", "wb") as out:
        write_result(out, ({"id": str(number)} for number in range(7)), ["id"], "xlsx")
    found = sheets(tmp_path / "c.xlsx")
    assert [sheet[0] for sheet in found] == [("id",)] * 3
    assert [cell for sheet in found for (cell,) in sheet[1:]] == [str(number) for number in range(7)]


@pytest.mark.parametrize(("title", "is_arabic"), [("عنوان", True), ("Title", False), (None, False)])
def test_a_sheet_with_arabic_goes_from_right_to_left(title: str | None, is_arabic: bool, tmp_path: Path) -> None:
    rows = [{"id": "a", "title": "News"}, {"id": "b", "title": title}]
    with open(tmp_path / "c.xlsx", "wb") as out:
        write_result(out, iter(rows), ["id", "title"], "xlsx")
    book = openpyxl.load_workbook(tmp_path / "c.xlsx")
    assert bool(book.active.sheet_view.rightToLeft) == is_arabic
    assert [list(row) for row in book.active.iter_rows(min_row=2, values_only=True)] == [list(r.values()) for r in rows]


def test_a_text_longer_than_a_cell_is_refused_with_the_cure() -> None:
    write_result(io.BytesIO(), [{"text": "أ" * 32_767}], ["text"], "xlsx")
    with pytest.raises(
        OutputError, match=r"text 'أ+'… has 32,768 letters, more than the 32,767 .*cure: name the file .csv"
    ):
        write_result(io.BytesIO(), [{"text": "أ" * 32_768}], ["text"], "xlsx")


def test_endings_that_no_workbook_has(tmp_path: Path) -> None:
    ran = run("cluster", FEED, "-o", "c.xlsx.gz", cwd=tmp_path)
    assert ran.returncode == 1
    assert b"a workbook is packed inside; cure: -o c.xlsx" in ran.stderr
    ran = run("dedup", FEED, "-o", "kept.xlsx", cwd=tmp_path)
    assert ran.returncode == 1
    assert b".xlsx promises what is not written here, only jsonl" in ran.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_results_and_labels_are_read_from_what_is_written(ending: str, tmp_path: Path) -> None:
    gold = DATA / "gold.jsonl"
    labels = [json.loads(line) for line in gold.read_text("utf-8").splitlines()]
    if ending == "xlsx":
        book = openpyxl.Workbook()
        book.active.append(list(labels[0]))
        for label in labels:
            book.active.append(list(label.values()))
        book.save(tmp_path / "gold.xlsx")
    else:
        pa = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(pa.Table.from_pylist(labels), tmp_path / "gold.parquet")
    for name in (f"c.{ending}", "c.jsonl"):
        done("cluster", FEED, "-o", name, cwd=tmp_path)
    wanted = done("evaluate", "c.jsonl", gold, cwd=tmp_path)
    assert done("evaluate", f"c.{ending}", f"gold.{ending}", cwd=tmp_path) == wanted
    whole = (tmp_path / f"c.{ending}").read_bytes()
    (tmp_path / f"c.{ending}").write_bytes(whole[: len(whole) // 2])
    ran = run("evaluate", f"c.{ending}", gold, cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.decode().startswith(f"error: c.{ending}")
    assert "not a whole" in ran.stderr.decode()


def test_labels_typed_into_a_result_are_what_is_judged(tmp_path: Path) -> None:
    done("cluster", FEED, "-o", "groups.xlsx", "--with", "title", cwd=tmp_path)
    events = {(row := json.loads(line))["id"]: row["event"] for line in (DATA / "gold.jsonl").open(encoding="utf-8")}
    wanted = done("evaluate", "groups.xlsx", DATA / "gold.jsonl", "--level", "story", cwd=tmp_path)
    book = openpyxl.load_workbook(tmp_path / "groups.xlsx")
    sheet = book.active
    column = sheet.max_column + 1
    for row in range(2, sheet.max_row + 1):
        event = events.get(sheet.cell(row, 1).value)
        sheet.cell(row, column, str(event).translate({48 + i: 0x660 + i for i in range(10)}) if row % 2 else event)
    for name in ("الحدث", "الموضوع"):
        sheet.cell(1, column, name)
        book.save(tmp_path / f"{name}.xlsx")
    assert done("evaluate", "groups.xlsx", "الحدث.xlsx", "--level", "story", cwd=tmp_path) == wanted
    for words in (("evaluate", "groups.xlsx"), ("tune", FEED)):
        ran = run(*words, "الموضوع.xlsx", "--level", "story", cwd=tmp_path)
        assert ran.returncode == 1
        assert "further columns: 'title', 'الموضوع'; cure: --label NAME" in ran.stderr.decode()
    labelled = done("evaluate", "groups.xlsx", "الموضوع.xlsx", "--label", "الموضوع", cwd=tmp_path)
    assert labelled == wanted


def test_labels_may_be_on_another_sheet(tmp_path: Path) -> None:
    done("cluster", FEED, "-o", "groups.jsonl", cwd=tmp_path)
    labels = [json.loads(line) for line in (DATA / "gold.jsonl").open(encoding="utf-8")]
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Labels")
    for row in [("ID", "Event"), *((label["id"], label["event"]) for label in labels)]:
        sheet.append(row)
    book.save(tmp_path / "empty.xlsx")
    book.active.append(("who", "when"))
    book.active.append(("Huda", "May"))
    book.save(tmp_path / "gold.xlsx")
    wanted = done("evaluate", "groups.jsonl", DATA / "gold.jsonl", "--level", "story", cwd=tmp_path)
    for name in ("empty.xlsx", "gold.xlsx::Labels"):
        assert done("evaluate", "groups.jsonl", name, "--level", "story", cwd=tmp_path) == wanted
    for name, told in (
        ("gold.xlsx", "columns: 'who', 'when'; sheets: 'Sheet', 'Labels', gold.xlsx::SHEET reads another"),
        ("gold.xlsx::Label", "no sheet 'Label'; cure: did you mean 'Labels'?"),
        ("none.xlsx::Labels", "does not exist"),
    ):
        ran = run("evaluate", "groups.jsonl", name, cwd=tmp_path)
        assert ran.returncode
        assert told in ran.stderr.decode()
    assert run("tune", FEED, "gold.xlsx::Labels", "-o", "s.toml", cwd=tmp_path).returncode == 0
