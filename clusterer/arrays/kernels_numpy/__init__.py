"""The kernels in NumPy: the readable form of what `clusterer.arrays._kernels` computes, the same bits.

Each function has the name and the parameters of the compiled one; where there is an `out` (or `keys`, `slots`,
`counts`, ...), it is written into. Nothing is checked here.
"""

from clusterer.arrays.kernels_numpy.bitmaps import possible_codes, set_bitmaps
from clusterer.arrays.kernels_numpy.facts import differences
from clusterer.arrays.kernels_numpy.json_cells import find_cells
from clusterer.arrays.kernels_numpy.letters import hash_texts, hash_utf8, longest_value, scan_utf8
from clusterer.arrays.kernels_numpy.linkage import link_on_average, spanning_links
from clusterer.arrays.kernels_numpy.pairs import (
    bucket_bounds,
    bucket_pairs,
    frequent_codes,
    likely_codes,
    merge_entries,
    overlaps,
    repeated_entries,
    shared_keys,
    sort_in_place,
    words_missing,
)
from clusterer.arrays.kernels_numpy.sketches import (
    arrivals,
    band_keys,
    fast_signatures,
    hash_runs,
    shingle_rows,
    take_rows,
)
from clusterer.arrays.kernels_numpy.terms import (
    distinct_columns,
    intern,
    pair_sums,
    row_sums,
    weigh_rows,
)

__all__ = [
    "arrivals",
    "band_keys",
    "bucket_bounds",
    "bucket_pairs",
    "differences",
    "distinct_columns",
    "fast_signatures",
    "find_cells",
    "frequent_codes",
    "hash_runs",
    "hash_texts",
    "hash_utf8",
    "intern",
    "likely_codes",
    "link_on_average",
    "longest_value",
    "merge_entries",
    "overlaps",
    "pair_sums",
    "possible_codes",
    "repeated_entries",
    "row_sums",
    "scan_utf8",
    "set_bitmaps",
    "shared_keys",
    "shingle_rows",
    "sort_in_place",
    "spanning_links",
    "take_rows",
    "weigh_rows",
    "words_missing",
]
