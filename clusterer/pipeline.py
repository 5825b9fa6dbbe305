"""The road: articles in, a `Clustering` out, every stage called once and in order.

No printing, no paths, no numeric loops: stages are other rooms' business, this one carries arrays between them. The road
is walked twice: over word shingles for copies, over weighted stems for stories; bands, buckets and pairs are the same.

Array letters: `n` articles, `d` documents, `m` pairs, `t` copy groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clusterer import events, grouping, lsh, minhash, salience, similarity
from clusterer.assign import assign
from clusterer.corpus import find_documents, items_of, read, silent
from clusterer.ragged import Growing, take_rows
from clusterer.records import Article, Clustering
from clusterer.settings import Settings
from clusterer.shingles import Ragged, char_shingles, word_shingles
from clusterer.stages import Corpus, Documents, Links, Progress, Proposed, Stories, StoryTexts
from clusterer.threads import alongside, in_order
from clusterer.words import Words, mix

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame, IntoSeries

_VERIFY_BLOCK = 1 << 14  # pairs verified at a time: their shingle sets are made, used and dropped
STORY_ROWS = 2  # slots a band: few, because what is proposed too much is verified
_STORY_ESTIMATE = 5 / 64  # least share of equal slots: a cheap look before the leads are compared
_STORY_LEAD = 0.12  # least cosine of the leads: a cheap look before the evidence is weighed
STORY_TRACE = 0.05  # scores below count as 0 in the mean of two groups
_STORY_CAP = 16  # largest bucket of leads that makes all its pairs: bounds the candidates of a text


def cluster(
    articles: Iterable[Article | Mapping[str, Any] | str] | IntoDataFrame | IntoSeries,
    settings: Settings | None = None,
    *,
    fields: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Clustering:
    """Group articles: exact copies within copies within stories.

    Args:
        articles: `Article`s, mappings with the usual field names, or plain texts; read once, in any order. Or a data
            frame of pandas, Polars or pyarrow, of which a row is an article, or a column of texts; a missing text is "".
        settings: thresholds and choices; defaults where None.
        fields: article attribute to column name, where the usual names do not fit.
        progress: told how far the work is.

    Returns:
        One assignment an article, in the order given. Below the story level, `story` equals `copy`.

    Raises:
        InputError: an item is none of these, or a frame has no text column; names the place and what is wrong.
        SettingsError: settings contradict each other.
    """
    return walk(items_of(articles, fields), settings or Settings(), progress).clustering


@dataclass(frozen=True, slots=True)
class Walk:
    """A run: its result, and what its stages handed on.

    Attributes:
        clustering: the result.
        corpus, documents: with their words where these were kept.
        proposed, links: of the copy level.
        copies: int64 (d,), the centre of each document's copy group.
        texts, stories: of the story level; None below it. Texts only where they were kept.
    """

    clustering: Clustering
    corpus: Corpus
    documents: Documents
    proposed: Proposed
    links: Links
    copies: NDArray[np.int64]
    texts: StoryTexts | None
    stories: Stories | None


def walk(
    articles: Iterable[Article | Mapping[str, Any] | str],
    settings: Settings,
    progress: Progress | None = None,
    keep: bool = False,
) -> Walk:
    """As `cluster`, with all that was found on the way. `keep` holds words and texts, most of what a run needs, to its end."""
    tell = progress or silent
    corpus = read(items_of(articles), settings, tell)
    documents = find_documents(corpus, settings)
    nothing = Proposed(np.zeros((0, 2), dtype=np.int64), 0)
    proposed = nothing if settings.level == "exact" else propose(documents, settings, tell)
    links = verify(documents, proposed.pairs, settings, tell)
    copies = grouping.star_centres(links.pairs, links.overlap.containment, len(documents))
    texts = story_texts(corpus, documents, copies) if settings.level == "story" else None
    if not keep:
        corpus, documents = corpus.without_words(), documents.without_words()
    stories = tell_stories(texts, settings, tell) if texts is not None else None
    clustering = assign(corpus, documents, proposed, links, copies, stories, settings)
    return Walk(clustering, corpus, documents, proposed, links, copies, texts if keep else None, stories)


def propose(documents: Documents, settings: Settings, progress: Progress | None = None) -> Proposed:
    """Candidate pairs of documents: by bands of their signatures, and by sampled shingles."""
    bands, samples, held = _sketches(documents, settings, progress or silent)
    (banded, dropped), (sampled, left_out) = alongside(
        lambda: lsh.band_pairs(bands, len(documents), settings.bucket_cap, settings.threads),
        lambda: lsh.containment_pairs(samples, held, settings.bucket_cap, settings.containment),
        settings.threads,
    )
    return Proposed(lsh.union(banded, sampled, len(documents)), dropped + left_out)


def _sketches(
    documents: Documents, settings: Settings, tell: Progress
) -> tuple[list[NDArray[np.uint64]], Growing, NDArray[np.int64]]:
    """Of d documents the b bands' keys (d,), the sampled shingles as entries, and how many there are of each (d,)."""
    d = len(documents)
    b, _ = band_shape(settings)
    bands, held, samples = [np.empty(d, np.uint64) for _ in range(b)], np.zeros(d, np.int64), Growing(np.uint64)

    def of_chunk(start: int) -> NDArray[np.uint64]:
        stop = min(start + settings.chunk, d)
        keys, sampled, rows = sketch(documents.take(slice(start, stop)), settings)
        for band, column in zip(bands, keys.T, strict=True):
            band[start:stop] = column
        found = lsh.distinct(lsh.entries(sampled, rows + start, d))
        held[start:stop] = np.bincount(lsh.articles_of(found, d) - start, minlength=stop - start)
        tell("sketching", stop - start)
        return found

    for found in in_order(of_chunk, range(0, d, settings.chunk), settings.threads):
        samples.append(found)
    return bands, samples, held


