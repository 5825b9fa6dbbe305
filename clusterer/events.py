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
FAR = 14.0
"""Days from which on two texts are simply far apart in time."""

FEATURES: tuple[str, ...] = (
    "lead", "body", "own_lead", "own_body", "lead_found", "title_found", "titles", "apart",
)  # fmt: skip
"""Names of the features, in the order of the columns of `evidence`:

lead: cosine of the lead-weighted stems; body: cosine of rare stems over the whole texts; own_lead, own_body: the same
without shared runs; lead_found: share of one text's lead that stands anywhere in the other, the smaller of both
directions; title_found: the same for the titles' stems; titles: cosine of the titles; apart: days between the texts
over `FAR`, at most 1, NaN where a date is missing.
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
    return _dots(salience.lead, salience.lead, pairs)


def evidence(
    salience: Salience, pairs: NDArray[np.int64], first: NDArray[np.float64], last: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Features of pairs, float64 (m, f), columns as in `FEATURES`.

    Args:
        salience: of n articles.
        pairs: int64 (m, 2), rows of `salience`.
        first, last: float64 (n,), earliest and latest date of each article's copies in seconds, inf where unknown.
    """
    i, j = pairs[:, 0], pairs[:, 1]
    runs = _in_shared_runs(salience, pairs)
    lead = salience.lead[i].multiply(salience.lead[j])
    body = salience.body[i].multiply(salience.body[j])
    lead_all, body_all = _sum(lead), _sum(body)
    own_lead, own_body = lead_all - _sum(lead.multiply(runs)), body_all - _sum(body.multiply(runs))
    lead_found = np.minimum(*(_found(salience.lead_sums, salience.present, a, b) for a, b in ((i, j), (j, i))))
    title_found = np.minimum(*(_found(salience.title, salience.present, a, b) for a, b in ((i, j), (j, i))))
    lengths = np.sqrt(_sum(salience.title.multiply(salience.title)))
    titles = _dots(salience.title, salience.title, pairs) / np.maximum(lengths[i] * lengths[j], 1e-12)
    with np.errstate(invalid="ignore"):  # inf - inf: no date on either side
        gap = np.maximum(np.maximum(first[i] - last[j], first[j] - last[i]), 0.0) / 86_400
    apart = np.where(np.isfinite(first[i]) & np.isfinite(first[j]), np.minimum(gap / FAR, 1.0), np.nan)
    return np.stack([lead_all, body_all, own_lead, own_body, lead_found, title_found, titles, apart], axis=1)


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


def _found(weights: Any, present: Any, of: NDArray[np.int64], within: NDArray[np.int64]) -> NDArray[np.float64]:
    total = _sum(weights)[of]
    return _sum(weights[of].multiply(present[within])) / np.maximum(total, 1e-12)


def _dots(a: Any, b: Any, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    return _sum(a[pairs[:, 0]].multiply(b[pairs[:, 1]]))


def _sum(matrix: Any) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    return sums
