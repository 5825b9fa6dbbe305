"""The benchmark report: the real command on small feeds, what it writes, and its helpers beside obvious oracles."""

from __future__ import annotations

import inspect
import itertools
import math
import os
import random
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
from places import ROOT, SHARED

from benchmarks import measure
from benchmarks.__main__ import SUITES, main
from benchmarks.corpora import feeds, generator
from benchmarks.peers import copies
from benchmarks.plan import Plan, table
from benchmarks.report import plots, tables
from benchmarks.suites import index, recall, scaling, sketches as suites_sketches, stages
from benchmarks.suites.throughput import OURS, SAME, compare, judged, missing, ours, throughput, true_pairs
from clusterer import Settings, cluster
from clusterer.lsh.bands import s_curve

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
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


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


@pytest.fixture(scope="module")
def plan(cache: Path) -> Plan:
    return Plan((feeds.sample(),), cache, None, 1, 5, (150,), (150,))


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


def test_cold_is_measured_beside_the_usual_imports(plan: Plan) -> None:
    rows = stages.cold(plan)[0]["rows"]
    usual = next(row for row in rows if row["command"] == stages.USUAL)
    assert usual["over"] == 1.0
    assert [row for row in rows if "clusterer" in row["command"]]


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


def test_adapters_are_short() -> None:
    functions = {peer.run for peer in copies.PEERS.values()} | {copies.text_dedup_buckets, copies.groups}
    for function in functions:
        assert len(inspect.getsource(function).splitlines()) <= 25, function.__name__


@pytest.mark.parametrize("name", [name for name, peer in copies.PEERS.items() if peer.verifies])
@pytest.mark.parametrize("feed", ["data", "generated"])
def test_a_verifying_peer_finds_what_brute_force_finds(name: str, feed: str, cache: Path) -> None:
    peer = copies.PEERS[name]
    corpus = feeds.sample() if feed == "data" else feeds.generated(200, cache)
    texts = [a.text for a in corpus.articles()]
    reason = missing(peer, ["one two three four", "five six seven eight"])
    if reason:
        pytest.skip(reason)
    sets = [copies.shingles(text) for text in texts]
    alike = [
        (i, j)
        for i, j in itertools.combinations(range(len(texts)), 2)
        if len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= 0.7
    ]
    assert alike
    assert parts(peer.run(texts, 0.7)) == parts(copies.joined(len(texts), alike))


def parts(labels: list[int]) -> set[frozenset[int]]:
    return {frozenset(i for i, x in enumerate(labels) if x == label) for label in set(labels)}


def test_fixed_corpora_have_the_checksum_that_is_written_down(cache: Path) -> None:
    assert feeds.sample().described()["fixed"] is True
    assert feeds.generated(150, cache).described()["fixed"] is None
    corpus = feeds.generated(10_000, cache)
    assert feeds.sha256(corpus.path) == feeds.SHA256["generated-10000"]


