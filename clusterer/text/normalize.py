"""The character table: Arabic text to normalised letters, a whole batch of articles at once.

A batch is joined, viewed as UTF-16 code units and sent through one table of 65,536 entries, so that folding costs
one array look-up and no Python per article. The few characters that unfold to several letters (the lam-alef
ligatures, ﷲ, decomposed hamzas) and those outside the basic plane take a small path of their own first.

What is folded (`PROFILES`):

- ``strict-1``: encoding noise only. Presentation forms, Persian look-alikes (ی ک), zero-width and bidi marks,
  tatweel, kinds of space, full-width forms; composed and decomposed spellings of one letter.
- ``news-1``: besides that, diacritics off; hamza carriers, alef maksura and teh marbuta folded; both Arabic digit
  sets to ASCII; Latin to lower case.
- ``strict-2``, ``news-2`` (``strict``, ``news``; the latter is the default): besides that, invisible characters of
  every kind leave no trace, but those that stand for all spaces of a text are spaces; ﷼, ﷽ and their like are spelt
  out; separators of thousands go (1,234 is 1234). In ``strict-2`` operators and signs are words (+, %, a minus); in
  ``news-2`` a lone و joins the word after it.

In every profile other punctuation and symbols separate words; letters, marks and digits of any other script pass.
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

from clusterer.arrays.letters import (
    ARABIC,
    BOUNDARY,
    COMMA,
    DELETE,
    DIGIT,
    JOINER,
    NEWLINE,
    SPACE,
    STOP,
    UNFOLD,
    fold_texts,
    join_marks,
)
from clusterer.errors import SettingsError

PROFILES: dict[str, str] = {
    "strict": "strict-2",
    "strict-1": "strict-1",
    "strict-2": "strict-2",
    "news": "news-2",
    "news-1": "news-1",
    "news-2": "news-2",
}
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
# From version 2 on. Default-ignorable characters that are not Cf (DerivedCoreProperties.txt, Unicode 15); those that are
# blank, not joining, stand for spaces in texts that have no others.
_BLANKS = "\u200b\u115f\u1160\u3164\uffa0"
_IGNORABLE = frozenset([0x034F, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2065, *range(0xFFF0, 0xFFF9)])
_HIDDEN = re.compile("[\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]")
_LATER_DIACRITICS = frozenset(range(0x0898, 0x08A0))
_LONG_WORD, _SHORT_WORD = 10, 2.5  # letters a word, on average, that no text reaches; that every text has
_WORD = re.compile(r"\w+")
_FEW = 8  # distinct letters up to which going over a text for each is faster than going over it once
_PIECE = 1 << 16  # code units that are looked at at a time
_STOPS = ".!?:\u061f\u06d4\u2026\uff01\uff0e\uff1f\u3002"
_COMMAS = ",\u060c\u066c\uff0c"
# Signs that are words. Those of Unicode 14 and 17 have no decomposition that says so.
_WORD_SIGNS = {
    "\ufdfc": "ريال", "\u20c1": "ريال", "\ufdfd": "بسم الله الرحمن الرحيم",
    "\ufd40": "رحمه الله", "\ufd41": "رضي الله عنه", "\ufd42": "رضي الله عنها", "\ufd43": "رضي الله عنهم",
    "\ufd44": "رضي الله عنهما", "\ufd45": "رضي الله عنهن", "\ufd46": "صلى الله عليه وآله", "\ufd47": "عليه السلام",
    "\ufd48": "عليهم السلام", "\ufd49": "عليهما السلام", "\ufd4a": "عليه الصلاة والسلام", "\ufd4b": "قدس سره",
    "\ufd4c": "صلى الله عليه وآله وسلم", "\ufd4d": "عليها السلام", "\ufd4e": "تبارك وتعالى",
    "\ufd4f": "رحمهم الله", "\ufdcf": "سلامه علينا", "\ufdfa": "صلى الله عليه وسلم", "\ufdfb": "جل جلاله",
    "\ufdfe": "سبحانه وتعالى", "\ufdff": "عز وجل",
}  # fmt: skip
# Signs that are words of strict-2 besides the categories Sm and Sc; and those that are so in the place of an operator
# only: there they are written as their twins, which are nothing else.
_FRACTION = "\u2044"  # a sign that ½ unfolds to
_SIGNS = "%&^\u066a\u2030"
_IN_PLACE = {**dict.fromkeys("-\u2010\u2011\u2013", "\u2212"), "/": "\u2215", "*": "\u2217", "!": "\u00ac"}
# A minus before a digit, "!" before "=", a name or a bracket; any of them between two operands, but no hyphen in a word.
_OPERATOR = re.compile(
    r"(?<![^\W_])[-\u2010\u2011\u2013](?=[0-9\u0660-\u0669\u06f0-\u06f9])|(?<![^\W_])!(?=[=A-Za-z_(])"
    r"|(?<=[A-Za-z0-9_)\]])[ \t]*(?!(?<=[A-Za-z]{2})[-\u2010\u2011\u2013/][A-Za-z]{2})[-\u2010\u2011\u2013/*]"
    r"(?=[ \t]*[A-Za-z0-9_(\[])"
)
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
    letters.codes[letters.codes == STOP] = SPACE
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
        origins.append([])
        return _unfold(text, profile, origins[-1])

    units, codes, unfolded = fold_texts(texts, table, settled, unfold)
    kept = codes != DELETE
    codes, joined = join_marks(codes[kept], joins_waw(profile))
    origin = None
    if positions:
        lengths = np.diff(np.flatnonzero(units == ord(JOINER)), prepend=-1)  # with the joiner
        written_out = dict(zip(unfolded, origins, strict=True))
        origin = np.concatenate([written_out.get(i) or np.arange(m) for i, m in enumerate(lengths.tolist())] or [[]])
        origin = origin.astype(np.int64)[kept][joined]
    return Letters(codes, np.flatnonzero(codes == BOUNDARY), origin)


def joins_waw(profile: str) -> bool:
    """Whether a lone و joins the word after it."""
    return PROFILES[profile] == "news-2"


def _is_later(profile: str) -> bool:
    return PROFILES[profile].endswith("-2")


def tables(profile: str) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """uint16 (65536,) twice: the table of a profile, and the one for texts that `small_path` has been through.

    Raises:
        SettingsError: the profile is unknown.
    """
    return _table(profile), _settled_table(profile)


def small_path(text: str, profile: str) -> str:
    """A text with its special letters written out, so that one table look-up a letter folds the rest."""
    version = PROFILES[profile]
    if version == "strict-2":  # what stands beside a letter tells whether it is a sign
        return _unfold(text, profile)
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")
    found: set[str] = set()
    for start in range(0, len(units), _PIECE):
        piece = units[start : start + _PIECE]
        found.update(map(chr, set(piece[_table(profile)[piece] == UNFOLD].tolist())))
    if any("\ud800" <= ch < "\ue000" for ch in found):  # halves of letters beyond the basic plane
        found = {ch for ch in set(text) if ch in found or ch > "\uffff"}
    letters = {ch: written for ch in sorted(found) if (written := written_alone(ch, version)) is not None}
    if len(letters) < len(found) or (_is_later(profile) and _with_spaces(text) is not text):
        return _unfold(text, profile)
    if len(letters) > _FEW or any(ch in letters for written in letters.values() for ch in written):
        return text.translate({ord(ch): written for ch, written in letters.items()})
    for ch, written in letters.items():
        text = text.replace(ch, written)
    return text


@lru_cache(maxsize=1024)
def written_alone(ch: str, version: str) -> str | None:
    """What a special letter is written out as wherever it stands; None where that depends on what is beside it."""
    if _is_composing(ord(ch)):
        return None
    return unicodedata.normalize("NFC", _written_out(ch, version))


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


def _unfold(text: str, profile: str, origin: list[int] | None = None) -> str:
    """The small path, special letter by special letter: ligatures written out, marks composed, emoji made spaces.

    Args:
        text: any.
        profile: a name in `PROFILES`.
        origin: gets for each UTF-16 code unit of the result, and one more for the joiner, the index in `text` it is of.
    """
    version, table = PROFILES[profile], _table(profile)
    if _is_later(profile):  # both keep every letter in its place
        text = _with_spaces(text)
        if version == "strict-2":
            text = _OPERATOR.sub(lambda m: m[0][:-1] + _IN_PLACE[m[0][-1]], text)
    parts: list[str] = []
    done = 0
    marks, alone, beside = _specials(version)
    for special in (beside if marks.search(text) else alone).finditer(text):
        start, stop = special.span()
        parts.append(text[done:start])
        written = unicodedata.normalize("NFC", "".join(_written_out(ch, version) for ch in special.group()))
        if stop - start > 1:  # composed once more after folding: a mark may fit the folded letter only
            written = unicodedata.normalize("NFC", "".join(_folded(ch, table) for ch in written))
        is_sign = _is_sign(special.group()[0], version)
        if is_sign:
            written = f" {''.join(_written_out(ch, version) for ch in special.group())} "
        parts.append(written)
        if origin is not None:
            origin.extend(range(done, start))
            if is_sign:  # each sign of a run keeps its place
                origin.extend(
                    [start, *(i for i in range(start, stop) for _ in _written_out(text[i], version)), stop - 1]
                )
            else:
                origin.extend(start for ch in written for _ in range(2 if ch > "\uffff" else 1))
        done = stop
    parts.append(text[done:])
    if origin is not None:
        origin.extend(range(done, len(text) + 1))
    return "".join(parts)


def _with_spaces(text: str) -> str:
    """A text that has `_BLANKS` for all its spaces, with spaces: without any its words would be ten letters long."""
    if len(text) <= _LONG_WORD * text.count(" ") or not any(map(text.__contains__, _BLANKS)):
        return text
    apart = text.translate(dict.fromkeys(map(ord, _BLANKS), " "))
    letters = sum(map(str.isalnum, apart))
    parted = len(_WORD.findall(apart))
    joined = len(_WORD.findall(text.translate(dict.fromkeys(map(ord, _BLANKS)))))
    return apart if letters > _LONG_WORD * joined and letters >= _SHORT_WORD * parted else text


def _written_out(ch: str, version: str) -> str:
    later = version.endswith("-2")
    if later and ch in _WORD_SIGNS:
        return f" {_WORD_SIGNS[ch]} "
    if later and (ch in _BLANKS or _HIDDEN.match(ch)):
        return ""
    if _is_sign(ch, version):
        flat = unicodedata.normalize("NFKC", ch).replace("\u066a", "%")
        return flat if len(flat) == 1 and _is_sign(flat, version) else ch
    if "\ud800" <= ch <= "\udfff" or (ch > "\uffff" and unicodedata.category(ch)[0] not in "LMN"):
        return " "  # half of a broken pair; a symbol such as an emoji
    if "\U000e0100" <= ch <= "\U000e01ef" or ord(ch) in _LONE_DIACRITICS:
        return ""  # a variation selector; a diacritic with padding
    return unicodedata.normalize("NFKC", ch) if ch > "\uffff" or _unfolds(ch) else ch


def _is_sign(ch: str, version: str) -> bool:
    """Whether a sign is a word of its own."""
    if version != "strict-2" or ch in _WORD_SIGNS or ch == _FRACTION:
        return False
    return (ch in _SIGNS or unicodedata.category(ch) in ("Sm", "Sc")) and unicodedata.is_normalized("NFC", ch)


def _folded(ch: str, table: NDArray[np.uint16]) -> str:
    """A letter beside a mark by the table; marks themselves stay to be composed."""
    code = int(table[ord(ch)]) if ch <= "\uffff" else UNFOLD
    return ch if code in (UNFOLD, COMMA, STOP) else "" if code == DELETE else chr(code)


@lru_cache(maxsize=4)
def _specials(version: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return what finds marks to compose, what letters that unfold and signs that are words, and what both.

    What any profile deletes may stand between a letter and its marks. The last takes several times as long.
    """
    number = version[-2:]
    points = [point for point in range(0x0300, 0x0370) if number == "-1" or point not in _IGNORABLE]
    marks = re.escape("".join(map(chr, points))) + "".join(map(chr, _COMPOSING))
    deleted = "".join(map(chr, np.flatnonzero(_table(f"news{number}") == DELETE).tolist()))
    others = re.escape(deleted) + ("\U000e0100-\U000e01ef" if number == "-1" else _BLANKS + _HIDDEN.pattern[1:-1])
    table = _table(version)
    unfolding = [chr(point) for point in np.flatnonzero(table == UNFOLD).tolist() if not _is_composing(point)]
    signs = "".join(ch for ch in unfolding if _is_sign(ch, version))
    first = f"[{(signs := re.escape(signs))}](?:[{others}]*+[{signs}])*|" if signs else ""
    alone = f"[{re.escape(''.join(unfolding))}\U00010000-\U0010ffff]"
    # A run of deleted letters is tried from its start only: time stays linear.
    beside = f"(?:[^{others}]|(?<![{others}]))[{others}]*+[{marks}][{others}{marks}]*"
    return re.compile(f"[{marks}]"), re.compile(first + alone), re.compile(f"{first}{beside}|{alone}")


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
    table = np.arange(65536, dtype=np.uint16)
    table[0xD800:0xE000] = UNFOLD
    for start, stop in ((0, 0x3400), (0x4DC0, 0x4E00), (0xA000, 0xAC00), (0xD7A4, 0xD800), (0xE000, 0x10000)):
        table[start:stop] = [_entry(chr(point), version) for point in range(start, stop)]
    table[0xFFFF] = BOUNDARY
    return table


