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
    pairs: NDArray[np.uint32],
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
        pairs: uint32 (65536,), of letters that `unfold` writes out as two wherever they stand these two, folded, the first in the
            lowest 16 bits; 0 of others. Saves to ask it.
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
    del pairs
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


def hash_utf8(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    table: NDArray[np.uint16],
    settled: NDArray[np.uint16],
    pairs: NDArray[np.uint32],
    unfold: Callable[[str], str],
    with_stems: bool,
    affixes: NDArray[np.uint64],
    sizes: NDArray[np.int64],
    bones: NDArray[np.uint16],
    classes: NDArray[np.uint16],
    joins_waw: bool,
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint32] | None]:
    """Hash the words of n texts that stand in UTF-8, as `hash_texts` those of strings.

    Args:
        data: uint8 (c,), UTF-8, in which halves of surrogate pairs may stand.
        starts, stops: int64 (n,), each text's first and past-the-last byte in `data`.
        table, settled, pairs, unfold, with_stems, affixes, sizes, bones, classes, joins_waw: as for `hash_texts`.
    """
    raw = (data[start:stop].tobytes() for start, stop in zip(starts.tolist(), stops.tolist(), strict=True))
    texts = [text.decode("utf-8", "surrogatepass") for text in raw]
    return hash_texts(texts, table, settled, pairs, unfold, with_stems, affixes, sizes, bones, classes, joins_waw)


def scan_utf8(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    head: int,
    classes: NDArray[np.uint8],
    lengths: NDArray[np.int64],
    seen: NDArray[np.uint8],
    opens: NDArray[np.uint8],
) -> None:
    """Look at the letters of n texts that stand in UTF-8.

    Args:
        data, starts, stops: as for `hash_utf8`; it need not be valid.
        head: so many letters, the first, are a text's head.
        classes: uint8 (2048,), bits of each letter below 0x800; other letters have none in a text, all in a head.
        lengths: int64 (n,), written: letters of each text, -1 where it is not valid UTF-8.
        seen: uint8 (n,), written: bits of the ASCII letters of a text, also behind where it is not valid.
        opens: uint8 (n,), written: bits of the letters of its head, as far as it is valid.
    """
    for i, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        raw, lengths[i] = data[start:stop].tobytes(), 0
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            text, lengths[i] = raw[: error.start].decode(), -1
        letters = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
        lengths[i] += 0 if lengths[i] else len(letters)
        of = np.where(letters < len(classes), classes[np.minimum(letters, len(classes) - 1)], 0).astype(np.uint8)
        seen[i] = np.bitwise_or.reduce(classes[data[start:stop][data[start:stop] < 0x80]], initial=0)
        opens[i] = np.bitwise_or.reduce(np.where(letters[:head] < len(classes), of[:head], 0xFF), initial=0)


def longest_value(page: NDArray[np.uint8], count: int) -> int:
    """Look through values that follow one another, each behind its length, as pages of Parquet hold texts.

    Args:
        page: uint8 (bytes,); lengths have four bytes, the least first.
        count: of the values.

    Returns:
        Bytes of the longest one; -1 where they do not fill the page exactly.
    """
    raw, place, longest = page.tobytes(), 0, 0
    for _ in range(count):
        if place + 4 > len(raw):
            return -1
        length = int.from_bytes(raw[place : place + 4], "little")
        place += 4 + length
        longest = max(longest, length)
    return longest if place == len(raw) else -1
