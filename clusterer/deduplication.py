"""Deduplication: which articles to keep, each that goes verified against one that stays.

Grouping says what belongs together; here nothing is removed for being in a group. Of every copy group the best article is kept
(the longest, unless another order is asked for), and what was verified as its copy, or as a cut of it, goes, if the kept text
holds nearly all of its words; what is left is asked again, until everything is kept or gone. Pairs that were never compared,
for large buckets have a cap, are verified now. Below `--level copy` only identical texts go, at `--level story` also reports of
one event whose score reaches the threshold.

Array letters: `n` articles, `d` documents, `m` pairs.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache, partial
from itertools import repeat
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.texts import take_texts
from clusterer.articles import Article, name_of
from clusterer.assignments import preferences
from clusterer.corpus import Chunk, gather, read_chunks
from clusterer.errors import InputError
from clusterer.io.column_values import chosen_rows, column_values
from clusterer.io.inputs import Articles, articles_from, held
from clusterer.io.wording import tell_notes
from clusterer.pipeline import (
    PipelineRun,
    clocks_apart,
    group_corpus,
    refuse_foreign_weights,
    run_pipeline,
    unheeded,
)
from clusterer.progress import Progress, progress_from
from clusterer.quotations import BenchmarkRuns, Quote, benchmark_runs, find_quotes
from clusterer.removals import Removals, remove_copies, remove_reports
from clusterer.results import PairRelation, Relation
from clusterer.settings import GivenSettings, Settings, settings_from
from clusterer.text.words import hash_words
from clusterer.versions import Versions

_NOT_BOTH = (
    "unique_url is of the articles alone, and against is given; cure: dedup(..., unique_url=True) first, and its kept articles"
    " against the others"
)
KEEP = ("longest", "earliest", "central")
"""Orders that need no column."""


@dataclass(frozen=True, slots=True)
class Removal:
    """An article that goes.

    Attributes:
        id, place: of the article: its name and its place in the input, from 0.
        kept, kept_place: of the article that stays for it.
        relation: what the two were verified as.
        score: Jaccard for "copy", containment for "contained", likelihood of one event for "story", 1.0 for "exact".
        words_lost: words of it that the kept one does not hold.
        is_against: whether the kept one is among those compared against; `kept_place` is its place there.
        quotes: what it quotes of those compared against, where quotations are looked for.
    """

    id: str
    place: int
    kept: str
    kept_place: int
    relation: Relation | PairRelation
    score: float
    words_lost: int
    is_against: bool = False
    quotes: tuple[Quote, ...] = ()


class Removed(Sequence[Removal]):
    """Removals that are made once one of them is asked for: who writes rows by their places asks for none.

    Attributes:
        places: int64 (x,), of the articles that go, ascending.
    """

    def __init__(self, places: NDArray[np.int64], make: Callable[[], tuple[Removal, ...]]) -> None:
        """Hold the places, and what makes the removals, one a place."""
        self.places, self._make = places, cache(make)

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, which: int) -> Removal: ...
    @overload
    def __getitem__(self, which: slice) -> tuple[Removal, ...]: ...
    def __getitem__(self, which: int | slice) -> Removal | tuple[Removal, ...]:
        return self._make()[which]

    def __eq__(self, other: object) -> bool:
        return self._make() == tuple(other) if isinstance(other, Sequence) else NotImplemented


@dataclass(frozen=True, slots=True, repr=False)
class Deduplication:
    """What stays and what goes.

    Attributes:
        ids: names of the articles, in input order.
        removed: those that go, in input order.
        items: the articles as they were given: a list, or a frame or column of the caller's library.
        stats: counts of the run by name.
    """

    ids: Sequence[str]
    removed: Sequence[Removal]
    items: Any
    stats: Mapping[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Deduplication: {len(self.ids):,} articles, {len(self.removed):,} of them removed>"

    @property
    def mask(self) -> list[bool]:
        """True for every article that stays, in input order."""
        stays = np.ones(len(self.ids), dtype=np.bool_)
        stays[self.places] = False
        return stays.tolist()

    @property
    def places(self) -> NDArray[np.int64]:
        """int64 (x,), where the articles that go stand in the input, ascending."""
        if isinstance(self.removed, Removed):
            return self.removed.places
        return np.fromiter((removal.place for removal in self.removed), np.int64, len(self.removed))

    @property
    def kept_ids(self) -> list[str]:
        """Names of the articles that stay, in input order."""
        return [name for name, stays in zip(self.ids, self.mask, strict=True) if stays]

    @property
    def kept(self) -> Any:
        """The articles that stay, as they were given: a list for lists and streams, else what their own library makes of them."""
        return chosen_rows(self.items, self.mask)

    @property
    def removed_items(self) -> Any:
        """The articles that go, likewise."""
        return chosen_rows(self.items, [not stays for stays in self.mask])


def dedup(
    articles: Articles,
    settings: GivenSettings | None = None,
    *,
    keep: str = "longest",
    against: Articles | None = None,
    quote: int = 0,
    fields: Mapping[str, str] | None = None,
    progress: Progress | bool | None = None,
    unique_url: bool = False,
    **choices: Any,
) -> Deduplication:
    """Keep one article of what is printed again and again; nothing goes that is not verified against one that stays.

    With `against` also what is verified against one of those goes. They themselves all stay, and are not among the result.

    Args:
        articles: as `cluster` takes them.
        settings: as for `cluster`; by default only copies are looked for (`level` "copy").
        keep: "longest", "earliest" or "central" (most alike to all others of its group); or a column's name, smallest values
            first, or with " desc" after it largest first. `title`, `text`, `source`, `url` and `date` are the article's, from
            whatever column they were read.
        against: what is there already, as `articles`.
        quote: instead of copies look for quotations: an article goes that has so many words in a row in common with a text or
            title of `against`, 13 for a benchmark that a model must not have seen. 0 for copies.
        fields: article attribute to column name, where the usual names do not fit.
        progress: as for `cluster`.
        unique_url: as for `cluster`; of the versions of one article the latest is asked for, all others go. Not with `against`.
        **choices: as for `cluster`.

    Returns:
        What stays and what goes.

    Raises:
        InputError: an item is no article, or a column is not there; `against` has no word to compare, or goes with `unique_url`.
        SettingsError: settings contradict each other.

    Example:
        >>> text = "أعلنت وزارة التعليم موعد بدء العام الدراسي الجديد في جميع المدارس"
        >>> dedup([text, text + " الحكومية"]).kept_ids == dedup([text + " الحكومية"]).ids
        False
    """
    items = held(articles, fields)
    values = None if keep in KEEP else column_values(items, keep.removesuffix(" desc"), KEEP, fields)
    chosen = settings_from(settings, choices, Settings(level="copy"))
    tell = progress_from(progress)
    if quote and against is None:
        raise InputError(f"quote is {quote}, and there is nothing to quote; cure: against=benchmark")
    if unique_url:
        if against is not None:
            raise InputError(_NOT_BOTH)
        return _of_versions(items, values, fields, chosen, keep, tell)
    if quote and against is not None:
        runs = benchmark_runs(articles_from(against, fields), quote, chosen)
        return quoting(articles_from(items, fields), runs, items, tell)
    refuse_foreign_weights(chosen)
    old = list[int]()
    corpus = gather(_in_parts(against, items, fields, chosen, tell, old), chosen, tell, old)
    tell_notes(unheeded(corpus, chosen, keep))
    run = group_corpus(corpus, chosen, tell, keep=True)
    tell_notes(clocks_apart(run))
    result = deduplicate(run, chosen, keep, values, items, sum(old))
    return replace(result, ids=tuple(result.ids), removed=tuple(result.removed))


def _of_versions(
    items: Any,
    values: Sequence[Any] | None,
    fields: Mapping[str, str] | None,
    settings: Settings,
    keep: str,
    tell: Progress,
) -> Deduplication:
    """As `dedup`, where articles of one URL are versions of one."""
    found = list(articles_from(items, fields))
    versions = Versions.of(found)
    run = run_pipeline(versions.grouped(found), settings, tell, keep=True)
    tell_notes([*unheeded(run.corpus, settings, keep, versions), *clocks_apart(run)])
    latest = values and [values[i] for i in versions.places]
    return with_versions(deduplicate(run, settings, keep, latest), run, versions, items)


def _in_parts(
    against: Articles | None,
    items: Any,
    fields: Mapping[str, str] | None,
    settings: Settings,
    tell: Progress,
    parts: list[int],
) -> Iterator[Chunk]:
    """What is read of `against`, then of the articles; where these begin is put into `parts`, where there is anything before."""
    if against is not None:
        yield from compared_against(read_chunks(articles_from(against, fields), settings, tell), parts)
    yield from read_chunks(articles_from(items, fields), settings, tell)


def compared_against(chunks: Iterable[Chunk], parts: list[int]) -> Iterator[Chunk]:
    """What is read of what articles are compared against; how many there are is put into `parts`.

    Raises:
        InputError: there is not a word to compare with: a run that compares nothing must not seem to have found nothing.
    """
    parts.append(0)
    words = 0
    for chunk in chunks:
        parts[0] += len(chunk)
        words += len(chunk.words.hashes) + len(chunk.titles.hashes)
        yield chunk
    if not words:
        held = f"none of {parts[0]:,} articles has a word" if parts[0] else "there is no article"
        raise InputError(f"against: {held}, so nothing would be compared; cure: see what it holds, or leave it out")


def with_versions(result: Deduplication, run: PipelineRun, versions: Versions, items: Any = ()) -> Deduplication:
    """What stays and what goes of all articles: that of the latest versions, and each earlier one goes.

    Args:
        result: of the run.
        run: of the latest versions.
        versions: which of all articles these are.
        items: all articles as they were given.
    """
    whole = versions.complete(run.clustering)
    place_of = versions.places
    gone = {
        place_of[r.place]: replace(r, place=place_of[r.place], kept_place=place_of[r.kept_place])
        for r in result.removed
    }
    for place, latest in enumerate(versions.latest):
        if place != latest:
            kept, line = gone[latest].kept_place if latest in gone else latest, whole[place]
            assert line.relation is not None
            lost = words_apart(versions.texts[place][1], versions.texts[latest][1])
            gone[place] = Removal(line.id, place, whole[kept].id, kept, line.relation, 1.0, lost)
    stats = {
        **{name: whole.stats.get(name, count) for name, count in result.stats.items()},
        **{f"removed as {name}": count for name, count in sorted(Counter(r.relation for r in gone.values()).items())},
        "articles kept": len(whole) - len(gone),
    }
    return Deduplication(tuple(a.id for a in whole), tuple(gone[i] for i in sorted(gone)), items, stats)


def words_apart(one: str, other: str) -> int:
    """How many words of a text, every time they are there, another one does not hold.

    >>> words_apart("a b b", "a c")
    2
    """
    ours, held = (hash_words([text], "news").hashes for text in (one, other))
    return int((~np.isin(ours, held)).sum())


def deduplicate(
    run: PipelineRun,
    settings: Settings,
    keep: str = "longest",
    values: Sequence[Any] | None = None,
    items: Any = (),
    old: int = 0,
) -> Deduplication:
    """What stays of a run's articles.

    Args:
        run: with its words and texts.
        settings: of the run.
        keep: as for `dedup`.
        values: of the column that `keep` names, one an article that is asked about.
        items: the articles as they were given.
        old: so many of the run's articles, the first, are only compared against: they stay, and are not in the result.
    """
    corpus, documents = run.corpus, run.documents
    order = _order(run, keep, None if values is None else [*[None] * old, *values])
    order = np.concatenate((order[order < old], order[order >= old]))
    n, d = len(corpus.ids), len(documents)
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    found = Removals(np.arange(n), np.zeros(n, dtype=np.int64), np.ones(n), np.zeros(n, dtype=np.int64))
    keeper, relation, score, lost = found.keeper, found.relation, found.score, found.lost
    held = np.flatnonzero(documents.of_article >= 0)
    lead = np.full(d, n)
    np.minimum.at(lead, documents.of_article[held], rank[held])
    lead = order[lead] if d else lead
    keeper[held] = lead[documents.of_article[held]]
    if settings.level != "exact" and d:
        remove_copies(run, settings, rank, lead, found, old)
    if run.stories is not None and d:
        remove_reports(run, settings, rank, lead, found, old)
    top = keeper.copy()  # an identical text of one that goes is verified against the same article
    while (keeper[top] != top).any():
        top = keeper[top]
    same = (top != keeper) & (relation == 0) & (keeper != np.arange(n))
    relation[same], score[same], lost[same] = relation[keeper[same]], score[keeper[same]], lost[keeper[same]]
    names: tuple[Relation, ...] = ("exact", "copy", "contained", "story")
    gone = old + np.flatnonzero(top[old:] != np.arange(old, n))
    removed = Removed(gone - old, partial(_removals, corpus.ids, found, gone, top[gone], old, names))
    assert corpus.words is not None
    counts = np.bincount(relation[gone], minlength=len(names)).tolist()
    undated = int(np.isinf(corpus.dates[old:]).sum())
    stats = {
        **run.stats,
        **({"articles": n - old, "articles compared against": old, "undated": undated} if old else {}),
        **{f"removed as {name}": count for name, count in zip(names, counts, strict=True) if count},
        "words of removed articles": int(corpus.words.counts[gone].sum()),
        "of these not in the one kept": int(lost[gone].sum()),
        "articles kept": n - old - len(gone),
    }
    return Deduplication(corpus.ids[old:] if old else corpus.ids, removed, items, stats)


def _removals(
    ids: Sequence[str],
    found: Removals,
    gone: NDArray[np.int64],
    kept: NDArray[np.int64],
    old: int,
    names: Sequence[str],
) -> tuple[Removal, ...]:
    """The articles `gone`, int64 (x,), of which `kept` stay; made by attribute, in half the time of a call for each."""
    against = kept < old
    columns: list[Sequence[Any]] = [
        take_texts(ids, gone),
        (gone - old).tolist(),
        take_texts(ids, kept),
        np.where(against, kept, kept - old).tolist(),
        [names[number] for number in found.relation[gone].tolist()],
        [round(score, 4) for score in found.score[gone].tolist()],
        found.lost[gone].tolist(),
        against.tolist(),
        [()] * len(gone),
    ]
    made = tuple(map(object.__new__, repeat(Removal, len(gone))))
    for attribute, column in zip(fields(Removal), columns, strict=True):
        deque(map(vars(Removal)[attribute.name].__set__, made, column), maxlen=0)
    return made


def quoting(
    articles: Iterable[Article], runs: BenchmarkRuns, items: Any = (), progress: Progress | None = None
) -> Deduplication:
    """What stays of articles of which those that quote a benchmark go.

    Args:
        articles: read once.
        runs: of the benchmark.
        items: the articles as they were given.
        progress: told how far the work is.
    """
    ids, removed, passages, quoted = list[str](), list[Removal](), 0, set[int]()
    for place, (article, words, quotes) in enumerate(find_quotes(articles, runs, progress=progress)):
        ids.append(name_of(article))
        if quotes:
            longest, inside = max(quotes, key=lambda q: q.words), sum(q.words for q in quotes)
            removed.append(
                Removal(
                    ids[-1], place, longest.quoted, longest.quoted_place, "quoted", round(min(inside / words, 1.0), 4),
                    max(words - inside, 0), True, quotes,
                )
            )  # fmt: skip
            passages += len(quotes)
            quoted.update(quote.quoted_place for quote in quotes)
    stats = {
        "articles": len(ids),
        "texts compared against": len(runs.ids),
        f"of these shorter than {runs.length} words, not looked for": runs.short,
        "texts quoted": len(quoted),
        "passages quoted": passages,
        "removed as quoted": len(removed),
        "articles kept": len(ids) - len(removed),
    }
    return Deduplication(tuple(ids), tuple(removed), items, stats)


def _order(run: PipelineRun, keep: str, values: Sequence[Any] | None) -> NDArray[np.int64]:
    """Articles from best to last."""
    if values is None:
        return preferences(run.corpus, run.documents, run.links, run.copies, keep)
    base = preferences(run.corpus, run.documents, run.links, run.copies, "longest")
    falling = keep.endswith(" desc")
    known = [(i, values[i]) for i in base.tolist() if values[i] is not None and values[i] == values[i]]
    try:
        known.sort(key=lambda pair: pair[1], reverse=falling)
    except TypeError:
        known.sort(key=lambda pair: str(pair[1]), reverse=falling)
    if falling:  # equal values stay in the order of the base
        place = {i: at for at, i in enumerate(base.tolist())}
        runs: dict[Any, list[int]] = {}
        for i, value in known:
            runs.setdefault(str(value), []).append(i)
        known = [(i, None) for same in runs.values() for i in sorted(same, key=place.__getitem__)]
    there = {i for i, _ in known}
    return np.array([i for i, _ in known] + [i for i in base.tolist() if i not in there], dtype=np.int64)
