"""Texts to hashes of words and stems, in NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import letters


def hash_texts(
    texts: list[str],
    table: NDArray[np.uint16],
    settled: NDArray[np.uint16],
    unfold: Callable[[str], str],
    with_stems: bool,
    affixes: NDArray[np.uint64],
    sizes: NDArray[np.int64],
    bones: NDArray[np.uint16],
    classes: NDArray[np.uint16],
    joins_waw: bool,
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint32] | None]:
    """Hash the words of n texts.

    Args:
        texts: n strings.
        table, settled, unfold: as for `letters.fold_texts`.
        with_stems: also hash stems.
        affixes, sizes, bones: as for `letters.hash_stems`.
        classes: as for `letters.hash_words`.
        joins_waw: as for `letters.join_marks`.

    Returns:
        Hashes uint64 (w,), offsets of the texts int64 (n + 1,), what each word opens uint8 (w,): 1 a line, 2 a sentence, as
        every line does; and hashes of stems uint32 (w,) or None.

    Raises:
        TypeError: a text is no string.
    """
    _, codes, _ = letters.fold_texts(texts, table, settled, unfold)
    kept = codes != letters.DELETE
    if not kept.all():
        codes = codes[kept]
    codes, _ = letters.join_marks(codes, joins_waw)
    starts, stops, opens_line, opens_sentence, offsets = letters.find_words(codes)
    opens = opens_line.view(np.uint8) | opens_sentence.view(np.uint8) << np.uint8(1)
    stems = None
    if with_stems:
        stems = letters.hash_stems(codes, starts, stops, affixes, sizes, bones)
    return letters.hash_words(codes, starts, stops, classes), offsets, opens, stems
