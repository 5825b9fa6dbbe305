"""JSON arrays and documents: how they are told, cut into rows, and read through damage."""

from __future__ import annotations

import gzip
import json
import re
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from feed_forms import MOMENT, PACKINGS, read
from hypothesis import assume, given, settings, strategies as st

from clusterer.articles import Article
from clusterer.io.feed import Feed
from clusterer.io.feed_limits import FeedLimits
from clusterer.io.readers.json_array import JsonArray
from clusterer.io.rows import EXCERPT
from clusterer.io.values import is_nothing
from clusterer.io.writers import write_rows


def test_one_article_in_a_json_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"text": "x", "tags": [{"name": "t"}]}, indent=2))
    (tmp_path / "b.json").write_text('{"articles": []}')
    (tmp_path / "c.json").write_text("[]")
    (tmp_path / "d.json").write_text("")
    assert read(tmp_path) == ([Article("x")], [])


def test_a_json_feed_has_a_description_of_its_own(tmp_path: Path) -> None:
    items = [{"id": "1", "content_html": "<p>x</p>", "date_published": "2015-07-23T10:20:30Z"}]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "واس", "description": "أخبار", "items": items}
    (tmp_path / "a.json").write_text(json.dumps(feed))
    (tmp_path / "b.json").write_text(json.dumps(feed, indent=1))
    (tmp_path / "c.json").write_text(json.dumps({"text": "y", "comments": [{"text": "no"}]}))
    assert read(tmp_path) == ([Article("x", "1", date=MOMENT)] * 2 + [Article("y")], [])


