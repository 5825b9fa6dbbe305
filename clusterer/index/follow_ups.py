"""Which earlier story of the same affair a stored story goes on with: `stories.follow_ups` over what an index holds.

Computed when it is asked for, of the pairs that were compared, as a batch of the stored articles would. Stores nothing.

Array letters: `t` texts, `m` pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import factorize
from clusterer.index.database import Database
from clusterer.index.judged_links import are_filled
from clusterer.index.likenesses import read_features
from clusterer.index.open_index import OpenIndex
from clusterer.stories.features import DAY
from clusterer.stories.follow_ups import LATER, earlier_stories
from clusterer.stories.model import model_of


class FollowUps(NamedTuple):
    """Some stories, by number.

    Attributes:
        followed: of those that go on with an earlier story that one.
        paired: the other stories that each has a likeness with: what it goes on with is decided among these.
    """

    followed: dict[int, int]
    paired: dict[int, set[int]]


def follow_ups(index: OpenIndex, stories: Sequence[int]) -> FollowUps:
    """Return which earlier stories some go on with.

    Args:
        index: that holds them.
        stories: their numbers.
    """
    database = index.database
    between: dict[tuple[int, int], tuple[int, int]] = {}  # by pair of texts their stories
    paired: dict[int, set[int]] = {}
    for end, other in ("ab", "ba"):
        for number, beside, a, b in database.among(
            f"SELECT text.story, other.story, a, b FROM text JOIN pair ON {end} = text.centre JOIN text AS other ON"
            f" other.centre = {other} WHERE text.story IN {{}} AND other.story != text.story",
            stories,
        ):
            between[a, b] = number, beside
            paired.setdefault(number, set()).add(beside)
    ends, features = _apart(database, between)
    kept = ~are_filled(index, ends)
    ends, features = ends[kept], features[kept]
    # Whole stories, although few of their texts stand in a pair: when a story began, and which text of it is the first.
    involved = database.numbers("SELECT story FROM text WHERE centre IN {}", np.unique(ends))
    rows = database.among(
        "SELECT text.centre, story, first, words, hash FROM text JOIN document ON number = text.centre WHERE story IN {}",
        sorted(involved),
    )
    if not rows:
        return FollowUps({}, paired)
    centre, story, words, hash = (np.array([row[i] for row in rows], dtype=np.int64) for i in (0, 1, 3, 4))
    first = np.array([np.inf if row[2] is None else row[2] for row in rows], dtype=np.float64)
    order = np.lexsort((hash.view(np.uint64), -words))  # as a batch numbers texts, the longest first
    by_centre = np.argsort(centre[order])
    local = by_centre[np.searchsorted(centre[order][by_centre], ends)]
    _, number = factorize(story[order])
    first_text = np.full(int(number.max()) + 1, len(rows))
    np.minimum.at(first_text, number, np.arange(len(rows)))
    found = story[order][earlier_stories(local, features, first_text[number], first[order], model_of(index.settings))]
    wanted = set(stories)
    return FollowUps({later: earlier for later, earlier in found.tolist() if later in wanted}, paired)


def _apart(
    database: Database, between: Mapping[tuple[int, int], tuple[int, int]]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Those pairs of texts whose stories began on other days, int64 (m, 2), and their features, float32 (m, f).

    Args:
        database: in a transaction.
        between: by pair of texts their stories.
    """
    involved = sorted({story for ends in between.values() for story in ends})
    statement = "SELECT story, min(first) FROM text WHERE story IN {} AND first IS NOT NULL GROUP BY story"
    begun = dict(database.among(statement, involved))
    apart = [
        list(ends)
        for ends, (a, b) in between.items()
        if a in begun and b in begun and abs(begun[a] - begun[b]) >= LATER * DAY
    ]
    return read_features(database, apart)
