"""Features: what is known of two texts that may report the same event in other words.

Works on weighted stems (`term_weights`); finds no pairs, weighs nothing and forms no groups. Every feature is a number
that a person can read; the score made of them is in `model`.

What an outlet always writes is weak evidence: two calls of the same two presidents share the formula that reports
them. So the similarity of lead and body is also taken without the words that stand in runs of three or more stems that
both texts share: what is left is what two writers chose to tell independently.

Array letters: `n` texts, `m` pairs, `f` features.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import multipliers
from clusterer.arrays.ragged import Ragged, take_rows
from clusterer.stories.term_weights import RUN, TermWeights

ENOUGH = 0.3
"""Independent agreement from which on a shared formula does not matter."""
DAY = 86_400.0
FAR = 14.0
"""Days from which on two texts are simply far apart in time."""
BRIEF = 60
"""Words from which on a text is not short."""
FIGURES, OTHER_FIGURES = 3, 2
"""Numbers in a lead that report figures (prices, results), and how many may not differ."""
AGAIN, OTHER_DAY = 2, 10 / 24
"""Outlets that print both of two texts, and days between these, from which on they are surely of two days: forecasts."""
FRAME = 1.2
"""How much more alike leads are than openings where two short texts have more than a frame in common: leads weigh rare words
more, such as names."""
LEAD_SHARED, SHARED = 60.0, 200.0
"""Sums of rarities, of leads and of whole texts, that count as 1."""


@dataclass(frozen=True, slots=True)
class PairEvidence:
    """What the features of m pairs of texts are made of, float64 (m,) or bool (m,) each.

    A cheap first look leaves out what shared runs and outlets tell: fields that it does not know are 0 or False, and
    `own_lead` and `own_body` are then those of the whole texts.

    Attributes:
        lead: cosine of leads.
        own_lead, own_body: cosines of leads and of rare stems over the whole texts, without the words of shared runs.
        title_found: share of one's title, by rarity, in the other's title or lead, the mean of both directions.
        openings: rarities of the stems that both openings hold (title and first words), twice, over those of all theirs.
        lead_shared: sum of the rarities of the stems that title or lead of both hold.
        shared: sum of the rarities of the stems that both texts hold.
        numbers: of the numbers in the leads, the share of the fewer that both hold.
        other_figures: whether each lead has `FIGURES` numbers or more, `OTHER_FIGURES` or more of which the other lacks.
        other_names: share of the names in one's title and lead, by rarity, that the other has nowhere, the mean of both
            directions; 0 for one that names nothing.
        other_weekday: whether both openings name weekdays, and none in common, and whether both leads do: the mean of both.
        one_asks: whether the title of one of the two asks.
        brevity: by how much the shorter text falls short of `BRIEF` words, over that.
        apart: days between the texts over `FAR`, at most 1, NaN where a date is missing.
        unknown_outlet: whether it is unknown who prints either.
        shared_outlets: outlets that print both texts, over one more than the fewer that print either; 1 more where `AGAIN` of
            them do so on other days.
    """

    lead: NDArray[np.float64]
    own_lead: NDArray[np.float64]
    own_body: NDArray[np.float64]
    title_found: NDArray[np.float64]
    openings: NDArray[np.float64]
    lead_shared: NDArray[np.float64]
    shared: NDArray[np.float64]
    numbers: NDArray[np.float64]
    other_figures: NDArray[np.bool_]
    other_names: NDArray[np.float64]
    other_weekday: NDArray[np.float64]
    one_asks: NDArray[np.bool_]
    brevity: NDArray[np.float64]
    apart: NDArray[np.float64]
    unknown_outlet: NDArray[np.bool_]
    shared_outlets: NDArray[np.float64]

    @property
    def shortfall(self) -> NDArray[np.float64]:
        """How far the independent agreement, a geometric mean of lead and body, falls short of `ENOUGH`, from 0 to 1."""
        return np.maximum(1.0 - np.sqrt(self.own_lead * self.own_body) / ENOUGH, 0.0)


@dataclass(frozen=True, slots=True)
class Feature:
    """One number that the same-event score is made of.

    Attributes:
        name: its key in `event_model.json` and in `Assignment.evidence`.
        sign: 1 where it speaks for one event, -1 where it speaks against; training keeps to it.
        label: what it says, in a few words.
        description: what it is, in a line.
        value: how it is computed.
        cheap: whether the first look at a candidate has all it needs. What is not cheap must speak against, for the first
            look takes it for 0 and so errs on the side of likeness.
        most: the largest value that it can have.
    """

    name: str
    sign: Literal[1, -1]
    label: str = field(compare=False)  # words do not enter the fingerprint
    description: str = field(compare=False)
    value: Callable[[PairEvidence], NDArray[np.float64]] = field(compare=False)
    cheap: bool = False
    most: float = 1.0


TABLE: tuple[Feature, ...] = (
    Feature(
        "title_found", 1, "titles told by the other",
        "share of one's title that the other's title or lead tells, the mean of both directions",
        lambda pair: pair.title_found, cheap=True,
    ),
    Feature(
        "opening", 1, "first sentences alike",
        "how alike titles and first sentences are, rare words weighing more",
        lambda pair: pair.openings, cheap=True,
    ),
    Feature(
        "lead_shared", 1, "rare words shared by the leads",
        "how much the words tell that both leads hold: few rare ones as much as many common ones",
        lambda pair: np.minimum(pair.lead_shared / LEAD_SHARED, 2.0), cheap=True, most=2.0,
    ),
    Feature(
        "shared", 1, "rare words shared",
        "the same of the whole texts",
        lambda pair: np.minimum(pair.shared / SHARED, 2.0), cheap=True, most=2.0,
    ),
    Feature(
        "own_body", 1, "rare words shared outside copied runs",
        "how alike the rare words of the whole texts are, without passages that both share; of short texts less counts",
        lambda pair: pair.own_body * (1.0 - pair.brevity), cheap=True,
    ),
    Feature(
        "numbers", 1, "numbers shared",
        "share of the numbers in the leads, no years, that both hold; 0 where they are other figures",
        lambda pair: pair.numbers * ~pair.other_figures, cheap=True,
    ),
    Feature(
        "brief", 1, "short texts, which share little in all",
        "how short the shorter text is, 0 from 60 words on, as far as first sentences are alike: few words cannot share many;"
        " 0 for texts of unknown outlets that agree in copied passages only",
        lambda pair: pair.brevity * np.sqrt(pair.openings) * np.sqrt(np.sqrt(pair.openings))
        * ~(pair.unknown_outlet & (pair.shortfall > 0.999)), cheap=True,
    ),
    Feature(
        "figures", -1, "other figures in the leads",
        "both leads hold three numbers or more, and two or more that the other lacks",
        lambda pair: pair.other_figures.astype(np.float64), cheap=True,
    ),
    Feature(
        "names", -1, "names that the other lacks",
        "how many of the names of places, people and clubs in one's title and lead the other has nowhere: their share, the"
        " mean of both directions, squared; the shorter the text, the nearer to one half, for it tells little",
        lambda pair: pair.other_names**2 * (1.0 - pair.brevity) + 0.5 * pair.brevity, cheap=True,
    ),
    Feature(
        "weekday", -1, "another weekday",
        "how far weekdays tell of another day: one half where both first sentences name some, and none in common, one half"
        " where both leads do",
        lambda pair: pair.other_weekday, cheap=True,
    ),
    Feature(
        "asks", -1, "one explains the news",
        "one title asks (who is, what, why, how), the other one does not",
        lambda pair: pair.one_asks.astype(np.float64), cheap=True,
    ),
    Feature(
        "apart", -1, "days between them",
        "days between them, over 14",
        lambda pair: pair.apart, cheap=True,
    ),
    Feature(
        "unsigned", -1, "little in common for texts of unknown outlets",
        "outlet unknown: how little the texts agree outside shared passages",
        lambda pair: pair.unknown_outlet * pair.shortfall,
    ),
    Feature(
        "carried", -1, "outlets that print both",
        "outlets that print both, which hardly happens to one event, and not on two days by several",
        lambda pair: pair.shared_outlets,
    ),
    Feature(
        "form", -1, "a form of one outlet",
        "one outlet prints both, short texts that agree in shared passages only, and whose first sentences are more alike than"
        " the rare words of their leads: a form that it fills anew",
        lambda pair: np.minimum(2.0 * pair.shared_outlets, 1.0) * pair.brevity * pair.shortfall
        * np.maximum(pair.lead - pair.own_lead, 0.0) * np.maximum(FRAME * pair.openings - pair.lead, 0.0) * (2.0 / FRAME) ** 2,
    ),
)  # fmt: skip
"""Every feature, in the order of the columns of `pair_features`: the one place that says what there is. A new one is a row
here, a field of `PairEvidence` where that lacks what it is computed from, and new weights (`benchmarks.training.train`).
"""

FEATURES: tuple[str, ...] = tuple(feature.name for feature in TABLE)
"""Names of the features."""


def columns(evidence: PairEvidence, cheap: bool = False) -> NDArray[np.float64]:
    """Return the features, float64 (m, f), columns as in `FEATURES`.

    Args:
        evidence: of m pairs.
        cheap: only those of a first look, 0 for the others.
    """
    nothing = np.zeros(len(evidence.own_lead))
    return np.stack([f.value(evidence) if f.cheap or not cheap else nothing for f in TABLE], axis=1)


def end_of_day(dates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the latest moment that each date, float64 in seconds, can stand for.

    One of midnight to the second is a day whose hour nobody told, and may be its end.

    Examples:
        >>> end_of_day(np.array([0.0, 60.0])).tolist()
        [86399.0, 60.0]
    """
    days = dates / DAY  # of whole days exact, and several times as fast as a remainder; an unknown date, inf, stays
    return np.where(np.floor(days) == days, dates + (DAY - 1.0), dates)


