"""The character table: Arabic text to normalised letters, a whole batch of articles at once.

A batch is joined, viewed as UTF-16 code units and sent through one table of 65,536 entries, so that folding costs
one array look-up and no Python per article. The few characters that unfold to several letters (the lam-alef
ligatures, ﷲ, decomposed hamzas) and those outside the basic plane take a small path of their own first.

What is folded (`PROFILES`):

- ``strict-1``: encoding noise only. Presentation forms, Persian look-alikes (ی ک), zero-width and bidi marks,
  tatweel, kinds of space, full-width forms; composed and decomposed spellings of one letter.
- ``news-1`` (``news``, the default): besides that, diacritics off; hamza carriers, alef maksura and teh marbuta
  folded; both Arabic digit sets to ASCII; Latin to lower case.

In every profile punctuation and symbols separate words; letters, marks and digits of any other script pass through.
Nothing here is learned from a corpus.

Sources: The Unicode Standard 15 (chapter 9.2 and UnicodeData.txt, by Python's `unicodedata`); the letter classes of
pyarabic.

Array letters: `n` articles, `c` letters of a normalised batch.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyarabic import araby

from clusterer.arrays.letters import ARABIC, BOUNDARY, DELETE, DIGIT, JOINER, NEWLINE, SPACE, UNFOLD, fold_texts
from clusterer.errors import SettingsError

PROFILES: dict[str, str] = {"strict": "strict-1", "strict-1": "strict-1", "news": "news-1", "news-1": "news-1"}
"""Name of a profile to its version. A profile's table never changes: a better one gets a new version."""

_NEWLINES = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"

# Marks that DESIGN calls diacritics besides pyarabic's TASHKEEL: Quranic signs, small high letters, superscript alef.
_DIACRITICS = frozenset(
    [*map(ord, araby.TASHKEEL), *range(0x0610, 0x061B), *range(0x0656, 0x0660), ord(araby.MINI_ALEF)]
    + [c for c in range(0x06D6, 0x06EE) if c not in (0x06DD, 0x06DE, 0x06E9)]
    + [*range(0x08CA, 0x08E2), *range(0x08E3, 0x0900)]
)
# Combining marks that belong to the letter before: composed by the small path. Left over, they are diacritics.
_COMPOSING = frozenset(map(ord, (araby.MADDA_ABOVE, araby.HAMZA_ABOVE, araby.HAMZA_BELOW)))

# Presentation forms of a diacritic alone, on a space or a tatweel: their padding must not split the word.
_LONE_DIACRITICS = frozenset([*range(0xFE70, 0xFE80), *range(0xFC5E, 0xFC64), *range(0xFCF2, 0xFCF5)])
_AYAH_END = "\u06dd"

# Letters of other keyboards that Arabic newsrooms type for Arabic ones (Persian, Urdu, Kurdish, Ottoman).
_LOOKALIKES = {
    **dict.fromkeys("\u06cc\u06d2\u06d3\u06cd\u06ce\u06d0\u0620", araby.YEH),
    **dict.fromkeys("\u06a9\u06aa\u06ac\u06ae\u063b\u063c", araby.KAF),
    **dict.fromkeys("\u06be\u06c1\u06d5", araby.HEH),
    **dict.fromkeys("\u06c3\u06c0\u06c2", araby.TEH_MARBUTA),
    **dict.fromkeys("\u0672\u0675", araby.ALEF_HAMZA_ABOVE),
    "\u0673": araby.ALEF_HAMZA_BELOW,
    "\u0676": araby.WAW_HAMZA,
    "\u0678": araby.YEH_HAMZA,
}
_NEWS_FOLDS = {
    **dict.fromkeys((araby.ALEF_MADDA, araby.ALEF_HAMZA_ABOVE, araby.ALEF_HAMZA_BELOW, araby.ALEF_WASLA), araby.ALEF),
    araby.WAW_HAMZA: araby.WAW,
    araby.YEH_HAMZA: araby.YEH,
    araby.ALEF_MAKSURA: araby.YEH,
    araby.TEH_MARBUTA: araby.HEH,
}


@dataclass(frozen=True, slots=True)
class Letters:
    """A normalised batch.

    Attributes:
        codes: uint16 (c,), UTF-16 code units: letters, `SPACE`, `NEWLINE`, and one `BOUNDARY` after every article.
        ends: int64 (n,), the index of each article's `BOUNDARY` in `codes`.
        origin: int64 (c,), for every code the index of the character of the article's own text that it stands for (for a
            `BOUNDARY` the text's length), or None when positions were not asked for.
    """

    codes: NDArray[np.uint16]
    ends: NDArray[np.int64]
    origin: NDArray[np.int64] | None = None


