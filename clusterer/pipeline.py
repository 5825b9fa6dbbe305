"""The road: articles in, a `Clustering` out, every stage called once and in order.

No printing, no paths, no numeric loops: stages are other rooms' business, this one carries arrays between them. The road
is walked twice: over word shingles for copies, over weighted stems for stories; bands, buckets and pairs are the same.

Array letters: `n` articles, `d` documents, `m` pairs, `t` copy groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer import events, grouping, lsh, minhash, salience, similarity
from clusterer.assign import assign
from clusterer.corpus import find_documents, in_order, read, silent
from clusterer.errors import InputError
from clusterer.records import Article, Clustering
from clusterer.settings import Settings
from clusterer.shingles import Ragged, char_shingles, word_shingles
from clusterer.stages import Corpus, Documents, Links, Progress, Proposed, Stories, StoryTexts
from clusterer.words import Words

_VERIFY_BLOCK = 1 << 14  # pairs verified at a time: their shingle sets are made, used and dropped
_STORY_ROWS = 2  # slots a band: few, because what is proposed too much is verified
_STORY_ESTIMATE = 1 / 16  # least share of equal slots: a cheap look before the leads are compared
_STORY_LEAD = 0.12  # least cosine of the leads: a cheap look before the evidence is weighed
_STORY_TRACE = 0.05  # scores below count as 0 in the mean of two groups
_STORY_CAP = 32  # largest bucket of leads that makes all its pairs: bounds the candidates of a text


def cluster(
    articles: Iterable[Article | Mapping[str, Any] | str],
    settings: Settings | None = None,
    *,
    progress: Progress | None = None,
) -> Clustering:
    """Group articles: exact copies within copies within stories.

    Args:
        articles: `Article`s, mappings with the usual field names, or plain texts; read once, in any order.
        settings: thresholds and choices; defaults where None.
        progress: told how far the work is.

    Returns:
        One assignment an article, in the order given. Below the story level, `story` equals `copy`.

    Raises:
        InputError: an item is none of these; names its place and what is wrong.
        SettingsError: settings contradict each other.
    """
    if isinstance(articles, str | Mapping | Article):
        raise InputError(f"articles is one {type(articles).__name__}; give a list of articles")
    if hasattr(articles, "columns"):  # walking a data frame gives the names of its columns
        raise InputError("articles is a data frame; give its rows, for example frame.to_dict('records')")
    settings = settings or Settings()
    tell = progress or silent
    corpus = read(articles, settings, tell)
    documents = find_documents(corpus, settings)
    nothing = Proposed(np.zeros((0, 2), dtype=np.int64), 0)
    proposed = nothing if settings.level == "exact" else propose(documents, settings, tell)
    links = verify(documents, proposed.pairs, settings, tell)
    copies = grouping.star_centres(links.pairs, links.overlap.containment, len(documents.words))
    stories = tell_stories(corpus, documents, copies, settings, tell) if settings.level == "story" else None
    return assign(corpus, documents, proposed, links, copies, stories, settings)


def propose(documents: Documents, settings: Settings, progress: Progress | None = None) -> Proposed:
    """Candidate pairs of documents: by bands of their signatures, and by sampled shingles."""
    tell = progress or silent
    words, d = documents.words, len(documents.words)
    b, r = lsh.choose_bands(settings.jaccard, settings.slots, settings.recall)

    def sketch(start: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
        stop = min(start + settings.chunk, d)
        shingles = shingle(words.slice(start, stop), settings)
        slots = minhash.signatures(shingles, settings.slots, settings.scheme, settings.seed)  # type: ignore[arg-type]
        samples, rows = lsh.sampled_keys(shingles, settings.sample)
        tell("sketching", stop - start)
        return lsh.band_keys(slots, b, r), samples, rows + start

    parts = list(in_order(sketch, range(0, d, settings.chunk), settings.threads))
    if not parts:
        return Proposed(np.zeros((0, 2), dtype=np.int64), 0)
    bands, samples, rows = (np.concatenate(x) for x in zip(*parts, strict=True))
    banded = lsh.candidate_pairs(bands.ravel(), np.repeat(np.arange(d), b), d, settings.bucket_cap)
    sampled = lsh.containment_pairs(samples, rows, d, settings.bucket_cap, settings.containment)
    return Proposed(lsh.union(banded.pairs, sampled.pairs, d), banded.dropped + sampled.dropped)


def verify(
    documents: Documents, pairs: NDArray[np.int64], settings: Settings, progress: Progress | None = None
) -> Links:
    """The candidate pairs that are copies or cuts by their exact shingle sets."""
    tell = progress or silent

    def check(start: int) -> similarity.Overlap:
        block = pairs[start : start + _VERIFY_BLOCK]
        needed, local = np.unique(block, return_inverse=True)
        shingles = shingle(documents.words.take(needed), settings)
        tell("verifying", len(block))
        return similarity.overlap(shingles, local.reshape(block.shape))

    found = list(in_order(check, range(0, len(pairs), _VERIFY_BLOCK), settings.threads))
    overlap = similarity.join(found)
    copies = overlap.are_copies(settings.jaccard)
    cuts = overlap.are_cuts(settings.containment, settings.opening)
    kept = copies | cuts
    quoted = int((overlap.are_cuts(settings.containment, 0.0) & ~kept).sum())
    return Links(pairs[kept], overlap.where(kept), copies[kept], quoted)


def tell_stories(
    corpus: Corpus,
    documents: Documents,
    copies: NDArray[np.int64],
    settings: Settings,
    progress: Progress | None = None,
) -> Stories:
    """Copy groups to stories. A group enters as one text: its longest, however often it was copied."""
    tell = progress or silent
    texts = story_texts(corpus, documents, copies)
    salient, count = texts.salience, len(texts.first)
    slots, found = story_candidates(salient, settings)
    tell("weighing", count)

    def check(start: int) -> NDArray[np.int64]:
        pairs = found.pairs[start : start + _VERIFY_BLOCK]
        tell("comparing", len(pairs))
        pairs = pairs[minhash.estimate(slots, pairs) >= _STORY_ESTIMATE]
        return pairs[events.lead_cosines(salient, pairs) >= _STORY_LEAD]

    def compare(start: int) -> NDArray[np.float64]:
        block = pairs[start : start + _VERIFY_BLOCK]
        return events.evidence(salient, block, texts.outlets, texts.first, texts.last)

    close = in_order(check, range(0, len(found.pairs), _VERIFY_BLOCK), settings.threads)
    pairs = np.concatenate([found.pairs[:0], *close])
    parts = in_order(compare, range(0, len(pairs), _VERIFY_BLOCK), settings.threads)
    features = np.concatenate([np.zeros((0, len(events.FEATURES))), *parts])
    score = events.shipped_model().score(features)
    likely = score >= _STORY_TRACE
    pairs, features, score = pairs[likely], features[likely], score[likely]
    story = grouping.average_linkage(pairs, score, count, settings.story)
    centres = texts.centres
    return Stories(texts.text_of, centres[story], centres[pairs], score, features, len(found.pairs), found.dropped)


def story_candidates(salient: salience.Salience, settings: Settings) -> tuple[NDArray[np.uint32], lsh.Candidates]:
    """Signatures of the weighted leads, uint32 (t, story_slots), and the pairs of texts that share a band."""
    sets, weights = salient.weighted_sets
    slots = minhash.weighted_signatures(sets, weights, settings.story_slots, settings.seed)
    bands = settings.story_slots // _STORY_ROWS
    keys = lsh.band_keys(slots, bands, _STORY_ROWS)
    filled = np.flatnonzero(sets.counts)
    cap = min(settings.bucket_cap, _STORY_CAP)
    return slots, lsh.candidate_pairs(keys[filled].ravel(), np.repeat(filled, bands), len(sets), cap)


def story_texts(corpus: Corpus, documents: Documents, copies: NDArray[np.int64]) -> StoryTexts:
    """What enters the story level: of each copy group the longest text, its title, the span of dates, the outlet."""
    of_article = documents.of_article
    centres, text_of = np.unique(copies, return_inverse=True)
    grouped = np.flatnonzero(of_article >= 0)
    mine = text_of[of_article[grouped]]
    # Documents are numbered longest first; of equal ones the earliest article gives the title.
    ids = np.array(corpus.ids, dtype=object)[grouped]
    order = grouped[np.lexsort((np.argsort(np.argsort(ids)), corpus.dates[grouped], of_article[grouped], mine))]
    head = order[np.flatnonzero(np.diff(text_of[of_article[order]], prepend=-1))]
    words = documents.words.take(of_article[head]).first(salience.BODY_WORDS)
    salient = salience.weigh(words, corpus.titles.take(head))
    return StoryTexts(centres, text_of, salient, *_span(corpus, grouped, mine, len(centres)))


def _span(
    corpus: Corpus, articles: NDArray[np.int64], texts: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], Any]:
    """First and last date of the articles of each text, and the outlets that print it."""
    from scipy.sparse import csr_array

    dates = corpus.dates[articles]
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, texts, dates)
    np.maximum.at(last, texts, np.where(np.isfinite(dates), dates, -np.inf))
    last[~np.isfinite(first)] = np.inf
    numbers: dict[str, int] = {}
    names = [corpus.outlets[i] for i in articles.tolist()]
    outlet = np.array([numbers.setdefault(name, len(numbers)) if name else -1 for name in names], dtype=np.int64)
    known = outlet >= 0
    shape = (count, max(len(numbers), 1))
    printed = csr_array((np.ones(int(known.sum())), (texts[known], outlet[known])), shape=shape)
    printed.sum_duplicates()
    printed.data[:] = 1.0
    return first, last, printed


def shingle(words: Words, settings: Settings) -> Ragged:
    """The shingles that the settings ask for."""
    return (word_shingles if settings.unit == "word" else char_shingles)(words, settings.size)
