"""Sorting arrays of 64-bit integers in place."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.indexing import starts_run

_V = TypeVar("_V", bound=np.generic)


def distinct(values: NDArray[_V]) -> NDArray[_V]:
    """Return the distinct values, ascending. Sorts in place: `numpy.unique` hashes integers, and is slower."""
    sort(values)
    return values[starts_run(values)]


def sort(values: NDArray[Any], lowest: int = 0) -> None:
    """Sort integers of 64 bits, none below 0, in place, by their bits from `lowest` on; equal ones keep their order."""
    kernels.sort_in_place(values.view(np.uint64), lowest)
