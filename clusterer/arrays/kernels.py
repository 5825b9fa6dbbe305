"""The hot loops behind one interface: compiled where the package was built with a C compiler, else in NumPy.

Both modules have the same functions with the same parameters, and give the same bits. What each computes is said in
`clusterer.arrays.kernels_numpy`. ``CLUSTERER_KERNELS=numpy`` in the environment, or `use`, takes those in NumPy. Callers
write ``kernels.name(...)``, so that a change of module counts from the next call on.
"""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType
from typing import Literal

from clusterer.arrays import kernels_numpy
from clusterer.arrays.kernels_numpy import (
    arrivals as arrivals,
    band_keys as band_keys,
    bucket_bounds as bucket_bounds,
    bucket_pairs as bucket_pairs,
    differences as differences,
    distinct_columns as distinct_columns,
    fast_signatures as fast_signatures,
    find_cells as find_cells,
    frequent_codes as frequent_codes,
    hash_runs as hash_runs,
    hash_texts as hash_texts,
    hash_utf8 as hash_utf8,
    intern as intern,
    likely_codes as likely_codes,
    link_on_average as link_on_average,
    longest_value as longest_value,
    merge_entries as merge_entries,
    overlaps as overlaps,
    pair_sums as pair_sums,
    possible_codes as possible_codes,
    repeated_entries as repeated_entries,
    row_sums as row_sums,
    scan_utf8 as scan_utf8,
    set_bitmaps as set_bitmaps,
    shared_keys as shared_keys,
    shingle_rows as shingle_rows,
    sort_in_place as sort_in_place,
    spanning_links as spanning_links,
    take_rows as take_rows,
    weigh_rows as weigh_rows,
    words_missing as words_missing,
)

Name = Literal["compiled", "numpy"]

REVISION = 20
"""Of what the functions take and give; compiled ones of another revision, left from an older build, are not used."""

NAMES: tuple[str, ...] = tuple(kernels_numpy.__all__)
"""The functions of the interface."""


def _find_modules() -> dict[Name, ModuleType]:
    found: dict[Name, ModuleType] = {"numpy": kernels_numpy}
    try:
        compiled = import_module("clusterer.arrays._kernels")
    except ImportError:
        return found
    if getattr(compiled, "REVISION", None) == REVISION:
        found["compiled"] = compiled
    return found


modules: dict[Name, ModuleType] = _find_modules()
"""The modules that are here by name: "numpy" always, "compiled" where it was built."""

active: Name = "numpy"
"""The name of the module in use."""


def use(name: Name) -> None:
    """Take the functions of a module from the next call on, in all threads.

    Args:
        name: "compiled" or "numpy".

    Raises:
        KeyError: there are no compiled kernels of this revision.

    Examples:
        >>> before = active
        >>> use("numpy")
        >>> use(before)
    """
    global active
    module = modules[name]
    for function in NAMES:
        globals()[function] = getattr(module, function)
    active = name


use("compiled" if "compiled" in modules and os.environ.get("CLUSTERER_KERNELS") != "numpy" else "numpy")
