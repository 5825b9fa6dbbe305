"""Millions of articles, made quickly: ``python -m benchmarks.corpora.bulk 5000000 FOLDER``, Parquet shards of 50,000.

The words, phrases, copies and edits of `generator`, drawn by the batch instead of one by one, of about half the length: 130 words
on average, as tickers and short news have. A feed of `generator`'s takes five times as long to make and twice the room. The first
articles of a long feed are those of a short one. The sentences mean nothing.

Columns: `id, source, date, title, content`, and `copy`, the number of the copy group.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.corpora.generator import _START, COPIED, FOOTER, LETTERS, OUTLETS, VARIANTS, _Language

SHARD = 50_000
_PHRASE = 0.074  # share of phrases among what is drawn, so that a quarter of the words are in one
_SENTENCE, _LINES = 24, 3  # words or phrases a sentence, sentences a line
_RECENT = 2_000  # originals that copies are made of


def shards(count: int, seed: int = 1) -> Iterator[pa.Table]:
    """`count` articles as tables of `SHARD`."""
    rng = np.random.default_rng(seed)
    language = _Language(rng)
    pieces = [*language.words, *(" ".join(phrase) for phrase in language.phrases)]
    n = len(pieces)
    spelt = np.array([*pieces, *(f"{p}." for p in pieces), *(f"{p}.\n" for p in pieces)], dtype=object)
    recent: deque[tuple[int, NDArray[np.int64]]] = deque(maxlen=_RECENT)
    groups = 0
    for start in range(0, count, SHARD):
        copied = rng.random(SHARD) < COPIED
        drawn = _drawn(rng, language)
        numbers, texts = np.empty(SHARD, dtype=np.int64), list[str]()
        outlets = rng.integers(len(OUTLETS), size=SHARD).tolist()
        for i, is_copy in enumerate(copied.tolist()):
            if is_copy and recent:
                group, units = recent[int(rng.integers(len(recent)))]
                texts.append(_edited(units, OUTLETS[outlets[i]], rng, spelt, drawn[i], n))
            else:
                group, groups, units = groups, groups + 1, drawn[i]
                recent.append((group, units))
                texts.append(" ".join(spelt[units].tolist()))
            numbers[i] = group
        table = pa.table(
            {
                "id": [f"b{start + i}" for i in range(SHARD)],
                "source": [OUTLETS[o] for o in outlets],
                "date": [(_START + timedelta(seconds=30 * (start + i))).isoformat() for i in range(SHARD)],
                "title": [" ".join(text[:120].split()[:9]) for text in texts],
                "content": texts,
                "copy": numbers,
            }
        )
        yield table.slice(0, count - start)


def _drawn(rng: np.random.Generator, language: _Language) -> list[NDArray[np.int64]]:
    """Of `SHARD` articles the numbers of their pieces; those that end sentences and lines are numbered behind all others."""
    n = len(language.words) + len(language.phrases)
    counts = np.clip(rng.lognormal(4.5, 0.6, SHARD), 24, 400).astype(np.int64)
    ends = np.cumsum(counts)
    units = np.searchsorted(language.cumulative, rng.random(ends[-1]))
    phrases = np.flatnonzero(rng.random(ends[-1]) < _PHRASE)
    units[phrases] = len(language.words) + np.searchsorted(language.phrase_cumulative, rng.random(len(phrases)))
    place = np.arange(ends[-1]) - np.repeat(ends - counts, counts) + 1
    units += n * (place % _SENTENCE == 0) + n * (place % (_SENTENCE * _LINES) == 0)
    return np.split(units, ends[:-1])


def _edited(
    units: NDArray[np.int64],
    outlet: str,
    rng: np.random.Generator,
    spelt: NDArray[np.object_],
    other: NDArray[np.int64],
    n: int,
) -> str:
    """A copy of an article after up to three edits, as `generator.edited` makes them; what it quotes is of another one."""
    turns = rng.random(4)
    pieces = spelt[units].tolist()
    edits = set((turns[:3] * 12).astype(np.int64).tolist())  # half of the draws are none
    if 0 in edits:
        for place in rng.integers(len(pieces), size=max(1, len(pieces) // 80)).tolist():
            letter = LETTERS[place % len(LETTERS)]
            pieces[place] = letter + pieces[place][1:]
    if 1 in edits and len(pieces) > 60:
        pieces = pieces[: max(32, int(len(pieces) * (0.2 + 0.6 * turns[3])))]
    if 2 in edits and len(pieces) > 3 * _SENTENCE:
        pieces[_SENTENCE : 3 * _SENTENCE] = [*pieces[2 * _SENTENCE : 3 * _SENTENCE], *pieces[_SENTENCE : 2 * _SENTENCE]]
    if 3 in edits:
        pieces[_SENTENCE:_SENTENCE] = spelt[other[:20] % n].tolist()
    text = " ".join(pieces)
    if 4 in edits:
        text = text.translate(VARIANTS)
    return f"{text}\n{FOOTER.format(outlet)}" if 5 in edits else text


@click.command(help=__doc__.partition("\n")[0])
@click.argument("count", type=click.IntRange(1))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", default=1, show_default=True, help="Another seed, another feed.")
def main(count: int, folder: Path, seed: int) -> None:
    """Write `count` articles as Parquet files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, table in enumerate(shards(count, seed)):
        pq.write_table(table, folder / f"{number:05}.parquet", compression="zstd", row_group_size=10_000)


if __name__ == "__main__":
    main()
