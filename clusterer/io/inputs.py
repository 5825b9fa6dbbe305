"""inputs: see clusterer.corpus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from clusterer.articles import Article
from clusterer.errors import InputError

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame, IntoSeries


def items_of(
    articles: Iterable[Article | Mapping[str, Any] | str] | IntoDataFrame | IntoSeries,
    fields: Mapping[str, str] | None = None,
) -> Iterable[Article | Mapping[str, Any] | str]:
    """What gives the articles one by one, whatever a caller's are in: a list, an iterator, a data frame, a column of texts.

    Args:
        articles: as `clusterer.cluster` takes them.
        fields: article attribute to column name, where the usual names do not fit; mappings come out as `Article`s.

    Raises:
        InputError: a single article; a frame that has no articles; `fields` names an attribute that articles do not have.
            From the walk: an item is no article.
    """
    if isinstance(articles, str | Mapping | Article):
        cure = "give a list of articles, or read a file with clusterer.io.read(path)"
        raise InputError(f"articles is one {type(articles).__name__}; {cure}")
    if not isinstance(articles, list | tuple | Iterator):  # narwhals takes a moment to import
        from clusterer.io.dataframes import rows_of

        rows = rows_of(articles, fields)
        articles = articles if rows is None else rows
        if not isinstance(articles, Iterable):
            raise InputError(f"articles is a {type(articles).__name__}; give a list of articles")
    if fields:
        from clusterer.io.columns import FieldMap

        FieldMap(fields)  # refuse what articles do not have before the walk
        return (as_article(item, place, fields) for place, item in enumerate(articles, start=1))
    return articles


def as_article(item: Article | Mapping[str, Any] | str, place: int, fields: Mapping[str, str] | None = None) -> Article:
    """An item of the caller's as an `Article`.

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
            return article_from(item, fields)
        except RowError as error:
            raise InputError(f"article {place}: {error}") from None
    raise InputError(f"article {place} is a {type(item).__name__}; give a str, a mapping or an Article")
