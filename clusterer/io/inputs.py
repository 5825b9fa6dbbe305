"""The door: whatever a caller's articles are in, to `Article`s, one by one. Behind it nothing else is met.

Items and files here; data frames in `dataframes`, rows of files in `feed`.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from clusterer.articles import Article
from clusterer.errors import InputError
from clusterer.io.wording import in_python, tell_notes

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame, IntoSeries

    from clusterer.io.blocks import Block
    from clusterer.io.columns import FieldMap

Articles: TypeAlias = Union[
    "Iterable[Article | Mapping[str, Any] | str | os.PathLike[str]]", "os.PathLike[str]", "IntoDataFrame", "IntoSeries"
]
"""What a caller may call articles."""

_LIKE_A_PATH = re.compile(r"\S*\.[A-Za-z][A-Za-z0-9]{1,7}(::\S+)?|[a-z][a-z0-9+.-]+://\S+", re.ASCII)


_WHOLE = {
    "DataFrame": "pandas.concat(articles)", "RecordBatch": "pyarrow.Table.from_batches(articles)",
    "Table": "pyarrow.concat_tables(articles)",
}  # fmt: skip
"""What makes one frame of many, by the name of their class."""


def articles_from(
    articles: Articles,
    fields: Mapping[str, str] | None = None,
    *,
    keeps_bad: bool = True,
) -> Iterator[Article]:
    """Give the articles one by one: of a list, an iterator, a data frame, a column of texts, or files.

    A mapping, or a row of a frame, that cannot be read is an article without words where others can: its place is kept, and a
    warning says how many there were and why.

    Args:
        articles: as `clusterer.cluster` takes them.
        fields: article attribute to column name, where the usual names do not fit.
        keeps_bad: False where the first that cannot be read is an error.

    Returns:
        An iterator; items are taken, and made articles, as it is walked.

    Raises:
        InputError: a single article; a frame that has no articles; `fields` names an attribute that articles do not have.
            While it is walked: an item is of no kind that can be an article, or none of the mappings can be read.

    >>> [article.text for article in articles_from(["a text", {"body": "another"}, Article("a third")])]
    ['a text', 'another', 'a third']
    """
    if (paths := _paths(articles)) is not None:
        from clusterer.io.read_articles import read

        return read(paths, fields=fields)
    if isinstance(articles, list | tuple):
        articles = _one_table(articles)
    if isinstance(articles, str | Mapping | Article):
        raise InputError(f"articles is one {type(articles).__name__}; cure: {_cure_of_one(articles)}")
    items: Any = articles
    columns = None
    # narwhals takes a moment to import; a reader of pyarrow is an iterator, but not of rows
    if not isinstance(articles, list | tuple | Iterator) or hasattr(articles, "read_all"):
        from clusterer.io.dataframes import rows_of

        if rows := rows_of(articles, fields):
            items, columns = rows
        if not isinstance(items, Iterable):
            raise InputError(
                f"articles is a {type(articles).__name__}; give a list of articles, a data frame, or a path"
            )
    if fields:
        from clusterer.io.columns import FieldMap

        FieldMap(fields)  # refuses what articles do not have before the walk
    return _walk(items, fields, columns, keeps_bad)


def blocks_from(articles: Articles, fields: Mapping[str, str] | None, size: int, threads: int = 1) -> Iterator[Block]:
    """As `articles_from`, in blocks of about so many; of files those that can are read by columns, by so many threads."""
    from clusterer.io.blocks import block_of

    if (paths := _paths(articles)) is not None:
        from clusterer.io.read_articles import read_blocks

        return read_blocks(paths, fields, size, threads)
    found = articles_from(articles, fields)
    return (block_of(some) for some in iter(lambda: list(islice(found, size)), []))


def held(articles: Any, fields: Mapping[str, str] | None = None) -> Any:
    """What can be walked again, and rows of it chosen: iterators as lists, files as their articles, batches as one table.

    Raises:
        InputError: the rows of a data set, or of a reader, are not there yet.
    """
    if _paths(articles) is not None:
        return list(articles_from(articles, fields))
    if isinstance(articles, Iterator) and not hasattr(articles, "read_all"):
        articles = list(articles)
    if isinstance(articles, list | tuple):
        return _one_table(articles)
    if not type(articles).__module__.startswith("pyarrow"):
        return articles
    from clusterer.io.dataframes import table_of

    return table_of(articles)


def _one_table(items: Any) -> Any:
    """A list of pyarrow's batches as one table; other lists as they are."""
    arrow: Any = sys.modules.get("pyarrow")
    if not arrow or not items or not all(isinstance(item, arrow.RecordBatch) for item in items):
        return items
    try:
        return arrow.Table.from_batches(items)
    except arrow.ArrowException as error:
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"articles is {len(items)} batches of several schemas ({reason}); cure: cast them before"
        ) from None


