"""Series: pairs that are alike by their form or by their background, and report something else.

The desk's gold prices of two days share all but five numbers, and are two pieces of news; so are the second report on an affair
and the first one whose paragraphs it repeats. Told from copies by what differs (`facts`), by the lead, by the outlets and by
the time between them. Never groups.

Array letters: `m` pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import offsets_from_counts, positions_in_runs, ragged_index
from clusterer.arrays.linkage import components
from clusterer.copies.facts import Differences

# Judged on two feeds, each with what the other one gave, and on made forms: docs/decisions/12-series.md.
_SAME_DAY = 10.0  # hours up to which a later printing is an update
_UPDATED = 18.0  # hours up to which one or two facts are an update: a toll of the evening, of the next morning
_LEAD = 0.35  # share of one's opening that the other holds below which an outlet's later article has another lead ...
_RETOLD = 0.7  # ... unless as much of the whole is the same
_CUT = 0.45  # Jaccard below which texts with different numbers are no versions of one
_TYPO = 0.9  # Jaccard from which a word or two that are no known names are misprints
_EDITED = 2  # runs edited up to which two texts that name others may be fillings of one form
_SLOTS = 3  # runs that state something else from which texts too different for copies are fillings of one form
_UNLISTED = 4  # such runs where no listed name is among what only one of them names
_DAYS = 5  # on which one report is printed at most
_VERSION = 0.6  # Jaccard from which two texts are versions of one notice
_WHOLE = 0.9  # containment from which the longer text holds all of the shorter one
_OUTLETS = 2  # that print both of two texts, one after the other, where these are notices of two days ...
_NOTICES = 3  # ... or texts of one outlet, each of another day
_REACH = 2  # ties from one text to the next through which its days are looked for: chains, as of rulings, are no form
_DAY = 86_400.0


OTHERS, FILLED, NEXT, RECOUNTED, RECURS, NOTICES = range(1, 7)
WHY = ("", "others", "filled", "next", "recounted", "recurs", "notices")
"""Why two texts are a series: they name others; fill one form; one is an outlet's next piece, behind another lead; an outlet
tells other numbers, and little else in the same words; their form comes back on many days; they are notices of two days."""


def why_series(
    jaccard: NDArray[np.float64],
    opening: NDArray[np.float64],
    differing: Differences,
    one_outlet: NDArray[np.bool_],
    hours: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Why pairs that are alike have other facts or another lead, uint8 (m,): the first of `WHY` that is so, 0 where none is.

    The more surely so from one outlet: a form that is filled daily, or the next piece on an affair, with a lead of its own, or
    of another weekday, over paragraphs that it repeats. Within hours one outlet's numbers are an update, names are not; and
    another outlet's text of the same day is the wire's, whatever was edited.

    Args:
        jaccard: float64 (m,).
        opening: float64 (m,), the share of its opening that either text has in common with the other, the smaller of the two.
        differing: what the m pairs differ in.
        one_outlet: bool (m,), both were first printed by one known outlet.
        hours: float64 (m,), as `hours_apart` gives them.
    """
    named = differing.names + differing.subjects
    stated = differing.facts + named
    form = stated / np.maximum(stated + differing.edits, 1)  # the share of what differs that is facts
    other_day = hours > _SAME_DAY
    other_lead = (opening < _LEAD) | other_day & (
        differing.dates > differing.facts
    )  # no word of it, or of another weekday
    other_lead &= jaccard < _RETOLD
    told = differing.others + differing.unknowns
    updated = (hours <= _UPDATED) & (differing.facts <= 2) & (differing.dates == 0) & (told == 0)
    filled = ((differing.facts >= 1) & (form >= 0.5) | (differing.facts >= 3) & (form >= 0.35)) & ~updated
    spelt = (differing.others == 0) & (told <= 2) & (jaccard >= _TYPO)  # an odd word or two in a long text
    filled |= (told >= 1) & (form >= 0.5) & ~spelt
    filled &= one_outlet & other_day
    filled |= one_outlet & ~other_day & (differing.names >= 1) & (form >= 0.8)
    filled |= (
        ~one_outlet & other_day & (differing.facts + differing.names >= 1) & (stated >= 2) & (form >= 0.7) & ~updated
    )
    filled |= (differing.dates >= 1) & (differing.facts >= 2) & (form >= 0.7)  # two dates in the texts themselves
    recounted = one_outlet & other_day & (differing.numbers >= 1) & (jaccard < _CUT) & ~updated
    found = np.zeros(len(jaccard), dtype=np.uint8)
    for why, so in (
        (NEXT, one_outlet & other_lead),
        (RECOUNTED, recounted),
        (FILLED, filled),
        (OTHERS, report_others(jaccard, differing)),
    ):
        found[so] = why
    return found


