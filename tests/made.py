"""Articles made from a seed: words that no other seed has are frequent enough for texts to be strangers."""

from __future__ import annotations

import random
from datetime import datetime
from functools import lru_cache

from benchmarks.corpora import generator
from clusterer import Article

_LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"


def word(source: random.Random) -> str:
    """A word of three to eight letters; about 10**9 of them."""
    return "".join(source.choices(_LETTERS, k=source.randint(3, 8)))


def words_of(seed: int | str, count: int) -> list[str]:
    """Words of one seed."""
    source = random.Random(f"words {seed}")
    return [word(source) for _ in range(count)]


def text_of(seed: int | str, count: int) -> str:
    """Words of one seed as one line."""
    return " ".join(words_of(seed, count))


def sentence(source: random.Random, count: int = 14) -> str:
    """A line of words."""
    return " ".join(word(source) for _ in range(count))


def lines_of(seed: int | str, count: int) -> str:
    """Lines of 14 words of one seed."""
    source = random.Random(f"lines {seed}")
    return "\n".join(sentence(source) for _ in range(count))


@lru_cache(maxsize=1)
def generated(count: int = 3000) -> tuple[list[Article], dict[str, int]]:
    """A feed of the benchmarks' generator: its articles, and the copy group of each by id."""
    rows = list(generator.feed(count))
    articles = [
        Article(row["content"], row["id"], row["title"], row["source"], date=datetime.fromisoformat(row["date"]))
        for row in rows
    ]
    return articles, {row["id"]: row["copy"] for row in rows}
