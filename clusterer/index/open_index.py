"""What is kept of an open index between its transactions: its file, its keys, and what was last read of its texts.

Every function of the modules beside it takes an `OpenIndex` first, and runs inside a transaction of its database.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.index.database import Database
from clusterer.index.links import links_of
from clusterer.index.postings import Postings
from clusterer.index.remembered import documents_of, texts_of
from clusterer.index.remembered_pairs import RememberedPairs
from clusterer.text import boilerplate

_LOG = logging.getLogger("clusterer")
_REMEMBERED = 1 << 14  # texts whose words and stems are kept in memory
_PASSED = 1 << 20  # ids: some 150 MB


@dataclass(slots=True)
class PassedIds:
    """Who has the ids "name#2", "name#3", ... of a name, as far as that was looked up.

    Attributes:
        last: all numbers from 2 to this one are taken.
        names: these ids by the digest of their articles; of several the first.
    """

    last: int = 1
    names: dict[int, str] = field(default_factory=dict)


class OpenIndex:
    """An open index.

    Attributes:
        database: its file.
        settings: what it was made with.
        postings: its keys, and who holds them.
        learned_lines: uint64 (l,), ascending: keys of the lines that were learned to be boilerplate of their outlets.
        words: by document the hashes of its words, uint64 (w,); those read last.
        documents, texts, links: rows by number, by centre and by the longer document, see `remembered`.
        pairs: likenesses of texts, see `remembered_pairs`.
        crowd: documents that are known to be in a crowd, see `crowds`.
        story_crowd: texts, and stories as numbers below 0, that are.
        passed_ids: by a name that several articles have, which ids of these are taken.
        are_cut_short: at which levels it was told that new texts are not compared with all that look like them.
        stems: by document the stems of its text and of its title that count, uint32 (s,) twice; those read last.
    """

    def __init__(self, database: Database) -> None:
        """Wrap an open file; nothing is read before `refresh`.

        Args:
            database: the file.
        """
        self.database, self.settings = database, database.settings
        self.postings = Postings(database, max(self.settings.bucket_cap, 2 * boilerplate.MIN_SUPPORT_UNKNOWN))
        self.learned_lines: NDArray[np.uint64] = np.zeros(0, dtype=np.uint64)
        self.words: OrderedDict[int, NDArray[np.uint64]] = OrderedDict()
        self.stems: OrderedDict[int, tuple[NDArray[np.uint32], NDArray[np.uint32]]] = OrderedDict()
        self.documents, self.texts, self.links = documents_of(database), texts_of(database), links_of(database)
        self.pairs = RememberedPairs(database)
        self.passed_ids: dict[str, PassedIds] = {}
        self.crowd: set[int] = set()
        self.story_crowd: set[int] = set()
        self.are_cut_short: set[str] = set()
        self._generation = -1
        self._version = 0

    def refresh(self) -> None:
        """See what others have written. First thing in a transaction."""
        self.postings.refresh()
        generation, version = self.database.state["generation"], self.database.rows("PRAGMA data_version")[0][0]
        if (generation, version) != (self._generation, self._version):  # a program of another kind makes no generation
            rows = self.database.rows("SELECT line FROM furniture")
            self.learned_lines = np.sort(np.array([line for (line,) in rows], dtype=np.int64).view(np.uint64))
            self.stems.clear()
            self.words.clear()
            self.passed_ids.clear()
            self.crowd.clear()
            self.story_crowd.clear()
            for remembered in (self.documents, self.texts, self.links, self.pairs):
                remembered.clear()
            self._generation, self._version = generation, version

    def tell_cut_short(self, level: str, most: int, what: str) -> None:
        """Warn, once for each level, that a new text is compared with no more than so many of those that look like it.

        Args:
            level: of the pairs that are left out.
            most: texts that a new one is compared with.
            what: may follow of it.
        """
        if level not in self.are_cut_short:
            self.are_cut_short.add(level)
            _LOG.warning(
                "%s: too many texts look alike: a new one is compared with the %d that are most like it, so %s; cure: "
                "leave out what is made from one form, or keep it in an index of its own",
                self.database.path,
                most,
                what,
            )

    def keep(self) -> None:
        """Keep what is remembered: all that the transaction wrote, which ends now, was written through this object."""
        self._generation = self.database.next_generation
        if sum(len(passed.names) for passed in self.passed_ids.values()) > _PASSED:
            self.passed_ids.clear()

    def forget(self) -> None:
        """Trust nothing that is remembered: a transaction failed."""
        self.postings.forget(failed=True)
        self._generation = -1


def trim(remembered: OrderedDict[int, Any]) -> None:
    """Drop what was read first, where more texts are remembered than memory is meant for."""
    while len(remembered) > _REMEMBERED:
        remembered.popitem(last=False)