def _paths(given: Any) -> list[str | os.PathLike[str]] | None:
    """The files that are meant; None where none are.

    Raises:
        InputError: an open file that has no name to read it by, or that is partly read.
    """
    if isinstance(given, str):
        return [given] if _names_files(given) else None
    if isinstance(given, os.PathLike):
        return [given]
    if hasattr(given, "read") and hasattr(given, "readline"):
        return [_path_of_open(given)]
    if not isinstance(given, list | tuple) or not given:
        return None
    if isinstance(given[0], os.PathLike) or (isinstance(given[0], str) and _is_file(given[0])):
        for number, item in enumerate(given, start=1):
            if not isinstance(item, os.PathLike) and not (isinstance(item, str) and _names_files(item)):
                raise InputError(
                    f"article {number} is {item!r:.80}, and the first is the path {str(given[0])!r}; cure: paths alone, or"
                    " articles alone"
                )
        return list(given)
    return None


def _names_files(text: str) -> bool:
    """Whether a text is a path: one that exists, or that looks like one and like no text."""
    if not text or len(text) > 4096 or "\n" in text or "\0" in text:
        return False
    return bool(_LIKE_A_PATH.fullmatch(text)) or os.path.exists(text) or (os.sep in text and "*" in text)


def _is_file(text: str) -> bool:
    """Whether a text among others is a path: in a list a name alone is a text, unless the file is there."""
    return _names_files(text) and ("://" in text or os.path.isfile(text) or (os.sep in text and os.path.exists(text)))


def _path_of_open(given: Any) -> str:
    """The path of an open file of which nothing is read yet."""
    name = getattr(given, "name", None)
    cure = "cure: close it and give its path, for example cluster('feed.jsonl')"
    if not isinstance(name, str) or not os.path.isfile(name):
        raise InputError(
            f"articles is an open {type(given).__name__} that is no file with a path; cure: write it to a file and give"
            " the path, for example cluster('feed.jsonl')"
        )
    if getattr(given, "closed", False):
        return name
    try:
        is_fresh = given.readable() and given.tell() == 0
    except (AttributeError, OSError, ValueError):  # lines are being taken from it
        is_fresh = False
    if not is_fresh:
        raise InputError(f"articles is the open file {name!r}, partly read or open for writing; {cure}")
    return name


def _cure_of_one(given: object) -> str:
    if isinstance(given, Article):
        return "a list, [article]"
    if isinstance(given, str):
        return "a list of texts, or the path of a file that is there"
    values = list(given.values()) if isinstance(given, Mapping) else []
    if values and all(isinstance(value, list | tuple) for value in values):
        return "a data frame of these columns, for example pandas.DataFrame(columns)"
    if values and not isinstance(values[0], str | int | float | None):
        return f"one of its values, for example articles[{next(iter(given))!r}]"  # type: ignore[call-overload]
    return "a list of articles, [article], or the path of a file"


