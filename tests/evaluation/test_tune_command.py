"""`clusterer tune`: its settings file, its page, what it says and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from commands import run_in_text as command
from places import DATA
from said import said

from clusterer import InputError, Settings
from clusterer.cli.main import cli
from clusterer.evaluation.gold import read_gold
from clusterer.evaluation.metrics import evaluate
from clusterer.evaluation.result_file import read_result
from clusterer.evaluation.tuning import Tuning


def invoke(*args: object) -> str:
    done = CliRunner().invoke(cli, ["tune", *map(str, args)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_the_settings_file_does_what_the_command_said(tmp_path: Path) -> None:
    paths = DATA / "feed.jsonl", DATA / "gold.jsonl"
    start = tmp_path / "start.toml"
    start.write_text("story = 0.8\n")  # higher than gold says: there is something to suggest
    done = command(
        "tune", *paths, "--settings", start, "-o", tmp_path / "settings.toml", "--html", tmp_path / "tune.html"
    )
    assert done.returncode == 0
    assert done.stderr.count("warning: ") == len(said(done.stderr).splitlines()) == 3
    assert "rests on 130 articles of 82 events; on other articles it may be worse" in done.stderr
    assert "suggested: --story" in done.stdout
    assert "copy: nothing tried is surely better; the start stays" in done.stdout
    text = (tmp_path / "settings.toml").read_text("utf-8")
    assert str(DATA / "gold.jsonl") in text.splitlines()[0]
    assert "130 articles" in text
    assert "level" not in Settings.from_toml(text).to_toml(["jaccard"])
    out = tmp_path / "out.jsonl"
    assert command("cluster", paths[0], "--settings", tmp_path / "settings.toml", "-o", out).returncode == 0
    result, gold = read_result(out), read_gold(paths[1])
    for level in ("copy", "story"):
        labels = gold.labels[level]
        scores = evaluate([getattr(result[name], level) for name in labels], list(labels.values()))
        wanted = [f"{x:.4f}" for x in (scores.bcubed_precision, scores.bcubed_recall, scores.bcubed_f1)]
        assert f"# {level}: precision {wanted[0]}, recall {wanted[1]}, F1 {wanted[2]} over" in text
        # What the table says, too: a row's figures are its last.
        rows = [line.split() for line in done.stdout.split(f"{level}: ")[1].splitlines()]
        assert next(row for row in rows if row[:1] == ["suggested"])[-3:] == wanted


def test_the_page_has_a_chart_and_a_table_of_everything(tmp_path: Path, tuned: Tuning) -> None:
    hostile = tmp_path / "<b>gold & "
    hostile.mkdir()
    gold = hostile / "g.jsonl"
    gold.write_bytes((DATA / "gold.jsonl").read_bytes())
    invoke(DATA / "feed.jsonl", gold, "--html", tmp_path / "page.html", "--language", "en")
    page = re.sub(r' data-say="[^"]*"', "", (tmp_path / "page.html").read_text("utf-8"))
    page = re.sub("</?span>", "", page)
    assert "&lt;b&gt;gold &amp; " in page
    assert "<b>gold" not in page
    charts = re.findall(r'<svg class="chart"[^>]*role="img" aria-labelledby="(\S+) (\S+)">(.*?)</svg>', page, re.S)
    assert len(charts) == 5
    for title, desc, inside in charts:
        assert f'<title id="{title}">' in inside
        assert f'<desc id="{desc}">' in inside
    for t in tuned.along("containment"):
        assert f'<th scope="row" class="n">{t.containment:g}</th><td class="n">{t.precision:.4f}</td>' in page
    for b in tuned.curve:
        assert f'<td class="n">{b.pairs:,}</td><td class="n">{b.predicted_after:.4f}</td>' in page
    line = re.search(r'class="line a" d="(M[^"]+)"', charts[1][2])
    assert line
    points = [tuple(map(float, p.split())) for p in re.split("[ML]", line[1])[1:]]
    assert len(points) == len(tuned.along("containment"))
    assert [x for x, _ in points] == sorted({x for x, _ in points})
    assert all(46 <= x <= 637 and 25 <= y <= 247 for x, y in points)
    assert not re.search(r'(src|href)="?http', page)


def test_a_wish_out_of_reach_is_said(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    rows = [json.loads(line) for line in (DATA / "gold.jsonl").read_text("utf-8").splitlines()]
    gold.write_text("\n".join(json.dumps({"id": r["id"], "event": i // 2}) for i, r in enumerate(rows)), "utf-8")
    said = invoke(DATA / "feed.jsonl", gold, "--want-recall", "0.9", "-o", tmp_path / "s.toml")
    assert "story: no setting tried has a recall of 0.9; the nearest is suggested" in said
    assert "the wish is out of reach" in (tmp_path / "s.toml").read_text("utf-8")


def test_settings_to_start_from_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "start.toml").write_text('unit = "char"\nsize = 12\nlevel = "copy"\n')
    said = invoke(
        DATA / "feed.jsonl", DATA / "gold.jsonl", "--settings", tmp_path / "start.toml", "-o", tmp_path / "o.toml"
    )
    assert "story" not in said
    found = Settings.from_toml((tmp_path / "o.toml").read_text("utf-8"))
    assert (found.unit, found.size) == ("char", 12)
    both = invoke(DATA / "feed.jsonl", DATA / "gold.jsonl", "--settings", tmp_path / "start.toml", "--level", "story")
    assert "\nstory: 130 articles" in both


def test_no_output_over_an_input(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_bytes((DATA / "gold.jsonl").read_bytes())
    for option in ("-o", "--html"):
        with pytest.raises(InputError, match="is also an input"):
            invoke(DATA / "feed.jsonl", gold, option, gold)
    assert gold.read_bytes() == (DATA / "gold.jsonl").read_bytes()


def test_the_quarantine_is_beside_the_output(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes((DATA / "feed.jsonl").read_bytes() + b"no JSON\n")
    invoke(feed, DATA / "gold.jsonl", "-o", tmp_path / "settings.toml", "--level", "copy")
    assert (tmp_path / "settings.toml.quarantine.jsonl").exists()


def test_gold_that_is_missing_or_first_is_told(tmp_path: Path) -> None:
    forgotten = command("tune", DATA / "feed.jsonl")
    assert forgotten.returncode == 1
    assert "Missing argument 'GOLD': INPUT comes first, GOLD last" in forgotten.stderr
    assert "'INPUT" in command("tune").stderr
    turned = command("tune", DATA / "gold.jsonl", DATA / "feed.jsonl", "--quarantine", tmp_path / "bad.jsonl")
    assert turned.returncode == 1
    assert "looks like a feed, not gold" in turned.stderr
    result = tmp_path / "out.jsonl"
    assert command("cluster", DATA / "feed.jsonl", "-o", result).returncode == 0
    assert (
        "a result of clusterer, whose own story and copy nobody judged"
        in command("tune", DATA / "feed.jsonl", result).stderr
    )
    agree = command("tune", DATA / "feed.jsonl", result, "--label", "story")
    assert "is a result of clusterer, not what people judged" in agree.stderr


def test_a_feed_of_bad_rows_is_told_as_such(tmp_path: Path) -> None:
    done = command("tune", DATA / "gold.jsonl", DATA / "gold.jsonl", "--quarantine", tmp_path / "bad.jsonl")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "none of 130 rows is an article" in done.stderr
