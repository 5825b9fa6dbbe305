"""Removals: which articles of a run go for which that stay; what goes is verified against what stays.

Round by round the best of what is left of a copy group is kept, and what is verified against it goes; then reports of one event.
Knows nothing of orders, inputs and results: `deduplication` does.

Array letters: `n` articles, `d` documents, `m` pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.indexing import factorize
from clusterer.arrays.parallel import ordered_map
from clusterer.copies.documents import Documents
from clusterer.copies.facts import open_with_other_figures
from clusterer.copies.series import may_report_others
from clusterer.copies.verify import CONTAINED, COPY, Links, of_one_outlet, verify
from clusterer.pipeline import PipelineRun
from clusterer.settings import Settings

HELD = 0.9
"""Share of its words that a kept text must hold of one that goes as its copy or cut."""
PASSAGE, IN_PASSAGE = 30, 12
"""Words in a row of a text that goes, and how many of them the kept one may lack at most: more is a passage of its own."""
OTHERS, FIGURES = range(2)
STAYS = ("others", "figures", "words")
"""Why a copy stays: it may report something else, or another figure of one outlet, or it has too many words of its own."""
_BLOCK = 1 << 12  # pairs whose words are compared at a time


@dataclass(frozen=True, slots=True)
class Removals:
    """What becomes of n articles, filled step by step.

    Attributes:
        keeper: int64 (n,), the article that stays for each; its own place where it stays.
        relation: int64 (n,), what the two were verified as: a place in the names of relations.
        score: float64 (n,), of the two.
        lost: int64 (n,), words that the kept one does not hold.
    """

    keeper: NDArray[np.int64]
    relation: NDArray[np.int64]
    score: NDArray[np.float64]
    lost: NDArray[np.int64]

    def enter(
        self,
        gone: NDArray[np.int64],
        kept: NDArray[np.int64],
        relation: NDArray[np.int64] | int,
        score: NDArray[np.float64] | list[float],
        lost: NDArray[np.int64],
    ) -> None:
        """Let some articles go for others."""
        self.keeper[gone], self.relation[gone] = kept, relation
        self.score[gone], self.lost[gone] = score, lost


def remove_copies(
    run: PipelineRun,
    settings: Settings,
    rank: NDArray[np.int64],
    lead: NDArray[np.int64],
    found: Removals,
    old: int,
) -> None:
    """Documents of copy groups, round by round: the best that is left is kept, and what is verified against it goes.

    Args:
        run: with its words and texts.
        settings: of the run.
        rank: int64 (n,), the place of every article in the order from best to last.
        lead: int64 (d,), the best article of every document.
        found: is filled.
        old: so many of the articles, the first, stay whatever is found.
    """
    documents, links, d = run.documents, run.links, len(run.documents)
    codes, others = links.pairs @ np.array([d, 1]), may_be_news(links, documents.outlets) >= 0
    best_first = np.lexsort((rank[lead], run.copies))
    many = np.bincount(run.copies, minlength=d) > 1
    left = best_first[many[run.copies[best_first]]]
    while len(left):
        if old:  # those compared against stay, each is asked in its turn, as long as there is one to ask about
            left = left[np.isin(run.copies[left], run.copies[left[lead[left] >= old]])]
            if not len(left):
                break
        group = run.copies[left]
        opens = np.append(True, group[1:] != group[:-1])
        kept = left[np.flatnonzero(opens)[np.cumsum(opens) - 1]]
        asked, against = left[~opens], kept[~opens]
        pairs = np.sort(np.stack([asked, against], axis=1), axis=1)
        wanted = pairs @ np.array([d, 1])
        at = np.minimum(np.searchsorted(codes, wanted), max(len(codes) - 1, 0))
        known = codes[at] == wanted if len(codes) else np.zeros(len(wanted), dtype=np.bool_)
        kind, value = np.zeros(len(pairs), dtype=np.int64), np.zeros(len(pairs))
        other = np.zeros(len(pairs), dtype=np.bool_)
        kind[known], value[known], other[known] = links.kind[at[known]], links.score[at[known]], others[at[known]]
        unknown = np.flatnonzero(~known)
        if len(unknown):
            order = unknown[np.argsort(wanted[unknown])]
            new = verify(documents, pairs[order], settings)
            places = order[np.searchsorted(wanted[order], new.pairs @ np.array([d, 1]))]
            kind[places], value[places] = new.kind, new.score
            other[places] = may_be_news(new, documents.outlets) >= 0
        goes = ~other & (
            (kind == COPY) | (kind == CONTAINED) & (asked > against)
        )  # the longer of a pair has the lower number
        goes &= lead[asked] >= old
        if settings.series == "separate":
            goes[goes] = ~_open_anew(documents, asked[goes], against[goes], settings.profile)
        missing = np.zeros(len(pairs), dtype=np.int64)
        missing[goes], held = _held(documents, asked[goes], against[goes], settings.threads)
        goes[goes] = held
        found.enter(lead[asked[goes]], lead[against[goes]], kind[goes], value[goes], missing[goes])
        left = asked[~goes]


def may_be_news(links: Links, outlets: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 (m,): why neither end of a link should go for the other, a place in `STAYS`; -1 where that is not so.

    It may be other news, or later ones: an outlet that prints its report again with another figure or weekday brings it up to
    date, or corrects it. The words that two texts do not share, and figures of texts too different to be aligned, are asked for
    where one is about to go.

    Args:
        links: m of them.
        outlets: int64 (d,), who printed each document first, as in `Documents`.
    """
    again = of_one_outlet(links.pairs, outlets) & (links.differences.facts != links.differences.dates)
    others = may_report_others(links.overlap.jaccard, links.differences)
    found: NDArray[np.int64] = np.where(others, OTHERS, np.where(again, FIGURES, -1))
    return found


