"""Boilerplate: which words of an article are the outlet's furniture and not its news.

Three ways in: the dateline at the head (a pattern on the text's first letters), tails that Arabic outlets are known
to end with (phrases, compared as normalised words), and lines learned from the batch. A line is learned when it recurs
in articles of one outlet that are otherwise different: at least half of each such article's words stand in lines of
its own. Copies repeat all their lines together and so teach nothing.

Only marks words; cutting them away is `Words.keep`, and shingles come later.

Array letters: `n` articles, `w` words.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clusterer.ragged import ragged_index
from clusterer.words import Words, hash_runs, hash_words

# Signatures that stand in datelines: agencies first. The outlet's own name needs no entry: a dash and a colon tell.
AGENCIES: tuple[str, ...] = (
    "واس", "وكالات", "الوكالات", "رويترز", "أ ف ب", "ا ف ب", "أ.ف.ب", "ا.ف.ب", "أ ب", "د ب أ", "د.ب.أ", "الأناضول", "كونا",
    "وام", "بنا", "قنا", "بترا", "سانا", "سبأ", "سبوتنيك", "تاس", "شينخوا", "فرانس برس", "متابعات", "SPA", "AFP", "Reuters", "AP",
)  # fmt: skip

_WORD = r"[^\W\d_][^\s:–—\-ـ،/|]*"
# A tatweel is a dash only where it ends a word: "سبقـ تبوك" has one, "قـال" none.
_DASH = r"(?:[ \t]*[-–—/|]+[ \t]*|[ \t]*ـ+[ \t]+)"
_SLIDER = r"(?:\s*(?:Next|Previous|التالي|السابق)\b)*"
# An agency's first line: place, day, month, year ("الرياض 04 شوال 1436 هـ الموافق 20 يوليو 2015 م واس").
# "سبق- تبوك:", "عبدالله البرقاوي- سبق- الرياض:", "الرياض (رويترز) -": at most nine words, a dash, then the colon or
# the end of a short line. Without a dash a colon is somebody's words ("قال الوزير: ..."), and stays.
_DATELINE = re.compile(
    rf"""{_SLIDER}\s*(?:
        [^\n.:؛«»]{{0,40}}?\b\d{{1,2}}[ \t]+{_WORD}(?:[ \t]+{_WORD}){{0,2}}[ \t]+\d{{4}}\b[^\n.:؛«»]{{0,70}}(?=\n)
      | {_WORD}(?:[ \t]+{_WORD}){{0,3}}(?:{_DASH}{_WORD}(?:[ \t]+{_WORD}){{0,3}}){{1,2}}[ \t]*(?::|(?=\n))
      | (?:{_WORD}[ \t]+){{0,3}}\(?(?:{"|".join(map(re.escape, AGENCIES))})\)?[ \t]*(?:[-–—:]+|ـ+[ \t])
    )\s*""",
    re.VERBOSE,
)
_SLIDER_ONLY = re.compile(r"\s*(?:(?:Next|Previous)\b\s*)+")
_SAYS = re.compile(r"\s*[وف]?(?:قال|أوضح|أكد|أضاف|ذكر|صرح|كشف|أعلن|أشار|بي[ّ]?ن|نقل)ت?\b")
_HEAD_LETTERS = 120
_HINTS = ("-", ":", "/", "ـ", "–", "—", "|", "\n")  # no dateline is without one of these; most heads are


@dataclass(frozen=True, slots=True)
class Tail:
    """A phrase from which on an article is furniture.

    Attributes:
        phrase: its words, in any spelling that the profile folds together.
        within: it counts only when the article ends at most so many words after it.
        opens_line: it counts only at the start of a line.
        closes: it counts only as the last words of the article, before any tail found already.
    """

    phrase: str
    within: int = 40
    opens_line: bool = False
    closes: bool = False


TAILS: tuple[Tail, ...] = (
    Tail("رابط الخبر بصحيفة"),
    Tail("رابط الخبر"),
    Tail("سمات", within=30, opens_line=True),
    Tail("الوسوم", within=30, opens_line=True),
    Tail("كلمات دلالية", within=30, opens_line=True),
    Tail("الكلمات الدلالية", within=30, opens_line=True),
    Tail("المصدر", within=8, opens_line=True),
    Tail("انظر أيضا", within=150),
    Tail("اقرأ أيضا", within=150, opens_line=True),
    Tail("شاهد أيضا", within=150, opens_line=True),
    Tail("مواضيع ذات صلة", within=150),
    Tail("أخبار ذات صلة", within=150, opens_line=True),
    Tail("للتواصل مع الكاتب"),
    Tail("للتواصل أرسل sms"),
    Tail("تابعونا على", within=80),
    Tail("تابعنا على", within=80),
    Tail("تابعوا آخر الأخبار", within=80),
    Tail("اشترك في قناتنا", within=80),
    Tail("اشتركوا في قناتنا", within=80),
    Tail("حمل تطبيق", within=60),
    Tail("حملوا تطبيق", within=60),
    Tail("لن يتم نشر عنوان بريدك الإلكتروني", within=120),
    Tail("اترك ردا", within=120),
    Tail("اترك رد", within=120),
    Tail("اترك تعليقا", within=120),
    Tail("أضف تعليقا", within=120),
    Tail("إلغاء الرد", within=120),
    Tail("شارك هذا الموضوع", within=60),
    Tail("شارك الخبر", within=60),
    Tail("جميع الحقوق محفوظة"),
    Tail("هذه المقالة تعبر عن رأي صاحبها"),
    Tail("المزيد", closes=True),
    Tail("انتهى", closes=True, opens_line=True),
)

MIN_SUPPORT = 5
"""Otherwise different articles of an outlet that a line must recur in to be its furniture."""
MIN_SUPPORT_UNKNOWN = 10
"""The same where no outlet is known: unrelated outlets may quote one paragraph of a wire."""


def dateline_end(text: str) -> int:
    """Index of the first letter after the dateline and what a photo slider left before it; 0 where there is none."""
    head = text[:_HEAD_LETTERS]
    found = _DATELINE.match(head) if any(map(head.__contains__, _HINTS)) else None
    if found and _SAYS.match(found.group()):  # "قال فلان - مدير كذا: ..." opens a sentence
        found = None
    if not found and ("Next" in head or "Previous" in head):
        found = _SLIDER_ONLY.match(head)
    return found.end() if found else 0


def known_tails(words: Words, profile: str) -> NDArray[np.bool_]:
    """bool (w,), True for the words of a tail in `TAILS`: from its first such phrase to the end of the article."""
    phrases = _hashed_tails(profile)
    hashes, ends = words.hashes, words.offsets[1:]
    # Sixteen bits of a word's hash tell nearly all words apart from the phrases' first ones at the cost of one look-up.
    mark = np.zeros(1 << 16, dtype=np.bool_)
    mark[[int(p[0] >> np.uint64(48)) for p, _ in phrases]] = True
    near = np.flatnonzero(mark[hashes.astype("<u8", copy=False).view("<u2")[3::4]])
    article = np.searchsorted(ends, near, side="right")
    cut = ends.copy()
    for phrase, tail in phrases:
        hit = hashes[near] == phrase[0]
        left = (cut if tail.closes else ends)[article] - near
        hit &= left >= len(phrase)
        hit &= left == len(phrase) if tail.closes else left <= len(phrase) + tail.within
        if tail.opens_line:
            assert words.opens_line is not None
            hit &= words.opens_line[near]
        at, of = near[hit], article[hit]
        for i, word in enumerate(phrase[1:], start=1):
            same = hashes[at + i] == word
            at, of = at[same], of[same]
        np.minimum.at(cut, of, at)
    return _mask(cut, ends, len(hashes))


def learned_lines(words: Words, outlets: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    """Lines that recur in otherwise different articles of one outlet: bool (w,), True for their words, and their keys as of
    `lines`, uint64 (x,), ascending.

    Args:
        words: n articles; best without what `known_tails` marks.
        outlets: n names; "" where unknown.
    """
    nothing, n = (np.zeros(len(words.hashes), dtype=np.bool_), np.zeros(0, dtype=np.uint64)), len(words)
    outlet = outlet_hashes(outlets)
    keys, starts, lengths, article = lines(words, outlet)
    if not len(starts):
        return nothing
    # Nearly all lines stand in the feed once: only the others are looked at more closely.
    ascending = np.sort(keys)
    repeated = np.unique(ascending[1:][ascending[1:] == ascending[:-1]])
    if not len(repeated):
        return nothing
    line = np.minimum(np.searchsorted(repeated, keys), len(repeated) - 1)
    again = np.flatnonzero(repeated[line] == keys)
    # Once an article, and once for all articles of an outlet with the same words. They may break into lines differently:
    # which of them counts goes by their lines, not by the order of the input.
    whole, layout = whole_hashes(words) ^ outlet, np.zeros(n, dtype=np.uint64)
    np.add.at(layout, article, keys)
    order = np.lexsort((layout, whole))
    original = np.zeros(n, dtype=np.bool_)
    original[order[np.unique(whole[order], return_index=True)[1]]] = True
    own = np.bincount(article, weights=lengths, minlength=n)
    line, article, lengths, starts = line[again], article[again], lengths[again], starts[again]
    counts = original[article]
    once, of = np.divmod(np.unique(line[counts] * n + article[counts]), n)
    frequency = np.bincount(once, minlength=len(repeated))
    own -= np.bincount(article, weights=lengths * (frequency[line] > 1), minlength=n)
    different = 2 * own >= words.counts
    support = np.bincount(once, weights=different[of], minlength=len(repeated))
    unknown = np.fromiter((not name for name in outlets), dtype=np.bool_, count=len(outlets))
    needed = np.where(unknown[article], MIN_SUPPORT_UNKNOWN, MIN_SUPPORT)
    recurs = support[line] >= needed
    return words_of_lines(words, starts[recurs], lengths[recurs]), repeated[np.unique(line[recurs])]


def known_lines(words: Words, outlets: Sequence[str], keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """bool (w,), True for the words of lines that have been learned, given by their keys."""
    mine, starts, lengths, _ = lines(words, outlets)
    known = np.isin(mine, keys)
    return words_of_lines(words, starts[known], lengths[known])


def lines(
    words: Words, outlets: Sequence[str] | NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The lines of n articles: keys of outlet and line, uint64 (x,), and of each its first word, its length in words and
    its article, int64 (x,). Outlets by name, (n,)."""
    assert words.opens_line is not None
    starts = np.flatnonzero(words.opens_line)
    article = np.searchsorted(words.offsets, starts, side="right") - 1
    outlet = outlets if isinstance(outlets, np.ndarray) else outlet_hashes(outlets)
    keys = hash_runs(words.hashes, starts) ^ outlet[article]
    return keys, starts, np.diff(np.append(starts, len(words.hashes))), article


