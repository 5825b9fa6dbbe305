"""Sketches by themselves: how fast, how true, and whether bands find what they promise. No texts, no groups.

Made sets of random 64-bit hashes in pairs that share a known part: the same input for everybody. rensa's Rho sketch is
left out: its slots serve its own index, and how many are equal does not estimate Jaccard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import in_turn, installed, timed
from benchmarks.plan import Plan, Row, table
from clusterer.arrays.ragged import Ragged
from clusterer.lsh.bands import band_keys, s_curve
from clusterer.lsh.datasketch import SCHEMES
from clusterer.lsh.minhash import signatures

MEMBERS, SLOTS = 250, 128
SKETCHED = 2000  # sets of the timing
POINTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
BANDS = ((42, 3), (32, 4), (25, 5))


@dataclass(frozen=True, slots=True)
class Sketcher:
    """One way to sketch.

    Attributes:
        package: its distribution on PyPI, "" for ours.
        given: what it is handed; preparing that is not timed.
        prepare: sets to what it is handed.
        run: the timed call.
        slots: what it gives to an array (n, k) whose equal slots are counted; not timed.
    """

    package: str
    given: str
    prepare: Callable[[Ragged], Any]
    run: Callable[[Any], Any]
    slots: Callable[[Any], NDArray[Any]] = np.asarray


def _ours(sets: Ragged, scheme: Any) -> NDArray[Any]:
    return signatures(sets, SLOTS, scheme)


def _flat(sets: Ragged) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    return sets.values, sets.offsets.astype(np.uint64)


def _rensa(flat: tuple[Any, Any]) -> Any:
    from rensa import RMinHash

    return RMinHash.digest_matrix_from_flat_token_hashes(*flat, SLOTS, 1)


def _fastsketchlsh(flat: tuple[Any, Any]) -> Any:
    from FastSketchLSH import FastSimilaritySketch

    return FastSimilaritySketch(size=SLOTS, seed=42).batch_csr(*flat, prehashed=True, num_threads=1)


def _lists(sets: Ragged) -> list[list[int]]:
    low = sets.values & np.uint64(0xFFFFFFFF)
    return [row.tolist() for row in np.split(low, sets.offsets[1:-1])]


def _datasketch(lists: list[list[int]]) -> Any:
    from datasketch import MinHash

    return MinHash.bulk(lists, num_perm=SLOTS, hashfunc=int)


_ARRAY = "one array of 64-bit hashes and the sets' ends"
_LISTS = "a list of 32-bit integers for each set, hash function `int`"
SKETCHERS: dict[str, Sketcher] = {
    **{
        f"clusterer, {scheme}": Sketcher("", _ARRAY, lambda sets: sets, partial(_ours, scheme=scheme))
        for scheme in SCHEMES
    },
    "rensa": Sketcher("rensa", _ARRAY, _flat, _rensa, lambda matrix: np.array(matrix.to_rows())),
    "FastSketchLSH": Sketcher("fastsketchlsh", _ARRAY, _flat, _fastsketchlsh),
    "datasketch": Sketcher(
        "datasketch", _LISTS, _lists, _datasketch, lambda made: np.stack([one.hashvalues for one in made])
    ),
}


def sketch(plan: Plan, sketchers: dict[str, Sketcher] = SKETCHERS) -> list[dict[str, Any]]:
    """Seconds of the sketch alone, given hashes: 2,000 sets of 250, 128 slots, one thread, methods in turn.

    Beside every speed the error of the estimates made from these very sketches.
    """
    sets, jaccard = made_pairs(SKETCHED // 2 // len(POINTS))
    here, absent = _present(sketchers)
    methods = {name: partial(timed, partial(one.run, one.prepare(sets))) for name, one in here.items()}
    in_turn(methods, 1)
    seconds, made = in_turn(methods, plan.rounds)
    rows = [
        {
            "method": name,
            "given": one.given,
            "sets": len(sets),
            "seconds": seconds[name],
            "rmse": rmse(estimated(one.slots(made[name])) - jaccard),
        }
        for name, one in here.items()
    ]
    return [table("sketch", "made sets", [*rows, *absent])]


def accuracy(plan: Plan, sketchers: dict[str, Sketcher] = SKETCHERS) -> list[dict[str, Any]]:
    """Error of the estimated Jaccard similarity against the true one, from 0.1 to 0.95; sets of 250, 128 slots.

    RMSE: root of the mean squared error; beside it the mean of the absolute error, and the bias, the mean error. By theory,
    in the first row, k permutations have a variance of J (1 - J) / k.
    """
    sets, jaccard = made_pairs(plan.pairs)
    here, absent = _present(sketchers)
    at = np.repeat(np.arange(len(POINTS)), plan.pairs)
    theory = jaccard * (1 - jaccard) / SLOTS
    rows: list[Row] = [
        {"method": "128 permutations by theory", "rmse": float(np.sqrt(theory.mean())), "absolute": None, "bias": 0.0}
    ]
    rows[0] |= {f"rmse at {point}": float(np.sqrt(theory[at == i].mean())) for i, point in enumerate(POINTS)}
    for name, one in here.items():
        error = estimated(one.slots(one.run(one.prepare(sets)))) - jaccard
        row: Row = {"method": name, "rmse": rmse(error), "absolute": float(np.abs(error).mean())}
        row["bias"] = float(error.mean())
        rows.append(row | {f"rmse at {point}": rmse(error[at == i]) for i, point in enumerate(POINTS)})
    return [table("accuracy", "made sets", [*rows, *absent], f"{plan.pairs:,} pairs at each similarity.")]


def bands(plan: Plan) -> list[dict[str, Any]]:
    """Share of pairs that meet in at least one band beside what 1 - (1 - J^r)^b predicts; scheme fast, made sets.

    Standard error: what so many pairs leave to chance, were the prediction true.
    """
    sets, jaccard = made_pairs(plan.pairs)
    slots = signatures(sets, SLOTS)
    rows: list[Row] = []
    for b, r in BANDS:
        keys = band_keys(slots, b, r)
        met = (keys[0::2] == keys[1::2]).any(axis=1).reshape(len(POINTS), plan.pairs)
        for i, found in enumerate(met.mean(axis=1).tolist()):
            true = float(jaccard[i * plan.pairs])
            expected = float(s_curve(true, b, r))
            chance = float(np.sqrt(expected * (1 - expected) / plan.pairs))
            rows.append(
                {"bands": f"{b} x {r}", "jaccard": true, "measured": found, "predicted": expected, "chance": chance}
            )
    return [table("s_curve", "made sets", rows, f"{plan.pairs:,} pairs at each similarity.")]


def made_pairs(each: int, seed: int = 0) -> tuple[Ragged, NDArray[np.float64]]:
    """Sets in pairs, rows 2 i and 2 i + 1, `each` at every one of `POINTS`, and their true Jaccard similarity."""
    rng = np.random.default_rng(seed)
    parts, jaccard = [], []
    for point in POINTS:
        shared = round(2 * MEMBERS * point / (1 + point))
        union = 2 * MEMBERS - shared
        members = rng.integers(0, 2**64, (each, union), dtype=np.uint64)
        parts.append(np.hstack([members[:, :MEMBERS], members[:, -MEMBERS:]]).ravel())
        jaccard += [shared / union] * each
    count = 2 * each * len(POINTS)
    return Ragged(np.concatenate(parts), np.arange(count + 1) * MEMBERS), np.array(jaccard)


def estimated(slots: NDArray[Any]) -> NDArray[np.float64]:
    """float64 (n / 2,): the share of equal slots of rows 2 i and 2 i + 1."""
    return (slots[0::2] == slots[1::2]).mean(axis=1)


def rmse(error: NDArray[np.float64]) -> float:
    """The root of the mean squared error."""
    return float(np.sqrt((error**2).mean()))


def _present(sketchers: dict[str, Sketcher]) -> tuple[dict[str, Sketcher], list[Row]]:
    """Those that are installed, and rows for those that are not."""
    here = {name: one for name, one in sketchers.items() if not one.package or installed(one.package)}
    gone = [(name, one) for name, one in sketchers.items() if name not in here]
    return here, [{"method": name, "absent": f"absent: {one.package} is not installed"} for name, one in gone]
