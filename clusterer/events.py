"""Events: evidence that two texts report the same event in other words, and the score made of it.

Works on weighted stems (`salience`); finds no pairs and forms no groups. Every piece of evidence is a number that a
person can read; the score is a logistic regression over them whose weights ship as plain JSON (`event_model.json`,
made by ``python -m benchmarks.train``).

What an outlet always writes is weak evidence: two calls of the same two presidents share the formula that reports
them. So the similarity of lead and body is also taken without the words that stand in runs of four or more stems that
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

from clusterer.salience import Salience
from clusterer.shingles import run_hashes_of
from clusterer.words import ragged_index

RUN = 4
"""Stems in a row, shared by both texts, that count as formula or copied passage."""
ENOUGH = 0.3
"""Independent agreement from which on a shared formula does not matter."""
FAR = 14.0
"""Days from which on two texts are simply far apart in time."""
SEVERAL = -1
"""Stands for the outlet of a text that several outlets printed."""

FEATURES: tuple[str, ...] = ("lead", "own_body", "lead_found", "titles", "apart", "formula")
"""Names of the features, the columns of `evidence`:

- lead: cosine of the lead-weighted stems;
- own_body: cosine of rare stems over the whole texts, without the words of shared runs;
- lead_found: share of one text's lead that stands anywhere in the other, the smaller of both directions;
- titles: cosine of the titles;
- apart: days between the texts over `FAR`, at most 1, NaN where a date is missing;
- formula: for two texts of one outlet, or of unknown outlets, how far their independent agreement (geometric mean of
  lead and body without shared runs) falls short of `ENOUGH`; 0 for two outlets.
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
    outlets: NDArray[np.int64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Features of pairs, float64 (m, f), columns as in `FEATURES`.

    Args:
        salience: of n texts.
        pairs: int64 (m, 2), rows of `salience`.
        outlets: int64 (n,), a number for each outlet, 0 where unknown, `SEVERAL` for a text of several outlets.
        first, last: float64 (n,), earliest and latest date of each text's copies in seconds, inf where unknown.
    """
    i, j = pairs[:, 0], pairs[:, 1]
    runs = _in_shared_runs(salience, pairs)
    lead = salience.lead[i].multiply(salience.lead[j])
    body = salience.body[i].multiply(salience.body[j])
    lead_all = _sum(lead)
    own_lead = np.maximum(lead_all - _sum(lead.multiply(runs)), 0.0)
    own_body = np.maximum(_sum(body) - _sum(body.multiply(runs)), 0.0)
    lead_found = np.minimum(_found(salience, i, j), _found(salience, j, i))
    titles = _sum(salience.title[i].multiply(salience.title[j]))
    known = np.isfinite(first[i]) & np.isfinite(first[j])
    with np.errstate(invalid="ignore"):  # inf - inf: no date on either side
        gap = np.maximum(np.maximum(first[i] - last[j], first[j] - last[i]), 0.0) / 86_400
        apart = np.where(known, np.minimum(gap / FAR, 1.0), np.nan)
    one_house = (outlets[i] == outlets[j]) & (outlets[i] != SEVERAL) | (outlets[i] == 0) | (outlets[j] == 0)
    formula = one_house * np.maximum(1.0 - np.sqrt(own_lead * own_body) / ENOUGH, 0.0)
    return np.stack([lead_all, own_body, lead_found, titles, apart, formula], axis=1)


def _in_shared_runs(salience: Salience, pairs: NDArray[np.int64]) -> Any:
    """Sparse (m, v) of ones: the stems that stand in a run of `RUN` stems which both texts of the pair hold."""
    from scipy.sparse import csr_array

    needed, local = np.unique(pairs, return_inverse=True)
    local = local.reshape(pairs.shape)
    index, offsets = ragged_index(salience.offsets, needed)
    tokens = salience.tokens[index]
    hashes, starts, rows = run_hashes_of(salience.stems[tokens], offsets, RUN)
    runs, where, columns = np.unique(hashes, return_index=True, return_inverse=True)
    held = csr_array((np.ones(len(columns), dtype=np.int8), (rows, columns)), shape=(len(needed), len(runs)))
    held.sum_duplicates()
    held.data[:] = 1
    shared = held[local[:, 0]].multiply(held[local[:, 1]]).tocsr()
    met = np.unique(shared.indices)
    member = tokens[(starts[where[met]][:, None] + np.arange(RUN)).ravel()]
    rows_met = np.repeat(met, RUN)
    stems_of = csr_array((np.ones(len(member), dtype=np.int32), (rows_met, member)), shape=(len(runs), len(salience.stems)))
    inside = (shared.astype(np.int32) @ stems_of).tocsr()
    inside.data = np.ones(len(inside.data))
    return inside


def _found(salience: Salience, of: NDArray[np.int64], within: NDArray[np.int64]) -> NDArray[np.float64]:
    total = _sum(salience.lead_sums)[of]
    return _sum(salience.lead_sums[of].multiply(salience.present[within])) / np.maximum(total, 1e-12)


def _sum(matrix: Any) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    return sums
