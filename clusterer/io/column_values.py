"""One column of articles as a caller gave them, and some of their rows: of lists, arrays, data frames, data sets."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from clusterer.errors import InputError, did_you_mean
from clusterer.io.added_fields import STORED, field_of
from clusterer.io.inputs import articles_from
from clusterer.io.nested import MISSING, at_path
from clusterer.io.values import kind


def column_values(items: Any, name: str, instead: Sequence[str], fields: Mapping[str, str] | None = None) -> list[Any]:
    """The values of the column that articles are to be kept by, one an article, None where there is none.

    Args:
        items: the articles as a caller gave them.
        name: of the column, or a dotted path; one of `STORED` is the article's, from whatever column it was read.
        instead: what could be given in place of a name, for the error.
        fields: article attribute to column name, as the articles are read.

    Raises:
        InputError: there is no such column, or its values have no order.
    """
    if name in STORED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are read once more, for the run, which warns
            values = [field_of(article, name) or None for article in articles_from(items, fields)]
        if any(value is not None for value in values):
            return values
    if isinstance(items, list | tuple):
        values = [_value(item, name) for item in items]
        if items and all(value is None for value in values):
            meant = did_you_mean(name, [*instead, *(items[0] if isinstance(items[0], Mapping) else ())])
            raise InputError(
                f"keep {name!r}: no article has that; cure: {meant}{', '.join(instead)} or the name of a field"
            )
        refuse_containers(f"keep {name!r}", values)
        return values
    import narwhals.stable.v2 as nw

    frame = nw.from_native(items, pass_through=True)
    if (
        isinstance(frame, nw.DataFrame)
        and name not in frame.columns
        and (root := name.partition(".")[0]) in frame.columns
    ):
        values = [_value({root: cell}, name) for cell in frame[root].to_list()]
        if any(value is not None for value in values):
            refuse_containers(f"keep {name!r}", values)
            return values
    if not isinstance(frame, nw.DataFrame) or name not in frame.columns:
        meant = did_you_mean(name, [*instead, *(frame.columns if isinstance(frame, nw.DataFrame) else ())])
        raise InputError(f"keep {name!r} is no column; cure: {meant}{', '.join(instead)} or the name of a column")
    values = frame[name].to_list()
    refuse_containers(f"keep {name!r}", values)
    return values


def _value(item: Any, name: str) -> Any:
    """The value of an item's field, or at a dotted path; None where there is none."""
    if not isinstance(item, Mapping):
        return getattr(item, name, None)
    value = at_path(item, name)
    return None if value is MISSING else value


def refuse_containers(what: str, values: Sequence[Any]) -> None:
    """Refuse objects and lists where articles are to be put in an order.

    Args:
        what: names them, for the error.
        values: one an article.

    Raises:
        InputError: there is one.
    """
    for value in values:
        if isinstance(value, Mapping | list | tuple):
            members = [str(key) for key in value] if isinstance(value, Mapping) else []
            cure = f"one of its members as a.b: {', '.join(members[:9])}" if members else "a field of one value"
            raise InputError(f"{what}: holds {kind(value)}, which has no order; cure: {cure}")


def chosen_rows(items: Any, mask: list[bool]) -> Any:
    """The articles where `mask` is True, as what the caller gave them as."""
    if isinstance(items, list | tuple):
        return [item for item, chosen in zip(items, mask, strict=True) if chosen]
    if isinstance(items, np.ndarray):
        return items[np.array(mask, dtype=np.bool_)]
    if hasattr(
        items, "features"
    ):  # of the datasets library: rows by their places, which copies nothing; a stream has none
        if hasattr(items, "select"):
            return items.select(np.flatnonzero(mask))
        return [item for item, chosen in zip(items, mask, strict=True) if chosen]
    import narwhals.stable.v2 as nw

    found = nw.from_native(items, allow_series=True, eager_only=True)
    return (found.filter(mask) if mask else found.head(0)).to_native()  # a mask without an entry is refused