def test_json_arrays_do_not_depend_on_how_chunks_fall(tmp_path: Path) -> None:
    rows = [{"id": str(i), "text": '\\"[]{},\\' * (i * 37 % 4000), "n": [{"text": "no"}, [[]]]} for i in range(400)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    articles, bad = read(tmp_path / "a.json")
    assert [(a.id, a.text) for a in articles] == [(r["id"], r["text"]) for r in rows]
    assert not bad


def test_where_rows_are_taken_up_again_does_not_depend_on_how_chunks_fall() -> None:
    """Found by `make fuzz`: what parts elements was learned only where no chunk ended in it."""
    document = b'[{"id": "1"},{"id": "2"}{,\n{"id": "3"},{"id": "4"}]'

    def told(size: int) -> list[tuple[bytes, str]]:
        chunks = (document[i : i + size] for i in range(0, len(document), size))
        return [(raw, repr(value)) for raw, value in JsonArray(chunks, FeedLimits())]

    whole = told(len(document))
    assert [raw for raw, _ in whole[:2]] == [b'{"id": "1"}', b'{"id": "2"}']
    for size in range(1, len(document)):
        assert told(size) == whole


@pytest.mark.parametrize(
    "document", [b'{"a": "b", "c": [1, 2], "d": 3}', b'{"a"[i: "1", "b": "c"', b'{{{"' + b"a" * 9000]
)
def test_what_is_told_of_no_array_does_not_depend_on_how_chunks_fall(document: bytes) -> None:
    """Found by `make fuzz`: the row that the quarantine file shows was what the first chunks held."""
    for size in (1, 5, len(document)):
        chunks = (document[i : i + size] for i in range(0, len(document), size))
        ((shown, _),) = JsonArray(chunks, FeedLimits())
        assert shown == document[: 4 * EXCERPT]


BIG = {"id": "big", "text": "x" * 300_000}  # more than the bytes that tell format and encoding

SMALL = {"id": "small", "text": "y"}


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize(
    ("document", "ids"),
    [
        (json.dumps(BIG), ["big"]),
        (json.dumps(BIG, indent=2) + "\n", ["big"]),
        ("\ufeff\n " + json.dumps(BIG), ["big"]),
        (json.dumps({"tags": [{"name": "t"}], "comments": [{"text": "no"}], **BIG}), ["big"]),
        (json.dumps([BIG]), ["big"]),
        (json.dumps([SMALL, BIG, SMALL]), ["small", "big", "small"]),
        (json.dumps([BIG, SMALL], indent=1), ["big", "small"]),
        (json.dumps({"status": "ok", "articles": [SMALL, BIG]}), ["small", "big"]),
        (json.dumps({"description": "x" * 300_000, "items": [SMALL, BIG]}, indent=1), ["small", "big"]),
        (json.dumps(BIG) + "\n" + json.dumps(SMALL) + "\n", ["big", "small"]),
        (json.dumps(SMALL) + "\n" + json.dumps(BIG), ["small", "big"]),
        (json.dumps(BIG) + "\n{\n" + json.dumps(SMALL) + "\n", ["big", "small"]),
    ],
)
def test_a_big_article_in_a_json_file_is_good(document: str, ids: list[str], packing: str, tmp_path: Path) -> None:
    name = f"a.json{packing}"
    (tmp_path / name).write_bytes(PACKINGS[packing](name, document.encode()))
    articles, bad = read(tmp_path / name)
    assert [a.id for a in articles] == ids
    assert [len(a.text) for a in articles] == [300_000 if i == "big" else 1 for i in ids]
    assert [b.line for b in bad] == ([2] if "\n{\n" in document else [])


@pytest.mark.parametrize("form", ["line", "document", "element", "last element", "wrapped"])
@pytest.mark.parametrize("spare", [-1, 0, 1])
def test_the_row_limit_of_json_documents_is_exact(spare: int, form: str, tmp_path: Path) -> None:
    row = json.dumps(BIG, indent=2 if form == "document" else None)
    small = json.dumps(SMALL)
    (tmp_path / "a.json").write_text(
        {
            "line": f"{row}\n",
            "document": f" \n{row}\n",
            "element": f"[{row}, {small}]",
            "last element": f"[{small}, {row}]",
            "wrapped": f'{{"articles": [{row}]}}',
        }[form]
    )
    articles, bad = read(tmp_path / "a.json", max_row_bytes=len(row) + spare)
    assert [a.id for a in articles if a.id != "small"] == ["big"] * (spare >= 0)
    assert [(b.line, "longer than a row may be" in b.reason, b.excerpt[:1]) for b in bad] == [
        (1 + (form == "last element"), True, "{")
    ] * (spare < 0)


def test_a_json_document_far_over_the_limit_is_one_bad_row(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(BIG | {"more": "z" * 10**6}))
    articles, bad = read(tmp_path / "a.json", max_row_bytes=1000)
    assert not articles
    assert [(b.line, b.excerpt[:14]) for b in bad] == [(1, '{"id": "big", ')]
    assert "longer than a row may be: 1,300,0" in bad[0].reason


def test_damage_after_a_whole_document_is_told(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(json.dumps(SMALL, indent=1).encode()))
    data[-8] ^= 0xFF
    (tmp_path / "a.json.gz").write_bytes(data)
    articles, bad = read(tmp_path / "a.json.gz")
    assert [a.id for a in articles] == ["small"]
    assert [(b.line, "damaged gz data" in b.reason) for b in bad] == [(2, True)]


def test_two_arrays_in_one_file_and_missing_commas(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"text": "a"} {"text": "b"},,]\n[{"text": "c"}]')
    articles, bad = read(tmp_path / "a.json")
    assert ([a.text for a in articles], bad) == (["a", "b", "c"], [])


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["text", "title", "id", "url", "x", 'q"\\[{']),
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0<&\r"), max_size=40),
        ),
        max_size=8,
    ),
    st.sampled_from(["jsonl", "json", "indented"]),
)
@settings(max_examples=150, deadline=None)
def test_any_rows_survive_json(rows: list[dict[str, str]], form: str) -> None:
    for row in rows:
        row.setdefault("text", "")
    assume(all(not row["text"].strip() or not is_nothing(row["text"]) for row in rows))  # such a row is a bad one
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("a.jsonl" if form == "jsonl" else "a.json")
        if form == "jsonl":
            text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
        else:
            text = json.dumps(rows, ensure_ascii=False, indent=2 if form == "indented" else None)
        path.write_bytes(text.encode())
        feed = Feed(path, encoding="utf-8")
        got = list(feed)
        assert [(r.article.text, r.article.title) for r in got] == [
            tuple("" if is_nothing(s) else s for s in (r["text"], r.get("title", ""))) for r in rows
        ]
        assert feed.bad_rows == 0
        out = Path(folder) / "out.jsonl"
        write_rows(out, got, "jsonl")
        assert [json.loads(line) for line in out.read_bytes().splitlines()] == rows


