"""What all requests share: open readers of one index, lists that are held for a moment, the search, a file of answers.

Every request reads inside one transaction of one reader: the state of one moment. Knows nothing of HTTP.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import LifoQueue
from typing import NamedTuple

from clusterer.errors import ClustererError, InputError
from clusterer.evaluation.answers import Answers
from clusterer.evaluation.gold import Judged
from clusterer.index import Story, StoryIndex, StoryOrder
from clusterer.index.articles import read_articles
from clusterer.index.changes import stories_of_articles
from clusterer.index.search import WordSearch
from clusterer.index.told_stories import ToldStories
from clusterer.index.views import IndexReader
from clusterer.messages import Language, language_of
from clusterer.results import Level

_LOG = logging.getLogger("clusterer")
READERS = 4
"""Requests that read at once; others wait their turn."""
_HELD = 100  # a list is held so many times as long as it took to make, ...
_LONGEST = 10.0  # ... but no longer than so many seconds, ...
_STALE = 3  # ... and given out so many times as long, while a new one is made
_LISTS = 64  # lists that are held
_ARTICLES = 300  # articles that a search looks at
_LOOK = 200  # latest articles whose language is that of the pages
_PAUSE = 1.0  # seconds between two looks for new articles to search


class Asked(NamedTuple):
    """What stories are asked for, see `StoryIndex.stories`."""

    sort: StoryOrder
    since: str | None
    until: str | None
    outlet: str | None
    min_size: int
    limit: int


class Found(NamedTuple):
    """A story that a search found.

    Attributes:
        story: as it stands.
        matches: how many of its articles, among those that were looked at, hold the words.
    """

    story: Story
    matches: int


class _List(NamedTuple):
    stories: list[Story]
    made: float  # seconds of the monotonic clock, as of `seconds`
    seconds: float


class Desk:
    """One index, open for many readers.

    Attributes:
        path: of the index.
        language: of most of its latest articles.
        search: the words of its articles, as far as they were read.
        is_labelling: whether answers are taken.
    """

    def __init__(self, path: str, gold: str | None = None) -> None:
        """Open an index and, where one is named, a file of answers.

        Raises:
            InputError: either is missing or something else.
            OutputError: answers cannot be written.
        """
        self.path, self.search = path, WordSearch()
        self._told = ToldStories()
        self._readers: LifoQueue[StoryIndex | None] = LifoQueue()
        self._stack = contextlib.ExitStack()
        first = StoryIndex.open(path, must_exist=True)
        for index in (*[None] * (READERS - 1), first):  # the last one is taken first; others open when they are needed
            self._readers.put(index)
        self._lists: OrderedDict[Asked, _List] = OrderedDict()
        self._making: set[Asked] = set()
        self._lock = threading.Lock()
        self._answers = self._stack.enter_context(Answers(gold)) if gold else None
        self._answering = threading.Lock()
        with self.reading() as (_, reader):
            latest = reader.index.database.rows("SELECT number FROM article ORDER BY number DESC LIMIT ?", _LOOK)
            articles = read_articles(reader.index, [number for (number,) in latest])
        self.language: Language = language_of(a.title or a.text for a in articles.values())
        self._closed = threading.Event()
        self._maker = ThreadPoolExecutor(1, "lists")
        self._words = threading.Thread(target=self._read_words, name="search", daemon=True)
        self._words.start()

    def close(self) -> None:
        """Close the index and the file of answers."""
        self._closed.set()
        self._words.join()
        self._maker.shutdown()
        while not self._readers.empty():
            if (index := self._readers.get()) is not None:
                index.close()
        self.search.close()
        self._stack.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[tuple[StoryIndex, IndexReader]]:
        """One moment of the index: whatever is written meanwhile, all that is read inside fits together."""
        index = self._readers.get()
        try:
            index = index or StoryIndex.open(self.path, must_exist=True)
            with index.snapshot() as reader:
                reader.told = self._told
                yield index, reader
        finally:
            self._readers.put(index)

    # lists

    def stories(self, asked: Asked) -> list[Story]:
        """Stories in an order, as `StoryIndex.stories`; what takes long to list may be half a minute old.

        Raises:
            InputError: as `StoryIndex.stories`.
        """
        with self._lock:
            held = self._lists.get(asked)
            age = time.monotonic() - held.made if held else 0.0
            fresh = min(_HELD * held.seconds, _LONGEST) if held else 0.0
            if held and age < _STALE * fresh:
                if age >= fresh and asked not in self._making:
                    self._making.add(asked)
                    self._maker.submit(self._make, asked)
                return held.stories
        return self._make(asked)

    def _make(self, asked: Asked) -> list[Story]:
        try:
            with self.reading() as (index, _):
                start = time.monotonic()
                stories = index.stories(**asked._asdict())
            with self._lock:
                self._lists[asked] = _List(stories, start, time.monotonic() - start)
                self._lists.move_to_end(asked)
                while len(self._lists) > _LISTS:
                    self._lists.popitem(last=False)
            return stories
        finally:
            with self._lock:
                self._making.discard(asked)

    # search

    def find(self, words: str, limit: int) -> list[Found]:
        """Stories with articles that hold all words, those that came last first; no more than so many."""
        numbers = self.search.find(words, _ARTICLES)
        with self.reading() as (_, reader):
            story_of = stories_of_articles(reader.index, numbers)
            matches: dict[int, int] = {}
            for number in numbers:
                if number in story_of:
                    matches[story_of[number]] = matches.get(story_of[number], 0) + 1
            return [
                Found(story, n) for story, n in zip(reader.stories([*matches][:limit]), matches.values(), strict=False)
            ]

    def _read_words(self) -> None:
        """Read the words of articles, those that came last first, then wait for new ones."""
        try:
            with StoryIndex.open(self.path, must_exist=True) as index:
                has_more = True
                while not self._closed.wait(0 if has_more else _PAUSE):
                    with index.snapshot() as reader:
                        has_more = self.search.read_more(reader)
        except ClustererError as error:  # the pages that read the index say so, too
            _LOG.warning("search ended: %s", error)

    # answers

    @property
    def is_labelling(self) -> bool:
        """Whether answers are taken."""
        return self._answers is not None

    def is_answered(self, a: str, b: str, level: Level) -> bool:
        """Whether somebody answered for two articles."""
        return self._answers is not None and Judged(a, b, None, level).key in self._answers

    def answer(self, a: str, b: str, same: bool | None, level: Level) -> None:
        """Keep an answer; it is on disk when this returns. Of one question the first answer stays.

        Raises:
            InputError: an article is not there, or both are one.
            OutputError: the disk is full, ...
        """
        with self.reading() as (index, _):
            if a == b or len(index.articles([a, b])) < 2:
                raise InputError(f"{a!r} and {b!r} are no two articles; cure: ids as they stand in the index")
        with self._answering:
            if self._answers is not None and not self.is_answered(a, b, level):
                self._answers.add(Judged(a, b, same, level))
