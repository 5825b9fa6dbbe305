"""Transactions of an open index: what it remembers is refreshed before and kept or forgotten after each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clusterer.errors import ClustererError, InputError
from clusterer.index import maintenance
from clusterer.index.open_index import OpenIndex
from clusterer.index.writer import IndexWriter

_CONTRADICTIONS = (LookupError, ValueError, TypeError, StopIteration)  # what rows that do not fit together lead to


@contextmanager
def writing(index: OpenIndex) -> Iterator[IndexWriter]:
    """All or nothing of what is done with the writer.

    Raises:
        OutputError: another writer does not finish, or the disk is full.
        InputError: the file is damaged.
    """
    with index.database.named_errors():
        try:
            with index.database.writing():
                index.refresh()
                yield IndexWriter(index)
                maintenance.clean_if_worn(index)
                index.keep()
        except BaseException as error:
            index.forget()
            if isinstance(error, _CONTRADICTIONS) and not isinstance(error, ClustererError):
                raise _contradiction(index, error) from error
            raise


@contextmanager
def reading(index: OpenIndex) -> Iterator[None]:
    """A view of one moment.

    Raises:
        InputError: the file is damaged.
    """
    with index.database.reading():
        index.refresh()
        try:
            yield
        except ClustererError:
            raise
        except _CONTRADICTIONS as error:
            raise _contradiction(index, error) from error


def _contradiction(index: OpenIndex, error: Exception) -> InputError:
    path = index.database.path
    return InputError(
        f"{path}: its rows contradict each other ({error!r}); cure: clusterer index check {path}, and restore a copy"
    )