def report_others(jaccard: NDArray[np.float64], differing: Differences) -> NDArray[np.bool_]:
    """Bool (m,): texts of one form that name others, whoever printed them and when: two accidents, two ambassadors, two towns.

    Either text names something that the other has nowhere; a copy that is shortened, spelt otherwise or credited to another
    agency does not. Words that are no known names may be edited ones: beside them a number or a date must differ as well, and
    little else.

    Args:
        jaccard: float64 (m,).
        differing: what the m pairs differ in.
    """
    others = differing.others
    found: NDArray[np.bool_] = (others >= 2) | (others == 1) & (jaccard < _TYPO)
    return found | _with_figures(differing)


def fill_one_form(differing: Differences) -> NDArray[np.bool_]:
    """Bool (m,): texts too different for copies that fill one form otherwise: previews of two matches, receptions of two guests.

    Either names something that the other has nowhere, and what stands in the slots is at least half of what differs. Reports of
    one event that share passages differ in their words, and name the same. Words that are no known names do
    beside a number or a date, as in `report_others`, with a slot more.

    Args:
        differing: what the m pairs, which share long passages, differ in.
    """
    others = differing.others
    stated = differing.facts + differing.names + differing.subjects
    found: NDArray[np.bool_] = (others >= 1) & (stated >= np.maximum(differing.edits, _SLOTS)) | (others >= _SLOTS)
    return found | (stated >= _UNLISTED) & _with_figures(differing)


def _with_figures(differing: Differences) -> NDArray[np.bool_]:
    """Bool (m,): words that may be names differ, and a number or a date; little else was edited."""
    unknowns, facts = differing.unknowns, differing.facts
    found: NDArray[np.bool_] = (unknowns >= 1) & (facts >= 1) & (unknowns + facts >= differing.edits)
    return found


def may_report_others(jaccard: NDArray[np.float64], differing: Differences) -> NDArray[np.bool_]:
    """Bool (m,): copies of which either names something that the other has nowhere, and little else was edited.

    Most of them are one report with a name spelt otherwise or a word exchanged; but where one is to be removed, it may be news.
    So may what one alone negates, however alike the two are otherwise.
    """
    stated = (differing.facts >= 1) & (differing.names + differing.subjects >= 1)
    doubtful = ((differing.unknowns >= 1) | stated) & (differing.edits <= _EDITED) & (jaccard < _TYPO)
    found: NDArray[np.bool_] = (differing.others >= 1) | (differing.doubts >= 1) | doubtful
    return found


