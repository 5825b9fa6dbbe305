"""Slow, obvious twins of the core, to be compared with it. Python strings, sets, dictionaries and big integers only.

Nothing here is fast, and nothing here imports an algorithm of `clusterer`: a mistake must not be made twice.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

NEWLINES = set("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
TATWEEL, AYAH_END = "\u0640", "\u06dd"
MARKS = {chr(c) for c in range(0x300, 0x370)} | set("\u0653\u0654\u0655")
"""Combining marks that are composed with their letter."""
LONE = {chr(c) for c in [*range(0xFE70, 0xFE80), *range(0xFC5E, 0xFC64), *range(0xFCF2, 0xFCF5)]}
"""Presentation forms of a diacritic without its letter."""
DIACRITICS = {
    ch
    for ch in map(chr, [*range(0x610, 0x61B), *range(0x64B, 0x660), 0x670, *range(0x6D6, 0x6EE), *range(0x8CA, 0x900)])
    if unicodedata.category(ch) in ("Mn", "Lm") and ch not in MARKS
}
LOOKALIKES = {
    **dict.fromkeys("یےۓۍێېؠ", "ي"),
    **dict.fromkeys("کڪڬڮػؼ", "ك"),
    **dict.fromkeys("ھہە", "ه"),
    **dict.fromkeys("ۃۀۂ", "ة"),
    **dict.fromkeys("\u0672\u0675", "أ"),
    "\u0673": "إ",
    "\u0676": "ؤ",
    "\u0678": "ئ",
}
NEWS = {**dict.fromkeys("آأإٱ", "ا"), "ؤ": "و", "ئ": "ي", "ى": "ي", "ة": "ه"}
DIGITS = {**{chr(0x660 + i): str(i) for i in range(10)}, **{chr(0x6F0 + i): str(i) for i in range(10)}}


BLANKS = "\u200b\u115f\u1160\u3164\uffa0"
COMMAS = ",\u060c\u066c\uff0c"
IGNORABLE = {*"\u034f\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2065", *map(chr, range(0xFFF0, 0xFFF9))}
WORDS = {
    "ﷺ": "صلى الله عليه وسلم", "ﷻ": "جل جلاله", "\ufdfc": "ريال", "\u20c1": "ريال", "\ufdfd": "بسم الله الرحمن الرحيم",
    "\ufdfe": "سبحانه وتعالى", "\ufdff": "عز وجل", "\ufdcf": "سلامه علينا",
    **dict(zip("\ufd40\ufd41\ufd42\ufd43\ufd44\ufd45", ["رحمه الله", *(
        f"رضي الله {x}" for x in ("عنه", "عنها", "عنهم", "عنهما", "عنهن"))], strict=True)),
    **dict(zip("\ufd46\ufd47\ufd48\ufd49\ufd4a", ["صلى الله عليه وآله", "عليه السلام", "عليهم السلام",
        "عليهما السلام", "عليه الصلاة والسلام"], strict=True)),
    **dict(zip("\ufd4b\ufd4c\ufd4d\ufd4e\ufd4f", ["قدس سره", "صلى الله عليه وآله وسلم", "عليها السلام",
        "تبارك وتعالى", "رحمهم الله"], strict=True)),
}  # fmt: skip
NUMERALS = {*"0123456789", *DIGITS}
STOP = "\x04"


def is_sign(ch: str) -> bool:
    """Whether a character is a word in strict-2."""
    kind = unicodedata.category(ch)
    return (
        ch not in WORDS
        and ch != "\u2044"
        and (ch in "%&^٪‰" or kind in ("Sm", "Sc"))
        and unicodedata.normalize("NFC", ch) == ch
    )


@cache
def fold_letter(ch: str, news: bool, later: bool = False) -> str:
    """What one character becomes, without its neighbours: "", " ", "\\n" or letters. `MARKS` stay; so do, from version 2
    on, commas and what is a sign in its profile."""
    if later and ch in COMMAS:
        return ","
    if later and ch in ".!?:\u061f\u06d4\u2026\uff01\uff0e\uff1f\u3002":
        return STOP
    if later and not news and is_sign(ch):
        flat = unicodedata.normalize("NFKC", ch).replace("٪", "%")
        return flat if len(flat) == 1 and is_sign(flat) else ch
    if ch in NEWLINES:
        return "\n"
    if ch in MARKS:
        return ch
    if ch == AYAH_END:
        return " "
    kind = unicodedata.category(ch)
    selector = "\ufe00" <= ch <= "\ufe0f" or "\U000e0100" <= ch <= "\U000e01ef"
    if ch == TATWEEL or (kind == "Cf" and ch <= "\uffff") or ch in LONE or selector:
        return ""
    if ch in DIACRITICS:
        return "" if news else ch
    if kind[0] not in "LMN":
        return " "
    flat = unicodedata.normalize("NFKC", ch)
    if len(flat) > 1:
        return "".join(fold_letter(c, news, later) for c in flat)
    flat = LOOKALIKES.get(flat, flat)
    if news:
        flat = NEWS.get(flat, flat)
        flat = DIGITS.get(flat, flat)
        if len(flat.lower()) == 1 and flat <= "\uffff":
            flat = flat.lower()
    return flat


def normalise(text: str, profile: str = "news") -> str:
    """The text's normal form: words by one space, lines by one newline."""
    version = {"news": "news-2", "strict": "strict-2"}.get(profile, profile)
    news, later = version.startswith("news"), version.endswith("-2")
    if later:
        text = prepared(text, news)
    groups: list[str] = []  # a letter with the marks that follow it, whatever leaves no trace between them
    for ch in text:
        if groups and (ch in MARKS or fold_letter(ch, True, later) == ""):
            groups[-1] += ch
        else:
            groups.append(ch)
    folded = "".join(fold_group(group, news, later) for group in groups)
    lines = [line.split() for line in (without_commas(folded) if later else folded).split("\n")]
    if version == "news-2":
        lines = [with_joined_waws(line) for line in lines]
    return "\n".join(" ".join(line) for line in lines if line)