def _open_anew(
    documents: Documents, gone: NDArray[np.int64], kept: NDArray[np.int64], profile: str
) -> NDArray[np.bool_]:
    """Bool (m,): texts of one outlet that open with other figures, also where too much was rewritten to be aligned."""
    pairs = np.stack([gone, kept], axis=1)
    found = np.zeros(len(pairs), dtype=np.bool_)
    asked = np.flatnonzero(of_one_outlet(pairs, documents.outlets))
    for start in range(0, len(asked), _BLOCK):
        some = asked[start : start + _BLOCK]
        needed, local = factorize(pairs[some])
        found[some] = open_with_other_figures(documents.take(needed), local, profile)
    return found


def _held(
    documents: Documents, gone: NDArray[np.int64], kept: NDArray[np.int64], threads: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """How many words of texts that go those that are kept lack, int64 (m,), and whether these are few enough, bool (m,)."""
    missing, densest = _words_lost(documents, gone, kept, threads)
    assert documents.corpus_words is not None
    few = missing <= (1 - HELD) * documents.corpus_words.counts[documents.articles[gone]]
    return missing, few & (densest <= IN_PASSAGE)


def why_it_stays(links: Links, documents: Documents, settings: Settings) -> str:
    """Why of two copies, the only ones of `links`, the shorter is not removed for the longer, of `STAYS`; "" where it is."""
    longer, shorter = links.pairs.T
    if (why := may_be_news(links, documents.outlets)[0]) >= 0:
        return STAYS[why]
    if settings.series == "separate" and _open_anew(documents, shorter, longer, settings.profile)[0]:
        return STAYS[FIGURES]
    return "" if _held(documents, shorter, longer, settings.threads)[1][0] else "words"


def remove_reports(
    run: PipelineRun,
    settings: Settings,
    rank: NDArray[np.int64],
    lead: NDArray[np.int64],
    found: Removals,
    old: int,
) -> None:
    """What copies left of stories: all of a copy group goes where a kept one is of its story and a link joins the two.

    A link of two stories (`stories.linkage`) takes nothing, so that of every story something stays.

    Args:
        run: with its words and texts.
        settings: of the run.
        rank: int64 (n,), the place of every article in the order from best to last.
        lead: int64 (d,), the best article of every document.
        found: is filled.
        old: so many of the articles, the first, stay whatever is found.
    """
    documents, stories = run.documents, run.stories
    assert stories is not None
    staying = np.flatnonzero(found.keeper[lead] == lead)
    strong: dict[int, dict[int, float]] = {}
    story = stories.of_text[stories.text_of[stories.pairs]]
    joins = (stories.score >= settings.story) & (story[:, 0] == story[:, 1])
    for (a, b), value in zip(stories.pairs[joins].tolist(), stories.score[joins].tolist(), strict=True):
        strong.setdefault(a, {})[b] = strong.setdefault(b, {})[a] = value
    best: dict[int, int] = {}  # of every copy group the best document that stays
    for x in staying[np.argsort(rank[lead[staying]])].tolist():
        best.setdefault(int(run.copies[x]), x)
    gone: dict[int, tuple[int, float]] = {}
    for group in sorted(best, key=lambda x: rank[lead[best[x]]]):
        if group in gone:
            continue
        for other, value in strong.get(group, {}).items():
            if lead[best[other]] >= old and other not in gone and rank[lead[best[other]]] > rank[lead[best[group]]]:
                gone[other] = best[group], value
    rows = np.array([x for x in staying.tolist() if int(run.copies[x]) in gone], dtype=np.int64)
    if not len(rows):
        return
    against = np.array([gone[int(run.copies[x])][0] for x in rows.tolist()], dtype=np.int64)
    scores = [gone[int(run.copies[x])][1] for x in rows.tolist()]
    found.enter(lead[rows], lead[against], 3, scores, _words_lost(documents, rows, against, settings.threads)[0])


def _words_lost(
    documents: Documents, gone: NDArray[np.int64], kept: NDArray[np.int64], threads: int
) -> NDArray[np.int64]:
    """int64 (2, m): words of each text that goes, every time they are there, that the one that is kept does not hold.

    In all, and most in any `PASSAGE` words in a row.
    """
    words = documents.corpus_words
    assert words is not None
    hashes, pairs = np.ascontiguousarray(words.hashes), documents.articles[np.stack([gone, kept], axis=1)]

    def of_block(start: int) -> NDArray[np.int64]:
        block = pairs[start : start + _BLOCK]
        lost = np.empty((2, len(block)), dtype=np.int64)
        kernels.words_missing(hashes, words.offsets, block, PASSAGE, lost)
        return lost

    blocks = ordered_map(of_block, range(0, len(pairs), _BLOCK), threads)
    return np.concatenate([np.zeros((2, 0), dtype=np.int64), *blocks], axis=1)
