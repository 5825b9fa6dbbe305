"""A seeded generator of feeds with known copy groups: ``python -m benchmarks.corpora.generator 10000 > feed.jsonl``.

Words are made from roots and patterns and drawn by Zipf's law, some of them in fixed phrases, so that shingles are as
unevenly spread as in real news. Copies are made by editing an article: typos, spelling variants, a cut, a footer,
swapped sentences, an inserted quotation. Digests quote a sentence of several articles and are copies of none. The same
seed and number give the same feed on any machine. The sentences mean nothing.

Every line holds `id, source, date, title, content`, and `copy`, the number of its copy group.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import numpy as np
import orjson

ROOTS = ("كتب", "درس", "علم", "عمل", "حكم", "قرر", "نظم", "شرك", "وزر", "سفر", "نقل", "صنع", "زرع", "تجر", "حرب", "سلم")
LETTERS = "بتثجحخدذرزسشصضطظعغفقكلمنهوي"
PATTERNS = (
    "{0}{1}{2}",
    "م{0}{1}و{2}",
    "{0}ا{1}{2}",
    "ت{0}{1}ي{2}",
    "است{0}{1}ا{2}",
    "م{0}ا{1}{2}ة",
    "{0}{1}{2}ية",
    "ا{0}{1}{2}وا",
)
PREFIXES = ("", "", "", "ال", "ال", "و", "بال", "لل", "وال")
OUTLETS = tuple(
    f"صحيفة {name}" for name in ("الأفق", "الميدان", "الشروق", "المنارة", "الضفاف", "البيان", "السهل", "الواحة")
)
FOOTER = "تابعونا على تلغرام وواتساب وفيسبوك للاشتراك في خدمة الأخبار العاجلة من {0}"
VARIANTS = str.maketrans({"أ": "ا", "إ": "ا", "ة": "ه", "ى": "ي", "ي": "ى", "ك": "ک"})
VOCABULARY, PHRASES = 60_000, 30_000
COPIED, DIGESTS = 0.35, 0.01  # share of articles that are copies of an earlier one; of digests

Edit = str
EDITS: tuple[Edit, ...] = ("typos", "spelling", "cut", "footer", "swap", "quote")
_START = datetime(2024, 1, 1, tzinfo=UTC)


def feed(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """`count` articles. Copies follow their original at any distance within the last 2,000 articles."""
    rng = np.random.default_rng(seed)
    language = _Language(rng)
    recent: list[tuple[int, list[list[str]]]] = []  # copy group, sentences
    groups = 0
    for number in range(count):
        draw = rng.random()
        if draw < COPIED and recent:
            group, sentences = recent[int(rng.integers(len(recent)))]
            outlet = OUTLETS[int(rng.integers(len(OUTLETS)))]
            text = edited(sentences, outlet, rng, language)
        else:
            group, groups = groups, groups + 1
            outlet = OUTLETS[int(rng.integers(len(OUTLETS)))]
            if draw > 1 - DIGESTS and len(recent) > 20:
                chosen = rng.choice(len(recent), 8, replace=False)
                sentences = [recent[int(i)][1][0] for i in chosen]
            else:
                sentences = language.article()
                recent.append((group, sentences))
                if len(recent) > 2_000:
                    recent[int(rng.integers(len(recent)))] = recent[-1]
                    recent.pop()
            text = _text(sentences)
        date = _START + timedelta(seconds=30 * number)
        title = " ".join(text.split()[:9])
        yield {
            "id": f"g{number}",
            "source": outlet,
            "date": date.isoformat(),
            "title": title,
            "content": text,
            "copy": group,
        }


def edited(sentences: list[list[str]], outlet: str, rng: np.random.Generator, language: _Language) -> str:
    """A copy of an article after one to three edits, or none."""
    body = [list(sentence) for sentence in sentences]
    footer = spelling = False
    for edit in rng.choice(EDITS, int(rng.integers(0, 4)), replace=False).tolist():
        words = sum(map(len, body))
        if edit == "typos":
            for _ in range(max(1, words // 100)):
                sentence = body[int(rng.integers(len(body)))]
                place = int(rng.integers(len(sentence)))
                word = sentence[place]
                at = int(rng.integers(len(word)))
                sentence[place] = word[:at] + LETTERS[int(rng.integers(len(LETTERS)))] + word[at + 1 :]
        elif edit == "cut" and words > 80:
            left, kept = max(40, int(words * rng.uniform(0.2, 0.8))), []
            for sentence in body:
                kept.append(sentence[:left])
                left -= len(sentence)
                if left <= 0:
                    break
            body = kept
        elif edit == "swap" and len(body) > 3:
            i, j = rng.choice(np.arange(1, len(body)), 2, replace=False)
            body[int(i)], body[int(j)] = body[int(j)], body[int(i)]
        elif edit == "quote":
            body.insert(int(rng.integers(1, len(body) + 1)), ["وقال", *language.sentence()])
        footer |= edit == "footer"
        spelling |= edit == "spelling"
    text = _text(body)
    if spelling:
        text = text.translate(VARIANTS)
    return f"{text}\n{FOOTER.format(outlet)}" if footer else text


class _Language:
    """A vocabulary and its phrases."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        roots = [*ROOTS, *("".join(rng.choice(list(LETTERS), 3)) for _ in range(1_500))]
        words = {
            prefix + pattern.format(*root[:3])
            for root in roots
            for pattern in PATTERNS
            for prefix in dict.fromkeys(PREFIXES)
        }
        chosen = sorted(words)
        rng.shuffle(chosen)
        self.words = chosen[:VOCABULARY]
        self.cumulative = _zipf(len(self.words))
        self.phrases = [self._draw(int(n)) for n in rng.integers(3, 7, PHRASES)]
        self.phrase_cumulative = _zipf(PHRASES)

    def article(self) -> list[list[str]]:
        """Sentences of an article, 60 to 700 words, mostly near 250."""
        length = int(np.clip(self.rng.lognormal(5.4, 0.6), 60, 700))
        sentences: list[list[str]] = []
        while length > 0:
            sentences.append(self.sentence())
            length -= len(sentences[-1])
        return sentences

    def sentence(self) -> list[str]:
        """Ten to forty words, about a quarter of them in set phrases."""
        out: list[str] = []
        for turn in self.rng.random(int(self.rng.integers(3, 7))).tolist():
            if turn < 0.4:
                place = int(np.searchsorted(self.phrase_cumulative, self.rng.random()))
                out.extend(self.phrases[place])
            out.extend(self._draw(int(self.rng.integers(3, 8))))
        return out

    def _draw(self, count: int) -> list[str]:
        return [self.words[i] for i in np.searchsorted(self.cumulative, self.rng.random(count)).tolist()]


def _zipf(size: int) -> np.ndarray:
    weights = 1.0 / np.arange(3, size + 3)
    cumulative = np.cumsum(weights)
    return cumulative / cumulative[-1]


def _text(sentences: list[list[str]]) -> str:
    lines = [". ".join(" ".join(s) for s in sentences[i : i + 3]) + "." for i in range(0, len(sentences), 3)]
    return "\n".join(lines)


@click.command(help=__doc__.partition("\n")[0])
@click.argument("count", type=click.IntRange(1))
@click.option("--seed", default=1, show_default=True, help="Another seed, another feed.")
def main(count: int, seed: int) -> None:
    """Write `count` articles as JSON lines to standard output."""
    out = sys.stdout.buffer
    for row in feed(count, seed):
        out.write(orjson.dumps(row) + b"\n")


if __name__ == "__main__":
    main()
