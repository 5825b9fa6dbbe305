"""The road: articles in, a `Clustering` out, every stage called once and in order.

No printing, no paths, no numeric loops: stages are other rooms' business, this one carries arrays between them.
Articles with the same words are one document from the exact level on; documents are numbered longest first (ties by a
hash of their words), so that nothing after that depends on the order of the input.

Array letters: `n` articles, `d` documents, `m` pairs.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusterer import boilerplate, grouping, lsh, minhash, similarity
from clusterer.errors import InputError
from clusterer.records import Article, Assignment, Clustering, Relation
from clusterer.settings import Settings
from clusterer.shingles import Ragged, char_shingles, word_shingles
from clusterer.words import Words, concatenate, hash_words

Progress = Callable[[str, int], None]
"""Called with a stage's name and how many articles or pairs it has done since the last call."""

_VERIFY_BLOCK = 1 << 14  # pairs verified at a time: their shingle sets are made, used and dropped
_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is kept of n articles once they have been read.

    Attributes:
        ids: unique names.
        outlets: who published each, "" where unknown.
        dates: float64 (n,), seconds since 1970, +inf where unknown.
        words: their words without boilerplate.
        renamed: articles whose id was taken and got a suffix.
        furniture: words cut away.
    """

    ids: list[str]
    outlets: list[str]
    dates: NDArray[np.float64]
    words: Words
    renamed: int
    furniture: int


@dataclass(frozen=True, slots=True)
class Documents:
    """The d distinct texts of a corpus.

    Attributes:
        words: of each document, longest first.
        of_article: int64 (n,), the document of each article, -1 for texts too short to group.
    """

    words: Words
    of_article: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Proposed:
    """Candidate pairs of documents, int64 (m, 2), sorted, and what their making cost."""

    pairs: NDArray[np.int64]
    by_bands: int
    by_samples: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Links:
    """Verified links of documents.

    Attributes:
        pairs: int64 (m, 2), first < second, sorted.
        overlap: what each pair shares.
        is_copy: bool (m,), alike as a whole; False for cuts.
        quoted: number of pairs with enough containment that are quotations rather than cuts.
    """

    pairs: NDArray[np.int64]
    overlap: similarity.Overlap
    is_copy: NDArray[np.bool_]
    quoted: int


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
        One assignment an article, in the order given. The story level equals the copy level.

    Raises:
        InputError: an item is none of these; names its place and what is wrong.
        SettingsError: settings contradict each other.
    """
    settings = settings or Settings()
    tell = progress or _silent
    corpus = read(articles, settings, tell)
    documents = find_documents(corpus, settings)
    if settings.level == "exact":
        proposed = Proposed(np.zeros((0, 2), dtype=np.int64), 0, 0, 0)
    else:
        proposed = propose(documents, settings, tell)
    links = verify(documents, proposed.pairs, settings, tell)
    return group(corpus, documents, proposed, links, settings)


def read(
    articles: Iterable[Article | Mapping[str, Any] | str], settings: Settings, progress: Progress | None = None
) -> Corpus:
    """Read articles in chunks, keep their words, cut boilerplate. Texts are not held."""
    tell = progress or _silent
    names: list[tuple[str, ...]] = []  # what an id is made unique by: id, title, url, outlet
    outlets: list[str] = []
    dates: list[float] = []

    def chunks() -> Iterator[list[str]]:
        items = (as_article(item, place) for place, item in enumerate(articles, start=1))
        while chunk := list(islice(items, settings.chunk)):
            for article in chunk:
                names.append(
                    (article.id or article.url or _content_id(article), article.title, article.url, article.outlet)
                )
                outlets.append(article.outlet)
                dates.append(article.date.timestamp() if article.date else np.inf)
            yield [article.text for article in chunk]

    def words_of(texts: list[str]) -> Words:
        tell("reading", len(texts))
        return text_words(texts, settings)

    words = concatenate(_in_order(words_of, chunks(), settings.threads))
    total = 0
    if settings.boilerplate == "learned":
        furniture = boilerplate.learned_lines(words, outlets)
        total = int(furniture.sum())
        if total:
            words = words.keep(~furniture)
    when = np.array(dates, dtype=np.float64)
    ids, renamed = _unique_ids(names, when, boilerplate.whole_hashes(words))
    return Corpus(ids, outlets, when, words, renamed, total)


def text_words(texts: Sequence[str], settings: Settings) -> Words:
    """The words of a chunk of texts without known boilerplate: datelines and tails."""
    if settings.boilerplate != "none":
        texts = [text[boilerplate.dateline_end(text) :] for text in texts]
    stems = settings.level == "story"
    words = hash_words(texts, settings.profile, letters=settings.unit == "char", stems=stems)
    if settings.boilerplate != "none":
        tails = boilerplate.known_tails(words, settings.profile)
        if tails.any():
            words = words.keep(~tails)
    return words


