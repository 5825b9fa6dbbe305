"""Titles, ids, names of files and errors that would steer a terminal: what it shows, and what it obeys."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run
from places import ROOT

from clusterer.cli.terminal import isolated, plain

STEERING = {
    "title": "\x1b]0;STOLEN\x07\x1b[2J\x1b[Hعنوان \u202eدخيل\u2066 \x9b31m",
    "source": "\x1b[31mred\x1b]8;;http://evil.example\x07link",
    "id": "a\x1b[5;5H\u202e",
}


def on_a_terminal(*args: str, cwd: Path) -> bytes:
    """What a command writes to a terminal."""
    pty = pytest.importorskip("pty", reason="no terminals on this system")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100", "LINES": "60"}
    command = [sys.executable, "-m", "clusterer", *args]
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=environment)
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 1 << 16):
            written += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    child.wait(60)
    return written


def test_no_escape_of_a_feed_is_executed(tmp_path: Path) -> None:
    pyte = pytest.importorskip("pyte")
    text = "قالت الوزارة في بيان لها اليوم إن العمل مستمر في المشروع الجديد بمدينة الرياض \x1b[2J وأضافت أنه لن يتوقف"
    rows = [{**STEERING, "text": text}, {**STEERING, "id": "b", "text": text + " غدا"}]
    name = "feed\x1b[2J.jsonl"
    (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows) + "{\x1b[2J\n", "utf-8")
    shown = on_a_terminal("explain", STEERING["id"], "b", name, cwd=tmp_path)
    told = on_a_terminal("cluster", name, "-o", "out.jsonl", cwd=tmp_path)
    failed = on_a_terminal("cluster", "no\x1b]0;STOLEN\x07\u202e.jsonl", cwd=tmp_path)
    for written in (shown, told, failed):
        for command in (
            b"\x1b]",
            b"\x1b[2J",
            b"\x1b[H",
            b"\x1b[5;5H",
            b"\x07",
            "\x9b".encode(),
            "\u202e".encode(),
            "\u2066".encode(),
        ):
            assert command not in written, command
    screen = pyte.Screen(100, 60)
    pyte.ByteStream(screen).feed(b"kept\r\n" + shown)
    assert screen.display[0].startswith("kept")  # nothing was cleared, no cursor moved
    assert screen.title == ""
    assert any(r"\x1b]0;STOLEN\x07\x1b[2J" in line for line in screen.display)
    assert "\u2068عنوان".encode() in shown
    assert rb"no\x1b]0;STOLEN\x07\u202e.jsonl" in failed


def test_quarantine_and_results_are_plain_for_who_reads_them_as_logs(tmp_path: Path) -> None:
    source = f"{STEERING['source']}\u2028</script>"
    row = json.dumps({**STEERING, "text": "a", "source": source})
    (tmp_path / "a.jsonl").write_text(row + "\n{\x9b\u202e</script>\n", "utf-8")
    assert run("cluster", "a.jsonl", "-o", "out.jsonl", "--with", "title,source", cwd=tmp_path).returncode == 0
    for name in ("out.jsonl", "out.jsonl.quarantine.jsonl"):
        written = (tmp_path / name).read_text("utf-8")
        assert not {"\x1b", "\x9b", "\u202e", "\u2066", "\u2028"} & set(written)
        assert "</" not in written
    line = json.loads((tmp_path / "out.jsonl").read_text("utf-8"))
    assert (line["title"], line["source"], line["id"]) == (STEERING["title"], source, STEERING["id"])


def test_words_of_all_scripts_stay() -> None:
    text = "قَالَ می\u200cخواهم 5 أسهم «نعم» – naïve 漢字 😀\nثم"
    assert plain(text) == text
    assert isolated("id-7: عنوان 12 خبر (a)") == "id-7: \u2068عنوان 12 خبر\u2069 (a)"


FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", " =1+1", '=HYPERLINK("http://a.example";"b")', "'=1+1", '"=1+1"', "=1+1\n=2+2",
]  # fmt: skip


@pytest.mark.slow
def test_a_spreadsheet_computes_nothing_of_a_feed(tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no LibreOffice on this machine")
    rows = [
        {"id": f"{formula}{i}", "title": formula, "source": formula, "text": f"{formula} خبر عن الأمر رقم {i}"}
        for i, formula in enumerate(FORMULAS)
    ]
    (tmp_path / "feed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    command = [sys.executable, "-m", "clusterer", "cluster", "feed.jsonl", "-o", "groups.csv", "--with", "title,source"]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    (tmp_path / "bare.csv").write_text(f"title\n{FORMULAS[0]}\n", "utf-8")  # what happens to who guards nothing
    counted = {}
    for name in ("groups", "bare"):
        # commas, quotes, UTF-8, from line 1; the last of these: formulas are computed
        how = [f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless"]
        how += ["--infilter=CSV:44,34,76,1,,1033,false,true,false,false,false,0,true", "--convert-to", "fods"]
        subprocess.run([office, *how, f"{name}.csv"], cwd=tmp_path, check=True, capture_output=True, timeout=240)
        sheet = (tmp_path / f"{name}.fods").read_text("utf-8")
        counted[name] = sheet.count("table:formula="), sheet.count("<table:table-row")
    assert counted["bare"][0] == 1
    assert counted["groups"][0] == 0
    assert counted["groups"][1] > len(FORMULAS)