@pytest.mark.parametrize("packing", ["", ".gz"])
def test_a_long_element_of_an_array_is_skipped_without_being_held(packing: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.json{packing}"
    with (gzip.open if packing else open)(path, "wb") as out:  # type: ignore[operator]
        out.write(b'[{"text": "first"}, {"text": "')
        for _ in range(16):
            out.write((b'x\\"\\\\]}' + b"y" * 1017) * 2**10)
        out.write(b'"}, {"text": "last"}]')
    tracemalloc.start()
    articles, bad = read(path, max_row_bytes=2**18)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [a.text for a in articles] == ["first", "last"]
    assert [(b.line, "longer than a row may be" in b.reason) for b in bad] == [(2, True)]
    assert peak < 4 * 2**20


@pytest.mark.parametrize("written", ['\\"', "\\\\", '\\\\\\"', "\\u0646"])
@pytest.mark.parametrize("back", range(8))
def test_an_escape_may_straddle_two_chunks(written: str, back: int, tmp_path: Path) -> None:
    start = '[{"text": "'
    data = start + "x" * (2**18 - len(start) - back) + written + '"}, {"id": "other first key", "text": "next"}]'
    (tmp_path / "a.json").write_text(data)
    articles, bad = read(tmp_path / "a.json")
    assert not bad
    assert [a.text for a in articles] == [row["text"] for row in json.loads(data)]


def test_good_elements_between_two_broken_ones_are_found(tmp_path: Path) -> None:
    good = [f'{{"id": "{i}", "text": "{i}"}}' for i in range(4)]
    broken = '{"id": "x", "a": {"text": "y"}', '{"id": "z", "text": "z"}}'
    (tmp_path / "a.json").write_text("[" + ", ".join([*good[:2], broken[0], good[2], broken[1], good[3]]) + "]")
    articles, bad = read(tmp_path / "a.json")
    assert [a.id for a in articles if a.id != "z"] == ["0", "1", "2", "3"]
    assert [b.line for b in bad] == [3, 6]
    assert bad[0].excerpt == broken[0]


def test_a_whole_element_behind_a_broken_one_is_no_cut_one(tmp_path: Path) -> None:
    """Found by JSONTestSuite's strings without an end: the last row was refused, as if the file ended inside it."""
    path, bad = tmp_path / "a.json", []
    path.write_bytes(b'[{"text":"a"},\n{"text":"b","x":["\\"]},\n{"text":"c"}]')
    feed = Feed(path, on_bad=bad.append)
    assert [row.article.text for row in feed] == ["a", "c"]
    assert ([row.line for row in bad], feed.damaged_files) == ([2], [])


def test_rows_that_are_never_closed_cost_little(tmp_path: Path) -> None:
    """Each looks like the beginning of all that follow; one that is only deep is skipped as a whole."""
    path = tmp_path / "a.json"
    deep = b'{"text":"b","r":[' * 1100 + b"0" + b"]}" * 1100
    path.write_bytes(b'[{"text":"a"},\n' + deep + b',\n{"text":"c"}]')
    feed = Feed(path)
    assert [row.article.text for row in feed] == ["a", "c"]
    assert feed.bad_rows == 1
    started = time.process_time()
    path.write_bytes(b'[{"text":"a"},\n' + b'{"text":"a",\n' * 500_000)
    assert sum(1 for _ in Feed(path)) == 1
    assert time.process_time() - started < 1.5


def test_objects_that_are_never_closed_cost_little_before_the_first_article(tmp_path: Path) -> None:
    """Each stands in all before it: a path of names, made anew at every brace, cost the square of their number."""
    path = tmp_path / "a.json"
    for opens in (b"{\n", b'{"a":', b"[", b'"a":1,'):
        path.write_bytes(b"{" + opens * 200_000)
        started = time.process_time()
        assert [*Feed(path)] == []
        assert time.process_time() - started < 2, opens


def test_objects_in_objects_are_one_bad_row(tmp_path: Path) -> None:
    """One that is looked through for an empty page ended its whole file; one for data frames took seconds."""
    path, bad = tmp_path / "a.jsonl", []
    good = b'{"id":"1","text":"good"}\n'
    deep = b'{"data":' * 990 + b'{"text":"a"}' + b"}" * 990 + b"\n"
    path.write_bytes(good + deep * 40 + good)
    started = time.process_time()
    assert len([*Feed(path, on_bad=bad.append)]) == 2
    assert time.process_time() - started < 3
    assert [row.line for row in bad] == [*range(2, 42)]
    assert "columns: data" in bad[0].reason


def chats(count: int) -> dict[str, Any]:
    """An export of all chats as Telegram Desktop writes it, made here: notes of the chat, texts in pieces, songs, pictures."""

    def of_channel(channel: int) -> list[dict[str, Any]]:
        service = {
            "id": 1,
            "type": "service",
            "action": "edit_group_title",
            "title": f"أخبار القناة {channel}",
            "text": "",
        }
        messages = [service, {"id": 2, "type": "service", "action": "pin_message", "text": ""}]
        for number in range(3, 3 + count):
            text = f"قالت الوزارة في اليوم {number} إن العام الدراسي يبدأ"
            pieces = [{"type": "bold", "text": "العنوان"}, f"\n{text}"] if number % 3 else text
            entities = [{"type": "plain", "text": text}]
            more = {"from": "قناة", "from_id": f"channel{channel}", "date": "2015-07-23T10:20:30"}
            messages.append({"id": number, "type": "message", **more, "text": pieces, "text_entities": entities})
        song = {"media_type": "audio_file", "title": "أغنية", "text": "", "text_entities": []}
        return [*messages, {"id": 99, "type": "message", **more, **song}]

    lists = {
        name: [{"name": "قناة", "messages": of_channel(10 * at + c)} for c in range(2)] for at, name in enumerate("ab")
    }
    people = [{"user_id": 1, "first_name": "x", "note": "كلمة عن شخص ما"}]
    return {
        "about": "x", "contacts": {"list": people}, "chats": {"list": lists["a"]}, "left_chats": {"list": lists["b"]}
    }  # fmt: skip


@pytest.mark.parametrize("is_packed", [False, True])
def test_of_a_cut_export_of_all_chats_all_messages_before_the_cut_are_read(is_packed: bool, tmp_path: Path) -> None:
    document = json.dumps(chats(4), ensure_ascii=False, indent=1).encode()
    starts = [place.start() for place in re.finditer(rb'\{\s*"id": ', document)]
    messages = [  # where each ends, and its name where it is one with words
        (start + end, f"{row['from_id']}/{row['id']}" if row["type"] == "message" and row["text"] else "")
        for start in starts
        for row, end in [_decoded(document, start)]
    ]
    assert sum(bool(name) for _, name in messages) == 16, "four of each of four chats"
    path = tmp_path / ("result.json.gz" if is_packed else "result.json")
    for cut in range(next(end for end, name in messages if name), len(document), 97):
        path.write_bytes(gzip.compress(document[:cut])[:-4] if is_packed else document[:cut])
        feed = Feed(path)
        assert [row.article.id for row in feed] == [name for end, name in messages if name and end <= cut], cut
        assert (len(feed.damaged_files), feed.bad_rows, feed.notes) == (1, 1, []), cut
    path.write_bytes(gzip.compress(document) if is_packed else document)
    feed = Feed(path)
    assert [row.article.id for row in feed] == [name for _, name in messages if name]
    assert (feed.damaged_files, feed.bad_rows, feed.blank_rows, feed.notes) == ([], 0, 12, [])


def _decoded(document: bytes, start: int) -> tuple[dict[str, Any], int]:
    text = document[start:].decode()
    row, end = json.JSONDecoder().raw_decode(text)
    return row, len(text[:end].encode())


def test_of_a_document_over_the_limit_every_array_at_the_path_of_the_first_is_read(tmp_path: Path) -> None:
    document = chats(1000)
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    assert len(list(Feed(path))) == 4000
    del document["left_chats"]
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    feed = Feed(path, max_row_bytes=2**16)
    assert len(list(feed)) == 2000, "of both chats, though it is not held whole"
    (note,) = feed.notes
    assert "longer than may be held: articles are read from 'chats.list.messages'" in note