def recur(
    pairs: NDArray[np.int64],
    ties: NDArray[np.bool_],
    jaccard: NDArray[np.float64],
    differing: Differences,
    dates: NDArray[np.float64],
    hours: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Bool (m,): printings on different days of a form that comes back on many: bulletins of weather, cables, prices.

    One report is reprinted for some days; what is tied to texts of more days, by `_REACH` ties at most, is a form, and what it
    shares with texts of other days is the form.

    Args:
        pairs: int64 (m, 2), rows of d documents.
        ties: bool (m,), pairs that tie documents.
        jaccard: float64 (m,).
        differing: what the pairs differ in: texts that differ in nothing stated are one text, edited.
        dates: float64 (d,), seconds since 1970, inf where unknown.
        hours: float64 (m,), as `hours_apart` gives them.
    """
    stated = differing.facts + differing.names + differing.subjects
    recurring = (hours > _SAME_DAY) & (jaccard < _RETOLD) & (stated >= 1)
    if not recurring.any():
        return recurring
    asked = np.zeros(len(dates), dtype=np.bool_)
    asked[pairs[recurring]] = True
    tied = np.concatenate([pairs[ties], pairs[ties][:, ::-1]])
    rounds: list[NDArray[np.int64]] = []
    for _ in range(_REACH):  # from the last step back to the first: only what leads to the texts asked about
        rounds.insert(0, tied[asked[tied[:, 0]]])
        asked[rounds[0][:, 1]] = True
    rows = np.flatnonzero(asked & np.isfinite(dates))
    day = np.floor(dates[rows] / _DAY).astype(np.int64)
    span = int(np.ptp(day)) + 1
    days = rows * span + day - day.min()
    for near, far in (step.T for step in rounds):
        counts = np.bincount(days // span, minlength=len(dates))
        met, _ = ragged_index(offsets_from_counts(counts), far)
        days = np.unique(np.concatenate([days, np.repeat(near, counts[far]) * span + days[met] % span]))
        days = days[positions_in_runs(np.bincount(days // span)) <= _DAYS]  # more need not be told apart
    often = np.bincount(days // span, minlength=len(dates)) > _DAYS
    recurring &= often[pairs].any(axis=1)
    return recurring


def are_notices(
    pairs: NDArray[np.int64],
    ties: NDArray[np.bool_],
    jaccard: NDArray[np.float64],
    containment: NDArray[np.float64],
    outlets: NDArray[np.int64],
    dates: NDArray[np.float64],
    hours: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Bool (m,): notices of different days, told in free words around common passages: forecasts, cables of a court.

    An outlet prints one report in two versions, on its page and in its paper. But what two outlets print in the same two
    versions, days apart, is two notices, and so are the versions of what one outlet prints in three, each on another day. What
    the longer text holds whole is no version of its own.

    Args:
        pairs, ties, jaccard, dates, hours: as for `recur`.
        containment: float64 (m,).
        outlets: int64 (d,), a number of the outlet that printed each document first, -1 where it is unknown.
    """
    apart = (jaccard < _VERSION) & (containment < _WHOLE)
    a, b = pairs.T
    again: NDArray[np.bool_] = apart & (hours > _SAME_DAY) & (outlets[a] == outlets[b]) & (outlets[a] >= 0)
    if not again.any():
        return again
    d = len(dates)
    version = components(pairs[jaccard >= _VERSION], d)
    versions = np.sort(version[pairs], axis=1) @ np.array([d, 1])
    both = _often(versions[again], outlets[a[again]], _OUTLETS)
    again &= ties
    ends = np.concatenate([pairs[again], pairs[again][:, ::-1]])
    printed = version[ends[:, 0]] * (int(outlets.max()) + 1) + outlets[ends[:, 0]]  # one outlet's, of one version
    other_days = _often(printed, np.floor(dates[ends[:, 1]] / _DAY).astype(np.int64), _NOTICES - 1)
    many = versions[again][np.isin(printed, other_days).reshape(2, -1).any(axis=0)]
    found: NDArray[np.bool_] = apart & (version[a] != version[b]) & np.isin(versions, np.concatenate([both, many]))
    return found


def _often(codes: NDArray[np.int64], values: NDArray[np.int64], times: int) -> NDArray[np.int64]:
    """The codes that stand beside so many different values or more."""
    seen, count = np.unique(np.unique(np.stack([codes, values], axis=1), axis=0)[:, 0], return_counts=True)
    return seen[count >= times]


def hours_apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hours between two dates in seconds since 1970, 0 where both are of one day (in UTC), NaN where one is unknown (inf)."""
    known = np.isfinite(a) & np.isfinite(b)
    hours = np.full(len(a), np.nan)
    hours[known] = np.abs(a[known] - b[known]) / 3600
    day, other = (np.floor_divide(dates, _DAY, where=known, out=np.zeros(len(a))) for dates in (a, b))
    hours[known & (day == other)] = 0
    return hours
