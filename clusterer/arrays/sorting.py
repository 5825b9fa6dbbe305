"""sorting: see clusterer.lsh."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels

_V = TypeVar("_V", bound=np.generic)


def distinct(values: NDArray[_V]) -> NDArray[_V]:
    """The distinct values, ascending. Sorts in place: `numpy.unique` hashes integers, and is slower."""
    sort(values)
    return values[_is_new(values)]


def sort(values: NDArray[Any], lowest: int = 0) -> None:
    """Sort integers of 64 bits, none below 0, in place, by their bits from `lowest` on; equal ones keep their order."""
    if kernels.compiled:
        kernels.compiled.sort_in_place(values.view(np.uint64), lowest)
    elif lowest:
        values[:] = values[np.argsort(values >> np.uint64(lowest), kind="stable")]
    else:
        values.sort()


def _is_new(ascending: NDArray[Any]) -> NDArray[np.bool_]:
    """bool, True where a value differs from the one before it."""
    new = np.ones(len(ascending), dtype=np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=new[1:])
    return new
