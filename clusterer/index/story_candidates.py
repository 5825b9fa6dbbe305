"""Which stored texts a new one may report the same event as, and how alike they are.

A text is the longest document of a copy group. Candidates share a band of their weighted leads; they are weighed and
scored by the stages of a batch run, with the document frequencies of the index. Stores nothing but what it remembers of
stems.

Array letters: `n` texts, `m` pairs, `f` features.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.arrays.indexing import distinct_near, offsets_from_counts, places_of
from clusterer.arrays.ragged import Ragged, take_rows
from clusterer.corpus import title_words
from clusterer.index import keys
from clusterer.index.articles import stored_words, without_learned_lines
from clusterer.index.guards import damaged
from clusterer.index.open_index import OpenIndex, trim
from clusterer.lsh import bands
from clusterer.stories import candidates, clustering, features, model, term_weights
from clusterer.stories.texts import telling_stems
from clusterer.text.words import Words

_NUMBER = 0xFFFFFFFF
V = TypeVar("V", bound=np.generic)
_RECENT, _RECENT_MET = 1 << 13, 128
"""Of texts that are alike without end those stored last come first, which are in memory: so many numbers, and what they count."""
_BATCH = 100  # texts of which a batch, or fewer, may bring as many pairs


@dataclass(frozen=True, slots=True)
class Texts:
    """What is compared of n texts.

    Attributes:
        stems: uint32, of the words that count.
        titles: uint32, stems of the titles.
        first: float64 (n,), earliest date in seconds since 1970, inf where unknown.
        last: float64 (n,), latest date, likewise.
        outlets: JSON list of the names of each text's outlets.
    """

    stems: Ragged
    titles: Ragged
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    outlets: Sequence[str | bytes]

    def outlet_numbers(self, rows: NDArray[np.int64]) -> Ragged:
        """Numbers of the outlets of some of the texts, uint32; nothing for the others."""
        numbers: dict[str, int] = {}
        listed = [
            sorted(numbers.setdefault(x, len(numbers)) for x in orjson.loads(self.outlets[i])) for i in rows.tolist()
        ]
        counts = np.zeros(len(self.outlets), dtype=np.int64)
        counts[rows] = [len(each) for each in listed]
        flat = np.array([x for each in listed for x in each], dtype=np.uint32)
        return Ragged(flat, offsets_from_counts(counts))


def story_candidates(
    index: OpenIndex, slots: NDArray[np.uint16], dates: NDArray[np.float64], centres: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Pairs that may report one event: int64 (m, 2) rows of `slots` and centres of stored texts.

    Args:
        index: to look in.
        slots: uint16 (n, k), of new texts.
        dates: float64 (n, 2), earliest and latest date of each, inf or NaN where unknown.
        centres: int64 (n,), their own, so that they do not meet themselves; -1 where they are not stored.
    """
    codes, met = index.postings.shared(
        keys.codes_of(*keys.lead_keys(slots)), centres, candidates.story_cap(index.settings)
    )
    stored_centres, stored = index.texts.find_leads(distinct_near(codes & _NUMBER))
    if not len(stored_centres):
        return np.zeros((0, 2), dtype=np.int64)
    moments = np.concatenate([dates, stored.dates])
    place, is_text = places_of(stored_centres, codes & _NUMBER)
    rows, place, met = (codes >> 32)[is_text], place[is_text], met[is_text]
    both, total = np.concatenate([slots, stored.slots]), len(slots) + len(stored_centres)
    likeness = candidates.story_likeness(moments[:, 0], moments[:, 1], index.settings)
    codes = rows * total + len(slots) + place
    kept = bands.pairs_with_equal_slots(both, codes, likeness)
    most = most_of(len(kept), len(slots), index.database.state["texts"])
    met = met[np.searchsorted(codes, kept)]
    if most < bands.MOST:
        met = np.minimum(met, _RECENT_MET - 1)
        met[stored_centres[kept % total - len(slots)] > stored_centres[-1] - _RECENT] += _RECENT_MET
    chosen = bands.most_met(kept, kept // total, met, most)
    if len(chosen) < len(kept):
        index.tell_cut_short("story", most, "a large story may lie in parts")
    kept = kept[chosen]
    return np.stack([kept // total, stored_centres[kept % total - len(slots)]], axis=1)


def most_of(pairs: int, texts: int, stored: int) -> int:
    """The most pairs that a new text may bring: in an index as large as a feed that is bounded, as there (`bands.banded_pairs`).

    Args:
        pairs: that a batch would bring.
        texts: of the batch.
        stored: texts of the index.
    """
    is_bounded = bands.AVERAGE * stored > bands.SMALL and pairs > bands.AVERAGE * max(texts, _BATCH)
    return bands.AVERAGE if is_bounded else bands.MOST


# stems


def body_stems(index: OpenIndex, words: Words, titles: Sequence[str]) -> tuple[Ragged, Ragged]:
    """The stems that count of n texts, and those of their titles, uint32; none of texts too short to be like others."""
    heads = title_words(titles, index.settings)
    assert words.stems is not None
    assert heads.stems is not None
    bodies = Ragged(*take_rows(words.stems, words.offsets, np.arange(len(words)), term_weights.BODY_WORDS))
    short = words.counts < index.settings.min_words
    return telling_stems(bodies, short), telling_stems(Ragged(heads.stems, heads.offsets), short)


def remember(index: OpenIndex, documents: NDArray[np.int64], words: Words, titles: Sequence[str]) -> None:
    """Keep the stems, and the words, of new documents in memory."""
    rows = _rows(*body_stems(index, words, titles))
    index.stems.update(zip(documents.tolist(), rows, strict=True))
    trim(index.stems)
    if index.settings.unit == "word":
        index.words.update(zip(documents.tolist(), _views(words.hashes, words.offsets), strict=True))


def evict(index: OpenIndex, documents: Sequence[int]) -> None:
    """Forget the stems of documents that another article stands for now."""
    for document in documents:
        index.stems.pop(document, None)


def document_stems(index: OpenIndex, documents: Sequence[int]) -> tuple[Ragged, Ragged]:
    """The stems that count of stored documents, and those of their titles, uint32."""
    missing = [document for document in documents if document not in index.stems]
    rows = {document: index.stems[document] for document in documents if document in index.stems}
    if missing:
        holder = {number: document.article for number, document in index.documents.find(missing).items()}
        stored = stored_words(index, sorted(set(holder.values())))
        words = without_learned_lines(index, stored.words, stored.outlets, stored.titles)
        bodies, heads = body_stems(index, words, stored.titles)
        row = dict(zip(stored.numbers, _rows(bodies, heads), strict=True))
        read = {document: row[holder[document]] for document in missing}
        index.stems.update(read)
        trim(index.stems)
        rows |= read
    return _ragged([rows[x][0] for x in documents]), _ragged([rows[x][1] for x in documents])


# likeness


def read_texts(
    index: OpenIndex,
    centres: NDArray[np.int64],
    stems: Ragged | None = None,
    titles: Ragged | None = None,
    outlets_and_dates: Sequence[tuple[str, float]] = (),
) -> Texts:
    """What is compared of stored texts, then of others.

    Args:
        index: that holds the first of these.
        centres: int64 (t,), ascending, of stored texts.
        stems: of the other texts.
        titles: stems of their titles.
        outlets_and_dates: outlet and date of each of the other texts, "" and inf where unknown.

    Raises:
        IndexDamaged: a text is missing.
    """
    rows = list(index.texts.find(centres).values())
    if len(rows) != len(centres):  # kernels take rows on trust
        raise damaged(index.database.path, "a pair or a key names a text that is not there")
    dates = np.array(
        [(row.first, row.last) for row in rows] + [(date, date) for _, date in outlets_and_dates], dtype=np.float64
    )
    dates = np.where(np.isnan(dates), np.inf, dates).reshape(-1, 2)
    outlets: list[str | bytes] = [row.outlets for row in rows]
    outlets += [orjson.dumps([outlet] if outlet else []) for outlet, _ in outlets_and_dates]
    bodies, heads = document_stems(index, [row.body for row in rows])
    if stems is not None and titles is not None:
        bodies, heads = _joined(bodies, stems), _joined(heads, titles)
    return Texts(bodies, heads, dates[:, 0], dates[:, 1], outlets)


def document_frequencies(index: OpenIndex) -> term_weights.DocumentFrequencies:
    """How many texts there are, and how many of them hold a stem."""
    texts = index.database.state["texts"]

    def counts(stems: NDArray[np.uint32]) -> NDArray[np.int64]:
        out = index.postings.stem_counts(stems)
        if len(out) and not 0 <= out.min() <= out.max() <= texts:
            raise damaged(index.database.path, "segments count more texts to a stem than there are, or fewer than none")
        return out

    return term_weights.DocumentFrequencies(texts, counts)


def compare(
    index: OpenIndex, texts: Texts, pairs: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float32]]:
    """The candidate pairs that have a trace of likeness.

    Args:
        index: whose document frequencies weigh the texts.
        texts: n of them.
        pairs: int64 (m, 2), rows of texts.

    Returns:
        int64 (p, 2) such pairs, float64 (p,) their scores, float32 (p, f) their features.
    """
    weights = term_weights.weight_terms(texts.stems, texts.titles, index.settings.threads, document_frequencies(index))
    scorer = model.model_of(index.settings)
    pairs = candidates.prefilter_pairs(weights, pairs, texts.first, texts.last, scorer)
    outlets = texts.outlet_numbers(np.unique(pairs))
    return clustering.score_pairs(weights, pairs, outlets, texts.first, texts.last, scorer)


def pair_evidence(index: OpenIndex, texts: Texts) -> tuple[term_weights.TermWeights, NDArray[np.float64]]:
    """How two texts are weighed, and the features of that pair, float64 (f,), however unlike they are."""
    both = np.arange(2)
    weights = term_weights.weight_terms(texts.stems, texts.titles, index.settings.threads, document_frequencies(index))
    rows = features.pair_features(weights, both[None], texts.outlet_numbers(both), texts.first, texts.last)
    return weights, rows[0]


def _rows(bodies: Ragged, heads: Ragged) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.uint32]]]:
    """The rows of both, side by side."""
    return zip(_views(bodies.values, bodies.offsets), _views(heads.values, heads.offsets), strict=True)


def _views(values: NDArray[V], offsets: NDArray[np.int64]) -> list[NDArray[V]]:
    """The rows of an array, which they keep alive: what came together is dropped together."""
    places = offsets.tolist()
    return [values[start:stop] for start, stop in pairwise(places)]


def _joined(a: Ragged, b: Ragged) -> Ragged:
    return Ragged(np.concatenate([a.values, b.values]), np.append(a.offsets, a.offsets[-1] + b.offsets[1:]))


def _ragged(rows: list[NDArray[np.uint32]]) -> Ragged:
    return Ragged(np.concatenate([*rows, np.zeros(0, dtype=np.uint32)]), offsets_from_counts([len(x) for x in rows]))
