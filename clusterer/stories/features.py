"""Events: evidence that two texts report the same event in other words, and the score made of it.

Works on weighted stems (`salience`); finds no pairs and forms no groups. Every piece of evidence is a number that a
person can read; the score is a logistic regression over them whose weights ship as plain JSON (`event_model.json`,
made by ``python -m benchmarks.train``).

What an outlet always writes is weak evidence: two calls of the same two presidents share the formula that reports
them. So the similarity of lead and body is also taken without the words that stand in runs of three or more stems that
both texts share: what is left is what two writers chose to tell independently.

Source of the logistic form: Cox 1958, "The regression analysis of binary sequences".

Array letters: `n` articles, `m` pairs, `f` features.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import multipliers
from clusterer.arrays.ragged import Ragged
from clusterer.stories.term_weights import RUN, TermWeights

ENOUGH = 0.3
"""Independent agreement from which on a shared formula does not matter."""
DAY = 86_400.0
FAR = 14.0
"""Days from which on two texts are simply far apart in time."""

FEATURES: tuple[str, ...] = (
    "lead",
    "own_body",
    "lead_found",
    "titles",
    "apart",
    "formula",
    "unsigned",
    "stock",
    "carried",
)
"""Names of the features, the columns of `evidence`:

- lead: cosine of the lead-weighted stems;
- own_body: cosine of rare stems over the whole texts, without the words of shared runs;
- lead_found: share of one text's lead that stands anywhere in the other, the smaller of both directions;
- titles: cosine of the titles;
- apart: days between the texts over `FAR`, at most 1, NaN where a date is missing;
- formula: for two texts of one outlet, how far their independent agreement (geometric mean of lead and body without
  shared runs) falls short of `ENOUGH`; 0 for two outlets;
- unsigned: the same for texts of which an outlet is unknown, and may be the same;
- stock: share of the leads' likeness that stands in stock phrases (`salience.Runs.stock`): cables of congratulation,
  the daily weather;
- carried: outlets that print both texts, over one more than the fewer that print either: hardly any outlet tells one
  event twice, so what many carry side by side are two.
"""

MEANINGS: dict[str, str] = {
    "lead": "leads alike",
    "own_body": "rare words shared outside copied runs",
    "lead_found": "one's lead told by the other",
    "titles": "titles alike",
    "apart": "days between them",
    "formula": "little but one outlet's formulas in common",
    "unsigned": "little in common for texts of unknown outlets",
    "stock": "stock phrases in the leads",
    "carried": "outlets that print both",
}
"""The features in a few words, for people."""


def end_of_day(dates: NDArray[np.float64]) -> NDArray[np.float64]:
    """The latest moment that each date, float64 in seconds, can stand for: one of midnight to the second is a day whose hour
    nobody told, and may be its end."""
    with np.errstate(invalid="ignore"):  # no date
        return np.where(np.mod(dates, DAY) == 0.0, dates + (DAY - 1.0), dates)


def pair_features(
    salience: TermWeights,
    pairs: NDArray[np.int64],
    outlets: Ragged,
    first: NDArray[np.float64],
    last: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Features of pairs, float64 (m, f), columns as in `FEATURES`.

    Args:
        salience: of n texts.
        pairs: int64 (m, 2), rows of `salience`.
        outlets: numbers of the outlets that print each text or a copy of it, distinct and ascending in each row; an
            empty row is unknown.
        first, last: float64 (n,), earliest and latest date of each text's copies in seconds, inf where unknown.
    """
    i, j = pairs[:, 0], pairs[:, 1]
    sums = _sums(salience, pairs)
    lead, lead_runs, lead_stock, body, body_runs, here, there, titles = sums.T
    in_stock = np.minimum(lead_stock / np.maximum(lead, 1e-12), 1.0)
    own_lead, own_body = np.maximum(lead - lead_runs, 0.0), np.maximum(body - body_runs, 0.0)
    lead_found, apart = _found(salience.lead_totals, pairs, here, there), _apart(pairs, first, last)
    printed, common = outlets.counts, _common(outlets, pairs)
    fewer = np.minimum(printed[i], printed[j])
    one_house = (common == 1) & (printed[i] == 1) & (printed[j] == 1)
    short = np.maximum(1.0 - np.sqrt(own_lead * own_body) / ENOUGH, 0.0)
    unknown = fewer == 0
    carried = common / (fewer + 1.0)
    columns = [lead, own_body, lead_found, titles, apart, one_house * short, unknown * short, in_stock, carried]
    return np.stack(columns, axis=1)


def _found(
    totals: NDArray[np.float64], pairs: NDArray[np.int64], here: NDArray[np.float64], there: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The share of each lead's weights that the other one has: the lesser share of the two."""
    totals = np.maximum(totals[pairs], 1e-12)
    found: NDArray[np.float64] = np.minimum(here / totals[:, 0], there / totals[:, 1])
    return found


def _apart(pairs: NDArray[np.int64], first: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
    i, j = pairs.T
    last = end_of_day(last)
    with np.errstate(invalid="ignore"):  # inf - inf: no date on either side
        gap = np.maximum(np.maximum(first[i] - last[j], first[j] - last[i]), 0.0) / DAY
        known = np.isfinite(first[i]) & np.isfinite(first[j])
        return np.where(known, np.minimum(gap / FAR, 1.0), np.nan)


_SUMS = ("lead", "lead in shared runs", "lead in stock runs", "body", "body in shared runs", "lead of the first found in"
         " the second", "lead of the second found in the first", "title")  # fmt: skip


def _sums(salience: TermWeights, pairs: NDArray[np.int64], with_runs: bool = True) -> NDArray[np.float64]:
    """float64 (m, 8): of each pair the sums of products (or of weights, where found) named in `_SUMS`; 0 for those of
    runs where they are not asked for."""
    out = np.empty((len(pairs), len(_SUMS)))
    kernels.pair_sums(
        salience.tokens, salience.token_offsets, salience.stock.view(np.uint8), multipliers(RUN), salience.columns,
        salience.offsets, salience.weights, len(salience.stems), np.ascontiguousarray(pairs), with_runs, out,
    )  # fmt: skip
    return out


def common_sums(rows: Ragged, weights: NDArray[np.float32], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64 (m, 3): of each pair of rows, over their common columns, the sum of the products of weights, that of the first
    row's weights and that of the second's.

    Args:
        rows: uint32 columns of n rows, ascending in each.
        weights: float32, of each of their values.
        pairs: int64 (m, 2).
    """
    out = np.empty((len(pairs), 3))
    columns = rows.values.astype(np.uint32, copy=False)
    kernels.row_sums(columns, rows.offsets, weights, np.ascontiguousarray(pairs), out)
    return out


def _common(outlets: Ragged, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 (m,): outlets that print both texts."""
    return common_sums(outlets, np.ones(len(outlets.values), dtype=np.float32), pairs)[:, 0].astype(np.int64)
