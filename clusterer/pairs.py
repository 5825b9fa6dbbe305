"""Pairs: everything that a run verified, pair by pair, for those who group or judge by themselves.

Reads a finished run; verifies and decides nothing.

Array letters: `m` pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from clusterer.assignments import first_of_group, preferences
from clusterer.copies.series import WHY
from clusterer.copies.verify import KINDS, NEITHER, judge
from clusterer.pipeline import PipelineRun
from clusterer.removals import STAYS, may_be_news
from clusterer.results import PairRelation
from clusterer.settings import Settings


class Pair(NamedTuple):
    """Two articles that were compared, and what they are to each other.

    Attributes:
        relation: "exact", "copy", "contained" (b is a cut of a), "quoted" (most of b stands in a, but not as a cut), "series"
            (one form or one background, other facts) or "story" (reports of one event). Only exact copies, copies, cuts
            and reports group; a quotation and a series never do.
        score: Jaccard, but containment for "contained" and "quoted", the likelihood of one event for "story".
        jaccard: of their shingles; None for "story".
        containment, containment_of_longer: the share of b that is in a, and of a that is in b; None for "story".
        a, b: ids, the longer one first; of identical texts the earlier one first. Of texts that are there more than once only
            the earliest article is compared with others.
        apart: why two texts that are alike do not group, or neither goes for the other: of a series one of
            `copies.series.WHY`; of copies and cuts in two copy groups "groups", for these are joined by what all their members
            share; of those in one group of which `dedup` takes neither for the other, for what they tell, "others" or
            "figures", as `removals.may_be_news` has it. None else.
        a_place, b_place: their places in the input, from 0.
    """

    relation: PairRelation
    score: float
    jaccard: float | None
    containment: float | None
    containment_of_longer: float | None
    a: str
    b: str
    apart: str | None
    a_place: int
    b_place: int


COLUMNS = (*Pair._fields[:-2], "a_file", "a_row", "b_file", "b_row")
"""Columns of a file of pairs: places are told as file and row."""


def verified_pairs(run: PipelineRun, settings: Settings) -> Iterator[Pair]:
    """The pairs of a run: identical texts first, then the copy level's by document, then reports.

    Args:
        run: finished.
        settings: of the run.
    """
    ids, documents, links = run.corpus.ids, run.documents, run.links
    held = documents.of_article >= 0
    earliest = preferences(run.corpus, documents, links, run.copies, "earliest")
    lead = first_of_group(np.where(held, documents.of_article, len(documents)), earliest)
    for i in earliest[held[earliest]].tolist():
        first = int(lead[documents.of_article[i]])
        if first != i:
            yield Pair("exact", 1.0, 1.0, 1.0, 1.0, ids[first], ids[i], None, first, i)
    told = links.where(links.kind != NEITHER)
    shared = told.overlap
    measures = (told.score, shared.jaccard, shared.containment, shared.reverse_containment)
    for (a, b), kind, apart, *numbers in zip(
        lead[told.pairs].tolist() if len(told) else [],
        told.kind.tolist(),
        _why_apart(run, settings)[links.kind != NEITHER].tolist(),
        *(x.round(4).tolist() for x in measures),
        strict=True,
    ):
        if KINDS[kind] != "far":
            score, jaccard, containment, reverse = numbers
            relation = cast(PairRelation, KINDS[kind])
            yield Pair(relation, score, jaccard, containment, reverse, ids[a], ids[b], apart or None, a, b)
    if run.stories is not None:
        strong = run.stories.score >= settings.story
        for (a, b), score in zip(
            lead[run.stories.pairs[strong]].tolist() if strong.any() else [],
            run.stories.score[strong].round(4).tolist(),
            strict=True,
        ):
            yield Pair("story", score, None, None, None, ids[a], ids[b], None, a, b)


def _why_apart(run: PipelineRun, settings: Settings) -> NDArray[np.str_]:
    """Of every link of a run `Pair.apart`, "" for None."""
    links, documents = run.links, run.documents
    told = links.pairs, links.overlap, links.differences, documents.outlets, documents.dates, settings
    groups = run.copies[links.pairs]
    parted = links.linked & (groups[:, 0] != groups[:, 1])
    both_stay = np.array([*STAYS, ""])[may_be_news(links, documents.outlets)]  # -1: the last
    return np.where(links.linked, np.where(parted, "groups", both_stay), np.array(WHY)[judge(*told)[1]])
