"""Terms of texts to columns, weights and sums over what pairs of texts share, in NumPy and SciPy.

A token is the column number of a word's stem; a run is some neighbouring tokens.

Array letters: `n` texts, `v` columns, `m` pairs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.hashing import mixed_sums, run_positions
from clusterer.arrays.indexing import factorize, ragged_index


def intern(values: NDArray[np.uint32], out: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the distinct values, ascending; write each value's place among them into `out`."""
    distinct, places = factorize(values)
    out[:] = places
    return distinct


def distinct_columns(
    tokens: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    titles: NDArray[np.uint32],
    title_offsets: NDArray[np.int64],
    start: int,
    stop: int,
    v: int,
    counts: NDArray[np.int64],
) -> NDArray[np.uint32]:
    """Return the distinct columns of texts `start` to `stop`, ascending in each; write their numbers into `counts`."""
    both = ((tokens, offsets), (titles, title_offsets))
    keys = [_rows(ends, start, stop) * v + values[ends[start] : ends[stop]] for values, ends in both]
    ascending = np.sort(np.concatenate(keys))  # `numpy.unique` hashes integers, and is slower
    rows, columns = np.divmod(ascending[np.diff(ascending, prepend=-1) > 0], max(v, 1))
    counts[:] = np.bincount(rows, minlength=stop - start)
    return columns.astype(np.uint32)


def weigh_rows(
    tokens: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    titles: NDArray[np.uint32],
    title_offsets: NDArray[np.int64],
    start: int,
    stop: int,
    columns: NDArray[np.uint32],
    column_offsets: NDArray[np.int64],
    near: NDArray[np.float64],
    most: float,
    opening: int,
    lead: int,
    log_counts: NDArray[np.float64],
    rarity: NDArray[np.float64],
    out: NDArray[np.float32],
    places: NDArray[np.uint8],
) -> None:
    """Write the weights of lead, body and title of texts `start` to `stop`, and where each column stands.

    The weights of each text are of length 1, of lead, body and title each.

    Args:
        tokens, offsets, titles, title_offsets: of the texts and their titles.
        start, stop: the texts weighed.
        columns, column_offsets: the distinct columns of each text, as of `distinct_columns`.
        near: float64, what a word of the lead counts by its place.
        most: that all words of one column count in the lead at most.
        opening, lead: words of a text that are its opening and its lead; the title belongs to both.
        log_counts: float64, what so many words of one column count in the body.
        rarity: float64 (3, v), raised to the powers of lead, body and title.
        out: float32 (3, columns of these texts).
        places: uint8 (columns of these texts,), 1 in the title, 2 in the opening, 4 in the lead, added up.
    """
    first, last = column_offsets[start], column_offsets[stop]
    v, size = rarity.shape[1], int(last - first)
    held = columns[first:last]
    rows = np.repeat(np.arange(stop - start), np.diff(column_offsets[start : stop + 1]))
    keys = rows * v + held
    sums = np.zeros((3, size))
    row = _rows(offsets, start, stop)
    entry = np.searchsorted(keys, row * v + tokens[offsets[start] : offsets[stop]])
    place = np.arange(len(row)) - (offsets[start:stop] - offsets[start])[row]
    in_lead = place < len(near)
    sums[0] = np.minimum(np.bincount(entry[in_lead], weights=near[place[in_lead]], minlength=size), most)
    sums[1] = log_counts[np.bincount(entry, minlength=size)]
    places[:] = 0
    places[entry[place < lead]] |= 4
    places[entry[place < opening]] |= 2
    row = _rows(title_offsets, start, stop)
    entry = np.searchsorted(keys, row * v + titles[title_offsets[start] : title_offsets[stop]])
    sums[2, entry] = 1.0
    places[entry] |= 7
    for x in range(3):
        weights = sums[x] * rarity[x, held]
        lengths = np.sqrt(np.bincount(rows, weights=weights * weights, minlength=stop - start))
        out[x] = weights / np.maximum(lengths, 1e-12)[rows]


