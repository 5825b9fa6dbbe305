"""Scores against brute force and scikit-learn; the command that prints them."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import reference
from click.testing import CliRunner
from hypothesis import given, strategies as st
from places import DATA
from sklearn.metrics import (
    accuracy_score,
    adjusted_rand_score,
    f1_score,
    homogeneity_completeness_v_measure,
    precision_score,
    recall_score,
)

from clusterer import InputError, StoryIndex, cluster, read_gold
from clusterer.cli.main import cli
from clusterer.evaluation.metrics import (
    Change,
    Mistake,
    bcubed,
    changes,
    evaluate,
    evaluate_pairs,
    link_strength,
    mistakes,
    worst_first,
)
from clusterer.evaluation.result_file import read_result
from clusterer.io.feed import Feed

LABELLINGS = st.integers(1, 25).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 6), min_size=n, max_size=n)] * 2))


@given(LABELLINGS)
def test_scores_equal_brute_force(both: tuple[list[int], list[int]]) -> None:
    labels, gold = both
    scores = evaluate(labels, gold)
    assert scores.articles == len(labels)
    assert (scores.bcubed_precision, scores.bcubed_recall) == pytest.approx(reference.bcubed(labels, gold))
    assert (scores.pair_precision, scores.pair_recall) == pytest.approx(reference.pairwise(labels, gold))
    assert scores.ari == pytest.approx(adjusted_rand_score(gold, labels), abs=1e-12)
    for f1, p, r in (
        (scores.bcubed_f1, scores.bcubed_precision, scores.bcubed_recall),
        (scores.pair_f1, scores.pair_precision, scores.pair_recall),
    ):
        assert f1 == pytest.approx(2 * p * r / (p + r) if p + r else 0.0)


@given(LABELLINGS)
def test_scores_do_not_depend_on_names_or_order(both: tuple[list[int], list[int]]) -> None:
    labels, gold = both
    named = evaluate([f"g{x}" for x in reversed(labels)], [("gold", x) for x in reversed(gold)])
    plain, turned = evaluate(labels, gold), evaluate(gold, labels)
    for name in ("bcubed_precision", "bcubed_recall", "pair_precision", "pair_recall", "ari"):
        assert getattr(named, name) == pytest.approx(getattr(plain, name))
    assert turned.bcubed_precision == pytest.approx(plain.bcubed_recall)
    assert turned.pair_recall == pytest.approx(plain.pair_precision)
    assert turned.ari == pytest.approx(plain.ari)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_a_perfect_grouping_scores_one_and_has_no_mistakes(gold: list[int]) -> None:
    scores = evaluate([-x for x in gold], gold)
    assert (scores.bcubed_f1, scores.pair_f1, scores.ari) == pytest.approx((1, 1, 1))
    assert mistakes(gold, gold) == []


def test_known_values() -> None:
    scores = evaluate([1, 1, 1, 2, 2], [1, 1, 2, 2, 2])
    assert scores.pair_precision == scores.pair_recall == 0.5
    assert scores.bcubed_precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert evaluate([1] * 4, [1, 2, 3, 4]).pair_precision == 0
    assert evaluate([1, 2, 3, 4], [1] * 4).pair_recall == 0


def test_a_big_group_does_not_overflow() -> None:
    n = 200_000
    scores = evaluate([0] * n, [0] * n)
    assert (scores.ari, scores.pair_f1) == (1.0, 1.0)
    half = evaluate([0] * n, [i % 2 for i in range(n)])
    assert half.pair_precision == pytest.approx(0.5, abs=1e-4)
    assert half.ari == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("labels", "gold"), [([], []), ([1], []), ([1, 2], [1])])
def test_lengths_must_agree(labels: list[int], gold: list[int]) -> None:
    with pytest.raises(ValueError, match=rf"{len(labels)} labels and {len(gold)} gold"):
        evaluate(labels, gold)


@given(LABELLINGS)
def test_mistakes_are_all_the_wrong_pairs(both: tuple[list[int], list[int]]) -> None:
    labels, gold = both
    found = mistakes(labels, gold)
    for kind, a, b in (("merged", labels, gold), ("split", gold, labels)):
        wrong = {(i, j) for i, j in combinations(range(len(a)), 2) if a[i] == a[j] and b[i] != b[j]}
        assert sum(m.pairs for m in found if m.kind == kind) == len(wrong)
        named = {
            tuple(sorted((i, j)))
            for m in found
            if m.kind == kind
            for p, q in combinations(m.parts, 2)
            for i in p
            for j in q
        }
        assert named == wrong
    assert [m.pairs for m in found] == sorted((m.pairs for m in found), reverse=True)


def test_a_mistake_lists_its_parts_the_largest_first() -> None:
    assert mistakes(["a"] * 4 + ["b"], [1, 2, 2, 2, 3]) == [Mistake("merged", 3, ((1, 2, 3), (0,)))]


@given(LABELLINGS)
def test_changes_are_all_the_pairs_that_differ(both: tuple[list[int], list[int]]) -> None:
    labels, others = both
    found = changes(labels, others)
    here, there = ({p for p in combinations(range(len(labels)), 2) if x[p[0]] == x[p[1]]} for x in both)
    assert sum(change.pairs for change in found) == len(here ^ there)
    changed = [i for change in found for part in change.parts for i in part]
    assert len(changed) == len(set(changed))
    assert {i for pair in here ^ there for i in pair} <= set(changed)
    for change in found:
        inside = [i for part in change.parts for i in part]
        groups = [len({x[i] for i in inside}) for x in both]
        assert change.kind == ("joined" if groups[0] == 1 else "split" if groups[1] == 1 else "moved")
        for x in both:  # whole groups of both
            assert {i for i, group in enumerate(x) if group in {x[k] for k in inside}} == set(inside)
        assert all(len({(labels[i], others[i]) for i in part}) == 1 for part in change.parts)
    turned = {"joined": "split", "split": "joined", "moved": "moved"}
    backwards = [Change(turned[c.kind], c.pairs, c.parts) for c in changes(others, labels)]
    assert sorted(backwards, key=str) == sorted(found, key=str)


def test_a_result_against_another_tells_what_was_joined_split_and_moved(tmp_path: Path) -> None:
    def result(name: str, stories: dict[str, str]) -> str:
        same = {"representative": False, "linked_to": None, "relation": None, "score": None, "evidence": None}
        rows = [{"id": id, "story": story, "copy": id, "exact": id, **same} for id, story in stories.items()]
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return str(tmp_path / name)

    today = result("today.jsonl", {"a": "a", "b": "a", "c": "c", "d": "d", "e": "e", "f": "e", "g": "g"})
    before = result("before.jsonl", {"a": "a", "b": "b", "c": "c", "d": "c", "e": "e", "f": "f", "g": "f"})
    page = tmp_path / "page.html"
    told = CliRunner().invoke(cli, ["evaluate", today, before, "--level", "story", "--html", str(page)]).output
    assert "wrong" not in told
    assert "7 articles, 5 groups, 5 in the other result" in told
    kinds = re.findall("^(joined|split|moved).*: ([0-9]+)$", told, re.MULTILINE)
    assert kinds == [("moved", "2"), ("joined", "1"), ("split", "1")]
    assert "  e here, f in the other result\n  - f\n" in told
    shown = page.read_text(encoding="utf-8")
    assert "joined, apart in the other result" in shown
    assert "What went wrong" not in shown.split("<main", 1)[1].split("</main>")[0]
    assert "not listed" not in told
    story = {"g": "f", "h": "h", **dict.fromkeys("abcdef", "a")}
    fewer = ["evaluate", result("fewer.jsonl", story), before, "--level", "story", "--errors", "1", "--html", str(page)]
    found = CliRunner().invoke(cli, fewer)
    assert "before.jsonl: 1 of 8 articles of" in found.output
    assert "1 more, not listed" not in found.output, "one difference in all"
    told = (
        CliRunner()
        .invoke(cli, ["evaluate", today, before, "--level", "story", "--errors", "1", "--html", str(page)])
        .output
    )
    assert "2 more, not listed; all: --errors 3" in told
    assert "ما لم يُعرض: ٢؛ لعرض الكل: --errors ٣" in page.read_text(encoding="utf-8")


@given(LABELLINGS)
def test_v_measure_agrees_with_scikit_learn(both: tuple[list[int], list[int]]) -> None:
    labels, gold = both
    scores = evaluate(labels, gold)
    homogeneity, completeness, v = homogeneity_completeness_v_measure(gold, labels)
    assert (scores.homogeneity, scores.completeness) == pytest.approx((homogeneity, completeness), abs=1e-12)
    assert scores.v_measure == pytest.approx(v, abs=1e-12)
    assert 0 <= scores.homogeneity <= 1
    assert 0 <= scores.completeness <= 1


def test_v_measure_of_extremes() -> None:
    together, apart = evaluate([0] * 6, [0, 0, 1, 1, 2, 2]), evaluate(range(6), [0, 0, 1, 1, 2, 2])
    assert (together.homogeneity, together.completeness, together.v_measure) == (0, 1, 0)
    assert apart.homogeneity == 1
    assert 0 < apart.completeness < 1
    assert evaluate([1], [2]).v_measure == 1


@given(LABELLINGS)
def test_b_cubed_of_numbers_is_that_of_labels(both: tuple[list[int], list[int]]) -> None:
    labels, gold = both
    ours, theirs = (np.unique(x, return_inverse=True)[1] for x in both)
    assert bcubed(ours, theirs) == pytest.approx(reference.bcubed(labels, gold))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_judged_pairs_agree_with_scikit_learn(pairs: list[tuple[bool, bool]]) -> None:
    together, same = zip(*pairs, strict=True)
    scores = evaluate_pairs(together, same)
    assert scores.judged == len(pairs)
    assert scores.accuracy == pytest.approx(accuracy_score(same, together))
    if any(together):
        assert scores.precision == pytest.approx(precision_score(same, together))
    else:
        assert scores.precision == 1
    if any(same):
        assert scores.recall == pytest.approx(recall_score(same, together))
    if any(same) and any(together):
        assert scores.f1 == pytest.approx(f1_score(same, together))


@pytest.mark.parametrize(("together", "same"), [([], []), ([True], []), ([True, False], [True])])
def test_decisions_and_judgements_are_as_many(together: list[bool], same: list[bool]) -> None:
    with pytest.raises(ValueError, match=rf"{len(together)} decisions and {len(same)} judgements"):
        evaluate_pairs(together, same)


def test_the_strength_of_a_way_is_that_of_its_weakest_link() -> None:
    links = {"b": ("a", 0.9), "c": ("b", 0.5), "d": ("a", 0.7), "z": ("y", 0.8)}
    assert link_strength(links, "b", "a") == link_strength(links, "a", "b") == 0.9
    assert link_strength(links, "c", "a") == 0.5
    assert link_strength(links, "b", "d") == 0.7
    assert link_strength(links, "c", "b") == 0.5  # not weakened by what lies behind
    assert link_strength(links, "c", "z") is None
    assert link_strength(links, "a", "a") == 1.0
    assert link_strength({"a": ("b", 0.5), "b": ("a", 0.5)}, "a", "x") is None  # a damaged result ends


def test_wrong_pairs_come_the_surest_first() -> None:
    together = [True, True, True, False, False, False, True]
    same = [False, False, False, True, True, True, True]
    merged, split = worst_first(together, same, [0.5, None, 0.9, 0.3, 0.1, None, 0.2])
    assert merged == [2, 0, 1]
    assert split == [4, 3, 5]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample feed's result, `out.jsonl`."""
    folder = tmp_path_factory.mktemp("evaluate")
    with (folder / "out.jsonl").open("w", encoding="utf-8") as out:
        for assignment in cluster(row.article for row in Feed([DATA / "feed.jsonl"])):
            out.write(json.dumps(assignment.as_dict(), ensure_ascii=False) + "\n")
    return folder