def band_shape(settings: Settings) -> tuple[int, int]:
    """Bands of a signature, and slots a band, that the settings ask for."""
    return lsh.choose_bands(settings.jaccard, settings.slots, settings.recall)


def sketch(words: Words, settings: Settings) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
    """Of n texts the keys of their b bands, uint64 (n, b); of e sampled shingles the keys, uint64 (e,), and the text that
    each is of, int64 (e,), ascending. A text may hold a sample twice."""
    shingles = shingle(words, settings)
    slots = minhash.signatures(shingles, settings.slots, settings.scheme, settings.seed)  # type: ignore[arg-type]
    sampled, rows = lsh.sampled_keys(shingles, settings.sample)
    return lsh.band_keys(slots, *band_shape(settings)), mix(sampled), rows


def verify(
    documents: Documents, pairs: NDArray[np.int64], settings: Settings, progress: Progress | None = None
) -> Links:
    """The candidate pairs that are copies or cuts by their exact shingle sets."""
    tell = progress or silent

    def check(start: int) -> similarity.Overlap:
        block = pairs[start : start + _VERIFY_BLOCK]
        needed, local = np.unique(block, return_inverse=True)
        shingles = shingle(documents.take(needed), settings)
        tell("verifying", len(block))
        return similarity.overlap(shingles, local.reshape(block.shape))

    found = list(in_order(check, range(0, len(pairs), _VERIFY_BLOCK), settings.threads))
    overlap = similarity.join(found)
    copies = overlap.are_copies(settings.jaccard)
    cuts = overlap.are_cuts(settings.containment, settings.opening)
    kept = copies | cuts
    quoted = int((overlap.are_cuts(settings.containment, 0.0) & ~kept).sum())
    return Links(pairs[kept], overlap.where(kept), copies[kept], quoted)


def story_texts(corpus: Corpus, documents: Documents, copies: NDArray[np.int64]) -> StoryTexts:
    """What enters the story level: of each copy group the longest text, its title, the span of dates, the outlets."""
    words, titles, of_article = corpus.words, corpus.titles, documents.of_article
    assert words is not None
    assert titles is not None
    centres, text_of = np.unique(copies, return_inverse=True)
    grouped = np.flatnonzero(of_article >= 0)
    mine = text_of[of_article[grouped]]
    # Documents are numbered longest first; of equal ones the earliest article gives the title.
    dates = events.end_of_day(corpus.dates[grouped])
    order = grouped[np.lexsort((corpus.ranks[grouped], dates, of_article[grouped], mine))]
    head = order[np.flatnonzero(np.diff(text_of[of_article[order]], prepend=-1))]
    if words.stems is None or titles.stems is None:
        raise ValueError("these words carry no stems; read them at the story level")
    stems = Ragged(*take_rows(words.stems, words.offsets, head, salience.BODY_WORDS))
    heads = Ragged(*take_rows(titles.stems, titles.offsets, head))
    return StoryTexts(centres, text_of, head, stems, heads, *_span(corpus, grouped, mine, len(centres)))