def prepared(text: str, news: bool) -> str:
    """The text before it is folded, from version 2 on: blanks, hidden characters, words and signs."""
    apart, together = (re.sub(f"[{BLANKS}]", instead, text) for instead in (" ", ""))
    letters = sum(ch.isalnum() for ch in apart)
    joined, parted = (len(re.findall(r"\w+", x)) for x in (together, apart))
    text = apart if len(text) > 10 * text.count(" ") and letters > 10 * joined and letters >= 2.5 * parted else together
    hidden = [*range(0xE0000, 0xE1000), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B)]
    text = text.translate(dict.fromkeys([*map(ord, IGNORABLE), *hidden]))
    if news:
        text = re.sub("[\u0898-\u089f]", "", text)
    else:
        dashes, operand, opening = "[-\u2010\u2011\u2013]", "[A-Za-z0-9_)\\]]", "[A-Za-z0-9_(\\[]"
        out = ""
        for i, ch in enumerate(text):
            if ch not in "-\u2010\u2011\u2013/*!":
                out += ch
                continue
            before, after = text[:i], text[i + 1 :]
            minus = re.match(dashes, ch) and re.match("[0-9٠-٩۰-۹]", after) and not re.search(r"[^\W_]$", before)
            inverse = ch == "!" and re.match("[=A-Za-z_(]", after) and not re.search(r"[^\W_]$", before)
            between = re.search(operand + r"[ \t]*$", before) and re.match(r"[ \t]*" + opening, after)
            hyphen = re.search("[A-Za-z]{2}$", before) and re.match("[A-Za-z]{2}", after) and ch != "*"
            if minus or (re.match(dashes, ch) and between and not hyphen):
                ch = "\u2212"
            elif inverse:
                ch = "\u00ac"
            elif ch in "/*" and between and not hyphen:
                ch = {"/": "\u2215", "*": "\u2217"}[ch]
            out += ch
        parts: list[str] = []
        for ch in out:  # a run of signs is one word
            if is_sign(ch) and not (parts and is_sign(parts[-1][-1])):
                parts.append(ch)
            elif parts and is_sign(ch) == is_sign(parts[-1][-1]):
                parts[-1] += ch
            else:
                parts.append(ch)
        text = "".join(f" {part} " if is_sign(part[0]) else part for part in parts)
    return "".join(f" {WORDS[ch]} " if ch in WORDS else ch for ch in text)


def without_commas(text: str) -> str:
    """Folded text without what separates thousands; other commas and stops are spaces."""
    out = []
    joined: set[int] = set()
    for i, ch in enumerate(text):
        if ch not in {",", STOP}:
            out.append(ch)
            continue
        run = 0
        while run < i and text[i - run - 1] in NUMERALS:
            run += 1
        first, before = text[i - run : i - run + 1], text[i - run - 1 : i - run] if i > run else ""

        def three(at: int, sign: str = ch) -> bool:
            after = text[at + 1 : at + 4]
            return (
                text[at] == sign
                and set(after) <= NUMERALS
                and len(after) == 3
                and text[at + 4 : at + 5] not in NUMERALS
            )

        opens = first not in "0٠۰"
        if ch == ",":
            joins = before == "," or opens
        else:
            goes_on = i - run - 1 in joined
            joins = before == STOP if goes_on else opens and i + 4 < len(text) and three(i + 4)
        if 1 <= run <= 3 and three(i) and joins:
            joined.add(i)
        else:
            out.append(" ")
    return "".join(out)


