"""The benchmark report: the real command on small feeds, and what it writes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from click.testing import CliRunner
from places import ROOT

from benchmarks import measure
from benchmarks.__main__ import SUITES, main
from benchmarks.peers import copies
from benchmarks.plan import Plan, table
from benchmarks.report import plots, tables
from benchmarks.suites import index, sketches as suites_sketches
from benchmarks.suites.throughput import OURS, throughput
from clusterer import Settings

REFERENCE = ROOT / "benchmarks" / "results" / "reference.json"


ROUNDS, SIZES = 2, (150, 300)


SMALL = (
    "--rounds", ROUNDS, "--pairs", 20, "--sizes", "150,300", "--threaded", 300, "--generated", 200,
    "--stored", "150,300", "--daily", 5,
)  # fmt: skip


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def run(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str, str]:
    """Every suite but `cold`, on small feeds: the JSON, the Markdown and the page."""
    folder = tmp_path_factory.mktemp("results")
    names = [name for name in SUITES if name != "cold"]
    done = command(*names, *SMALL, "-o", folder, "--name", "small", "--cache", cache, "--feed", folder / "nowhere")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(folder / f"small.{ending}") for ending in ("json", "md", "html")]
    data = orjson.loads((folder / "small.json").read_bytes())
    return data, (folder / "small.md").read_text("utf-8"), (folder / "small.html").read_text("utf-8")


def rows_of(data: dict[str, Any], suite: str) -> list[dict[str, Any]]:
    return [row for one in data["suites"][suite]["tables"] for row in one["rows"]]


def sections(markdown: str) -> dict[str, list[list[str]]]:
    """The table rows below each heading of the second level, cells split, headings and rules among them."""
    parts = re.split(r"^## (.+)$", markdown, flags=re.M)
    return {
        name: [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_every_suite_is_in_the_report(run: tuple[dict[str, Any], str, str]) -> None:
    data, markdown, page = run
    assert list(data["suites"]) == [name for name in SUITES if name != "cold"]
    for name, suite in data["suites"].items():
        assert suite["about"]
        assert f"\n## {name}\n" in markdown
        assert f'<h2 id="{name}">' in page


def test_the_json_says_where_and_with_what(run: tuple[dict[str, Any], str, str]) -> None:
    data = run[0]
    assert data["machine"].keys() == {"cpu", "cores", "memory_bytes", "system"}
    assert data["machine"]["cores"] == os.cpu_count()
    assert data["python"].startswith("3.")
    assert data["packages"]["numpy"] == np.__version__
    assert re.fullmatch(r"unknown|[0-9a-f]{40}( and changes)?", data["commit"])
    assert data["options"]["rounds"] == ROUNDS
    assert data["settings"] == Settings().as_dict()
    for row in rows_of(data, "throughput"):
        if row["method"] in OURS:
            assert row["settings"] == OURS[row["method"]].as_dict()
    assert str(ROOT) not in orjson.dumps(data).decode()


def test_the_json_has_every_repeat(run: tuple[dict[str, Any], str, str]) -> None:
    timed = 0
    for suite in ("throughput", "stages", "floor", "workers", "sketch"):
        for row in rows_of(run[0], suite):
            if "absent" not in row:
                timed += 1
                assert len(row["seconds"]) == ROUNDS, row
                assert all(isinstance(x, float) for x in row["seconds"])
    assert timed >= 30
    assert all(len(row["two"]) == ROUNDS for row in rows_of(run[0], "workers"))


def test_no_speed_without_recall(run: tuple[dict[str, Any], str, str]) -> None:
    checked = 0
    for suite in ("throughput", "scaling", "workers"):
        lines = sections(run[1])[suite]
        heads = [i for i, line in enumerate(lines) if "recall" in line]
        assert heads
        for i, line in enumerate(lines):
            if "recall" in line or line[0].startswith("---"):
                continue
            head = lines[max(h for h in heads if h < i)]
            seconds = line[head.index("1 thread" if suite == "workers" else "seconds")]
            if "absent" in line[1]:
                continue
            assert re.fullmatch(r"[\d.,]+", seconds)
            assert re.fullmatch(r"[01]\.\d{4}", line[head.index("recall")]), line
            checked += 1
    assert checked >= 2 * len(OURS) + 2 * len(SIZES) + 2
    sketches = [row for row in rows_of(run[0], "sketch") if "absent" not in row]
    assert all(row["rmse"] > 0 for row in sketches)  # nor without error


def test_ours_finds_all_and_our_repeats_agree(run: tuple[dict[str, Any], str, str]) -> None:
    for row in rows_of(run[0], "throughput"):
        if row["method"] in OURS:
            assert row["recall"] == 1.0, row
    for row in rows_of(run[0], "pairs"):
        assert row["proposed"] >= 0.99
        assert row["recall"] >= 0.99
        assert row["precision"] == 1.0
    assert all(row["equal"] for row in rows_of(run[0], "workers"))
    assert all(row["recall"] >= 0.95 for row in rows_of(run[0], "scaling"))


def test_gold_of_the_sample_feed(run: tuple[dict[str, Any], str, str]) -> None:
    levels = {row["level"]: row for row in rows_of(run[0], "gold")}
    assert levels["copy"]["f1"] >= 0.97
    assert levels["story"]["precision"] >= 0.97
    assert "name them with --gold" in run[1]


def test_the_living_index_gives_the_batchs_answer(run: tuple[dict[str, Any], str, str]) -> None:
    rows = [row for row in rows_of(run[0], "incremental") if "copies" in row]
    for row in rows:
        assert row["copies"] >= 0.995, row
        # Words of generated texts are all as rare: large buckets leave out many pairs, in batches others than at once.
        assert row.get("f1") is None or row["f1"] >= 0.9, row
        assert row.get("wrong", 0) == 0
    assert [row["size"] for row in rows if "size" in row] == 2 * list(index.BATCHES)
    sample = [row for row in rows if row.get("articles") == 130]
    assert all(row["gold"] == 130 and row["gold_index"] >= 0.96 for row in sample)
    assert len(sample) == 2


def test_every_bar_of_the_living_index_is_in_the_report(run: tuple[dict[str, Any], str, str]) -> None:
    bars = run[0]["suites"]["incremental"]["tables"][0]["rows"]
    unlabelled = {"F1 of stories by labels, away from the batch's"}  # the last corpus is a generated one here
    assert {row["what"] for row in bars} == index.BARS.keys() - unlabelled
    for row in bars:
        side, bound = index.BARS[row["what"]]
        assert row["met"] == (row["measured"] >= bound if side == "least" else row["measured"] <= bound)
        assert f"| {row['what']} | {row['where']} |" in run[1]


def test_articles_come_and_go_for_sixty_days(run: tuple[dict[str, Any], str, str]) -> None:
    room, pace = run[0]["suites"]["incremental"]["tables"][-2:]
    assert room["rows"] == pace["rows"]
    kept = [count for row in room["rows"] for count in row["kept"]]
    assert kept == [5 * min(day, index.KEPT + 1) for day in range(1, index.DAYS + 1)]
    for row in room["rows"]:
        assert len(row["file"]) == len(row["p99"]) == len(row["expire"]) == len(row["seconds"]) == index.STEP
        assert all(file >= used for file, used in zip(row["file"], row["used"], strict=True))
    assert "finds 0 things wrong" in run[1]


def test_stages_add_up(run: tuple[dict[str, Any], str, str]) -> None:
    rows = {row["stage"]: row["seconds"] for row in run[0]["suites"]["stages"]["tables"][0]["rows"]}
    whole = rows.pop("all of it")
    assert len(rows) >= 5
    for i, seconds in enumerate(whole):
        assert sum(times[i] for times in rows.values()) == pytest.approx(seconds)


def test_the_page_is_whole_escaped_and_fetches_nothing(run: tuple[dict[str, Any], str, str]) -> None:
    data, _, page = run
    assert not re.search(r"\bsrc=|<link|<script|@import|url\(http", page)
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page
    assert page.count("<table>") == page.count('<div class="scroll">')  # wide tables scroll, not the page
    assert "#010203" not in page
    if find_spec("matplotlib"):
        assert page.count("<svg") >= 8
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
    else:
        assert "matplotlib is not installed" in page
        assert "<svg" not in page
    hostile = orjson.loads(orjson.dumps(data))
    hostile["corpora"][0]["name"] = hostile["suites"]["throughput"]["tables"][0]["title"] = "<script>|&</script>"
    assert "<script" not in tables.page(hostile)
    assert "<script>\\|" in tables.markdown(hostile)


def test_equal_json_gives_equal_files(run: tuple[dict[str, Any], str, str], tmp_path: Path) -> None:
    data, markdown, page = run
    (tmp_path / "again.json").write_bytes(orjson.dumps(data))
    command = [sys.executable, "-m", "benchmarks.report.tables", str(tmp_path / "again.json")]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    assert (tmp_path / "again.md").read_text("utf-8") == markdown
    assert (tmp_path / "again.html").read_text("utf-8") == page


def test_without_matplotlib_there_are_no_plots_and_the_page_says_so(
    run: tuple[dict[str, Any], str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (plots, tables):
        monkeypatch.setattr(module, "drawable", lambda: False)
    page = tables.page(run[0])
    assert "<svg" not in page
    assert "no plots: matplotlib is not installed" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["speed"], "'speed' is not one of"),
        (["--sizes", "10,x"], "is no list of numbers"),
        (["--sizes", "10,0"], "a number below 1"),
        (["--rounds", "0"], "is not in the range"),
    ],
)
def test_wrong_options_are_named(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert said in done.output


def test_what_is_not_given_or_not_installed_is_said_to_be_absent(
    run: tuple[dict[str, Any], str, str], plan: Plan
) -> None:
    assert "absent: --feed: there is no nowhere" in run[1]
    for name in ("--gold", "--saudinewsnet"):
        assert f"absent: {name} was not given" in run[1]
    shown = {row["method"]: row for row in rows_of(run[0], "throughput")}
    for name, peer in copies.PEERS.items():
        if measure.installed(peer.package) is None:
            assert shown[name]["absent"] == f"absent: {peer.package} is not installed"
    nobody = {
        "nobody": copies.Peer("no-such-distribution", copies.datasketch),
        "somebody, raw": copies.Peer("datasketch", lacking),
        "datasketch": copies.PEERS["datasketch"],
    }
    rows = {row["method"]: row for row in throughput(plan, nobody)[0]["rows"]}
    assert rows["nobody"]["absent"] == "absent: no-such-distribution is not installed"
    assert rows["somebody, raw"]["absent"] == "absent: datasketch lacks no_such_module"
    one = table("throughput", "data", list(rows.values()))
    assert ["nobody", rows["nobody"]["absent"]] == tables.cells(one)[-2][:2]
    some = {
        "clusterer, fast": suites_sketches.SKETCHERS["clusterer, fast"],
        "nobody": suites_sketches.Sketcher("no-such-distribution", "", lambda sets: sets, lambda sets: sets),
    }
    assert "not installed" in suites_sketches.sketch(plan, some)[0]["rows"][-1]["absent"]


def lacking(texts: Any, threshold: float) -> list[int]:
    raise ImportError("no module", name="no_such_module")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0000423, "0.0000423"),
        (0.05678, "0.0568"),
        (12.345, "12.3"),
        (123.4, "123"),
        (1234.5, "1,234"),
        (0, "0"),
        (2.0, "2"),
    ],
)
def test_three_digits(value: float, shown: str) -> None:
    assert tables.digits(value) == shown


def test_the_readme_shows_the_committed_run() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert text.count(tables.START) == text.count(tables.END) == 1
    data = orjson.loads(REFERENCE.read_bytes())
    again = f"python -m benchmarks.report.tables {REFERENCE.relative_to(ROOT)} --readme README.md"
    assert tables.with_table(text, data) == text, f"the table is not the committed run's; cure: {again}"


def test_the_readme_is_rewritten_between_its_markers_only(run: tuple[dict[str, Any], str, str], tmp_path: Path) -> None:
    readme, data = tmp_path / "README.md", tmp_path / "run.json"
    data.write_bytes(orjson.dumps(run[0]))
    command = [sys.executable, "-m", "benchmarks.report.tables", str(data), "--readme", str(readme)]
    readme.write_text(f"# عنوان\n\n{tables.START}\nold\n{tables.END}\n\nend\n", "utf-8")
    for _ in range(2):
        subprocess.run(command, cwd=ROOT, check=True, timeout=60)
        text = readme.read_text("utf-8")
        assert text.startswith(f"# عنوان\n\n{tables.START}\n")
        assert text.endswith(f"\n{tables.END}\n\nend\n")
        assert "old" not in text
        assert tables.readme_table(run[0]) in text
    rows = [line for line in text.splitlines() if line.startswith("| clusterer, same job |")]
    assert rows
    assert all(re.search(r"\| 1\.0000 \|$", row) for row in rows)  # recall beside speed
    assert not list(tmp_path.glob("*.html"))
    readme.write_text("no markers", "utf-8")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "must hold" in done.stderr
    assert readme.read_text("utf-8") == "no markers"