def row_sums(
    columns: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    weights: NDArray[np.float32],
    pairs: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Write sums over the common columns of pairs of rows: products of weights, the first's weights, the second's."""
    matrix = _matrix(columns, offsets, weights, int(columns.max(initial=0)) + 1)
    present = _ones_like(matrix)
    i, j = pairs.T
    out[:, 0] = _sums_of(matrix[i].multiply(matrix[j]))
    out[:, 1] = _sums_of(matrix[i].multiply(present[j]))
    out[:, 2] = _sums_of(matrix[j].multiply(present[i]))


def pair_sums(
    tokens: NDArray[np.uint32],
    token_offsets: NDArray[np.int64],
    factors: NDArray[np.uint64],
    columns: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    weights: NDArray[np.float32],
    places: NDArray[np.uint8],
    rarity: NDArray[np.float64],
    is_number: NDArray[np.uint8],
    is_name: NDArray[np.uint8],
    v: int,
    pairs: NDArray[np.int64],
    with_runs: bool,
    out: NDArray[np.float64],
) -> None:
    """Write the sums that the features of pairs of texts are made of.

    Args:
        tokens, token_offsets: the texts' words, in reading order.
        factors: uint64, of a run's hash; as many as it has tokens.
        columns, offsets, weights: distinct columns of each text, ascending, and float32 (3, columns) weights of lead,
            body and title.
        places: uint8 (columns,), as of `weigh_rows`.
        rarity, is_number, is_name: float64 and uint8 (v,), of each column.
        v: number of columns.
        pairs: int64 (m, 2).
        with_runs: whether sums over shared runs are asked for; else they are 0.
        out: float64 (m, 14): products of lead, those in shared runs, products of body, those in shared runs; the first's
            weights of lead that the second has, the second's that the first has; and of columns that both have, the
            rarities of those in the first's title and the second's lead, in the second's title and the first's lead, in
            both openings, in both leads, of all, how many in both leads are numbers, and the rarities of names in the
            first's lead and in the second's.
    """
    rows, local = factorize(pairs)
    i, j = local.T
    index, taken = ragged_index(offsets, rows)
    held, place = columns[index], places[index]

    def matrix(values: NDArray[Any]) -> Any:
        return _matrix(held, taken, values, v)

    lead, body, rare, every = (
        matrix(x) for x in (weights[0, index], weights[1, index], rarity[held], np.ones(len(held)))
    )
    in_title, in_opening, in_lead = (matrix(place & bit > 0) for bit in (1, 2, 4))
    numbers, names = (matrix((kind[held] > 0) & (place & 4 > 0)) for kind in (is_number, is_name))
    both_leads, both_bodies, shared = lead[i].multiply(lead[j]), body[i].multiply(body[j]), rare[i].multiply(every[j])
    out[:] = 0.0
    out[:, 0], out[:, 2] = _sums_of(both_leads), _sums_of(both_bodies)
    out[:, 4], out[:, 5] = _sums_of(lead[i].multiply(every[j])), _sums_of(lead[j].multiply(every[i]))
    out[:, 6] = _sums_of(shared.multiply(in_title[i].multiply(in_lead[j])))
    out[:, 7] = _sums_of(shared.multiply(in_title[j].multiply(in_lead[i])))
    out[:, 8] = _sums_of(shared.multiply(in_opening[i].multiply(in_opening[j])))
    out[:, 9] = _sums_of(shared.multiply(in_lead[i].multiply(in_lead[j])))
    out[:, 10], out[:, 11] = _sums_of(shared), _sums_of(numbers[i].multiply(numbers[j]))
    out[:, 12], out[:, 13] = _sums_of(shared.multiply(names[i])), _sums_of(shared.multiply(names[j]))
    if with_runs:
        index, taken = ragged_index(token_offsets, rows)
        in_runs = _in_shared_runs(tokens[index], taken, factors, v, local)
        out[:, 1], out[:, 3] = _sums_of(both_leads.multiply(in_runs)), _sums_of(both_bodies.multiply(in_runs))


def _in_shared_runs(
    tokens: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    factors: NDArray[np.uint64],
    v: int,
    pairs: NDArray[np.int64],
) -> Any:
    """Return sparse (m, v) of ones: columns in runs that both texts hold."""
    from scipy.sparse import csr_array

    size = len(factors)
    starts, texts = run_positions(offsets, size)
    hashes = mixed_sums(tokens.astype(np.uint64), starts, factors)
    distinct, first, runs = np.unique(hashes, return_index=True, return_inverse=True)
    held = csr_array((np.ones(len(runs), dtype=np.int32), (texts, runs)), shape=(len(offsets) - 1, len(distinct)))
    held.sum_duplicates()
    held.data[:] = 1
    shared = held[pairs[:, 0]].multiply(held[pairs[:, 1]]).tocsr()
    member = tokens[(starts[first][:, None] + np.arange(size)).ravel()]
    ones, places = np.ones(len(member), dtype=np.int32), np.repeat(np.arange(len(distinct)), size)
    inside = (shared @ csr_array((ones, (places, member)), shape=(len(distinct), v))).tocsr()
    inside.data = np.ones(len(inside.data))
    return inside


def _rows(offsets: NDArray[np.int64], start: int, stop: int) -> NDArray[np.int64]:
    """Return the row, from 0 on, of each value of rows `start` to `stop`."""
    return np.repeat(np.arange(stop - start), np.diff(offsets[start : stop + 1]))


def _matrix(columns: NDArray[np.uint32], offsets: NDArray[np.int64], weights: NDArray[Any], width: int) -> Any:
    """Return rows as a sparse matrix, float64: products of two weights of 32 bits are then exact."""
    from scipy.sparse import csr_array

    entries = weights.astype(np.float64), columns.astype(np.int64), offsets
    return csr_array(entries, shape=(len(offsets) - 1, width))


def _ones_like(matrix: Any) -> Any:
    """Return a sparse matrix with a 1 in each entry of another."""
    ones = matrix.copy()
    ones.data = np.ones_like(ones.data)
    return ones


def _sums_of(matrix: Any) -> NDArray[np.float64]:
    """Return the sum of each row, one entry after the other by column, as the compiled loop adds them."""
    rows = matrix.tocsr()
    rows.sort_indices()
    places = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    return np.bincount(places, weights=rows.data, minlength=rows.shape[0]).astype(np.float64, copy=False)
