"""Feeds in and results out: sources, formats, columns, dates, readers, writers, the quarantine file.

Owns everything that touches a file or a data frame. Never groups anything.

`read` gives the articles of files; `Feed` also their rows, counts and bad rows; `Quarantine` keeps bad rows in a file;
`write_rows` writes rows back in the format in which they came; `atomic_output` is a file that is whole or absent.

>>> import clusterer.io
>>> clusterer.io.__all__
['BadRow', 'Feed', 'Quarantine', 'Row', 'atomic_output', 'read', 'write_rows']
"""

from typing import TYPE_CHECKING

from clusterer.lazy import importer

if TYPE_CHECKING:
    from clusterer.io.atomic import atomic_output
    from clusterer.io.feed import Feed
    from clusterer.io.quarantine import Quarantine
    from clusterer.io.read_articles import read
    from clusterer.io.rows import BadRow, Row
    from clusterer.io.writers import write_rows

__all__ = ["BadRow", "Feed", "Quarantine", "Row", "atomic_output", "read", "write_rows"]

if not TYPE_CHECKING:
    __getattr__ = importer(
        __name__,
        {
            "atomic": ["atomic_output"],
            "feed": ["Feed"],
            "read_articles": ["read"],
            "quarantine": ["Quarantine"],
            "rows": ["BadRow", "Row"],
            "writers": ["write_rows"],
        },
    )