def normalise(texts: Sequence[str], profile: str = "news") -> list[str]:
    """Normalised texts, for people and for tests: words by one space, lines by one newline, no empty lines.

    Raises:
        SettingsError: the profile is unknown.
    """
    letters = fold(texts, profile)
    articles = letters.codes.astype("<u2").tobytes().decode("utf-16-le", "surrogatepass").split(chr(BOUNDARY))
    return ["\n".join(filter(None, (" ".join(x.split()) for x in a.split("\n")))) for a in articles[: len(texts)]]


def fold(texts: Sequence[str], profile: str = "news", positions: bool = False) -> Letters:
    """Fold a batch of texts through the table of a profile.

    Args:
        texts: n strings; any of them may be empty.
        profile: a name in `PROFILES`.
        positions: also give `Letters.origin`.

    Raises:
        SettingsError: the profile is unknown.
    """
    table, settled = tables(profile)
    origins: list[list[int]] = []

    def unfold(text: str) -> str:
        written, origin = _unfold(text, table)
        origins.append(origin)
        return written

    units, codes, unfolded = fold_texts(texts, table, settled, unfold)
    kept = codes != DELETE
    origin = None
    if positions:
        lengths = np.diff(np.flatnonzero(units == ord(JOINER)), prepend=-1)  # with the joiner
        written_out = dict(zip(unfolded, origins, strict=True))
        origin = np.concatenate([written_out.get(i) or np.arange(m) for i, m in enumerate(lengths.tolist())] or [[]])
        origin = origin.astype(np.int64)[kept]
    if not kept.all():
        codes = codes[kept]
    return Letters(codes, np.flatnonzero(codes == BOUNDARY), origin)


def tables(profile: str) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """uint16 (65536,) twice: the table of a profile, and the one for texts that `small_path` has been through.

    Raises:
        SettingsError: the profile is unknown.
    """
    return _table(profile), _settled_table(profile)


def small_path(text: str, profile: str) -> str:
    """A text with its special letters written out, so that one table look-up a letter folds the rest."""
    return _unfold(text, _table(profile))[0]


_CONSONANTS = ("تط", "سصثز", "دضذظ", "هةحۀ", "غكقجگ", "شخ", "فڤ", "بپ", "ل", "م", "ن", "ر", "ع")


@lru_cache(maxsize=1)
def letter_classes() -> NDArray[np.uint16]:
    """Return what the spelling of a word leaves of each letter, uint16 (65536,), to be OR-ed over the word.

    Consonants that transliterations and hasty typing exchange share a bit (1 to 13); the weak letters (alef, waw, yeh,
    hamza) have none, for spelling drops and adds them. `DIGIT` marks digits, `ARABIC` Arabic letters.
    """
    classes = np.zeros(65536, dtype=np.uint16)
    classes[0x0620:0x064B] = ARABIC
    for bit, letters in enumerate(_CONSONANTS, start=1):
        classes[list(map(ord, letters))] = ARABIC | 1 << bit
    for zero in (0x0030, 0x0660, 0x06F0):
        classes[zero : zero + 10] = DIGIT
    return classes


def _unfold(text: str, table: NDArray[np.uint16]) -> tuple[str, list[int]]:
    """The small path, special letter by special letter: ligatures written out, marks composed, emoji made spaces.

    Returns the text and, for each of its UTF-16 code units and one more for the joiner, the index in `text` it is of.
    """
    parts: list[str] = []
    origin: list[int] = []
    done = 0
    for special in _specials().finditer(text):
        start, stop = special.span()
        parts.append(text[done:start])
        origin.extend(range(done, start))
        written = unicodedata.normalize("NFC", "".join(map(_written_out, special.group())))
        if stop - start > 1:  # composed once more after folding: a mark may fit the folded letter only
            written = unicodedata.normalize("NFC", "".join(_folded(ch, table) for ch in written))
        parts.append(written)
        for ch in written:
            origin.extend([start] * (2 if ch > "\uffff" else 1))
        done = stop
    parts.append(text[done:])
    origin.extend(range(done, len(text) + 1))
    return "".join(parts), origin