def with_joined_waws(line: list[str]) -> list[str]:
    """The words of a line, a lone و with the word after it."""
    out, i = [], 0
    while i < len(line):
        joins = line[i] == "و" and i + 1 < len(line)
        out.append("و" + line[i + 1] if joins else line[i])
        i += 1 + joins
    return out


@cache
def fold_group(group: str, news: bool, later: bool = False) -> str:
    """A letter with what hangs on it. With marks: composed as it stands, folded, composed again, folded again."""
    if MARKS.isdisjoint(group):
        return "".join(fold_letter(c, news, later) for c in group)
    form = unicodedata.normalize
    letters = [c if unicodedata.category(c)[0] in "LMN" or fold_letter(c, news, later) == "" else " " for c in group]
    letters = ["" if c in LONE else c for c in letters]
    letters[0] = "\n" if group[0] in NEWLINES else letters[0]
    unfolded = "".join(form("NFKC", c) if len(form("NFKC", c)) > 1 or c > "\uffff" else c for c in letters)
    folded = "".join(fold_letter(c, news, later) for c in form("NFC", unfolded))
    composed = "".join(fold_letter(c, news, later) for c in form("NFC", folded))
    return "".join(c for c in composed if c not in "\u0653\u0654\u0655")


def words(text: str, profile: str = "news") -> list[str]:
    """The words of a text."""
    return normalise(text, profile).split()


def shingles(units: Sequence[T], size: int) -> list[tuple[T, ...]]:
    """Runs of `size` units in reading order, repeats kept; a shorter sequence is one run."""
    if len(units) < size:
        return [tuple(units)] if units else []
    return [tuple(units[i : i + size]) for i in range(len(units) - size + 1)]