def tell_stories(texts: StoryTexts, settings: Settings, progress: Progress | None = None) -> Stories:
    """Copy groups to stories. A group enters as one text: its longest, however often it was copied."""
    tell = progress or silent
    salient, count = salience.weigh(texts.stems, texts.titles, settings.threads), len(texts.centres)
    tell("weighing", count)
    candidates, dropped = story_candidates(salient, settings)

    def of_block(start: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float32]]:
        pairs = candidates[start : start + _VERIFY_BLOCK]
        tell("comparing", len(pairs))
        pairs = promising(salient, pairs, texts.first, texts.last)
        return compare(salient, pairs, texts.outlets, texts.first, texts.last)

    parts = list(in_order(of_block, range(0, max(len(candidates), 1), _VERIFY_BLOCK), settings.threads))
    pairs, score, features = (np.concatenate(x) for x in zip(*parts, strict=True))
    story = grouping.average_linkage(pairs, score, count, settings.story)
    centres = texts.centres
    return Stories(texts.text_of, centres[story], centres[pairs], score, features, len(candidates), dropped)


def compare(
    salient: salience.Salience,
    pairs: NDArray[np.int64],
    outlets: Ragged,
    first: NDArray[np.float64],
    last: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float32]]:
    """Of promising pairs of texts those with more than a trace of likeness, int64 (m, 2), their scores, float64 (m,), and
    features, float32 (m, f). Arguments as for `events.evidence`.
    """
    features = events.evidence(salient, pairs, outlets, first, last)
    score = events.shipped_model().score(features)
    likely = score >= STORY_TRACE
    return pairs[likely], score[likely], features[likely].astype(np.float32)


def promising(
    salient: salience.Salience, pairs: NDArray[np.int64], first: NDArray[np.float64], last: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Of candidate pairs of texts those that may have more than a trace of likeness, int64 (m, 2): a cheap look, for which
    stock phrases need not be known."""
    lead, best = events.best_case(salient, pairs, first, last)
    return pairs[(lead >= _STORY_LEAD) & (best >= STORY_TRACE)]


def near_leads(
    leads: Ragged,
    weights: NDArray[np.float32],
    pairs: NDArray[np.int64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Of candidate pairs of texts those that can be `promising` by their leads and dates, int64 (m, 2): where the texts are
    far away and these at hand. Arguments as for `events.best_of_leads`."""
    lead, best = events.best_of_leads(leads, weights, pairs, first, last)
    return pairs[(lead >= _STORY_LEAD) & (best >= STORY_TRACE)]


def story_candidates(salient: salience.Salience, settings: Settings) -> tuple[NDArray[np.int64], int]:
    """Pairs of texts whose weighted leads share a band and more, int64 (m, 2), and those that large buckets left out."""
    slots = story_slots(salient, settings)
    filled = np.flatnonzero((slots != slots[:, :1]).any(axis=1))
    cap, least = story_limits(settings)
    return lsh.likely_pairs(slots, filled, STORY_ROWS, cap, least, settings.threads)


def story_limits(settings: Settings) -> tuple[int, int]:
    """The largest bucket of leads that makes all its pairs, and how many slots a candidate pair must share."""
    return min(settings.bucket_cap, _STORY_CAP), int(np.ceil(_STORY_ESTIMATE * settings.story_slots))


def story_slots(salient: salience.Salience, settings: Settings) -> NDArray[np.uint16]:
    """Signatures of the n texts' weighted leads, uint16 (n, k); all slots of a text with an empty lead are equal."""

    def of_chunk(start: int) -> NDArray[np.uint16]:
        sets, weights = salient.weighted_sets(start, min(start + settings.chunk, len(salient)))
        return minhash.weighted_signatures(sets, weights, settings.story_slots, settings.seed)

    slots = np.empty((len(salient), settings.story_slots), dtype=np.uint16)
    starts = range(0, len(salient), settings.chunk)
    for start, found in zip(starts, in_order(of_chunk, starts, settings.threads), strict=True):
        slots[start : start + len(found)] = found
    return slots


def _span(
    corpus: Corpus, articles: NDArray[np.int64], texts: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], Ragged]:
    """First and last date of the articles of each text, and the outlets that print it."""
    dates = corpus.dates[articles]
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, texts, dates)
    np.maximum.at(last, texts, np.where(np.isfinite(dates), dates, -np.inf))
    last[~np.isfinite(first)] = np.inf
    numbers: dict[str, int] = {}
    outlet = np.array(
        [numbers.setdefault(name, len(numbers)) if name else -1 for name in corpus.outlets], dtype=np.int64
    )[articles]
    known, width = outlet >= 0, max(len(numbers), 1)
    rows, printed = np.divmod(np.unique(texts[known] * width + outlet[known]), width)
    offsets = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=count))))
    return first, last, Ragged(printed.astype(np.uint32), offsets)


def shingle(words: Words, settings: Settings) -> Ragged:
    """The shingles that the settings ask for."""
    return (word_shingles if settings.unit == "word" else char_shingles)(words, settings.size)