def says(*args: object) -> str:
    done = CliRunner().invoke(cli, ["evaluate", *map(str, args)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_level_that_gold_has_is_told(place: Path) -> None:
    said = says(place / "out.jsonl", DATA / "gold.jsonl", "--errors", 0)
    assert re.findall(r"^(\w+): 130 articles", said, re.M) == ["copy", "story"]
    ours = {r["id"]: r for r in lines_of(place / "out.jsonl")}
    gold = lines_of(DATA / "gold.jsonl")
    for part, (level, field) in zip(said.split("\n\n"), (("copy", "copy"), ("story", "event")), strict=True):
        scores = evaluate([ours[r["id"]][level] for r in gold], [r[field] for r in gold])
        told = {name: list(map(float, x.split())) for name, x in re.findall(r"^(\S+) +([\d. ]+)$", part, re.M)}
        wanted = {
            "B-cubed": [scores.bcubed_precision, scores.bcubed_recall, scores.bcubed_f1],
            "pairs": [scores.pair_precision, scores.pair_recall, scores.pair_f1],
            "V-measure": [scores.homogeneity, scores.completeness, scores.v_measure],
            "ARI": [scores.ari],
        }
        assert list(told) == list(wanted)
        assert all(told[name] == pytest.approx(wanted[name], abs=5e-5) for name in wanted)
    assert says(place / "out.jsonl", DATA / "gold.jsonl", "--level", "copy").count(" articles") == 1


def test_one_result_is_gold_of_another_where_it_holds_nothing_else(place: Path, tmp_path: Path) -> None:
    both = ["evaluate", *[str(place / "out.jsonl")] * 2]
    for arguments, levels in (
        ((), ["exact", "copy", "story"]),
        *((("--level", x), [x]) for x in ("exact", "copy", "story")),
        *((("--label", x), [x]) for x in ("exact", "copy", "story")),
    ):
        done = CliRunner().invoke(cli, [*both, *arguments])
        assert re.search(r"out\.jsonl is a result of clusterer, not what people judged", done.stderr), arguments
        assert re.findall(r"^(\w+): ", done.stdout, re.M) == levels
        assert "wrong" not in done.stdout
    assert "result of clusterer" not in says(place / "out.jsonl", DATA / "gold.jsonl")
    for value in ("", 7):  # a column for what people judge, empty or not: what the result says itself is not judged
        own = tmp_path / f"own{value}.jsonl"
        own.write_text("".join(json.dumps({**r, "topic": value}) + "\n" for r in lines_of(place / "out.jsonl")))
        refused = CliRunner().invoke(cli, ["evaluate", str(place / "out.jsonl"), str(own)])
        assert refused.exit_code == 1
        assert "nobody judged" in str(refused.exception)
        assert "cure: --label NAME" in str(refused.exception)


def test_a_packed_result_and_an_export_are_results(place: Path, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "out.jsonl.gz", "wb") as packed:
        packed.write((place / "out.jsonl").read_bytes())
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add(row.article for row in Feed([DATA / "feed.jsonl"]))
        lines = [json.dumps(a.as_dict()) for a in index.assignments()]
    (tmp_path / "export.jsonl").write_text("\n".join(lines), "utf-8")
    plain = says(place / "out.jsonl", DATA / "gold.jsonl")
    assert says(tmp_path / "out.jsonl.gz", DATA / "gold.jsonl") == plain
    assert says(tmp_path / "export.jsonl", DATA / "gold.jsonl", "--errors", 0)
    exported, labels = read_result(tmp_path / "export.jsonl"), read_gold(DATA / "gold.jsonl").labels["story"]
    assert evaluate([exported[name].story for name in labels], list(labels.values())).bcubed_f1 > 0.9


def test_judged_pairs_are_scored_and_the_surest_mistake_is_first(place: Path, tmp_path: Path) -> None:
    ours = {r["id"]: r for r in lines_of(place / "out.jsonl")}
    links = [r for r in ours.values() if r["relation"] == "story"]
    strong, weak = max(links, key=lambda r: r["score"]), min(links, key=lambda r: r["score"])
    right = next(r for r in links if r["id"] not in (strong["id"], weak["id"]))
    apart = next((a, b) for a in ours for b in ours if ours[a]["story"] != ours[b]["story"])
    rows = [
        {"a": weak["id"], "b": weak["linked_to"], "same": False},
        {"a": strong["id"], "b": strong["linked_to"], "same": False},
        {"a": apart[0], "b": apart[1], "same": True, "score": 0.125},
        {"a": links[0]["linked_to"], "b": links[0]["id"], "same": None},
        {"a": right["linked_to"], "b": right["id"], "same": True},
    ]
    gold = tmp_path / "judged.jsonl"
    gold.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    said = says(place / "out.jsonl", gold, "--feed", DATA / "feed.jsonl")
    assert said.startswith("story: 4 judged pairs, 2 of one story, 3 put together\n")
    assert re.search(r"^pairs +0.3333 +0.5000 +0.4000$", said, re.M)
    assert re.search(r"^accuracy +0.2500$", said, re.M)
    wrong = re.findall(r"^wrongly .*\n  - (\S+) .*\n  - (\S+) ", said, re.M)
    assert wrong == [(strong["id"], strong["linked_to"]), (weak["id"], weak["linked_to"]), apart]
    assert f"wrongly together, weakest link on the way between them {strong['score']:.2f}" in said
    assert "wrongly apart, score of the pair when it was judged 0.12" in said
    table = tmp_path / "judged.csv"
    table.write_text(
        "a,b,same\n" + "".join(f"{r['a']},{r['b']},{str(r['same']).lower()}\n" for r in rows[:3] + rows[4:])
    )
    assert says(place / "out.jsonl", table).split("\n\n")[0] == said.split("\n\n")[0]


@pytest.mark.parametrize(
    ("gold", "wants"),
    [
        ('{"id": "nobody", "event": 1}', ["gold.jsonl", "'nobody'", "is not in", "cure"]),
        ('{"a": "nobody", "b": "marsad-14", "same": true}', ["gold.jsonl", "'nobody'", "is not in", "cure"]),
        ('{"a": "marsad-14", "b": "marsad-13", "same": null}', ["gold.jsonl", "cure"]),
    ],
)
def test_what_is_not_in_the_result_is_refused(place: Path, tmp_path: Path, gold: str, wants: list[str]) -> None:
    (tmp_path / "gold.jsonl").write_text(gold, "utf-8")
    with pytest.raises(InputError) as error:
        says(place / "out.jsonl", tmp_path / "gold.jsonl")
    assert all(part in str(error.value) for part in wants)


def test_a_level_that_gold_does_not_have_is_refused(place: Path, tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text('{"id": "marsad-14", "event": 1}', "utf-8")
    with pytest.raises(InputError, match="says nothing of level copy; it says of story"):
        says(place / "out.jsonl", tmp_path / "gold.jsonl", "--level", "copy")
    (tmp_path / "feed.jsonl").write_text('{"id": "x", "text": "نص"}', "utf-8")
    with pytest.raises(InputError, match=r"holds none of the articles"):
        says(place / "out.jsonl", DATA / "gold.jsonl", "--feed", tmp_path / "feed.jsonl")


class Page(HTMLParser):
    """Tags with their attributes, and the text of each `bdi`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.bdi: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self._open.append(tag)
        if tag == "bdi":
            assert dict(attrs).get("dir", "auto") == "auto"  # which it is by itself
            self.bdi.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["bdi"]:
            self.bdi[-1] += data


def test_the_page_shows_the_errors_and_stands_alone(place: Path, tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    title, source = 'الرياض "الأولى" 5 < 6 & 7 > 6', "<script>alert(1)</script>"
    rows = lines_of(DATA / "feed.jsonl")
    for row in rows:
        row |= {"title": title, "source": source, "url": "https://www.spa.example/" + row["id"]}
    feed.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), "utf-8")
    said = says(place / "out.jsonl", DATA / "gold.jsonl", "--feed", feed, "--html", tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")
    page = Page(text)
    assert "<script>alert" not in text
    assert {title, source} <= set(page.bdi)
    wrong = re.findall(r"^  [- ] (\S+) ", said, re.M)
    assert wrong
    assert set(wrong) <= set(page.bdi)
    assert all(r["date"][:10] in text for r in rows if r["id"] in wrong)  # in the message that words it
    assert "B-cubed" in text
    assert not any("src" in attrs or str(attrs.get("href", "")).startswith("http") for _, attrs in page.tags)


def test_the_page_tells_of_v_measure_only_where_there_is_one(place: Path, tmp_path: Path) -> None:
    says(place / "out.jsonl", DATA / "gold.jsonl", "--html", tmp_path / "labels.html")
    pair = lines_of(place / "out.jsonl")[:2]
    (tmp_path / "pairs.jsonl").write_text(json.dumps({"a": pair[0]["id"], "b": pair[1]["id"], "same": False}), "utf-8")
    says(place / "out.jsonl", tmp_path / "pairs.jsonl", "--html", tmp_path / "pairs.html")
    for name, told in (("labels", True), ("pairs", False)):
        shown = (tmp_path / f"{name}.html").read_text("utf-8").split('id="messages"')[0]
        assert ("V-measure" in shown) == told


def test_the_page_is_no_input(place: Path) -> None:
    with pytest.raises(InputError, match="is also an input"):
        says(place / "out.jsonl", DATA / "gold.jsonl", "--html", place / "out.jsonl")
