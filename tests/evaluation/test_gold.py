"""Gold files and results: what is read, and what is refused with file, line, rule and cure."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import zstandard

from clusterer import InputError
from clusterer.evaluation.gold import Gold, Judged, read_gold
from clusterer.evaluation.result_file import read_result

LABELS = [
    {"id": "a", "event": 1, "dup": 10, "url": "http://x/a"},
    {"id": 7, "event": "one", "dup": None},
    {"id": "c", "event": None, "dup": 10, "doubtful": False},
    {"id": "d", "event": 2, "dup": 11, "doubtful": True},
]
PAIRS = [
    {"a": "x", "b": "y", "same": True},
    {"a": "x", "b": "z", "same": False, "level": "story", "score": 0.5},
    {"a": "x", "b": "y", "same": False, "level": "copy"},
    {"a": "y", "b": "z", "same": None},
]


def written(path: Path, rows: list) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return path


def test_labels_of_every_level(tmp_path: Path) -> None:
    gold = read_gold(written(tmp_path / "gold.jsonl", LABELS))
    assert gold.labels == {"copy": {"a": 10, "c": 10}, "story": {"a": 1, "7": "one"}}
    assert gold.levels == ("copy", "story")
    assert gold.urls == {"a": "http://x/a"}
    assert gold.pairs == ()
    assert read_gold(tmp_path / "gold.jsonl", with_doubtful=True).labels["story"]["d"] == 2


def test_a_label_of_another_name(tmp_path: Path) -> None:
    path = written(tmp_path / "gold.jsonl", [{"id": "a", "topic": 1, "event": 2}])
    assert read_gold(path).labels == {"story": {"a": 2}}
    assert read_gold(path, label="topic").labels == {"story": {"a": 1}}
    assert read_gold(path, label="topic", level="copy").labels == {"copy": {"a": 1}}
    assert read_gold(path, label="event").labels == {"story": {"a": 2}}


def test_judged_pairs(tmp_path: Path) -> None:
    gold = read_gold(written(tmp_path / "pairs.jsonl", PAIRS))
    assert gold.labels == {}
    assert gold.levels == ("copy", "story")
    assert gold.answers("story") == [Judged("x", "y", True, "story", None, 1), Judged("x", "z", False, "story", 0.5, 2)]
    assert [p.same for p in gold.answers("copy")] == [False]
    assert [p.same for p in gold.pairs] == [True, False, False, None]


def test_a_question_has_one_answer_in_either_order(tmp_path: Path) -> None:
    again = [{"a": "z", "b": "y", "same": True}, {"a": "y", "b": "x", "same": True}, {"a": "y", "b": "z", "same": None}]
    gold = read_gold(written(tmp_path / "pairs.jsonl", PAIRS + again))
    assert {(p.level, p.a, p.b): p.same for p in gold.pairs} == {
        ("story", "x", "y"): True,
        ("story", "x", "z"): False,
        ("copy", "x", "y"): False,
        ("story", "z", "y"): True,  # the answer counts, not that nobody could say before
    }


@pytest.mark.parametrize("kind", ["plain", "semicolons", "gz", "zst", "mark"])
def test_tables_and_packed_files_say_the_same(tmp_path: Path, kind: str) -> None:
    labels = "id,event,dup\r\na,1,10\r\nb,1,\r\n"
    path = tmp_path / "gold.csv"
    if kind == "gz":
        path = tmp_path / "gold.csv.gz"
        path.write_bytes(gzip.compress(labels.encode()))
    elif kind == "zst":
        path = tmp_path / "gold.csv.zst"
        path.write_bytes(zstandard.compress(labels.encode()))
    else:
        text = labels.replace(",", ";") if kind == "semicolons" else ("\ufeff" if kind == "mark" else "") + labels
        path.write_text(text, "utf-8")
    assert read_gold(path).labels == {"copy": {"a": "10"}, "story": {"a": "1", "b": "1"}}
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("a,b,same,level\nx,y,true,story\nx,z,No,\ny,z,,copy\n")
    assert [(p.same, p.level) for p in read_gold(pairs).pairs] == [(True, "story"), (False, "story"), (None, "copy")]


@pytest.mark.parametrize(
    ("rows", "line", "wants"),
    [
        (["{broken"], 1, ["not JSON", "one JSON object a line"]),
        (["[1, 2]"], 1, ["[1, 2]", "no object"]),
        (['{"event": 1}'], 1, ["neither a pair nor an article"]),
        (['{"id": "a", "event": 1}', '{"event": 2}'], 2, ["no field 'id'"]),
        (['{"id": "a", "event": 1}', "", '{"id": "b"}'], 3, ["'b'", "no field 'event'", "null where"]),
        (['{"id": "a", "event": 1}', '{"id": "a", "event": 1}'], 2, ["'a'", "labelled twice", "one line an article"]),
        (['{"id": "a", "event": [1]}'], 1, ["[1]", "a number or a name"]),
        (['{"id": null, "event": 1}'], 1, ["id is None", "the id of an article"]),
        (['{"a": "x", "b": "y"}'], 1, ["no field 'same'"]),
        (['{"a": "x", "b": "x", "same": true}'], 1, ["'x'", "itself", "two articles"]),
        (['{"a": "x", "b": "y", "same": "perhaps"}'], 1, ["'perhaps'", "true, false, or null"]),
        (['{"a": "x", "b": "y", "same": 2}'], 1, ["same is 2", "true, false, or null", "نعم"]),
        (['{"a": "x", "b": "y", "same": 0.5}'], 1, ["same is 0.5", "true, false, or null"]),
        (['{"a": "x", "b": "y", "same": true, "level": "exact"}'], 1, ["'exact'", "story or copy"]),
        (['{"a": "x", "b": "y", "same": true, "level": 3}'], 1, ["3", "story or copy"]),
        (
            ['{"a": "x", "b": "y", "same": true}', '{"a": "y", "b": "x", "same": false}'],
            2,
            ["'x'", "'y'", "not the same here", "the same in line 1", "keep one"],
        ),
    ],
)
def test_what_is_wrong_is_told_with_file_line_rule_and_cure(
    tmp_path: Path, rows: list[str], line: int, wants: list[str]
) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(rows), "utf-8")
    with pytest.raises(InputError) as error:
        read_gold(path)
    said = str(error.value)
    assert f"{path}, line {line}: " in said
    assert "cure: " in said
    assert all(part in said for part in wants), said


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.jsonl", b""),
        ("none.jsonl", b'{"id": "a", "event": null}\n'),
        ("doubt.jsonl", b'{"id": "a", "event": 1, "doubtful": true}\n'),
        ("short.csv", b"id,event\na\n"),
        ("long.csv", b"id,event\na,1,2\n"),
        ("latin.csv", "id,event\n\xe9,1\n".encode("latin-1")),
        ("bad.jsonl.gz", b"no gzip at all"),
        ("cut.jsonl.gz", gzip.compress(b'{"id": "a", "event": 1}\n' * 999)[:-20]),
        ("bad.jsonl.zst", b"no zstandard at all"),
    ],
)
def test_files_that_hold_no_gold_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_gold(path)
    assert str(path) in str(error.value)
    assert "cure: " in str(error.value)


@pytest.mark.parametrize("yes", ["نعم", "\u200fنعم ", "yes", "Y", "1", "TRUE"])
@pytest.mark.parametrize("no", ["لا", "no", "N", "0", "False"])
def test_yes_and_no_are_said_in_many_ways(tmp_path: Path, yes: str, no: str) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(f"a,b,same\nx,y,{yes}\nx,z,{no}\ny,z,\n", "utf-8")
    assert [p.same for p in read_gold(pairs).pairs] == [True, False, None]


def test_numbers_are_answers(tmp_path: Path) -> None:
    rows = [{"a": "x", "b": "y", "same": 1}, {"a": "x", "b": "z", "same": 0}]
    assert [p.same for p in read_gold(written(tmp_path / "pairs.jsonl", rows)).pairs] == [True, False]


def test_blank_rows_of_a_table_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "gold.csv"
    path.write_text("id,event,dup\na,1,10\n,,\n\n ,\nb,2,11\n,,,\n", "utf-8")
    assert read_gold(path).labels["story"] == {"a": "1", "b": "2"}


@pytest.mark.parametrize("encoding", ["cp1256", "utf-16", "utf-8"])
def test_tables_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_bytes("a,b,same\nخبر-1,خبر-2,نعم\nخبر-1,خبر-3,لا\n".encode(encoding))
    assert [(p.a, p.same) for p in read_gold(path).pairs] == [("خبر-1", True), ("خبر-1", False)]


def test_damaged_utf8_is_not_taken_for_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "gold.csv"
    path.write_bytes("id,event\nالخبر الأول,الحدث\n".encode()[:-2] + b"\n")
    with pytest.raises(InputError, match=r"neither UTF-8 nor Windows-1256 .*; cure: save it as CSV in UTF-8"):
        read_gold(path)


@pytest.mark.parametrize(
    "row", [{"id": "a", "text": "نص"}, {"url": "http://x/a", "Body": "نص"}, {"id": 1, "النص": "نص"}]
)
def test_a_feed_is_told_from_gold(tmp_path: Path, row: dict) -> None:
    path = written(tmp_path / "news.jsonl", [row])
    with pytest.raises(InputError, match=r"news.jsonl: looks like a feed, not gold.*INPUT comes first, GOLD last"):
        read_gold(path)
    gold = written(
        tmp_path / "gold.jsonl", [{"id": "a", "text": "نص", "event": 1}, {"id": "b", "text": "", "event": 2}]
    )
    assert read_gold(gold).labels == {"story": {"a": 1, "b": 2}}
    if "id" in row:
        other = written(tmp_path / "other.jsonl", [{**row, "topic": 7}])
        assert list(read_gold(other, label="topic").labels["story"].values()) == [7]


def test_a_result_as_gold_is_known_as_one(tmp_path: Path) -> None:
    line = {"id": "a", "copy": "a", "story": "a", "linked_to": None, "relation": None}
    out = written(tmp_path / "out.jsonl", [line])
    assert read_gold(out, label="story").is_result
    with pytest.raises(InputError, match="nobody judged, and no further column is filled; cure: --label NAME"):
        read_gold(out)
    topics = written(tmp_path / "topics.jsonl", [{**line, "title": "x", "topic": 1, "note": " "}])
    found = read_gold(out, results=True)
    assert (found.labels, found.is_result) == ({"copy": {"a": "a"}, "story": {"a": "a"}}, True)
    with pytest.raises(InputError, match="further columns: 'title', 'topic'; cure: --label NAME"):
        read_gold(topics)
    with pytest.raises(InputError, match="further columns: 'title', 'topic'; cure: --label NAME"):
        read_gold(topics, results=True)
    found = read_gold(topics, label="topic")
    assert (found.labels, found.is_result) == ({"story": {"a": 1}}, False)
    for name in ("event", "الحدث", " القصة\u200f"):
        found = read_gold(written(tmp_path / "own.jsonl", [{**line, name: 5}]))
        assert (found.labels, found.is_result) == ({"story": {"a": 5}}, False)
    assert not read_gold(written(tmp_path / "gold.jsonl", LABELS)).is_result


def test_results_are_read_by_id(tmp_path: Path) -> None:
    line = {"id": "a", "exact": "e", "copy": "c", "story": "s", "linked_to": "b", "score": 0.5, "evidence": {"x": 1}}
    path = written(tmp_path / "out.jsonl", [line, {**line, "id": "b", "linked_to": None, "score": None}])
    ours = read_result(path, ("copy", "story"))
    assert list(ours) == ["a", "b"]
    assert ours["a"] == ("e", "c", "s", "b", 0.5)
    with pytest.raises(InputError, match=r"out.jsonl, line 2: article 'a' is there twice; cure"):
        read_result(written(tmp_path / "out.jsonl", [line, line]))
    with pytest.raises(InputError, match=r"out.jsonl, line 1: no field 'story'; cure"):
        read_result(written(tmp_path / "out.jsonl", [{"id": "a"}]), ("story",))


def test_an_article_goes_by_its_id_or_its_url() -> None:
    gold = Gold({"story": {"4": 1}}, urls={"4": "http://x/4"}, name="g.jsonl")
    assert gold.place("4", {"4": 0, "http://x/4": 1}, "out.jsonl") == "4"
    assert gold.place("4", {"http://x/4": 1}, "out.jsonl") == "http://x/4"
    with pytest.raises(InputError, match=r"g.jsonl: article '4' is not in out.jsonl; cure"):
        gold.place("4", {}, "out.jsonl")


def test_pairs_of_articles_that_are_not_there_are_left_out_and_told() -> None:
    pairs = tuple(Judged(a, b, a < b) for a, b in ("xy", "zy", "xw", "ab"))
    with pytest.warns(
        UserWarning, match=r"gold: 2 of 4 judged pairs are of articles that are not in out\.jsonl \(first: w\)"
    ):
        assert Gold({}, pairs).within(dict.fromkeys("xyz"), "out.jsonl").pairs == pairs[:2]
    with pytest.raises(InputError, match="article 'x' is not in out"):
        Gold({}, pairs).within({"q": 0}, "out.jsonl")


def test_columns_and_cells_as_people_type_them(tmp_path: Path) -> None:
    path = tmp_path / "gold.csv"
    path.write_text(" المعرف ,\u200fالحدث,Dup\n\u200fa , ٧\u200f,x\nb,7,\nc,\u00a0,X \n", "utf-8")
    gold = read_gold(path)
    assert gold.labels == {"story": {"a": "7", "b": "7"}, "copy": {"a": "x", "c": "X"}}
    assert gold.place("a", {"\u200fa ": 1}, "the feed") == "\u200fa "  # a feed may have the marks too
    path.write_text("ID,Event,event\na,1,2\n", "utf-8")
    assert read_gold(path).labels == {"story": {"a": "2"}}
    assert read_gold(path, label="Event").labels == {"story": {"a": "1"}}
    path.write_text("A,B,Same\n x,y\u200f,نعم\n", "utf-8")
    assert [(p.a, p.b, p.same) for p in read_gold(path).pairs] == [("x", "y", True)]
    assert read_gold(
        written(tmp_path / "mixed.jsonl", [{"id": "a", "event": "٧"}, {"id": "b", "event": 7}])
    ).labels == {"story": {"a": 7, "b": 7}}


def test_errors_tell_the_columns_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "gold.csv"
    path.write_text("number,group\na,1\n", "utf-8")
    with pytest.raises(InputError, match=r"neither a pair nor an article \(columns: 'number', 'group'\)"):
        read_gold(path)
    path.write_text("id,group\na,1\n", "utf-8")
    with pytest.raises(InputError, match=r"no labelled article \(columns: 'id', 'group'\)"):
        read_gold(path)
    with pytest.raises(InputError, match=r"no field 'groop' \(columns: 'id', 'group'\); cure: did you mean 'group'"):
        read_gold(path, label="groop")
