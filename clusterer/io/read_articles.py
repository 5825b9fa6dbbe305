"""Feeds as articles, one after the other or in blocks: the short way where rows and counts of `Feed` do not matter.

Errors and warnings are worded for callers in Python. Reads nothing by itself: `feed` does.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TypeVar

from clusterer.articles import Article
from clusterer.errors import InputError
from clusterer.io.blocks import Block, gathered
from clusterer.io.feed import Feed
from clusterer.io.feed_limits import MAX_ROW_BYTES
from clusterer.io.rows import BadRow
from clusterer.io.wording import in_python, tell_notes

_Item = TypeVar("_Item")
_LOG = logging.getLogger("clusterer")


def read(
    paths: Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
    *,
    fields: Mapping[str, str] | None = None,
    format: str | None = None,
    encoding: str | None = None,
    timezone: str | tzinfo | None = None,
    now: str | datetime | None = None,
    max_row_bytes: int = MAX_ROW_BYTES,
    limits: Mapping[str, int | str] | None = None,
    strict: bool = False,
    on_bad: Callable[[BadRow], None] | None = None,
) -> Iterator[Article]:
    r"""Read files of any format as articles, one after the other: the short way where rows and counts of `Feed` do not matter.

    Args:
        paths: as for `Feed`.
        fields: as for `Feed`.
        format: as for `Feed`.
        encoding: as for `Feed`.
        timezone: as for `Feed`.
        now: as for `Feed`.
        max_row_bytes: as for `Feed`.
        limits: as for `Feed`.
        strict: as for `Feed`.
        on_bad: called with every row that cannot be an article, for example ``Quarantine(path).add``. Where None, a warning
            says how many there were, which is the first, and what of the files is damaged or undated; another one where a choice
            of fields was close. What was read as what is logged, as information of the logger "clusterer".

    Returns:
        The articles, in the order of the inputs; files are opened as their articles are asked for.

    Raises:
        InputError: a path without a file, an unknown format, encoding or field. While articles are taken: as `Feed`.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "feed.jsonl")
    >>> _ = path.write_text('{"id": 1, "text": "an article"}\n')
    >>> [article.text for article in read(path)]
    ['an article']
    """
    feed = Feed(
        paths,
        fields=fields,
        format=format,
        encoding=encoding,
        timezone=timezone,
        now=now,
        max_row_bytes=max_row_bytes,
        limits=limits,
        strict=strict,
        on_bad=on_bad,
    )
    articles = (row.article for row in feed)
    return _in_words_of_python(articles) if on_bad else _told(feed, articles)


def read_blocks(
    paths: Sequence[str | os.PathLike[str]], fields: Mapping[str, str] | None, size: int, threads: int = 1
) -> Iterator[Block]:
    """As `read`, the articles in blocks of about so many, prepared by so many threads."""
    feed = Feed(paths, fields=fields)
    feed._threads = threads
    return _told(feed, gathered((item for _, items in feed.blocks_by_input() for item in items), size))


def _in_words_of_python(items: Iterable[_Item]) -> Iterator[_Item]:
    """What is read of a feed, whose errors name arguments for options."""
    try:
        yield from items
    except InputError as error:
        raise InputError(in_python(str(error))) from None


def _told(feed: Feed, items: Iterable[_Item]) -> Iterator[_Item]:
    """What is read of a feed, and a warning of what was left out or is doubtful, once all is taken."""
    yield from _in_words_of_python(items)
    first = feed.first_bad
    for damaged in feed.damaged_files:
        warnings.warn(f"{damaged.file}: {in_python(damaged.reason)}", stacklevel=2)
    if first:
        many = "1 bad row was" if feed.bad_rows == 1 else f"{feed.bad_rows:,} bad rows were"
        warnings.warn(
            f"{many} left out; the first: {first.file}, line {first.line}: {in_python(first.reason)}; clusterer.read(path,"
            " on_bad=print) shows all",
            stacklevel=2,
        )
    if feed.rows:
        tell_notes(feed.notes)
        _LOG.info("read as: %s", feed.reading)
    if feed.unreadable_dates and (where := feed.first_unreadable_date):
        warnings.warn(
            f"{feed.unreadable_dates:,} dates cannot be read; the first: {where.file}, line {where.line}:"
            f" {where.value!r:.80}; cure: timezone=, now= or fields={{'date': ...}} of clusterer.read",
            stacklevel=2,
        )
