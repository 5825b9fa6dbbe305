"""Who may ask and answer: hosts, sizes, forms of strangers, answers that are kept whole."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from indexes import SAMPLE
from serving import Server, served

from clusterer import StoryIndex
from clusterer.errors import OutputError
from clusterer.evaluation.answers import Answers
from clusterer.evaluation.gold import Judged, read_gold
from clusterer.serve.guard import Guard

A, B, C = (SAMPLE[i].id for i in (0, 1, 2))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("guarded") / "news.db"
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:20])
    return path


@pytest.fixture(scope="module")
def server(path: Path) -> Iterator[Server]:
    with served(path, path.with_name("gold.jsonl")) as server:
        yield server


def answered(server: Server, origin: str | None = None, **values: str) -> tuple[int, str]:
    """Send the form of a page, as a browser would from some origin."""
    token = re.search(r'name="token" value="([^"]+)"', server.page("/explain", a=A, b=B))
    assert token
    sent = {"a": A, "b": B, "level": "story", "same": "yes", "token": token[1], **values}
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": origin or server.base}
    status, told, text = server.ask("/label", "POST", urlencode(sent).encode(), headers)
    return status, told.get("location", "") or text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:80", "LOCALHOST", "[::1]:8000", "192.0.2.7"])
def test_names_and_addresses_of_this_machine_are_answered(server: Server, host: str) -> None:
    assert server.ask("/", headers={"host": host})[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "evil.example:127",
        "",
        "a@127.0.0.1",
        "[::1",
        "7",
    ],
)
@pytest.mark.parametrize("asked", ["/", "/api/stories", "/static/serve.css", "/nothing"])
def test_a_rebound_name_is_refused(server: Server, host: str, asked: str) -> None:
    status, _, text = server.ask(asked, headers={"host": host})
    assert status in (400, 421)
    assert not any(article.title in text for article in SAMPLE[:20])


def test_bytes_beyond_ascii_in_an_address_are_refused() -> None:
    """Found by `make fuzz`: servers other than uvicorn with h11 let them through, and the application fell over them."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def unreached(*_: Any) -> None:
        raise AssertionError

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/search",
        "query_string": b"q=\xb6",
        "headers": [(b"host", b"localhost")],
    }
    asyncio.run(Guard(unreached, {"localhost"})(scope, unreached, send))
    assert [message.get("status") for message in sent] == [400, None]


def test_every_answer_says_what_a_browser_must_not_do(server: Server) -> None:
    for asked in (
        "/",
        "/api/stories",
        "/nothing",
        "/api/nothing",
        "/static/serve.css",
        f"/story?id={A}",
        "/api/openapi.json",
    ):
        _, headers, text = server.ask(asked)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "<script" not in text
        assert "style=" not in text


def test_bodies_are_bounded(server: Server) -> None:
    kind = {"content-type": "application/json"}
    assert server.ask("/api/query", "POST", b" " * (1 << 20) + b"{}", kind)[0] == 413
    assert server.ask("/label", "POST", b"a" * (1 << 21), kind)[0] == 413
    with socket.create_connection(("127.0.0.1", server.port), 10) as raw:  # a body without an end
        raw.sendall(b"POST /api/query HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\naaaaa\r\n")
        assert b" 411 " in raw.recv(1000)


def test_answers_are_gold(server: Server, path: Path) -> None:
    gold = path.with_name("gold.jsonl")
    assert answered(server)[0] == 303
    assert answered(server, level="copy", same="unsure")[0] == 303
    assert answered(server, same="no")[0] == 303  # of one question the first answer stays
    assert answered(server, a=B, b=A, same="no")[0] == 303
    assert "location" not in answered(server, a=A, b=C, same="no", language="ar")[1]
    found = {pair.key: pair.same for pair in read_gold(gold, with_doubtful=True).pairs}
    assert found == {
        Judged(A, B, None, "story").key: True,
        Judged(A, B, None, "copy").key: None,
        Judged(A, C, None, "story").key: False,
    }
    page = server.page("/explain", a=A, b=B, language="en")
    assert page.count("This is answered.") == 2
    assert 'value="yes"' not in page


def test_forms_of_strangers_are_refused(server: Server, path: Path) -> None:
    before = path.with_name("gold.jsonl").read_bytes()
    pair = {"a": B, "b": C}
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", f"https://127.0.0.1:{server.port}"):
        assert answered(server, origin, **pair)[0] == 403, origin
    for token in ("", "x", "ن"):
        assert answered(server, token=token, **pair)[0] == 403
    sent = {"content-type": "application/x-www-form-urlencoded"}
    assert server.ask("/label", "POST", urlencode(pair).encode(), sent)[0] == 403
    for bad in ({"same": "maybe"}, {"level": "exact"}, {"a": "nothing"}, {"a": C}, {"a": ""}):
        assert answered(server, **{**pair, **bad})[0] == 400, bad
    assert server.ask("/label")[0] == 405
    assert path.with_name("gold.jsonl").read_bytes() == before


def test_without_a_file_no_answers_are_taken(path: Path) -> None:
    with served(path) as server:
        assert 'name="token"' not in server.page("/explain", a=A, b=B)
        headers = {"content-type": "application/x-www-form-urlencoded", "origin": server.base}
        status, _, text = server.ask("/label", "POST", urlencode({"a": A, "b": B}).encode(), headers)
        assert (status, "--gold FILE" in text) == (400, True)


def test_an_answer_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "gold.jsonl"
    with Answers(str(path)) as answers:
        answers.add(Judged("a", "b", True))
        before = path.read_bytes()
        with monkeypatch.context() as patch:

            def full(file: int) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

            patch.setattr(os, "fsync", full)
            with pytest.raises(OutputError, match=r"gold\.jsonl: cannot be written .*; cure"):
                answers.add(Judged("c", "d", True))
        assert path.read_bytes() == before
        answers.add(Judged("c", "d", False))
    assert [json.loads(line)["same"] for line in path.read_bytes().splitlines()] == [True, False]
