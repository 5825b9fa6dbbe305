"""Articles taken away by their ids, or all that an outlet has; they stay away, see `gone`."""

from __future__ import annotations

from collections.abc import Iterable

from clusterer.index.articles import numbers_of_ids
from clusterer.index.gone import remember
from clusterer.index.open_index import OpenIndex
from clusterer.index.outcomes import Removed
from clusterer.index.transactions import rehearsing, writing


def remove(index: OpenIndex, ids: Iterable[str], outlet: str | None, is_rehearsal: bool) -> Removed:
    """Take articles away.

    Args:
        index: an open index, outside a transaction.
        ids: of the articles.
        outlet: whose articles go, too.
        is_rehearsal: take all of it back.

    Raises:
        OutputError: another writer does not finish, or the disk is full.
    """
    names = list(dict.fromkeys(ids))
    with (rehearsing if is_rehearsal else writing)(index) as writer:
        stored = {name: number for name, (number, _) in numbers_of_ids(index, names).items()}
        rows = index.database.rows("SELECT number FROM article WHERE outlet = ?", outlet) if outlet else []
        numbers = {*stored.values(), *(number for (number,) in rows)}
        remember(index, numbers, removed=True)
        writer.remove(numbers)
        changes = writer.settle()
    if outlet and numbers and not is_rehearsal:
        index.database.give_back()
    return Removed(len(numbers), tuple(name for name in names if name not in stored), tuple(changes))