def pair_features(
    weights: TermWeights,
    pairs: NDArray[np.int64],
    outlets: Ragged,
    first: NDArray[np.float64],
    last: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the features of pairs, float64 (m, f), columns as in `FEATURES`.

    Args:
        weights: of n texts.
        pairs: int64 (m, 2), rows of `weights`.
        outlets: numbers of the outlets that print each text or a copy of it, distinct and ascending in each row; an
            empty row is unknown.
        first, last: float64 (n,), earliest and latest date of each text's copies in seconds, inf where unknown.
    """
    sums = term_sums(weights, pairs)
    used, places = np.unique(pairs, return_inverse=True)
    places, printing = places.reshape(pairs.shape), Ragged(*take_rows(outlets.values, outlets.offsets, used))
    printed, common = printing.counts[places], shared_outlets(printing, places)
    fewer = printed.min(axis=1)
    found = first_look(weights, pairs, sums, first, last)
    again = (common >= AGAIN) & (found.apart * FAR > OTHER_DAY)
    return columns(replace(found, unknown_outlet=fewer == 0, shared_outlets=common / (fewer + 1.0) + again))


def first_look(
    weights: TermWeights,
    pairs: NDArray[np.int64],
    sums: NDArray[np.float64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
) -> PairEvidence:
    """Return what is known of pairs without their outlets: as if no outlet printed both.

    Args:
        weights, pairs, first, last: as for `pair_features`.
        sums: of `term_sums`; those of runs may be 0.
    """
    i, j = pairs.T
    lead, lead_runs, body, body_runs, _, _, title_1, title_2, openings, in_leads, shared, numbers, *names = sums.T
    days_1, days_2 = weights.weekdays[:, i], weights.weekdays[:, j]
    of_openings, ends = weights.opening_totals, weights.token_offsets
    fewer = np.minimum(weights.numbers[i], weights.numbers[j])
    no = np.zeros(len(pairs), dtype=np.bool_)
    return PairEvidence(
        lead=lead,
        own_lead=np.maximum(lead - lead_runs, 0.0),
        own_body=np.maximum(body - body_runs, 0.0),
        title_found=mean_share(weights.title_totals, pairs, title_1, title_2),
        openings=2.0 * openings / np.maximum(of_openings[i] + of_openings[j], 1e-12),
        lead_shared=in_leads,
        shared=shared,
        numbers=numbers / np.maximum(fewer, 1),
        other_figures=(fewer >= FIGURES) & (fewer - numbers >= OTHER_FIGURES),
        other_names=share_lacking(weights.name_totals, pairs, *names),
        other_weekday=((days_1 > 0) & (days_2 > 0) & ((days_1 & days_2) == 0)).mean(axis=0),
        one_asks=weights.asking[i] != weights.asking[j],
        brevity=np.maximum(1.0 - np.minimum(ends[i + 1] - ends[i], ends[j + 1] - ends[j]) / BRIEF, 0.0),
        apart=days_apart(pairs, first, last),
        unknown_outlet=no,
        shared_outlets=no.astype(np.float64),
    )


def mean_share(
    totals: NDArray[np.float64], pairs: NDArray[np.int64], found_1: NDArray[np.float64], found_2: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of each one's total that the other one has, float64 (m,): the mean of the two.

    Args:
        totals: float64 (n,).
        pairs: int64 (m, 2).
        found_1, found_2: float64 (m,), how much of the first's the second has, and the other way round.
    """
    both = np.maximum(totals[pairs], 1e-12)
    share: NDArray[np.float64] = (found_1 / both[:, 0] + found_2 / both[:, 1]) / 2.0
    return share


def share_lacking(
    totals: NDArray[np.float64], pairs: NDArray[np.int64], found_1: NDArray[np.float64], found_2: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of each one's total that the other one lacks, float64 (m,): the mean of the two, 0 for a total of 0.

    Arguments as for `mean_share`.
    """
    both = totals[pairs]
    lacking = np.maximum(both - np.stack([found_1, found_2], axis=1), 0.0)
    share: NDArray[np.float64] = (lacking / np.maximum(both, 1e-12)).mean(axis=1)
    return share


def days_apart(pairs: NDArray[np.int64], first: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the days between the spans of dates of pairs, float64 (m,), over `FAR`, at most 1; NaN without a date."""
    i, j = pairs.T  # only rows of these are touched: pairs come in blocks, and n may be far more
    with np.errstate(invalid="ignore"):  # inf - inf: no date on either side
        gap = np.maximum(np.maximum(first[i] - end_of_day(last[j]), first[j] - end_of_day(last[i])), 0.0) / DAY
        known = np.isfinite(first[i]) & np.isfinite(first[j])
        return np.where(known, np.minimum(gap / FAR, 1.0), np.nan)


_SUMS = 14  # columns of `term_sums`


def term_sums(weights: TermWeights, pairs: NDArray[np.int64], with_runs: bool = True) -> NDArray[np.float64]:
    """Return sums over the terms that both texts of a pair hold, float64 (m, 14).

    The columns are sums of products of weights in leads, of those in shared runs, in whole texts, of those in shared
    runs; the weights of the first's lead that the second has, those of the second's that the first has; the rarities of
    the stems of the first's title in the second's lead, of the second's title in the first's lead, of both openings, of
    both leads, of both texts; how many numbers both leads have; and the rarities of the names in the first's title and lead
    that the second has anywhere, and the other way round.

    Args:
        weights: of n texts.
        pairs: int64 (m, 2), rows of `weights`.
        with_runs: whether those of runs are asked for; else they are 0.
    """
    out = np.empty((len(pairs), _SUMS))
    kernels.pair_sums(
        weights.tokens, weights.token_offsets, multipliers(RUN), weights.columns, weights.offsets, weights.weights,
        weights.places, weights.rarity, weights.is_number.view(np.uint8),
        weights.is_name.view(np.uint8), len(weights.stems), np.ascontiguousarray(pairs), with_runs, out,
    )  # fmt: skip
    return out


def common_sums(rows: Ragged, weights: NDArray[np.float32], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return three sums over the common columns of each pair of rows, float64 (m, 3).

    They are of the products of weights, of the first row's weights, and of the second's.

    Args:
        rows: uint32 columns of n rows, ascending in each.
        weights: float32, of each of their values.
        pairs: int64 (m, 2).
    """
    out = np.empty((len(pairs), 3))
    columns = rows.values.astype(np.uint32, copy=False)
    kernels.row_sums(columns, rows.offsets, weights, np.ascontiguousarray(pairs), out)
    return out


def shared_outlets(outlets: Ragged, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of outlets that print both texts of each pair, int64 (m,)."""
    return common_sums(outlets, np.ones(len(outlets.values), dtype=np.float32), pairs)[:, 0].astype(np.int64)
