"""A server that is killed while a writer adds and a person answers: what was said to be kept is there, each line whole."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import threading
import time
from functools import partial
from itertools import combinations
from pathlib import Path
from urllib.parse import urlencode

import pytest
from processes import Child, Tell, batches, carry_out, ids, ids_after, told_of
from serving import Server, served

from clusterer.evaluation.gold import read_gold
from clusterer.index.story_index import StoryIndex

pytest.importorskip("clusterer.serve.app", reason="FastAPI is not installed: pip install 'clusterer[serve]'")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")


def serve(path: Path, gold: Path, tell: Tell) -> None:
    with served(path, gold) as server:
        tell(f"port {server.port}")
        while True:
            time.sleep(60)


def answer(server: Server, a: str, b: str, token: str) -> bool:
    """Whether an answer was said to be kept."""
    sent = urlencode({"a": a, "b": b, "level": "story", "same": "no", "token": token}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": server.base}
    return server.ask("/label", "POST", sent, headers)[0] == 303


@pytest.mark.parametrize("wanted", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_a_killed_server_loses_no_answer(wanted: int, tmp_path: Path) -> None:
    dice, steps, path, gold = random.Random(wanted), batches(10, 100), tmp_path / "news.db", tmp_path / "gold.jsonl"
    StoryIndex.open(path).close()
    steps[0].carry_out(index := StoryIndex.open(path))
    index.close()
    kept, done, asked = set[tuple[str, str]](), 1, 0
    known = sorted(ids_after(steps)[1])
    pairs = combinations(known, 2)
    for _ in range(wanted):
        with Child(partial(carry_out, path, steps, done - 1)) as writer, Child(partial(serve, path, gold)) as child:
            assert child.await_line("port")
            server = Server(int(child.lines[-1].split()[1]), None)
            timer = threading.Timer(dice.uniform(0.02, 0.4), os.kill, (child.pid, signal.SIGKILL))
            try:
                found = re.search(r'name="token" value="([^"]+)"', server.page("/explain", a=known[0], b=known[1]))
                assert found
                timer.start()
                while (pair := next(pairs, None)) and (asked := asked + 1):
                    if answer(server, *pair, found[1]):
                        kept.add(pair)
            except (OSError, http.client.HTTPException):
                pass
            timer.join()
            assert child.kill()
            writer.kill()
            done = max(done, told_of(writer.lines, "done"))
        if gold.exists():
            lines = gold.read_bytes().splitlines(keepends=True)
            assert all(line.endswith(b"\n") and json.loads(line) for line in lines)
            assert kept <= ({(x.a, x.b) for x in read_gold(gold).pairs} if lines else set())
        with StoryIndex.open(path, must_exist=True) as index:
            assert index.check() == []
            assert ids(index) in ids_after(steps)[done : done + 2]
    print(
        f"{wanted} killed servers, {asked} answers, {len(kept)} said to be kept and there; {done} batches added meanwhile"
    )
    assert kept