def test_a_generated_feed_is_made_once_whole_and_a_smaller_one_is_its_start(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = feeds.generated(150, cache), feeds.generated(40, cache)
    assert [a.text for a in feeds.generated(150, cache, 40).articles()] == [a.text for a in small.articles()]
    assert feeds.planted(large) == [row["copy"] for row in generator.feed(150, feeds.SEED)]

    def stopped(count: int, seed: int) -> Any:
        yield {"id": "a"}
        raise KeyboardInterrupt

    monkeypatch.setattr(generator, "feed", stopped)
    assert feeds.generated(150, cache).path == large.path  # not made again
    with pytest.raises(KeyboardInterrupt):
        feeds.generated(77, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_checksum_of_a_folder_counts_names_and_bytes(tmp_path: Path) -> None:
    seen = set()
    for name, text in (("a.txt", "x"), ("b.txt", "x"), ("b.txt", "y")):
        folder = tmp_path / str(len(seen))
        folder.mkdir()
        (folder / name).write_text(text)
        seen.add(feeds.sha256(folder))
    assert len(seen) == 3


def test_any_feed_is_a_corpus(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("id,text\n1,خبر اول\n2,خبر ثان\n", "utf-8")
    assert [a.id for a in feeds.named(tmp_path / "feed.csv").articles()] == ["1", "2"]
    assert feeds.saudinewsnet(tmp_path, 1).described()["articles"] == 1


def test_made_pairs_have_the_jaccard_they_claim() -> None:
    sets, jaccard = suites_sketches.made_pairs(3)
    rows = [set(row.tolist()) for row in np.split(sets.values, sets.offsets[1:-1])]
    assert len(rows) == 2 * len(jaccard) == 6 * len(suites_sketches.POINTS)
    for i, claimed in enumerate(jaccard.tolist()):
        a, b = rows[2 * i], rows[2 * i + 1]
        assert len(a) == len(b) == suites_sketches.MEMBERS
        assert claimed == pytest.approx(len(a & b) / len(a | b), abs=1e-12)
        assert claimed == pytest.approx(suites_sketches.POINTS[i // 3], abs=0.005)


def test_estimates_and_errors_beside_loops() -> None:
    slots = np.array([[1, 2, 3, 4], [1, 2, 9, 9], [5, 5, 5, 5], [5, 5, 5, 5]])
    assert suites_sketches.estimated(slots).tolist() == [0.5, 1.0]
    assert suites_sketches.rmse(np.array([0.3, -0.4])) == pytest.approx(math.sqrt((0.09 + 0.16) / 2))


def test_bands_meet_as_often_as_the_formula_says(plan: Plan) -> None:
    many = Plan(plan.corpora, plan.cache, None, 1, 400, (), ())
    for row in suites_sketches.bands(many)[0]["rows"]:
        b, r = map(int, row["bands"].split(" x "))
        assert row["predicted"] == pytest.approx(1 - (1 - row["jaccard"] ** r) ** b)
        assert row["predicted"] == pytest.approx(float(s_curve(row["jaccard"], b, r)))
        assert abs(row["measured"] - row["predicted"]) <= 5 * row["chance"] + 0.01


def test_accuracy_is_near_theory_for_every_scheme(plan: Plan) -> None:
    rows = suites_sketches.accuracy(Plan(plan.corpora, plan.cache, None, 1, 100, (), ()))[0]["rows"]
    theory = rows[0]["rmse"]
    for row in rows[1:]:
        if row["method"].startswith("clusterer"):
            assert row["rmse"] <= 1.1 * theory, row
            assert abs(row["bias"]) < 0.005, row


def test_recall_of_planted_pairs_beside_a_double_loop() -> None:
    source = random.Random(3)
    for count in (1, 2, 30):
        labels = [source.choice("abcde") for _ in range(count)]
        known = [source.randrange(4) for _ in range(count)]
        same = [(i, j) for i, j in itertools.combinations(range(count), 2) if known[i] == known[j]]
        wanted = sum(labels[i] == labels[j] for i, j in same) / len(same) if same else 1.0
        assert scaling.pair_recall(labels, known) == pytest.approx(wanted)


def test_groups_that_are_the_same_set_beside_a_double_loop() -> None:
    source = random.Random(5)
    for count in (1, 2, 30):
        labels = [source.choice("abcde") for _ in range(count)]
        others = [x if source.random() < 0.9 else source.randrange(4) for x in labels]
        same = [
            {j for j in range(count) if labels[j] == labels[i]} == {j for j in range(count) if others[j] == others[i]}
            for i in range(count)
        ]
        assert index.same_set(labels, others) == pytest.approx(sum(same) / count)
    assert index.same_set(["a", "a", "b"], [2, 2, 1]) == 1.0


def test_new_dates_are_so_many_a_day_in_order() -> None:
    articles = list(index.redated(feeds.sample().articles(), 40))
    assert [a.text for a in articles] == [a.text for a in feeds.sample().articles()]
    dates = [a.date for a in articles if a.date]
    assert dates == sorted(dates)
    assert [(date - index.START).days for date in dates] == [i // 40 for i in range(130)]


def test_recall_and_precision_beside_a_double_loop() -> None:
    source = random.Random(4)
    labels = [source.randrange(9) for _ in range(40)]
    every = list(itertools.combinations(range(40), 2))
    counted = np.array([source.random() < 0.8 for _ in range(40)])
    true = [(i, j) for i, j in source.sample(every, 60) if counted[i] and counted[j]]
    together = [(i, j) for i, j in every if labels[i] == labels[j] and counted[i] and counted[j]]
    both = len(set(true) & set(together))
    assert judged(labels, np.array(true), counted) == pytest.approx((both / len(true), both / len(together)))


def test_true_pairs_are_those_of_a_double_loop() -> None:
    texts = [a.text for a in feeds.sample().articles()]
    pairs, counted = true_pairs(texts)
    labels = ours(texts, SAME)
    assert len(pairs) >= 4
    assert all(counted[i] and counted[j] and labels[i] == labels[j] for i, j in pairs.tolist())
    # Texts that are equal letter by letter are there, however they are found.
    equal = {(i, j) for i, j in itertools.combinations(range(len(texts)), 2) if texts[i] == texts[j] and counted[i]}
    assert equal <= {tuple(pair) for pair in pairs.tolist()}


def test_ratios_are_those_of_the_medians() -> None:
    seconds = {"clusterer, same job": 1.0, "datasketch 2": 10.0, "gaoya 1": 4.0, "gaoya 1, raw": 2.0}
    rows = [{"method": m, "articles": 9, "seconds": [s, s, 99.0]} for m, s in seconds.items()]
    rows.append({"method": "slow", "articles": 5, "seconds": [0.1]})
    said = compare(rows, 9)
    assert [row["to_datasketch"] for row in rows] == [10.0, 1.0, 2.5, 5.0, None]
    assert [row["to_fastest"] for row in rows] == [4.0, 0.4, 1.0, 2.0, None]
    assert "gaoya 1; clusterer, same job, is 4.00" in said[0]
    assert "gaoya 1, raw; clusterer, same job, is 2.00" in said[1]


def test_the_exponent_is_the_slope() -> None:
    assert measure.exponent([(n, 3 * n**1.5) for n in (10, 100, 1000)]) == pytest.approx(1.5)


def test_methods_run_in_turn() -> None:
    order: list[str] = []

    def method(name: str) -> tuple[float, str]:
        order.append(name)
        return float(len(order)), name

    seconds, given = measure.in_turn({name: lambda name=name: method(name) for name in "ab"}, 3)
    assert "".join(order) == "ababab"
    assert seconds == {"a": [1, 3, 5], "b": [2, 4, 6]}
    assert given == {"a": "a", "b": "b"}


def test_the_clock_on_the_stages_changes_nothing() -> None:
    articles = feeds.sample().articles()
    with stages.clocked() as clock:
        watched = cluster(articles)
    assert watched == cluster(articles)
    assert all(seconds > 0 for seconds in clock.values())


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


@pytest.mark.skipif(
    not (SHARED / "gold" / "events.jsonl").exists(), reason="no labelled real articles beside the project"
)
def test_gold_of_real_articles_alone_and_out_of_fold(plan: Plan) -> None:
    gold = SHARED / "gold" / "events.jsonl"
    rows = {
        (row["labels"], row["level"]): row
        for row in recall.gold(Plan(plan.corpora, plan.cache, gold, 1, 2, (), ()))[0]["rows"]
    }
    assert rows["events.jsonl, alone", "copy"]["f1"] >= 0.975
    assert rows["events.jsonl, alone, out of fold", "story"]["f1"] >= 0.965


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
