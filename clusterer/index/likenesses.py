"""The stored likenesses of texts: which pairs are alike, how likely they report one event, and what that was made of.

Reads the table `pair`, writes nothing.

Array letters: `d` documents, `t` texts, `m` pairs, `f` features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.arrays.indexing import factorize, places_of
from clusterer.index.database import Database
from clusterer.index.guards import blob_rows, checked_ends, columns_of
from clusterer.index.open_index import OpenIndex
from clusterer.index.remembered_pairs import Pairs
from clusterer.stories.clustering import Stories
from clusterer.stories.features import FEATURES


def read_features(database: Database, pairs: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Those of some pairs of texts that are stored, int64 (m, 2), and their features, float32 (m, f)."""
    rows = database.blobs(
        "SELECT a, b, features FROM json_each(?) JOIN pair ON a = json_extract(value, '$[0]') AND b ="
        " json_extract(value, '$[1]')",
        orjson.dumps(pairs).decode(),
    )
    a, b, blobs = columns_of(rows, 3)
    return checked_ends(database.path, a, b), blob_rows(database.path, "features", blobs, "<f4", len(FEATURES))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStories(Stories):
    """Stories of an index, of whose pairs only those features are read that are asked for: few links are told of many.

    Attributes:
        database: in a transaction.
        ends: int64 (m, 2), the texts of each pair, the earlier one first.
    """

    database: Database
    ends: NDArray[np.int64]

    def features_of(self, pairs: NDArray[np.int64]) -> NDArray[np.float32]:
        """What the scores of some pairs, given by their numbers, are made of, float32 (p, f)."""
        asked = self.ends[pairs].tolist()
        found, features = read_features(self.database, asked)
        row = {tuple(ends): place for place, ends in enumerate(found.tolist())}
        return features[[row[a, b] for a, b in asked]]


def among_each_other(index: OpenIndex, centres: NDArray[np.int64]) -> Pairs:
    """The pairs of some texts, int64 (t,) ascending, of which both are among these, the earlier one first, ascending."""
    ends, scores = index.pairs.of(centres)
    inside = (ends[:, 0] < ends[:, 1]) & places_of(centres, ends[:, 1])[1]
    return Pairs(ends[inside], scores[inside])


def read_likenesses(
    index: OpenIndex,
    documents: NDArray[np.int64],
    place: NDArray[np.int64],
    centres: NDArray[np.int64],
    story: NDArray[np.int64],
) -> Stories:
    """The stored stories and scores of documents.

    Args:
        index: that holds them.
        documents: int64 (d,), ascending.
        place: int64 (d,), the number of each in what is returned.
        centres: int64 (d,), by that number the number of its centre.
        story: int64 (d,), by that number its stored story.
    """
    distinct, text_of = factorize(centres)
    story_of_text = np.empty(len(distinct), dtype=np.int64)
    story_of_text[text_of] = story
    _, first, row = np.unique(story_of_text, return_index=True, return_inverse=True)
    ends, scores = among_each_other(index, np.sort(documents[np.argsort(place)[distinct]]))
    pairs = np.sort(place[np.searchsorted(documents, ends)], axis=1)
    none = np.zeros((0, len(FEATURES)), dtype=np.float32)
    told = text_of, distinct[first[row]], pairs, scores, none, 0, 0, 0
    return StoredStories(*told, database=index.database, ends=ends)