def words_of_lines(words: Words, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool (w,), True for the words of some lines, given by their first words and lengths, int64."""
    inside = np.zeros(len(words.hashes), dtype=np.bool_)
    ends = np.stack([starts, starts + lengths], axis=1).ravel()
    inside[ragged_index(ends, 2 * np.arange(len(starts)))[0]] = True
    return inside


def outlet_hashes(outlets: Sequence[str]) -> NDArray[np.uint64]:
    """uint64 (n,), a hash of each outlet's name."""
    hashes = {
        name: int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
        for name in dict.fromkeys(outlets)
    }
    return np.fromiter((hashes[name] for name in outlets), dtype=np.uint64, count=len(outlets))


def whole_hashes(words: Words) -> NDArray[np.uint64]:
    """uint64 (n,): one hash of each article's words in their order; 0 where it has none."""
    out = np.zeros(len(words), dtype=np.uint64)
    filled = np.flatnonzero(words.counts)
    if len(filled):
        out[filled] = hash_runs(words.hashes, words.offsets[filled])
    return out


def _mask(cut: NDArray[np.int64], ends: NDArray[np.int64], total: int) -> NDArray[np.bool_]:
    steps = np.zeros(total + 1, dtype=np.int32)
    some = cut < ends
    np.add.at(steps, cut[some], 1)
    np.add.at(steps, ends[some], -1)
    return np.cumsum(steps[:-1]).astype(np.bool_)


@lru_cache(maxsize=4)
def _hashed_tails(profile: str) -> list[tuple[NDArray[np.uint64], Tail]]:
    words = hash_words([tail.phrase for tail in TAILS], profile)
    rows = zip(words.offsets[:-1], words.offsets[1:], TAILS, strict=True)
    return [(words.hashes[start:stop], tail) for start, stop, tail in rows]
