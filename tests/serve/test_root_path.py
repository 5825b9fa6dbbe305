"""Served under a path behind a proxy, whether the proxy takes the path away or not; and HEAD, as programs that watch ask."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from indexes import SAMPLE
from serving import Server, served

from clusterer import StoryIndex
from clusterer.cli.serve import serve_command

A, B = SAMPLE[0].id, SAMPLE[1].id


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("under") / "news.db"
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:20])
    with served(path, path.with_name("gold.jsonl"), "/news") as server:
        yield server


@pytest.mark.parametrize("kept", ["", "/news"])
def test_every_link_is_under_the_path(server: Server, kept: str) -> None:
    pages = ["/", f"/story?id={A}", f"/article?id={A}", f"/explain?a={A}&b={B}", "/story?id=nothing", "/nothing"]
    found = set[str]()
    for page in pages:
        _, _, text = server.ask(kept + page)
        ours = re.findall(r'(?:href|src|action)="(/[^"]*)"', text)
        assert {"/news/static/serve.css", "/news/"} <= {html.unescape(x).partition("?")[0] for x in ours}, page
        found |= {html.unescape(x) for x in ours}
    assert all(x.startswith("/news/") for x in found), found
    for link in sorted(found - {"/news/label", "/news/explain"}):
        assert server.ask(kept + link.removeprefix("/news"))[0] == 200, link


@pytest.mark.parametrize("kept", ["", "/news"])
def test_the_api_and_forms_know_the_path(server: Server, kept: str) -> None:
    told = json.loads(server.ask(f"{kept}/api/openapi.json")[2])
    assert told["servers"] == [{"url": "/news"}]
    status, _, text = server.ask(f"{kept}/api/story?id=nothing")
    assert (status, list(json.loads(text))) == (404, ["error"])
    token = re.search(r'name="token" value="([^"]+)"', server.ask(f"{kept}/explain?a={A}&b={B}")[2])
    assert token
    sent = urlencode({"a": A, "b": B, "level": "story", "same": "yes", "token": token[1]}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded", "origin": server.base}
    status, headers, _ = server.ask(f"{kept}/label", "POST", sent, kind)
    assert (status, headers["location"]) == (303, f"/news/explain?{urlencode({'a': A, 'b': B})}")


def test_head_is_get_without_a_body(server: Server) -> None:
    for page, status in (
        ("/", 200),
        ("/api/stories", 200),
        ("/static/serve.css", 200),
        ("/nothing", 404),
        ("/label", 405),
    ):
        asked, got = server.ask(page, "HEAD"), server.ask(page)
        assert (asked[0], got[0], asked[2]) == (status, status, "")
        assert asked[1]["content-type"] == got[1]["content-type"]
    assert server.ask("/", "HEAD", headers={"host": "evil.example"})[0] == 421


@pytest.mark.parametrize("path", ["news", "/a b", "/a/../b?", "//evil.example", "http://x/news", '/"'])
def test_what_is_no_path_is_refused(path: str) -> None:
    done = CliRunner().invoke(serve_command, ["none.db", "--root-path", path])
    assert (done.exit_code, "is no path such as /news" in done.output) == (2, True)