@lru_cache(maxsize=4)
def _settled_table(profile: str) -> NDArray[np.uint16]:
    """`_table` for texts that have been through `_unfold`: what asked for it then is settled now."""
    table = _table(profile).copy()
    table[0xD800:0xE000] = np.arange(0xD800, 0xE000)  # pairs that are letters
    marks = np.arange(0x0300, 0x0370)
    marks = marks[table[marks] == UNFOLD]
    table[marks] = marks  # with nothing to compose with
    table[list(_COMPOSING)] = DELETE
    if _is_later(profile):
        table[list(map(ord, _BLANKS))] = DELETE
        table[list(map(ord, _IN_PLACE))] = SPACE
        table[ord("!")] = STOP
        unfolds = np.flatnonzero(table == UNFOLD)
        signs = unfolds[[_is_sign(chr(point), PROFILES[profile]) for point in unfolds.tolist()]]
        table[signs] = signs
    return table


def _entry(ch: str, version: str) -> int:
    point, news = ord(ch), version.startswith("news")
    if ch in _NEWLINES:
        return NEWLINE
    if version.endswith("-2"):
        code = _later_entry(ch, version)
        if code is not None:
            return code
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


def _later_entry(ch: str, version: str) -> int | None:
    """What is otherwise from version 2 on; None for all else."""
    point = ord(ch)
    if point in _IGNORABLE:
        return DELETE
    if ch in _BLANKS or ch in _WORD_SIGNS or _is_sign(ch, version):
        return UNFOLD
    if version == "strict-2" and ch in _IN_PLACE:
        return UNFOLD
    if point in _LATER_DIACRITICS:
        return DELETE if version == "news-2" else point
    return STOP if ch in _STOPS else COMMA if ch in _COMMAS else None
