"""Arabic that was read in a wrong encoding before it came here, or whose letters were lost on the way.

Texts of such rows share the same few signs, so they look alike to a comparison: they are set aside, not grouped. Judges by
counting letters; mends nothing.

Array letters: `n` texts.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.utf8 import Utf8Texts
from clusterer.io.encodings import ARABIC_ENCODINGS, ENOUGH, letter_shares

_ALEF = "\u0627"  # the commonest letter; what follows looks further only where there is none, for none of these has one
_LEAST = 8  # signs below which nothing is told
_HEAD = 32  # bytes of a text in which nearly every Arabic one has an alef
_SURE = (1.6, 2.05)  # bytes a letter of Arabic; where half of the letters are "?" there are fewer, where U+FFFD more
_HIGH = re.compile(r"[\u00c0-\u00ff]+")


def _pairs_in(encoding: str) -> re.Pattern[str]:
    """What the two bytes of an Arabic letter in UTF-8 become where they are read in another encoding."""
    second = bytes(range(0x80, 0xC0))
    leads = bytes(range(0xD8, 0xDC)).decode(encoding)
    return re.compile(f"[{leads}][{re.escape(second.decode(encoding, 'ignore') + second.decode('latin-1'))}\ufffd]")


_PAIRS = {"Windows-1252 or Latin-1": _pairs_in("cp1252"), "Windows-1256": _pairs_in("cp1256")}


def garbled(text: str) -> str:
    """Why a text is none that can be compared, with the cure; "" for any other.

    Most of its letters are those of Arabic in UTF-8 that was read as Windows-1252, Latin-1 or Windows-1256, or of Arabic in
    Windows-1256 or ISO 8859-6 that was read as Latin-1; or half of its signs, and 8, are "?" or U+FFFD.

    >>> garbled("قال الوزير".encode().decode("cp1252", "replace")).partition(";")[0]
    "text is Arabic in UTF-8 that was read as Windows-1252 or Latin-1: most of it is as 'Ù‚Ø§Ù„ Ø§Ù„ÙˆØ²ÙŠØ±'"
    >>> garbled("Ça a été décidé à l'Élysée ?"), garbled("ماذا قال؟؟؟؟؟؟؟؟")
    ('', '')
    """
    if "?" in text or "\ufffd" in text:
        lost = text.count("?") + text.count("\ufffd")
        if lost >= _LEAST and 2 * lost >= _signs(text):
            share = len(text.encode("utf-8", "surrogatepass")) / len(text)
            if not _SURE[0] < share < _SURE[1]:
                return (
                    f"letters of the text are lost: {lost:,} of its {_signs(text):,} signs are '?' or U+FFFD; cure: fetch it "
                    "again, a program on its way used an encoding without Arabic; or --encoding NAME if it is this file's"
                )
    return "" if _ALEF in text else _misread(text)


def _misread(text: str) -> str:
    if text.isascii():
        return ""
    what = right = ""
    for encoding, pairs in _PAIRS.items():
        found = len(pairs.findall(text))
        if 2 * found >= _LEAST and 4 * found > _signs(text):
            what, right = f"UTF-8 that was read as {encoding}", "utf-8"
    if not what:
        high = "".join(_HIGH.findall(text))
        if len(high) >= _LEAST and 2 * len(high) > _signs(text):
            shares = letter_shares(high.encode("latin-1"), ARABIC_ENCODINGS)
            right = max(shares, key=shares.__getitem__)
            if shares[right] >= ENOUGH:
                what, right = f"{_NAMES[right]} that was read as Latin-1", _NAMES[right].lower()
    if not what:
        return ""
    return (
        f"text is Arabic in {what}: most of it is as {text[:24].strip()!r}; cure: read its source again as {right}, "
        f"or --encoding {right} if it is this file's"
    )


_NAMES = {"cp1256": "Windows-1256", "iso8859_6": "ISO-8859-6"}


def _signs(text: str) -> int:
    return len(text) - sum(map(str.isspace, text))


def may_be_garbled(texts: Utf8Texts) -> NDArray[np.bool_]:
    """Bool (n,): scanned texts of which `garbled` must be asked; of others it says nothing."""
    assert texts.scan is not None
    sizes, letters = texts.stops - texts.starts, texts.scan.lengths
    may_be = (sizes <= _SURE[0] * letters) | (sizes >= _SURE[1] * letters)
    if len(texts.data):
        place = texts.starts[:, None] + np.arange(_HEAD)
        head = texts.data[np.minimum(place, len(texts.data) - 1)]
        alef, last = _ALEF.encode(), texts.stops[:, None]
        has_alef = (head[:, :-1] == alef[0]) & (head[:, 1:] == alef[1]) & (place[:, 1:] < last)
        may_be |= ~has_alef.any(axis=1)
    return may_be
