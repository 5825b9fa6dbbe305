"""Targets of fuzzing over an index: operations that bytes name, damaged files, and what `serve` is asked.

Everything that an index raises must be one of our errors; whatever was done to an honest file, `check` finds nothing wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

Target = Callable[[bytes], None]
_POOL = 32  # articles that the operations choose from
_MOST = 16  # operations of a run
_VERBS = 13
_FIELDS = 6  # of an article in the input
_BEGAN = datetime(2024, 1, 1, tzinfo=UTC)  # when the first made article is of


def _check(holds: object, said: str) -> None:
    assert holds, said


def _sample() -> list[Any]:
    """Made articles, copies among them, of which each has an id of its own."""
    from benchmarks.corpora.generator import feed
    from clusterer.articles import Article

    return [
        Article(row["content"], row["id"], row["title"], row["source"], "", datetime.fromisoformat(row["date"]))
        for row in feed(_POOL, seed=3)
    ]


def _one_event() -> list[Any]:
    """Made articles of one event, alike in pairs: each word of the first gives way to another one somewhere."""
    first, *others = _sample()
    words = first.text.split()
    return [
        replace(x, text=" ".join([*words[:i], f"غيره{i // 2}", *words[i + 1 :]]), date=first.date)
        for i, x in enumerate(others)
    ]


def _beginning(path: Path, articles: Sequence[Any]) -> None:
    from clusterer.index.story_index import StoryIndex

    with StoryIndex.open(path) as index:
        index.add(articles[:5])
        index.add(articles[5:8])


def _carried_out(index: Any, verb: int, at: int, articles: Sequence[Any], other: Path, copy: Path) -> None:
    """One operation: `verb` says which, `at` on what, and its higher bits how."""
    verb, place, how = verb % _VERBS, at % len(articles), at >> 5
    some = articles[place : place + 1 + at % 4]
    before = len(index)
    if verb == 0:
        added = index.add(some, again=how == 1)
        assert len(added) == len(some)
        assert before <= len(index) <= before + len(some)
    elif verb == 1:
        index.update([type(x)(f"{x.text} {at}", x.id, x.title) for x in some])
    elif verb == 2:
        assert index.remove([x.id for x in some]).articles == before - len(index)
    elif verb == 3:
        index.expire(max_articles=place)
        assert len(index) <= place
    elif verb == 4:
        index.compact()
    elif verb == 5:
        index.merge(other)
    elif verb == 6:
        assert len(index.query(some)) == len(some)
        known = sorted(x.id for x in index.assignments())[:2]
        for id in known:
            index.story(id)
        if len(known) == 2:
            index.explain(*known)
    elif verb == 7:
        assert index.backup(copy) == len(index)
    elif verb == 8:  # versions: by their URLs, or with one of two titles
        index.update([replace(x, text=f"{x.text} {how}") for x in some], unique_url=how % 4 == 3, again=how == 2)
    elif verb == 9:
        told = [index.remove(outlet=some[0].source, dry_run=dry_run) for dry_run in (True, False)]
        assert told[0] == told[1], "otherwise than it was told beforehand"
        assert told[1].articles == before - len(index)
    elif verb == 10:
        limits = (
            {"older_than": some[0].date},
            {"max_bytes": 1000 * at},
            {"max_articles": place, "older_than": some[0].date},
        )
        told = [index.expire(**limits[how % 3], dry_run=dry_run) for dry_run in (True, False)]
        assert how % 3 == 1 or told[0] == told[1], "otherwise than it was told beforehand"
        assert told[1].articles == before - len(index)
    elif verb == 11:
        index.merge(copy)  # a backup, where one was made
    else:
        _read(index, some[0], at)


def _read(index: Any, article: Any, at: int) -> None:
    """Ask for stories in every way; what comes page by page is what comes at once."""
    from clusterer.index import StoryOrder

    orders, days = get_args(StoryOrder), timedelta(days=at % 40)
    listed = index.stories("9000d", 1 + at % 2, at % 7 or None, sort=orders[at % len(orders)], until=article.date)
    assert all(len(story.assignments) > at % 2 for story in listed)
    index.stories(days, sort=orders[at % len(orders)], with_articles=True, outlet=article.source or None)
    whole, found, after = index.changes(), set[str](), 0
    part = index.changes(limit=1 + at % 3)
    while part.next > after:
        found.update(*part.new)
        after = part.next
        part = index.changes(after, part.history, 1 + at % 3)
    assert found == {id for ids in whole.new for id in ids}, "other articles page by page"
    stories = {x.id: x.story for x in index.assignments()}
    assert set(index.follows()) <= set(stories.values())
    assert set(index.articles(stories)) == set(stories)
    assert sum(index.outlets().values()) <= len(index) == len(stories) == index.counts()["articles"]
    assert all(pair.a in stories and pair.b in stories for pair in index.pairs())
    for said in (article.title, article.text[at : at + 1 + at % 20], *article.text.split()[at % 7 :][:3]):
        _search(index, said, 1 + at % 5)


def _search(index: Any, said: str, limit: int) -> None:
    """Search for the words of a text; what is found is what reading every article finds."""
    from clusterer.index.articles import read_articles
    from clusterer.index.search import WORDS, WordSearch, forms_of, words_of
    from clusterer.text.normalize import normalise

    with index.snapshot() as reader, contextlib.closing(WordSearch()) as search:
        while search.read_more(reader):
            pass
        found = search.find(said, limit)
        numbers = [n for (n,) in reader.index.database.rows("SELECT number FROM article ORDER BY number DESC")]
        articles = read_articles(reader.index, numbers)
    asked = [set(forms_of(word)) for word in list(dict.fromkeys(words_of(normalise([said], "news")[0])))[:WORDS]]
    told = {n: set(words_of(normalise([f"{x.title}\n{x.text}"], "news")[0])) for n, x in articles.items()}
    held = [n for n in numbers if asked and all(forms & told[n] for forms in asked)]
    assert found == held[:limit], f"{said!r} is found in {found}, and stands in {held[:limit]}"


def _strange(fields: Sequence[str]) -> Any:
    """An article of bytes: text, id, title, outlet, URL, and a date of hours since the made ones."""
    from clusterer.articles import Article

    text, id, title, outlet, url, hours = [*fields, *[""] * (_FIELDS - len(fields))]
    date = _BEGAN + timedelta(hours=ord(hours[0]) % 1000) if hours else None
    return Article(text, id, title, outlet, url, date)


def _operations(folder: Path, made: Callable[[], list[Any]] = _sample) -> Target:
    """Operations in any order, two bytes each, on made articles, and on such that are bytes in every field."""
    from clusterer.errors import ClustererError
    from clusterer.index.story_index import StoryIndex

    begun, other, path = (folder / f"{made.__name__}-{name}.db" for name in ("begun", "other", "news"))
    articles = made()

    def run(data: bytes) -> None:
        if not begun.exists():
            _beginning(begun, articles)
            _beginning(other, articles[6:])
        shutil.copy(begun, path)
        verbs, _, rest = data.partition(b"\x1e")
        own = rest.decode("utf-8", "replace").split("\x1e")[: 4 * _FIELDS]
        strange = [_strange(own[i : i + _FIELDS]) for i in range(0, len(own), _FIELDS)]
        with StoryIndex.open(path) as index:
            for verb, at in zip(verbs[: 2 * _MOST : 2], verbs[1 : 2 * _MOST : 2], strict=False):
                try:
                    _carried_out(index, verb, at, [*articles, *strange], other, folder / "copy.db")
                except ClustererError as error:
                    _check("cure: " in str(error), f"no cure: {error}")
            assert index.check() == []
            told = index.assignments(), index.stories()
        with StoryIndex.open(path, must_exist=True) as index:
            assert told == (index.assignments(), index.stories()), "otherwise when it is opened again"
        for name in (path, folder / "copy.db"):
            for beside in name.parent.glob(f"{name.name}*"):
                beside.unlink()

    return run


def _crowded(folder: Path) -> Target:
    """The same operations on articles of one event, where so few make a crowd that these do."""
    from clusterer.index import crowds

    target = _operations(folder, _one_event)

    def run(data: bytes) -> None:
        usual, crowds.CROWD = crowds.CROWD, 5
        try:
            target(data)
        finally:
            crowds.CROWD = usual

    return run


def _damaged(folder: Path) -> Target:
    """An honest file of which bytes are others: four bytes of the input say where and what."""
    from clusterer.errors import ClustererError
    from clusterer.index.story_index import StoryIndex

    begun, path, other = folder / "whole.db", folder / "damaged.db", folder / "another.db"
    articles = _sample()

    def run(data: bytes) -> None:
        if not begun.exists():
            _beginning(begun, articles)
            _beginning(other, articles[6:])
        whole = bytearray(begun.read_bytes())
        for i in range(0, min(len(data), 64) - 3, 4):
            whole[int.from_bytes(data[i : i + 3], "big") % len(whole)] = data[i + 3]
        for verb in (data[-1] if data else 0, 0, 6):
            for beside in path.parent.glob(f"{path.name}*"):
                beside.unlink()
            path.write_bytes(whole)
            with warnings.catch_warnings(), contextlib.suppress(ClustererError):
                warnings.simplefilter("ignore")
                with StoryIndex.open(path, must_exist=True) as index:
                    index.check()
                    _carried_out(index, verb, len(data), articles, other, folder / "copy2.db")

    return run


def _served(folder: Path) -> Target:
    """A path, and after a blank line a body, as a request: no answer is a fault of the server's."""
    from clusterer.errors import InputError
    from clusterer.serve.desk import Desk

    if not find_spec("fastapi"):
        raise InputError("the target serve needs fastapi; cure: pip install 'clusterer[serve]'")
    from clusterer.serve.app import application

    path = folder / "served.db"
    _beginning(path, _sample())
    application_ = application(Desk(str(path), str(folder / "answers.jsonl")))

    async def asked(target: bytes, body: bytes) -> tuple[int, bytes]:
        page, _, query = target.partition(b"?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
            "method": "POST" if body else "GET", "path": page.decode("utf-8", "replace"), "raw_path": page, "query_string": query,
            "headers": [(b"host", b"localhost"), (b"content-length", b"%d" % len(body)),
                        (b"content-type", b"application/json" if page[:4] == b"/api" else b"application/x-www-form-urlencoded")],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await application_(scope, receive, send)
        return sent[0]["status"], b"".join(x.get("body", b"") for x in sent[1:])

    def ask(data: bytes) -> None:
        target, _, body = data.partition(b"\n\n")
        status, answer = asyncio.run(asked(b"/" + target.lstrip(b"/"), body))
        assert 200 <= status < 500, f"{status}: {answer[:200]!r}"
        assert b"<script>alert" not in answer

    return ask


INDEX_TARGETS: dict[str, Callable[[Path], Target]] = {
    "index": _operations,
    "index-crowd": _crowded,
    "index-file": _damaged,
    "serve": _served,
}
"""What makes a target, by its name."""