def char_shingles(text_words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """The same of letters; every word is followed by a space."""
    return shingles("".join(word + " " for word in text_words), size)


def jaccard(a: set[T], b: set[T]) -> float:
    """|a & b| / |a | b|."""
    return len(a & b) / len(a | b) if a | b else 0.0


def containment(a: set[T], b: set[T]) -> float:
    """|a & b| / min(|a|, |b|)."""
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def opening(a: Sequence[T], b: Sequence[T], first: int = 40, late: int = 18) -> float:
    """Share of the larger one's first shingles that the smaller holds; of two equal sizes `a` is the larger.

    None where the first `late` are not among them.
    """
    large, small = (a, b) if len(set(a)) >= len(set(b)) else (b, a)
    head = set(large[:first])
    if not set(large[:late]) & set(small):
        return 0.0
    return min(1.0, len(head & set(small)) / max(1, min(len(head), len(set(small)))))


def s_curve(j: float, b: int, r: int) -> float:
    """Probability of at least one of b bands of r equal slots."""
    miss = 1.0
    for _ in range(b):
        miss *= 1.0 - j**r
    return 1.0 - miss


MASK = (1 << 64) - 1


def splitmix(x: int) -> int:
    """SplitMix64's finalizer in Python integers."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def fast_sketch(members: Iterable[int], k: int, seed: int = 1, rounds: int = 6, bits: int = 27) -> list[int]:
    """Fast similarity sketching, bin by bin: rounds until no bin is empty, then a hash function a bin."""
    values = set(members)
    empty = (1 << 32) - 1
    slots = [empty] * k
    if not values:
        return slots
    low = (1 << bits) - 1
    for turn in range(rounds):
        salt = splitmix((1 + turn + (seed << 32)) & MASK)
        for value in values:
            h = splitmix(value ^ salt)
            bin_ = ((h >> 32) * k) >> 32
            slots[bin_] = min(slots[bin_], (turn << bits) | (h & low))
        if empty not in slots:
            return slots
    for i in range(k):
        if slots[i] == empty:
            salt = splitmix((1 + rounds + i + (seed << 32)) & MASK)
            slots[i] = (rounds << bits) | min(splitmix(value ^ salt) & low for value in values)
    return slots


def bucket_pairs(keys: Sequence[int], articles: Sequence[int], cap: int, hubs: int) -> tuple[Counter, int]:
    """Pairs that share a bucket, in how many each, and how many large buckets left out."""
    buckets: dict[int, set[int]] = {}
    for key, article in zip(keys, articles, strict=True):
        buckets.setdefault(key, set()).add(article)
    met: Counter[tuple[int, int]] = Counter()
    dropped = 0
    for bucket in buckets.values():
        members = sorted(bucket)
        everyone = list(combinations(members, 2))
        made = everyone if len(members) <= cap else [(a, b) for a, b in everyone if a in members[:hubs]]
        met.update(made)
        dropped += len(everyone) - len(made)
    return met, dropped


def stars(links: Mapping[tuple[int, int], float], n: int) -> list[int]:
    """Star clustering one centre after the other."""
    near: list[dict[int, float]] = [{} for _ in range(n)]
    for (a, b), strength in links.items():
        near[a][b] = near[b][a] = strength
    centres: set[int] = set()
    taken: set[int] = set()
    for article in sorted(range(n), key=lambda i: (-len(near[i]), i)):
        if article not in taken:
            centres.add(article)
            taken |= {article, *near[article]}
    return [
        i if i in centres else min((c for c in near[i] if c in centres), key=lambda c: (-near[i][c], c))
        for i in range(n)
    ]


def linked_on_average(
    links: Mapping[tuple[int, int], float],
    n: int,
    threshold: float,
    weights: Sequence[int] | None = None,
    binding: set[tuple[int, int]] | None = None,
) -> list[int]:
    """Average linkage by its definition: of all pairs of groups the one with the highest mean is joined, again and again."""
    size = weights or [1] * n
    groups = [[i] for i in range(n)]

    def mean(a: list[int], b: list[int]) -> Fraction:
        total = sum(Fraction(links.get((min(x, y), max(x, y)), 0.0)) * size[x] * size[y] for x in a for y in b)
        return total / (sum(size[x] for x in a) * sum(size[y] for y in b))

    def bound(a: list[int], b: list[int]) -> bool:
        between = {(min(x, y), max(x, y)) for x in a for y in b} & set(links)
        return bool(between if binding is None else between & binding)

    while True:
        near = [(mean(a, b), -a[0], -b[0]) for a, b in combinations(groups, 2) if bound(a, b)]
        if not near or max(near)[0] < threshold:
            break
        _, a, b = max(near)
        one, other = (next(g for g in groups if g[0] == -x) for x in (a, b))
        groups = sorted([*(g for g in groups if g not in (one, other)), sorted(one + other)])
    return [next(g[0] for g in groups if i in g) for i in range(n)]


def bcubed(labels: Sequence[Hashable], gold: Sequence[Hashable]) -> tuple[float, float]:
    """B-cubed precision and recall, article by article."""

    def one(a: Sequence[Hashable], b: Sequence[Hashable]) -> float:
        total = 0.0
        for i in range(len(a)):
            mine = {j for j in range(len(a)) if a[j] == a[i]}
            total += len({j for j in mine if b[j] == b[i]}) / len(mine)
        return total / len(a)

    return one(labels, gold), one(gold, labels)


def pairwise(labels: Sequence[Hashable], gold: Sequence[Hashable]) -> tuple[float, float]:
    """Precision and recall of the pairs put together; 1 where there are none."""

    def together(x: Sequence[Hashable]) -> set[tuple[int, int]]:
        return {(i, j) for i, j in combinations(range(len(x)), 2) if x[i] == x[j]}

    ours, theirs = together(labels), together(gold)
    both = len(ours & theirs)
    return both / len(ours) if ours else 1.0, both / len(theirs) if theirs else 1.0


def spanning_parents(
    links: Sequence[tuple[int, int]], strength: Sequence[float], groups: Sequence[int], roots: Sequence[bool]
) -> list[int]:
    """Of every node the number of the link by which it hangs on its group's root, -1 for none: Kruskal's algorithm."""
    top = list(range(len(groups)))

    def find(x: int) -> int:
        while top[x] != x:
            x = top[x]
        return x

    near: dict[int, list[tuple[int, int]]] = {}
    for number in sorted(range(len(links)), key=lambda i: (-strength[i], links[i])):
        a, b = links[number]
        if groups[a] == groups[b] and find(a) != find(b):
            top[find(b)] = find(a)
            near.setdefault(a, []).append((b, number))
            near.setdefault(b, []).append((a, number))
    by = [-1] * len(groups)
    reached = [i for i, root in enumerate(roots) if root]
    seen = set(reached)
    while reached:
        for b, number in near.get(reached.pop(), ()):
            if b not in seen:
                seen.add(b)
                by[b] = number
                reached.append(b)
    return by
