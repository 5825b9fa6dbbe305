"""changes: see clusterer.intake."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.ragged import Ragged

_HIGH, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


def distinct_stems(stems: Ragged, titles: Ragged) -> NDArray[np.uint32]:
    """The distinct stems of each text, title included, one text after the other."""
    codes = [one.rows.astype(np.uint64) << _HIGH | one.values.astype(np.uint64) for one in (stems, titles)]
    return (sorting.distinct(np.concatenate(codes)) & _LOW).astype(np.uint32)
