"""Transactions of an open index: what it remembers is refreshed before and kept or forgotten after each."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from clusterer.errors import ClustererError
from clusterer.index import maintenance
from clusterer.index.guards import damaged
from clusterer.index.open_index import OpenIndex
from clusterer.index.writer import IndexWriter

_LOG = logging.getLogger("clusterer")
CONTRADICTIONS = (LookupError, ValueError, TypeError, StopIteration, ArithmeticError, AssertionError)
"""What rows that do not fit together lead to."""


@contextmanager
def writing(index: OpenIndex) -> Iterator[IndexWriter]:
    """All or nothing of what is done with the writer.

    Raises:
        OutputError: another writer does not finish, or the disk is full.
        IndexDamaged: the file is damaged.
    """
    with index.database.named_errors(), contradictions_named(index), _collector_paused():
        try:
            with index.database.writing():
                index.refresh()
                yield IndexWriter(index)
                maintenance.clean_if_worn(index)
                index.keep()
            state = index.database.state
            _LOG.info("%s: write %d, %d articles", index.database.path, state["generation"], state["articles"])
        except BaseException:
            index.forget()
            raise


class _TakenBack(Exception):
    """Ends a transaction so that nothing of it stays."""


@contextmanager
def rehearsing(index: OpenIndex) -> Iterator[IndexWriter]:
    """As `writing`, to see what that would do: all of it is taken back. Others wait meanwhile to write."""
    with suppress(_TakenBack), writing(index) as writer:
        yield writer
        raise _TakenBack


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Rows by the thousand would have Python look for cycles again and again: there are none in them."""
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()


@contextmanager
def reading(index: OpenIndex) -> Iterator[None]:
    """A view of one moment.

    Raises:
        IndexDamaged: the file is damaged.
    """
    with contradictions_named(index), index.database.reading():
        index.refresh()
        yield


@contextmanager
def contradictions_named(index: OpenIndex) -> Iterator[None]:
    """What rows that do not fit together lead to, as one error with what to do.

    Raises:
        IndexDamaged: in place of Python's own.
    """
    try:
        yield
    except ClustererError:
        raise
    except CONTRADICTIONS as error:
        raise damaged(index.database.path, f"its rows contradict each other ({error!r:.200})") from error