def _written_out(ch: str) -> str:
    if "\ud800" <= ch <= "\udfff" or (ch > "\uffff" and unicodedata.category(ch)[0] not in "LMN"):
        return " "  # half of a broken pair; a symbol such as an emoji
    if "\U000e0100" <= ch <= "\U000e01ef" or ord(ch) in _LONE_DIACRITICS:
        return ""  # a variation selector; a diacritic with padding
    return unicodedata.normalize("NFKC", ch) if ch > "\uffff" or _unfolds(ch) else ch


def _folded(ch: str, table: NDArray[np.uint16]) -> str:
    """A letter beside a mark by the table; marks themselves stay to be composed."""
    code = int(table[ord(ch)]) if ch <= "\uffff" else UNFOLD
    return ch if code == UNFOLD else "" if code == DELETE else chr(code)


@lru_cache(maxsize=1)
def _specials() -> re.Pattern[str]:
    """Letters that unfold, and letters with marks to compose (what any profile deletes may stand between the two)."""
    marks = re.escape("".join(chr(point) for point in range(0x0300, 0x0370))) + "".join(map(chr, _COMPOSING))
    others = re.escape("".join(map(chr, np.flatnonzero(_table("news") == DELETE).tolist()))) + "\U000e0100-\U000e01ef"
    table = _table("strict")
    unfolding = "".join(chr(point) for point in np.flatnonzero(table == UNFOLD).tolist() if not _is_composing(point))
    return re.compile(
        # A run of deleted letters is tried from its start only: time stays linear.
        f"(?:[^{others}]|(?<![{others}]))[{others}]*+[{marks}][{others}{marks}]*"
        f"|[{re.escape(unfolding)}\U00010000-\U0010ffff]"
    )


def _is_composing(point: int) -> bool:
    return point in _COMPOSING or 0x0300 <= point <= 0x036F


def _unfolds(ch: str) -> bool:
    """Whether a letter of the basic plane is written out as several."""
    flat = unicodedata.normalize("NFKC", ch)
    return unicodedata.category(ch)[0] in "LMN" and (len(flat) > 1 or flat > "\uffff")


@lru_cache(maxsize=4)
def _table(profile: str) -> NDArray[np.uint16]:
    """uint16 (65536,): code unit to letter, `SPACE`, `NEWLINE`, `BOUNDARY`, `DELETE` or `UNFOLD`."""
    version = PROFILES.get(profile)
    if version is None:
        raise SettingsError(f"profile {profile!r} is unknown; use one of {', '.join(PROFILES)}")
    news = version.startswith("news")
    table = np.arange(65536, dtype=np.uint16)
    table[0xD800:0xE000] = UNFOLD
    for start, stop in ((0, 0x3400), (0x4DC0, 0x4E00), (0xA000, 0xAC00), (0xD7A4, 0xD800), (0xE000, 0x10000)):
        table[start:stop] = [_entry(chr(point), news) for point in range(start, stop)]
    table[0xFFFF] = BOUNDARY
    return table


@lru_cache(maxsize=4)
def _settled_table(profile: str) -> NDArray[np.uint16]:
    """`_table` for texts that have been through `_unfold`: what asked for it then is settled now."""
    table = _table(profile).copy()
    table[0xD800:0xE000] = np.arange(0xD800, 0xE000)  # pairs that are letters
    table[0x0300:0x0370] = np.arange(0x0300, 0x0370)  # marks with nothing to compose with
    table[list(_COMPOSING)] = DELETE
    return table


def _entry(ch: str, news: bool) -> int:
    point = ord(ch)
    if ch in _NEWLINES:
        return NEWLINE
    if _is_composing(point):
        return UNFOLD
    if ch == _AYAH_END:
        return SPACE
    if (
        ch == araby.TATWEEL
        or unicodedata.category(ch) == "Cf"
        or point in _LONE_DIACRITICS
        or 0xFE00 <= point <= 0xFE0F
    ):
        return DELETE
    if point in _DIACRITICS:
        return DELETE if news else point
    if unicodedata.category(ch)[0] not in "LMN":
        return SPACE
    flat = unicodedata.normalize("NFKC", ch)
    if len(flat) > 1 or flat > "\uffff":
        return UNFOLD
    flat = _LOOKALIKES.get(flat, flat)
    if news:
        flat = _NEWS_FOLDS.get(flat, flat)
        if "\u0660" <= flat <= "\u0669" or "\u06f0" <= flat <= "\u06f9":
            flat = str(unicodedata.decimal(flat))
        if len(flat.lower()) == 1:
            flat = flat.lower()
    return ord(flat)
