"""The suite of files made to break readers: what is read, refused, lost without a word and misread is told apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.suites import torture

FILES = {
    "a.csv": ("id,text\n1,one text\n2,another\n", "read"),
    "b.csv": ('id,text\n1,"one\n2,another\n', "read"),
    "none.csv": ("\n", "read"),
    "c.json": ('[{"text": "a"}, {"id": 1}, 5]', "read"),
    "cut.json": ('[{"text": "a"}, {"te', "read"),
    "d.xml": ("<rss><channel><item><title>a</title></item><item/></channel></rss>", "read"),
    "page.xml": ("<html><item>none</item></html>", "read"),
}


@pytest.mark.parametrize("name", FILES)
def test_every_loss_of_a_broken_file_is_told(name: str, tmp_path: Path) -> None:
    text, outcome = FILES[name]
    (tmp_path / name).write_text(text)
    assert torture.read_file(tmp_path / name).outcome == outcome


def test_faults_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,one text\n2,another text\n")
    holds = torture.held_by_table((tmp_path / "a.csv").read_bytes())
    for found, outcome in (
        (torture.Holding(3, holds.fields), "untold"),
        (torture.Holding(2, holds.fields, {"one text"}), "misread"),
        (torture.Holding(2, {"text": "none"}), "refused"),
    ):
        monkeypatch.setitem(torture.HELD, "csv", lambda data, found=found: found)
        assert torture.read_file(tmp_path / "a.csv").outcome == outcome
    monkeypatch.undo()
    assert CliRunner().invoke(torture.main, [str(tmp_path)]).exit_code == 0


def test_rows_of_parquet_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for rows in (0, 3):
        pq.write_table(pa.table({"text": pa.array(["a"] * rows, pa.string())}), tmp_path / "a.parquet")
        assert torture.held_by_parquet((tmp_path / "a.parquet").read_bytes()).rows == rows
        assert torture.read_file(tmp_path / "a.parquet").outcome == "read"
    monkeypatch.setitem(torture.HELD, "parquet", lambda data: torture.Holding(4))
    assert torture.read_file(tmp_path / "a.parquet").outcome == "untold"
    assert torture.held_by_parquet((tmp_path / "a.parquet").read_bytes()[:-9]).rows is None
