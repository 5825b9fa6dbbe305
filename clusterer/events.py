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

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.salience import RUN, Salience

ENOUGH = 0.3
"""Independent agreement from which on a shared formula does not matter."""
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


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of the score: ``1 / (1 + exp(-(bias + features @ weights)))``.

    Attributes:
        weights: float64 (f,).
        bias: float.
        undated: what `apart` counts as where a date is missing.
    """

    weights: NDArray[np.float64]
    bias: float
    undated: float

    def score(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64 (m,) in [0, 1] for features float64 (m, f)."""
        filled = np.where(np.isnan(features), self.undated, features)
        score: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-(self.bias + filled @ self.weights)))
        return score


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """The model in the package."""
    data = orjson.loads(files("clusterer").joinpath("event_model.json").read_bytes())
    weights = np.array([data["weights"][name] for name in FEATURES])
    return Model(weights, float(data["bias"]), float(data["undated"]))


def lead_cosines(salience: Salience, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64 (m,): the `lead` feature alone, to sort out hopeless candidates cheaply."""
    return _sum(salience.lead[pairs[:, 0]].multiply(salience.lead[pairs[:, 1]]))


def evidence(
    salience: Salience,
    pairs: NDArray[np.int64],
    outlets: Any,
    first: NDArray[np.float64],
    last: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Features of pairs, float64 (m, f), columns as in `FEATURES`.

    Args:
        salience: of n texts.
        pairs: int64 (m, 2), rows of `salience`.
        outlets: sparse (n, o) of ones, the outlets that print each text or a copy of it; a row without any is unknown.
        first, last: float64 (n,), earliest and latest date of each text's copies in seconds, inf where unknown.
    """
    i, j = pairs[:, 0], pairs[:, 1]
    runs, stock = _in_shared_runs(salience, pairs)
    lead = salience.lead[i].multiply(salience.lead[j])
    body = salience.body[i].multiply(salience.body[j])
    lead_all = _sum(lead)
    in_stock = np.minimum(_sum(lead.multiply(stock)) / np.maximum(lead_all, 1e-12), 1.0)
    own_lead = np.maximum(lead_all - _sum(lead.multiply(runs)), 0.0)
    own_body = np.maximum(_sum(body) - _sum(body.multiply(runs)), 0.0)
    lead_found = np.minimum(_found(salience, i, j), _found(salience, j, i))
    titles = _sum(salience.title[i].multiply(salience.title[j]))
    known = np.isfinite(first[i]) & np.isfinite(first[j])
    with np.errstate(invalid="ignore"):  # inf - inf: no date on either side
        gap = np.maximum(np.maximum(first[i] - last[j], first[j] - last[i]), 0.0) / 86_400
        apart = np.where(known, np.minimum(gap / FAR, 1.0), np.nan)
    printed = _sum(outlets)
    fewer, common = np.minimum(printed[i], printed[j]), _sum(outlets[i].multiply(outlets[j]))
    one_house = (common == 1) & (printed[i] == 1) & (printed[j] == 1)
    short = np.maximum(1.0 - np.sqrt(own_lead * own_body) / ENOUGH, 0.0)
    unknown = fewer == 0
    carried = common / (fewer + 1.0)
    columns = [lead_all, own_body, lead_found, titles, apart, one_house * short, unknown * short, in_stock, carried]
    return np.stack(columns, axis=1)


def _in_shared_runs(salience: Salience, pairs: NDArray[np.int64]) -> tuple[Any, Any]:
    """Sparse (m, v) of ones, twice: the stems that stand in a run of `RUN` stems which both texts of the pair hold, and
    those of them that do so in a stock phrase.
    """
    from scipy.sparse import csr_array

    runs = salience.runs
    shared = runs.held[pairs[:, 0]].multiply(runs.held[pairs[:, 1]]).tocsr().astype(np.int32)
    met = np.unique(shared.indices)

    def stems_inside(chosen: NDArray[np.int64]) -> Any:
        member = salience.tokens[(runs.starts[chosen][:, None] + np.arange(RUN)).ravel()]
        ones = np.ones(len(member), dtype=np.int32)
        shape = (runs.held.shape[1], len(salience.stems))
        stems_of = csr_array((ones, (np.repeat(chosen, RUN), member)), shape=shape)
        inside = (shared @ stems_of).tocsr()
        inside.data = np.ones(len(inside.data), dtype=np.float32)
        return inside

    return stems_inside(met), stems_inside(met[runs.stock[met]])


def _found(salience: Salience, of: NDArray[np.int64], within: NDArray[np.int64]) -> NDArray[np.float64]:
    total = _sum(salience.lead_sums)[of]
    return _sum(salience.lead_sums[of].multiply(salience.present[within])) / np.maximum(total, 1e-12)


def _sum(matrix: Any) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    return sums