def _walk(
    items: Iterable[Any], fields: Mapping[str, str] | None, columns: FieldMap | None, keeps_bad: bool
) -> Iterator[Article]:
    """The items as articles; bad ones among good ones become articles without words."""
    learnt = None
    if columns is None:
        items, learnt = _learnt(iter(items), fields, isinstance(items, list | tuple))
        columns = learnt
    bad, good, first_reason = 0, 0, ""
    undated = columns.unreadable_dates if columns else 0
    for number, item in enumerate(items, start=1):
        if type(item) is Article:
            good += 1
            yield item
            continue
        try:
            article = _as_article(item, number, columns)
        except _Unreadable as error:
            if not keeps_bad:
                raise InputError(str(error)) from None
            bad, first_reason = bad + 1, first_reason or str(error)
            article = _wordless(item, fields)
        else:
            good += 1
        yield article
    if bad and not good:
        raise InputError(first_reason)
    if bad:
        many = (
            "1 article has no readable text and groups"
            if bad == 1
            else f"{bad:,} articles have no readable text and group"
        )
        warnings.warn(f"{many} with nothing; {first_reason}", stacklevel=2)
    if learnt:
        learnt.end_input("articles")
        tell_notes(learnt.lacking)
    if columns and (many_dates := columns.unreadable_dates - undated):
        some = "1 date" if many_dates == 1 else f"{many_dates:,} dates"
        first = f"{columns.first_unreadable!r:.80}"
        warnings.warn(f"{some} cannot be read; the first: {first}; cure: datetime values, or ISO 8601", stacklevel=2)


def _learnt(
    items: Iterator[Any], fields: Mapping[str, str] | None, is_list: bool
) -> tuple[Iterator[Any], FieldMap | None]:
    """The items, and the columns of mappings as the first of them tell them; None where there are none."""
    from clusterer.io.choice import SAMPLE

    begun = list(islice(items, SAMPLE if is_list else 1))
    if not fields and not any(isinstance(item, Mapping) for item in begun):
        return chain(begun, items), None
    from clusterer.io.columns import FieldMap

    columns = FieldMap(fields)
    begun += islice(items, SAMPLE - len(begun))
    if rows := [item for item in begun if isinstance(item, Mapping)]:
        columns.learn(rows)
        tell_notes(columns.notes)
    return chain(begun, items), columns


class _Unreadable(InputError):
    """A mapping, or a row, that cannot be an article: without text and title, or with a number for a text."""


def _wordless(row: Mapping[str, Any] | None, fields: Mapping[str, str] | None) -> Article:
    """What can be known of a mapping that cannot be read: its id, date and outlet, or its id alone."""
    if row is None:
        return Article("")
    from clusterer.io.columns import FieldMap, RowError

    try:
        return FieldMap(fields, keeps_empty=True)(row)
    except RowError:
        id = row.get((fields or {}).get("id", "id"))
        return Article("", "" if id is None else str(id))


def _as_article(item: Article | Mapping[str, Any] | str, number: int, columns: FieldMap | None = None) -> Article:
    """An item of the caller's as an `Article`.

    Args:
        item: a text, a mapping of column names to values, or an article.
        number: of the item, from 1, for the error.
        columns: makes articles of mappings; None where nothing is known of them.

    Raises:
        InputError: it is none of the kinds that `cluster` takes, or a mapping that cannot be read (`_Unreadable`).
    """
    if isinstance(item, Article):
        return item
    if isinstance(item, str):
        return Article(item)
    if isinstance(item, Mapping):
        from clusterer.io.columns import RowError, article_from

        try:
            return columns(item) if columns else article_from(item)
        except RowError as error:
            raise _Unreadable(f"article {number}: {in_python(str(error))}") from None
    if isinstance(inner := getattr(item, "article", None), Article):  # a `Row` of a `Feed`
        return inner
    if item is None and columns:  # among mappings a row that is missing
        raise _Unreadable(f"article {number} is None; cure: leave it out")
    cure = "give a str, a mapping or an Article"
    if isinstance(item, bytes):
        cure = "cure: its text, for example item.decode('utf-8')"
    elif isinstance(item, list | tuple):
        cure = "cure: name its values, for example dict(zip(['id', 'text'], item))"
    elif kind := next((kind for kind in _WHOLE if any(base.__name__ == kind for base in type(item).__mro__)), ""):
        cure = f"cure: one frame of all, for example {_WHOLE[kind]}"
    raise InputError(f"article {number} is a {type(item).__name__}; {cure}")
