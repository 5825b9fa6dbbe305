"""Feeds in and results out: sources, formats, columns, dates, readers, writers, the quarantine file.

Owns everything that touches a file or a data frame. Never groups anything.
"""

from typing import TYPE_CHECKING

from clusterer.lazy import importer

if TYPE_CHECKING:
    from clusterer.io.feed import Feed
    from clusterer.io.quarantine import Quarantine
    from clusterer.io.rows import BadRow, Row

__all__ = ["BadRow", "Feed", "Quarantine", "Row"]

if not TYPE_CHECKING:
    __getattr__ = importer(__name__, {"feed": ["Feed"], "quarantine": ["Quarantine"], "rows": ["BadRow", "Row"]})
