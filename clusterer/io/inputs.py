"""The door: whatever a caller's articles are in, to `Article`s, one by one. Behind it nothing else is met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from clusterer.articles import Article
from clusterer.errors import InputError

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame, IntoSeries

    from clusterer.io.columns import FieldMap


def articles_from(
    articles: Iterable[Article | Mapping[str, Any] | str] | IntoDataFrame | IntoSeries,
    fields: Mapping[str, str] | None = None,
) -> Iterator[Article]:
    """Give the articles one by one: of a list, an iterator, a data frame, or a column of texts.

    Args:
        articles: as `clusterer.cluster` takes them.
        fields: article attribute to column name, where the usual names do not fit.

    Returns:
        An iterator; items are taken, and made articles, as it is walked.

    Raises:
        InputError: a single article; a frame that has no articles; `fields` names an attribute that articles do not have.
            While it is walked: an item is no article.

    >>> [article.text for article in articles_from(["a text", {"body": "another"}, Article("a third")])]
    ['a text', 'another', 'a third']
    """
    if isinstance(articles, str | Mapping | Article):
        cure = "give a list of articles, or read a file with clusterer.io.read(path)"
        raise InputError(f"articles is one {type(articles).__name__}; {cure}")
    items: Any = articles
    if not isinstance(articles, list | tuple | Iterator):  # narwhals takes a moment to import
        from clusterer.io.dataframes import rows_of

        rows = rows_of(articles, fields)
        items = articles if rows is None else rows
        if not isinstance(items, Iterable):
            raise InputError(f"articles is a {type(articles).__name__}; give a list of articles")
    columns = None
    first = (
        next((item for item in items if type(item) is not Article), None) if isinstance(items, list | tuple) else None
    )
    if fields or isinstance(first, Mapping):
        from clusterer.io.choice import SAMPLE
        from clusterer.io.columns import FieldMap

        columns = FieldMap(fields)  # refuses what articles do not have before the walk
        if isinstance(first, Mapping):
            columns.learn([item for item in items[:SAMPLE] if isinstance(item, Mapping)])
    return (
        item if type(item) is Article else _as_article(item, number, columns)
        for number, item in enumerate(items, start=1)
    )


def _as_article(item: Article | Mapping[str, Any] | str, number: int, columns: FieldMap | None = None) -> Article:
    """An item of the caller's as an `Article`.

    Args:
        item: a text, a mapping of column names to values, or an article.
        number: of the item, from 1, for the error.
        columns: makes articles of mappings; None where nothing is known of them.

    Raises:
        InputError: it is none of the kinds that `cluster` takes, or a mapping without a text.
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
            raise InputError(f"article {number}: {error}") from None
    raise InputError(f"article {number} is a {type(item).__name__}; give a str, a mapping or an Article")