def find_documents(corpus: Corpus, settings: Settings) -> Documents:
    """The distinct texts of `min_words` words or more, longest first."""
    words = corpus.words
    hashes, counts = boilerplate.whole_hashes(words), words.counts
    order = np.lexsort((hashes, -counts))
    order = order[counts[order] >= settings.min_words]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = hashes[order[1:]] != hashes[order[:-1]]
    of_article = np.full(len(words), -1, dtype=np.int64)
    of_article[order] = np.cumsum(new) - 1
    return Documents(words.take(order[new]), of_article)


def propose(documents: Documents, settings: Settings, progress: Progress | None = None) -> Proposed:
    """Candidate pairs of documents: by bands of their signatures, and by sampled shingles."""
    tell = progress or _silent
    words, d = documents.words, len(documents.words)
    b, r = lsh.choose_bands(settings.jaccard, settings.slots, settings.recall)

    def sketch(start: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
        stop = min(start + settings.chunk, d)
        shingles = shingle(words.slice(start, stop), settings)
        slots = minhash.signatures(shingles, settings.slots, settings.scheme, settings.seed)  # type: ignore[arg-type]
        samples, rows = lsh.sampled_keys(shingles, settings.sample)
        tell("sketching", stop - start)
        return lsh.band_keys(slots, b, r), samples, rows + start

    parts = list(_in_order(sketch, range(0, d, settings.chunk), settings.threads))
    if not parts:
        return Proposed(np.zeros((0, 2), dtype=np.int64), 0, 0, 0)
    bands, samples, rows = (np.concatenate(x) for x in zip(*parts, strict=True))
    banded = lsh.candidate_pairs(bands.ravel(), np.repeat(np.arange(d), b), d, settings.bucket_cap)
    sampled = lsh.containment_pairs(samples, rows, d, settings.bucket_cap, settings.containment)
    return Proposed(
        lsh.union(banded.pairs, sampled.pairs, d),
        len(banded.pairs),
        len(sampled.pairs),
        banded.dropped + sampled.dropped,
    )


def verify(
    documents: Documents, pairs: NDArray[np.int64], settings: Settings, progress: Progress | None = None
) -> Links:
    """The candidate pairs that are copies or cuts by their exact shingle sets."""
    tell = progress or _silent

    def check(start: int) -> similarity.Overlap:
        block = pairs[start : start + _VERIFY_BLOCK]
        needed, local = np.unique(block, return_inverse=True)
        shingles = shingle(documents.words.take(needed), settings)
        tell("verifying", len(block))
        return similarity.overlap(shingles, local.reshape(block.shape))

    found = list(_in_order(check, range(0, len(pairs), _VERIFY_BLOCK), settings.threads))
    overlap = similarity.join(found)
    copies = overlap.are_copies(settings.jaccard)
    cuts = overlap.are_cuts(settings.containment, settings.opening)
    kept = copies | cuts
    quoted = int((overlap.are_cuts(settings.containment, 0.0) & ~kept).sum())
    return Links(pairs[kept], overlap.where(kept), copies[kept], quoted)


def group(corpus: Corpus, documents: Documents, proposed: Proposed, links: Links, settings: Settings) -> Clustering:
    """Documents to groups, and groups to one assignment an article."""
    n, d = len(corpus.ids), len(documents.words)
    overlap = links.overlap
    centre = grouping.star_centres(links.pairs, overlap.containment, d)
    document = documents.of_article
    alone = document < 0
    # Group numbers an article: its document, its document's centre; texts too short to group follow, each its own.
    single = d + np.cumsum(alone) - 1
    exact = np.where(alone, single, document)
    copy = np.where(alone, single, centre[document] if d else single)

    names = np.array(corpus.ids, dtype=object)
    by_id = np.argsort(names, kind="stable")
    place = np.empty(n, dtype=np.int64)
    place[by_id] = np.arange(n)
    agency = np.fromiter((name in _AGENCIES for name in corpus.outlets), dtype=np.bool_, count=n)
    earliest = np.lexsort((place, corpus.dates))
    preferred = {
        "earliest": np.lexsort((place, corpus.dates, ~agency)),
        "longest": np.lexsort((place, corpus.dates, exact, ~agency)),
        "central": np.lexsort((place, corpus.dates, exact, exact != copy, ~agency)),
    }[settings.representative]
    exact_name, copy_name = (grouping.first_of_group(x, earliest)[x] for x in (exact, copy))
    lead, representative = (grouping.first_of_group(x, preferred)[x] for x in (exact, copy))

    # A spanning tree of each group, rooted at its representative: copies of one text hang on that text's lead, leads
    # on the lead of their star's centre, and the centre on the representative. Each of these links was verified.
    leads = grouping.first_of_group(exact, preferred)
    me = np.arange(n)
    parent = np.where(me != lead, lead, np.where(copy == exact, representative, leads[copy]))
    link = _link_numbers(links.pairs, exact, exact[parent], d)
    relations: list[Relation] = ["contained", "copy"]
    scores = np.where(links.is_copy, overlap.jaccard, overlap.containment)
    assignments = []
    ids = corpus.ids
    for i, (e, c, r, p, x) in enumerate(
        zip(
            exact_name.tolist(),
            copy_name.tolist(),
            representative.tolist(),
            parent.tolist(),
            link.tolist(),
            strict=True,
        )
    ):
        relation: Relation | None = None
        score: float | None = None
        if i != r:
            relation, score = (
                ("exact", 1.0) if x < 0 else (relations[int(links.is_copy[x])], round(float(scores[x]), 4))
            )
        name = ids[c]
        assignments.append(
            Assignment(ids[i], name, name, ids[e], i == r, None if relation is None else ids[p], relation, score)
        )
    sizes = np.bincount(copy, minlength=1)
    stats = {
        "articles": n,
        "too short to group": int(alone.sum()),
        "undated": int(np.isinf(corpus.dates).sum()),
        "duplicate ids renamed": corpus.renamed,
        "learned boilerplate words": corpus.furniture,
        "distinct texts": d + int(alone.sum()),
        "candidate pairs": len(proposed.pairs),
        "pairs large buckets left out": proposed.dropped,
        "links": len(links.pairs),
        "quotations not linked": links.quoted,
        "copy groups": int((sizes > 0).sum()),
        "copy groups of two or more": int((sizes > 1).sum()),
        "largest copy group": int(sizes.max()),
    }
    return Clustering(tuple(assignments), stats, settings.fingerprint())


_AGENCIES = frozenset(boilerplate.AGENCIES) | {"وكالة الأنباء السعودية", "spa", "reuters", "afp"}


def shingle(words: Words, settings: Settings) -> Ragged:
    """The shingles that the settings ask for."""
    return (word_shingles if settings.unit == "word" else char_shingles)(words, settings.size)


def as_article(item: Article | Mapping[str, Any] | str, place: int) -> Article:
    """An item of the caller's as an `Article`.

    Raises:
        InputError: it is none of the kinds that `cluster` takes, or a mapping without a text.
    """
    if isinstance(item, Article):
        return item
    if isinstance(item, str):
        return Article(item)
    if isinstance(item, Mapping):
        from clusterer.fields import RowError, article_from

        try:
            return article_from(item)
        except RowError as error:
            raise InputError(f"article {place}: {error}") from None
    raise InputError(f"article {place} is a {type(item).__name__}; give a str, a mapping or an Article")


def _content_id(article: Article) -> str:
    date = article.date.isoformat() if article.date else ""
    parts = "\x1f".join((article.source, date, article.title, article.text))
    return hashlib.blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _unique_ids(
    names: list[tuple[str, ...]], dates: NDArray[np.float64], hashes: NDArray[np.uint64]
) -> tuple[list[str], int]:
    """Ids with "#2", "#3", ... where one is taken. Who keeps the bare one does not depend on the order of the input."""
    ids = [name[0] for name in names]
    counts = Counter(ids)
    if len(counts) == len(ids):
        return ids, 0
    again: dict[str, list[int]] = {}
    for i, name in enumerate(ids):
        if counts[name] > 1:
            again.setdefault(name, []).append(i)
    renamed = 0
    for name, members in again.items():
        members.sort(key=lambda i: (dates[i], hashes[i], names[i]))
        number = 1
        for i in members[1:]:
            number += 1
            while f"{name}#{number}" in counts:
                number += 1
            ids[i] = f"{name}#{number}"
            renamed += 1
    return ids, renamed


def _link_numbers(pairs: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64], d: int) -> NDArray[np.int64]:
    """The number of the link between documents a[i] and b[i], -1 where they are the same one."""
    out = np.full(len(a), -1, dtype=np.int64)
    differ = np.flatnonzero(a != b)
    codes = pairs[:, 0] * d + pairs[:, 1]
    low, high = np.minimum(a[differ], b[differ]), np.maximum(a[differ], b[differ])
    out[differ] = np.searchsorted(codes, low * d + high)
    return out


def _in_order(function: Callable[[_T], _R], items: Iterable[_T], threads: int) -> Iterator[_R]:
    """`map` on threads, results in order, never more than two items a thread read ahead."""
    if threads == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[_R]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _silent(stage: str, done: int) -> None:
    pass
