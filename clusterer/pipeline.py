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
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusterer import boilerplate, events, grouping, lsh, minhash, salience, similarity
from clusterer.errors import InputError
from clusterer.records import Article, Assignment, Clustering, Relation
from clusterer.settings import Settings
from clusterer.shingles import Ragged, char_shingles, word_shingles
from clusterer.words import Words, concatenate, hash_words

Progress = Callable[[str, int], None]
"""Called with a stage's name and how many articles or pairs it has done since the last call."""

_VERIFY_BLOCK = 1 << 14  # pairs verified at a time: their shingle sets are made, used and dropped
_STORY_ROWS = 2  # slots a band: few, because what is proposed too much is verified
_STORY_ESTIMATE = 1 / 16  # share of equal slots below which no pair on a real feed had a score that mattered
_STORY_LEAD = 0.12  # the same for the cosine of the leads
_STORY_TRACE = 0.05  # scores below count as 0 in the mean of two groups
_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is kept of n articles once they have been read.

    Attributes:
        ids: unique names.
        outlets: who published each, "" where unknown.
        dates: float64 (n,), seconds since 1970, +inf where unknown.
        words: their words without boilerplate; with stems at the story level.
        titles: the words of their titles, with stems; empty below the story level.
        renamed: articles whose id was taken and got a suffix.
        furniture: words cut away.
    """

    ids: list[str]
    outlets: list[str]
    dates: NDArray[np.float64]
    words: Words
    titles: Words
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


@dataclass(frozen=True, slots=True)
class StoryTexts:
    """The t copy groups as texts to be compared.

    Attributes:
        centres: int64 (t,), the centre of each copy group.
        text_of: int64 (d,), the copy group of each document, 0 to t - 1.
        salience: of the longest text of each group.
        first, last: float64 (t,), earliest and latest date in seconds, inf where unknown.
        outlets: sparse (t, o) of ones, the outlets that print each group.
    """

    centres: NDArray[np.int64]
    text_of: NDArray[np.int64]
    salience: salience.Salience
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    outlets: Any


@dataclass(frozen=True, slots=True)
class Stories:
    """The stories of t copy groups.

    Attributes:
        text_of: int64 (d,), the copy group that each document is of, numbered 0 to t - 1.
        of_text: int64 (t,), the story of each copy group: the centre of its first one.
        pairs: int64 (m, 2), centres of copy groups that were compared and have more than a trace of likeness.
        score: float64 (m,), how likely both report the same event.
        features: float64 (m, f), what the score is made of, columns as in `events.FEATURES`.
        candidates: pairs that shared a band.
        dropped: pairs that large buckets left out.
    """

    text_of: NDArray[np.int64]
    of_text: NDArray[np.int64]
    pairs: NDArray[np.int64]
    score: NDArray[np.float64]
    features: NDArray[np.float64]
    candidates: int
    dropped: int


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
    settings = settings or Settings()
    tell = progress or _silent
    corpus = read(articles, settings, tell)
    documents = find_documents(corpus, settings)
    if settings.level == "exact":
        proposed = Proposed(np.zeros((0, 2), dtype=np.int64), 0, 0, 0)
    else:
        proposed = propose(documents, settings, tell)
    links = verify(documents, proposed.pairs, settings, tell)
    copies = grouping.star_centres(links.pairs, links.overlap.containment, len(documents.words))
    stories = tell_stories(corpus, documents, copies, settings, tell) if settings.level == "story" else None
    return assign(corpus, documents, proposed, links, copies, stories, settings)


def read(
    articles: Iterable[Article | Mapping[str, Any] | str], settings: Settings, progress: Progress | None = None
) -> Corpus:
    """Read articles in chunks, keep their words, cut boilerplate. Texts are not held."""
    tell = progress or _silent
    names: list[tuple[str, ...]] = []  # what an id is made unique by: id, title, url, outlet
    outlets: list[str] = []
    dates: list[float] = []

    stories = settings.level == "story"

    def chunks() -> Iterator[tuple[list[str], list[str]]]:
        items = (as_article(item, place) for place, item in enumerate(articles, start=1))
        while chunk := list(islice(items, settings.chunk)):
            for article in chunk:
                names.append(
                    (article.id or article.url or _content_id(article), article.title, article.url, article.outlet)
                )
                outlets.append(article.outlet)
                dates.append(_seconds(article.date))
            yield [article.text for article in chunk], [article.title if stories else "" for article in chunk]

    def words_of(chunk: tuple[list[str], list[str]]) -> tuple[Words, Words]:
        tell("reading", len(chunk[0]))
        return text_words(chunk[0], settings), hash_words(chunk[1], settings.profile, stems=True)

    parts = list(_in_order(words_of, chunks(), settings.threads)) or [words_of(([], []))]
    words, titles = concatenate(w for w, _ in parts), concatenate(t for _, t in parts)
    del parts
    total = 0
    if settings.boilerplate == "learned":
        furniture = boilerplate.learned_lines(words, outlets)
        total = int(furniture.sum())
        if total:
            words = words.keep(~furniture)
    when = np.array(dates, dtype=np.float64)
    ids, renamed = _unique_ids(names, when, boilerplate.whole_hashes(words))
    return Corpus(ids, outlets, when, words, titles, renamed, total)


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


def tell_stories(
    corpus: Corpus,
    documents: Documents,
    copies: NDArray[np.int64],
    settings: Settings,
    progress: Progress | None = None,
) -> Stories:
    """Copy groups to stories. A group enters as one text: its longest, however often it was copied."""
    tell = progress or _silent
    texts = story_texts(corpus, documents, copies)
    salient, count = texts.salience, len(texts.first)
    sets, weights = salient.weighted_sets
    slots = minhash.weighted_signatures(sets, weights, settings.story_slots, settings.seed)
    tell("weighing", count)
    bands = settings.story_slots // _STORY_ROWS
    keys = lsh.band_keys(slots, bands, _STORY_ROWS)
    filled = np.flatnonzero(sets.counts)
    found = lsh.candidate_pairs(keys[filled].ravel(), np.repeat(filled, bands), count, settings.bucket_cap)

    def check(start: int) -> NDArray[np.int64]:
        pairs = found.pairs[start : start + _VERIFY_BLOCK]
        tell("comparing", len(pairs))
        pairs = pairs[minhash.estimate(slots, pairs) >= _STORY_ESTIMATE]
        return pairs[events.lead_cosines(salient, pairs) >= _STORY_LEAD]

    def compare(start: int) -> NDArray[np.float64]:
        block = pairs[start : start + _VERIFY_BLOCK]
        return events.evidence(salient, block, texts.outlets, texts.first, texts.last)

    close = _in_order(check, range(0, len(found.pairs), _VERIFY_BLOCK), settings.threads)
    pairs = np.concatenate([found.pairs[:0], *close])
    parts = _in_order(compare, range(0, len(pairs), _VERIFY_BLOCK), settings.threads)
    features = np.concatenate([np.zeros((0, len(events.FEATURES))), *parts])
    score = events.shipped_model().score(features)
    likely = score >= _STORY_TRACE
    pairs, features, score = pairs[likely], features[likely], score[likely]
    story = grouping.average_linkage(pairs, score, count, settings.story)
    centres = texts.centres
    return Stories(texts.text_of, centres[story], centres[pairs], score, features, len(found.pairs), found.dropped)


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


def assign(
    corpus: Corpus,
    documents: Documents,
    proposed: Proposed,
    links: Links,
    copies: NDArray[np.int64],
    stories: Stories | None,
    settings: Settings,
) -> Clustering:
    """Groups of documents to one assignment an article."""
    n, d = len(corpus.ids), len(documents.words)
    document = documents.of_article
    alone = document < 0
    # Group numbers an article: its document, its copy group's centre, its story's first centre. Texts too short to
    # group follow, each its own.
    single = d + np.cumsum(alone) - 1
    exact = np.where(alone, single, document)
    copy = np.where(alone, single, copies[document] if d else single)
    story = copy
    if stories is not None and d:
        story = np.where(alone, single, stories.of_text[stories.text_of[document]])

    names = np.array(corpus.ids, dtype=object)
    place = np.empty(n, dtype=np.int64)
    place[np.argsort(names, kind="stable")] = np.arange(n)
    agency = np.fromiter((name in _AGENCIES for name in corpus.outlets), dtype=np.bool_, count=n)
    earliest = np.lexsort((place, corpus.dates))
    preferred = {
        "earliest": np.lexsort((place, corpus.dates, ~agency)),
        "longest": np.lexsort((place, corpus.dates, exact, ~agency)),
        "central": np.lexsort((place, corpus.dates, exact, exact != copy, ~agency)),
    }[settings.representative]
    exact_name, copy_name, story_name = (grouping.first_of_group(x, earliest)[x] for x in (exact, copy, story))
    lead, best, representative = (grouping.first_of_group(x, preferred)[x] for x in (exact, copy, story))

    # A spanning tree of each story, rooted at its representative. Within a copy group: copies of one text hang on that
    # text's lead, leads on the lead of their star's centre, and the centre on the group's best article. The best
    # articles hang on each other by the strongest links between their groups. Each of these links was verified.
    leads = grouping.first_of_group(exact, preferred)
    me = np.arange(n)
    parent = np.where(me != lead, lead, np.where(copy == exact, best, leads[copy]))
    link = _link_numbers(links.pairs, exact, exact[parent], d)
    overlap = links.overlap
    relation = np.where(link < 0, 0, np.where(links.is_copy[link], 1, 2)) if len(links.pairs) else np.zeros(n, int)
    score = np.where(links.is_copy, overlap.jaccard, overlap.containment)
    scores = np.where(link < 0, 1.0, score[link]) if len(links.pairs) else np.ones(n)
    told: dict[int, dict[str, float]] = {}
    if stories is not None and len(stories.pairs):
        best_of = grouping.first_of_group(copy, preferred)  # by copy group number
        of_group = np.full(d, -1, dtype=np.int64)
        of_group[np.unique(copies)] = stories.of_text
        roots = np.zeros(d, dtype=np.bool_)
        roots[copy[np.unique(representative[~alone])]] = True
        by = grouping.spanning_parents(stories.pairs, stories.score, of_group, roots)
        hung = np.flatnonzero((me == best) & (me != representative))
        number = by[copy[hung]]
        ends = stories.pairs[number]
        parent[hung] = best_of[np.where(ends[:, 0] == copy[hung], ends[:, 1], ends[:, 0])]
        relation[hung], scores[hung] = 3, stories.score[number]
        told = {
            i: _named(events.FEATURES, stories.features[x]) for i, x in zip(hung.tolist(), number.tolist(), strict=True)
        }

    evidence = dict(told)
    measures = np.stack([overlap.jaccard, overlap.containment, overlap.opening], axis=1)
    for i in np.flatnonzero((relation == 1) | (relation == 2)).tolist():
        evidence[i] = _named(("jaccard", "containment", "opening"), measures[link[i]])
    ids = corpus.ids
    rows = zip(
        ids, story_name.tolist(), copy_name.tolist(), exact_name.tolist(), representative.tolist(), parent.tolist(),
        relation.tolist(), scores.tolist(), strict=True,
    )  # fmt: skip
    assignments = tuple(
        Assignment(name, ids[s], ids[c], ids[e], True, None, None, None)
        if i == r
        else Assignment(name, ids[s], ids[c], ids[e], False, ids[p], _RELATIONS[k], round(x, 4), evidence.get(i))
        for i, (name, s, c, e, r, p, k, x) in enumerate(rows)
    )
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
        **_group_stats("copy group", copy),
    }
    if stories is not None:
        stats |= {
            "candidate pairs of stories": stories.candidates,
            "story pairs large buckets left out": stories.dropped,
            "story links": int((stories.score >= settings.story).sum()),
            **_group_stats("story", story),
        }
    return Clustering(assignments, stats, settings.fingerprint())


def _named(names: Sequence[str], values: Iterable[float]) -> dict[str, float]:
    """Values by name, rounded; what is not known (NaN) is left out."""
    return {name: round(float(x), 4) for name, x in zip(names, values, strict=True) if not np.isnan(x)}


def _group_stats(name: str, groups: NDArray[np.int64]) -> dict[str, int]:
    sizes = np.bincount(groups, minlength=1)
    many = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
    return {
        many: int((sizes > 0).sum()),
        f"{many} of two or more": int((sizes > 1).sum()),
        f"largest {name}": int(sizes.max()),
    }


_RELATIONS: tuple[Relation, ...] = ("exact", "copy", "contained", "story")
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


def _seconds(date: datetime | None) -> float:
    """Seconds since 1970; a date without a zone is UTC, whatever the machine's own zone; +inf where there is none."""
    if date is None:
        return np.inf
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


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
