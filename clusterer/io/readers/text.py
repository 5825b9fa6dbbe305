"""Text files: one article a file, its title the first line where that looks like one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from clusterer.io.columns import RowError
from clusterer.io.readers import csv
from clusterer.io.readers.base import OpenedInput, undecodable
from clusterer.io.rows import Layout, Row

FIELDS = {
    "text": "what follows", "title": "a short first line", "date": "", "source": "", "url": "", "id": "the file's name",
}  # fmt: skip
"""Article attribute to where it is read from; "" where the format has none."""


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the one row of a text file, its id the file's name without ending; of a table that was saved as a text, its rows."""
    if csv.is_surely_table(opened.head, opened.columns):
        return csv.read(replace(opened, format="csv"))
    return read_whole(opened, lambda text: dict(zip(("title", "text"), split_title(text), strict=True)), "txt")


def read_whole(opened: OpenedInput, fields_of: Callable[[str], dict[str, str]], layout: str) -> Iterator[Row]:
    """Yield the one row of a file that is one article.

    Args:
        opened: the file.
        fields_of: makes the row's fields, but for the id, of the file's text.
        layout: name of the format.
    """
    data, reason = opened.whole()
    if reason and not reason.startswith("longer"):
        opened.damaged(1, reason, data)
        return
    try:
        if reason:
            raise RowError(reason)
        fields = {"id": opened.id, **fields_of(data.decode().replace("\r\n", "\n"))}
        article = opened.fixed_columns(fields)
    except UnicodeDecodeError as error:
        opened.bad(1, undecodable(data, error, opened.encoding), data)
    except RowError as error:
        opened.bad(1, str(error), data)
    else:
        yield Row(article, fields, opened.name, 1, Layout(layout))


def split_title(text: str) -> tuple[str, str]:
    r"""Title and body of a text file. A short first line is a title before an empty line or a much longer text.

    >>> split_title("Title\n\nBody of the article.")
    ('Title', 'Body of the article.')
    >>> split_title("A sentence that ends in a stop.\nAnother one.")
    ('', 'A sentence that ends in a stop.\nAnother one.')
    """
    text = text.lstrip("\ufeff \t\n")
    first, _, rest = text.partition("\n")
    words = len(first.split(None, 26))
    if words > 25 or not rest.strip() or first.rstrip().endswith((".", "،", "؛", ":")):
        return "", text
    if not rest.partition("\n")[0].strip() or len(rest.split(None, 4 * words)) >= 4 * words:
        return first.strip(), rest.lstrip()
    return "", text
