"""The JSON API beside what the index itself says, its OpenAPI document, and what is refused."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from indexes import SAMPLE
from serving import Server, served

from clusterer import Article, StoryIndex
from clusterer.serve.desk import Asked

ODD = (
    "a/b?c#d",
    "https://x.example/ن؟a=1&b=2",
    "..",
    ".",
    " ",
    "a b+c%20",
    "\u202e",
    "'\"<>",
)  # ids that addresses spoil


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "news.db"
    odd = [Article(" ".join(f"غريب{n}و{i}" for i in range(30)), id) for n, id in enumerate(ODD)]
    with StoryIndex.open(path) as index:
        index.add([*SAMPLE, *odd, Article("", "empty")])
    return path


@pytest.fixture(scope="module")
def server(path: Path) -> Iterator[Server]:
    with served(path) as server:
        server.wait_for_words(len(SAMPLE))
        yield server


def plain(value: object) -> object:
    return orjson.loads(orjson.dumps(value))


def test_stories_are_those_of_the_index(server: Server, path: Path) -> None:
    with StoryIndex.open(path) as index:
        for more in (
            {"sort": "size"},
            {"sort": "date"},
            {"sort": "change"},
            {"sort": "growth", "since": "2016-04-01"},
            {"sort": "date", "since": "9000d"},
            {"sort": "size", "since": "24h", "until": "2016-04-02"},
            {"sort": "growth", "since": "2016-04-01", "until": "2016-04-10", "outlet": SAMPLE[0].outlet},
            {"sort": "date", "outlet": SAMPLE[0].outlet},
        ):
            asked: dict[str, Any] = {**more, "limit": 15, "min_size": 2}
            stories = index.stories(**asked)
            assert stories
            assert server.api("stories", **asked)["stories"] == plain([story.as_dict() for story in stories])


def test_lists_are_held_for_a_moment_only(tmp_path: Path) -> None:
    path = tmp_path / "growing.db"
    with StoryIndex.open(path) as index, served(path) as server:
        for count in (1, 2, 3):
            index.add([Article(" ".join(f"{count}و{i}" for i in range(30)), f"{count}")])
            until = time.monotonic() + 120
            while len(server.api("stories", sort="size")["stories"]) < count:
                assert time.monotonic() < until
            assert len(server.api("search", q=f"{count}و7")["stories"]) in (0, 1)
        assert list(server.desk._lists) == [Asked("size", None, None, None, 1, 20)]


def test_a_story_and_its_articles(server: Server, path: Path) -> None:
    with StoryIndex.open(path) as index:
        for story in (index.stories(sort="size", limit=1)[0], index.story("empty")):
            told = server.api("story", id=story.id)
            members = told.pop("members")
            assert told == plain(story.as_dict())
            stored = index.articles([a.id for a in story.assignments])
            for a, member in zip(story.assignments, members, strict=True):
                own = stored[a.id]
                about = {"title": own.title, "source": own.source, "url": own.url, "date": own.date}
                assert member == plain({**a.as_dict(), **about})
                assert server.api("article", id=a.id) == {**member, "text": own.text}
            assert server.api("story", id=story.assignments[-1].id)["story"] == story.id


@pytest.mark.parametrize("id", ODD)
def test_any_id_can_be_asked_for(server: Server, id: str) -> None:
    assert server.api("article", id=id)["id"] == id
    assert server.api("story", id=id)["story"] == id
    assert quote(id, safe="") in server.page("/article", id=id).replace("+", "%20")


def test_an_explanation_is_that_of_the_index(server: Server, path: Path) -> None:
    a, b = (SAMPLE[i].id for i in (0, 5))
    with StoryIndex.open(path) as index:
        assert server.api("explain", a=a, b=b) == plain(index.explain(a, b).as_dict())


def test_a_question_stores_nothing(server: Server, path: Path) -> None:
    copy = SAMPLE[3]
    body = json.dumps({"text": copy.text, "title": copy.title, "id": "asked", "date": "2016-04-01T00:00:00Z"}).encode()
    before = path.read_bytes(), server.api("changes", limit=200)["next"]
    status, _, text = server.ask("/api/query", "POST", body, {"content-type": "application/json"})
    answer = json.loads(text)
    assert (status, answer["relation"], answer["linked_to"]) == (200, "exact", copy.id)
    assert answer["story_title"]
    assert (path.read_bytes(), server.api("changes", limit=200)["next"]) == before


def test_search_folds_letters_and_finds_behind_prefixes(server: Server) -> None:
    found = server.api("search", q="الطائره المصريه")["stories"]
    assert found == server.api("search", q="الطَّائِرة المصـــريّة")["stories"]
    assert {"qandil-06"} <= {x["story"] for x in found}
    assert {x["story"] for x in found} <= {x["story"] for x in server.api("search", q="طائرة مصرية")["stories"]}
    assert server.api("search", q="لاشيءكهذا")["stories"] == []
    for odd in ("", '"', "AND", "a OR", "*", "x" * 400, "\x00", "(", "said:كلمة", "\ud83d"[:0]):
        server.api("search", q=odd)


def test_changes_are_told_in_order_and_each_once(server: Server) -> None:
    seen, after = list[str](), 0
    while True:
        told = server.api("changes", after=after, limit=7)
        if told["next"] == after:
            break
        after = told["next"]
        seen += [id for story in told["stories"] for id in story["new"]]
    assert sorted(seen) == sorted([*(a.id for a in SAMPLE), *ODD, "empty"])
    assert server.api("changes", since="1h", limit=200)["next"] == after
    assert server.api("changes", since=f"{datetime.now(UTC) + timedelta(days=2):%F}") == {
        "stories": [], "gone": [], "next": after, "history": server.api("changes")["history"]
    }  # fmt: skip


def test_changes_of_another_history_are_refused(server: Server, path: Path) -> None:
    told = server.api("changes", limit=200)
    assert server.api("changes", after=told["next"], history=told["history"])["stories"] == []
    for asked in (f"after={told['next'] + 1}", "after=99999", "history=0123456789abcdef"):
        status, _, text = server.ask(f"/api/changes?{asked}")
        assert (status, "cure: begin anew, after 0" in json.loads(text)["error"]) == (409, True)
    with StoryIndex.open(path) as index:
        assert plain(index.changes(limit=200).as_dict()) == told


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("/api/story?id=nothing", 404, "cure"),
        ("/api/article?id=nothing", 404, "cure"),
        ("/api/explain?a=nothing&b=x", 404, "cure"),
        ("/api/stories?since=yesterday", 400, "neither an age"),
        ("/api/stories?sort=growth", 400, "cure: since"),
        ("/api/stories?until=2016-04-02", 400, "cure: since"),
        ("/api/stories?since=2016-04-02&until=2016-04-02", 400, "cure: a later one"),
        ("/api/stories?outlet=", 422, "outlet"),
        ("/api/stories?outlet=Nobody", 404, "no article of outlet 'Nobody' is there; cure: "),
        (f"/api/stories?outlet={quote(SAMPLE[0].outlet + 'x')}", 404, f"did you mean '{SAMPLE[0].outlet}'?"),
        ("/api/stories?outlet=A&sort=size&outlet=B", 400, "'outlet' is given 2 times"),
        ("/api/article?id=nothing&id=nothing", 400, "'id' is given 2 times"),
        ("/api/explain?a=x&a=y&a=z&b=x", 400, "'a' is given 3 times"),
        ("/api/stories?limit=0", 422, "limit"),
        ("/api/stories?sort=x", 422, "sort"),
        ("/api/article", 422, "id"),
        ("/api/nothing", 404, "Not Found"),
        ("/api/stories?since=24h&zzz=1", 400, "'zzz'; cure: one of "),
        ("/api/stories?minsize=2", 400, "did you mean 'min_size'? one of "),
        ("/api/story?ids=nothing", 400, "did you mean 'id'? one of id"),
        ("/api/explain?a=nothing&b=x&level=copy", 400, "'level'; cure: one of a, b"),
    ],
)
def test_what_is_wrong_is_one_error(server: Server, asked: str, status: int, said: str) -> None:
    found, headers, text = server.ask(asked)
    assert (found, headers["content-type"]) == (status, "application/json")
    assert said in json.loads(text)["error"]
    if asked.endswith(("sort=growth", "?until=2016-04-02", "outlet=")) or "of outlet" in text:
        return  # the page takes a day where none is said, an empty field for none, and shows that nothing is of an outlet
    found, headers, text = server.ask(asked.replace("/api", "").replace("/stories", "/"))
    assert (found, headers["content-type"]) == (status, "text/html; charset=utf-8")


def test_what_a_route_knows_is_what_it_documents(server: Server) -> None:
    kind = {"content-type": "application/json"}
    for path, methods in server.api("openapi.json")["paths"].items():
        for method, about in methods.items():
            known = [one["name"] for one in about.get("parameters", ())]
            status, _, text = server.ask(f"{path}?zzz=1", method.upper(), b'{"text": "x"}', kind)
            told = f"one of {', '.join(known)}" if known else "leave it out, there are none"
            assert (status, json.loads(text)["error"]) == (400, f"no parameter 'zzz'; cure: {told}"), path


def test_the_page_says_that_an_outlet_is_not_there(server: Server) -> None:
    said = "No article of outlet"
    assert said in server.page("/", outlet="Nobody", since="", language="en")
    assert said not in server.page("/", outlet=SAMPLE[0].outlet, since="", language="en")
    empty = server.page("/", outlet=SAMPLE[0].outlet, since="1990-01-01", until="1990-01-02", language="en")
    assert "No story is like that" in empty
    assert said not in empty
    assert "«Nobody»" in server.page("/", outlet="Nobody", since="", language="ar").replace("\u2068", "").replace(
        "\u2069", ""
    )


def test_an_outlet_without_a_story_in_a_window_is_known(server: Server) -> None:
    assert server.api("stories", outlet=SAMPLE[0].outlet, since="1990-01-01", until="1990-01-02") == {"stories": []}


def test_half_characters_are_written_as_they_can_be(tmp_path: Path) -> None:
    path = tmp_path / "half.db"
    with StoryIndex.open(path) as index:
        index.add([Article("نص \ud83d مقطوع", "half", "عنوان \ud83d")])
    with served(path) as server:
        assert server.api("article", id="half")["text"] == "نص \ud83d مقطوع"
        assert "مقطوع" in server.page("/article", id="half")
        server.wait_for_words(1)
        assert server.api("search", q="مقطوع")["stories"]
        body = b'{"text": "\\ud83d"}'
        assert server.ask("/api/query", "POST", body, {"content-type": "application/json"})[0] == 422


def test_a_damaged_index_is_said_and_the_rest_is_served(tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:5])
    bad, good = SAMPLE[2].id, SAMPLE[0].id
    with served(path) as server:
        with closing(sqlite3.connect(path)) as file:
            file.execute("UPDATE body SET content = x'00' WHERE article = 3")
            file.commit()
        assert server.api("article", id=good)["id"] == good
        for asked in (f"/api/article?id={bad}", f"/article?id={bad}", f"/api/explain?a={bad}&b={good}"):
            status, _, text = server.ask(asked)
            assert (status, "clusterer index check" in text) == (503, True)


def test_reads_are_whole_while_articles_come_and_expire(tmp_path: Path) -> None:
    path, stop, wrong = tmp_path / "moving.db", threading.Event(), list[str]()
    texts = {name: " ".join(f"{name}{i}" for i in range(40)) for name in ("الف", "باء")}

    def batch(turn: int) -> list[Article]:
        when = datetime(2016, 4, 1, tzinfo=UTC) + timedelta(hours=turn)
        return [
            Article(f"{text} {turn}", f"{name}{turn}-{i}", date=when) for name, text in texts.items() for i in range(2)
        ]

    def move() -> None:
        with StoryIndex.open(path) as index:
            for turn in range(4, 60):
                index.add(batch(turn))
                index.expire(max_articles=16)
                if stop.is_set():
                    return

    with StoryIndex.open(path) as index:
        index.add([article for turn in range(4) for article in batch(turn)])
    with served(path) as server:
        writer = threading.Thread(target=move)
        writer.start()

        def read() -> None:
            while writer.is_alive():
                ids = [x["story"] for x in server.api("stories", sort="size", limit=5)["stories"]]
                for id in ids:
                    status, _, text = server.ask(f"/api/story?id={quote(id)}")
                    if status == 404:
                        continue
                    story = json.loads(text)
                    sizes = {story["articles"], len(story["members"]), len({m["id"] for m in story["members"]})}
                    if len(sizes) > 1 or sum(m["representative"] for m in story["members"]) != 1:
                        wrong.append(text)

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for thread in (writer, *readers):
            thread.join(60)
        stop.set()
    assert not wrong
    with StoryIndex.open(path) as index:
        assert index.check() == []


@pytest.mark.slow
def test_schemathesis_finds_no_server_error(server: Server) -> None:
    pytest.importorskip("schemathesis", reason="Schemathesis is not installed")
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    command = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run",
        f"{server.base}/api/openapi.json", "--checks", checks, "--max-examples", "60", "--seed", "7", "--no-color",
        "--output-truncate", "true",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=540, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "Tested: 7" in done.stdout
