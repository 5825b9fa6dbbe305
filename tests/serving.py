"""A server over an index in this process, on a port of its own: what tests of pages and API ask."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest


class Server:
    """A server that runs."""

    def __init__(self, port: int, desk: Any) -> None:
        self.port, self.desk = port, desk
        self.base = f"http://127.0.0.1:{port}"

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def api(self, path: str, **values: Any) -> Any:
        """What the API answers, which must be well."""
        status, _, text = self.ask(f"/api/{path}?{urlencode(values)}")
        assert status == 200, text
        return json.loads(text)

    def page(self, path: str, **values: Any) -> str:
        """A page, which must be there."""
        status, _, text = self.ask(f"{path}?{urlencode(values)}")
        assert status == 200, text
        return text

    def wait_for_words(self, articles: int) -> None:
        """Until so many articles can be searched."""
        until = time.monotonic() + 120
        while self.desk.search.articles < articles:
            assert time.monotonic() < until
            time.sleep(0.02)


@contextmanager
def served(path: Path, gold: Path | None = None, root_path: str = "") -> Iterator[Server]:
    """Serve an index. Skips, saying so, where what serving needs is not installed."""
    for name in ("fastapi", "uvicorn"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'clusterer[serve]'")
    import uvicorn

    from clusterer.serve.app import application
    from clusterer.serve.desk import Desk

    desk = Desk(str(path), str(gold) if gold else None)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application(desk, root_path=root_path), log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until = time.monotonic() + 120
    while not server.started:
        assert time.monotonic() < until
        time.sleep(0.01)
    try:
        yield Server(listener.getsockname()[1], desk)
    finally:
        server.should_exit = True
        thread.join(120)
        listener.close()
        desk.close()
