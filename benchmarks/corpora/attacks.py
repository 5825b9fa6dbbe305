"""Feeds made to cost more for each article the longer they are: `ATTACKS`, of n articles; `LONG_TEXTS`, one text of n characters.

Each is a way to make a stage compare everything with everything, or a scan of letters go back.
`benchmarks.suites.growth` runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Row = dict[str, Any]
ATTACKS: dict[str, Callable[[int, np.random.Generator], Iterator[Row]]] = {}

_ENDINGS = ("", "ة", "ات", "ون", "ين", "ية", "ها", "هم")
_ONSETS = tuple(a + b for a in "بتجحدرسشصطعفقكلمن" for b in "بتجحدرسشصطعفقكلمن")
VOCABULARY = np.array([onset + middle + ending for onset in _ONSETS for middle in "امنرسل" for ending in _ENDINGS])


def attack(
    make: Callable[[int, np.random.Generator], Iterator[Row]],
) -> Callable[[int, np.random.Generator], Iterator[Row]]:
    """Register an attack by its name."""
    ATTACKS[make.__name__] = make
    return make


def _words(rng: np.random.Generator, count: int) -> str:
    return " ".join(VOCABULARY[rng.integers(len(VOCABULARY), size=count)])


def _row(number: int, text: str, title: str = "", **more: Any) -> Row:
    day = 1 + number % 28
    return {
        "id": f"a{number}",
        "source": f"صحيفة {number % 7}",
        "date": f"2024-03-{day:02}",
        "title": title,
        "text": text,
    } | more


@attack
def one_lead(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """One lead of 40 words before bodies that have nothing in common."""
    lead = _words(rng, 40)
    for i in range(n):
        yield _row(i, f"{lead}. {_words(rng, 80)}")


@attack
def one_template(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """One text with a number changed."""
    start, end = _words(rng, 30), _words(rng, 30)
    for i in range(n):
        yield _row(i, f"{start} بلغ {i + 1000} {end}")


@attack
def half_shared(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Half of every text is the same passage, in one piece; the other half is its own."""
    half = _words(rng, 60)
    for i in range(n):
        yield _row(i, f"{_words(rng, 30)} {half} {_words(rng, 30)}")


@attack
def halves_of_a_pool(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Every text is ten of twenty passages: any two share about half of their shingles."""
    pool = [_words(rng, 12) for _ in range(20)]
    for i in range(n):
        yield _row(i, ". ".join(pool[j] for j in rng.permutation(20)[:10]))


@attack
def one_story(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """One event of one day told again and again: the same names and rare words, in other orders between other words."""
    names = VOCABULARY[rng.integers(len(VOCABULARY), size=24)]
    for i in range(n):
        telling = [f"{' '.join(names[rng.permutation(24)[:12]])} {_words(rng, 6)}" for _ in range(4)]
        yield _row(i, ". ".join(telling), " ".join(names[rng.permutation(24)[:6]]), date="2024-03-05")


@attack
def one_event(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Every twentieth article reports one event of one day: the same names in its title and lead, all else in its own words.

    Of 25,000 articles these make more than 200,000 links; what every article held would weigh nothing.
    """
    names = VOCABULARY[rng.integers(len(VOCABULARY), size=16)]
    for i in range(n):
        if i % 20:
            yield _row(i, _words(rng, 60), _words(rng, 6))
        else:
            lead, title = (" ".join(names[rng.permutation(16)[:most]]) for most in (16, 8))
            yield _row(i, f"{lead}. {_words(rng, 40)}", title, date="2024-03-05")


@attack
def chain(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Every text is the one before it, less its first twelve words and with twelve more at its end: one chain of near-copies."""
    words = [_words(rng, 12) for _ in range(10)]
    for i in range(n):
        words = [*words[1:], _words(rng, 12)]
        yield _row(i, " ".join(words))


@attack
def cuts_of_one(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Openings of one text of 2,000 words, of every length, each with a word of its own."""
    words = _words(rng, 2_000).split()
    for i in range(n):
        length = 40 + int(rng.integers(160))
        yield _row(i, f"{' '.join(words[:length])} {_words(rng, 1)}")


@attack
def one_id(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """All articles have one id, one address and one title."""
    for i in range(n):
        yield _row(i, _words(rng, 60), "عنوان واحد", id="1", url="http://example.com/")


@attack
def one_outlet_lines(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """One outlet, each article five of 50 lines that come back, as an outlet's furniture does."""
    lines = [_words(rng, 14) for _ in range(50)]
    for i in range(n):
        yield _row(i, "\n".join([_words(rng, 30), *(lines[j] for j in rng.permutation(50)[:5])]), source="صحيفة")


@attack
def outlets_without_end(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """An outlet of its own for every article; of most dates, before 1970, nothing is believed, so that all are near in time."""
    for i in range(n):
        yield _row(i, _words(rng, 60), source=f"موقع {i}", date=f"{1700 + i % 320}-01-01")


@attack
def tiny(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Texts of three words out of twelve, without titles."""
    for i in range(n):
        yield _row(i, " ".join(VOCABULARY[rng.integers(12, size=3)]))


@attack
def short_titles(n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Titles of eight words out of forty with an empty text."""
    for i in range(n):
        yield _row(i, "", " ".join(VOCABULARY[rng.integers(40, size=8)]))


LONG_TEXTS: dict[str, str] = {
    "words": "",  # of a vocabulary, see `long_text`
    "one_word": "كلمة ",
    "one_letter": "ا",
    "ligature": "\ufdfa",
    "tatweel": "ـ",
    "mark": "\u064e",
    "spaces": " ",
    "newlines": "\n",
    "stops": ". ",
    "dashes": " - ",
    "brackets": "(",
    "addresses": "http://example.com/a?b ",
    "half_addresses": "http://",
    "handles": "@name ",
    "digits": "1",
    "arabic_digits": "٣",
    "dates": "١٢ يوليو ٢٠١٥ ",
    "half_dates": "يوليو ",
    "slashes": "1/1/",
    "datelines": "القاهرة (رويترز) - ",
    "colons": "قال: ",
    "tags": "<p>",
    "entities": "&amp;",
    "and": "و",
    "bidi": "\u202b",
    "emoji": "😀",
    "tails": "تابعونا على ",
}
"""What a text consists of, again and again."""


def long_text(name: str, n: int, rng: np.random.Generator) -> Iterator[Row]:
    """An article with a text of n characters, between two ordinary ones."""
    yield _row(0, _words(rng, 60))
    piece = LONG_TEXTS[name]
    yield _row(1, (piece * (n // len(piece)) if piece else _words(rng, n // 5))[:n])
    yield _row(2, _words(rng, 60))
