"""Deduplication: which articles to keep, each that goes verified against one that stays.

Grouping says what belongs together; here nothing is removed for being in a group. Of every copy group the best article is kept
(the longest, unless another order is asked for), and what was verified as its copy, or as a cut of it, goes, if the kept text
holds nearly all of its words; what is left is asked again, until everything is kept or gone. Pairs that were never compared,
for large buckets have a cap, are verified now. Below `--level copy` only identical texts go, at `--level story` also reports of
one event whose score reaches the threshold.

Array letters: `n` articles, `d` documents, `m` pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.hashing import mix
from clusterer.assignments import preferences
from clusterer.copies.documents import Documents
from clusterer.copies.series import may_report_others
from clusterer.copies.verify import CONTAINED, COPY, verify
from clusterer.errors import InputError, did_you_mean
from clusterer.io.inputs import Articles, articles_from, held
from clusterer.pipeline import PipelineRun, run_pipeline
from clusterer.progress import Progress
from clusterer.results import Relation
from clusterer.settings import Settings, settings_from
from clusterer.text.words import hash_words
from clusterer.versions import Versions

KEEP = ("longest", "earliest", "central")
"""Orders that need no column."""
HELD = 0.9
"""Share of its words that a kept text must hold of one that goes as its copy or cut."""
PASSAGE, IN_PASSAGE = 30, 12
"""Words in a row of a text that goes, and how many of them the kept one may lack at most: more is a passage of its own."""
_BLOCK = 1 << 12  # pairs whose words are compared at a time


@dataclass(frozen=True, slots=True)
class Removal:
    """An article that goes.

    Attributes:
        id, place: of the article: its name and its place in the input, from 0.
        kept, kept_place: of the article that stays for it.
        relation: what the two were verified as.
        score: Jaccard for "copy", containment for "contained", likelihood of one event for "story", 1.0 for "exact".
        words_lost: words of it that the kept one does not hold.
    """

    id: str
    place: int
    kept: str
    kept_place: int
    relation: Relation
    score: float
    words_lost: int


@dataclass(frozen=True, slots=True)
class Deduplication:
    """What stays and what goes.

    Attributes:
        ids: names of the articles, in input order.
        removed: those that go, in input order.
        items: the articles as they were given: a list, or a frame or column of the caller's library.
        stats: counts of the run by name.
    """

    ids: tuple[str, ...]
    removed: tuple[Removal, ...]
    items: Any = field(repr=False)
    stats: Mapping[str, int] = field(default_factory=dict)

    @property
    def mask(self) -> list[bool]:
        """True for every article that stays, in input order."""
        gone = {removal.place for removal in self.removed}
        return [place not in gone for place in range(len(self.ids))]

    @property
    def kept_ids(self) -> list[str]:
        """Names of the articles that stay, in input order."""
        return [name for name, stays in zip(self.ids, self.mask, strict=True) if stays]

    @property
    def kept(self) -> Any:
        """The articles that stay, as they were given: a list for lists, else a frame or column of the same library."""
        return _chosen(self.items, self.mask)

    @property
    def removed_items(self) -> Any:
        """The articles that go, likewise."""
        return _chosen(self.items, [not stays for stays in self.mask])


def dedup(
    articles: Articles,
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    keep: str = "longest",
    fields: Mapping[str, str] | None = None,
    progress: Progress | bool | None = None,
    unique_url: bool = False,
    **choices: Any,
) -> Deduplication:
    """Keep one article of what is printed again and again; nothing goes that is not verified against one that stays.

    Args:
        articles: as `cluster` takes them.
        settings: as for `cluster`; by default only copies are looked for (`level` "copy").
        keep: "longest", "earliest" or "central" (most alike to all others of its group); or a column's name, smallest values
            first, or with " desc" after it largest first.
        fields: article attribute to column name, where the usual names do not fit.
        progress: as for `cluster`.
        unique_url: as for `cluster`; of the versions of one article the latest is asked for, all others go.
        **choices: as for `cluster`.

    Returns:
        What stays and what goes.

    Raises:
        InputError: an item is no article, or a column is not there; says which.
        SettingsError: settings contradict each other.

    Example:
        >>> text = "أعلنت وزارة التعليم موعد بدء العام الدراسي الجديد في جميع المدارس"
        >>> dedup([text, text + " الحكومية"]).kept_ids == dedup([text + " الحكومية"]).ids
        False
    """
    items = held(articles, fields)
    values = None if keep in KEEP else _column(items, keep.removesuffix(" desc"))
    chosen = settings_from(settings, choices, Settings(level="copy"))
    if not unique_url:
        run = run_pipeline(items, chosen, progress, keep=True, fields=fields)
        return deduplicate(run, chosen, keep, values, items)
    found = list(articles_from(items, fields))
    versions = Versions.of(found)
    run = run_pipeline(versions.grouped(found), chosen, progress, keep=True)
    return with_versions(
        deduplicate(run, chosen, keep, values and [values[i] for i in versions.places]), run, versions, items
    )


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
        **result.stats,
        "articles": len(whole),
        "removed as version": sum(r.relation == "version" for r in gone.values()),
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
    run: PipelineRun, settings: Settings, keep: str = "longest", values: Sequence[Any] | None = None, items: Any = ()
) -> Deduplication:
    """What stays of a run's articles.

    Args:
        run: with its words and texts.
        settings: of the run.
        keep: as for `dedup`.
        values: of the column that `keep` names, one an article.
        items: the articles as they were given.
    """
    corpus, documents = run.corpus, run.documents
    order = _order(run, keep, values)
    n, d = len(corpus.ids), len(documents)
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    found = _Removals(np.arange(n), np.zeros(n, dtype=np.int64), np.ones(n), np.zeros(n, dtype=np.int64))
    keeper, relation, score, lost = found.keeper, found.relation, found.score, found.lost
    held = np.flatnonzero(documents.of_article >= 0)
    lead = np.full(d, n)
    np.minimum.at(lead, documents.of_article[held], rank[held])
    lead = order[lead] if d else lead
    keeper[held] = lead[documents.of_article[held]]
    if settings.level != "exact" and d:
        _copies(run, settings, rank, lead, found)
    if run.stories is not None and d:
        _reports(run, settings, rank, lead, found)
    top = keeper.copy()  # an identical text of one that goes is verified against the same article
    while (keeper[top] != top).any():
        top = keeper[top]
    same = (top != keeper) & (relation == 0) & (keeper != np.arange(n))
    relation[same], score[same], lost[same] = relation[keeper[same]], score[keeper[same]], lost[keeper[same]]
    names: tuple[Relation, ...] = ("exact", "copy", "contained", "story")
    gone = np.flatnonzero(top != np.arange(n))
    removed = tuple(
        Removal(corpus.ids[i], i, corpus.ids[k], k, names[r], round(s, 4), w)
        for i, k, r, s, w in zip(
            gone.tolist(),
            top[gone].tolist(),
            relation[gone].tolist(),
            score[gone].tolist(),
            lost[gone].tolist(),
            strict=True,
        )
    )
    assert corpus.words is not None
    counts = {f"removed as {name}": int((relation[gone] == number).sum()) for number, name in enumerate(names)}
    stats = {
        **run.clustering.stats,
        **{name: count for name, count in counts.items() if count},
        "words of removed articles": int(corpus.words.counts[gone].sum()),
        "of these not in the one kept": int(lost[gone].sum()),
        "articles kept": n - len(gone),
    }
    return Deduplication(tuple(corpus.ids), removed, items, stats)


@dataclass(frozen=True, slots=True)
class _Removals:
    """What becomes of n articles, filled step by step.

    Attributes:
        keeper: int64 (n,), the article that stays for each; its own place where it stays.
        relation: int64 (n,), what the two were verified as: a place in the names of relations.
        score: float64 (n,), of the two.
        lost: int64 (n,), words that the kept one does not hold.
    """

    keeper: NDArray[np.int64]
    relation: NDArray[np.int64]
    score: NDArray[np.float64]
    lost: NDArray[np.int64]

    def enter(
        self,
        gone: NDArray[np.int64],
        kept: NDArray[np.int64],
        relation: NDArray[np.int64] | int,
        score: NDArray[np.float64] | list[float],
        lost: NDArray[np.int64],
    ) -> None:
        """Let some articles go for others."""
        self.keeper[gone], self.relation[gone] = kept, relation
        self.score[gone], self.lost[gone] = score, lost


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


def _copies(
    run: PipelineRun,
    settings: Settings,
    rank: NDArray[np.int64],
    lead: NDArray[np.int64],
    found: _Removals,
) -> None:
    """Documents of copy groups, round by round: the best that is left is kept, and what is verified against it goes."""
    documents, links, d = run.documents, run.links, len(run.documents)
    codes, others = links.pairs @ np.array([d, 1]), may_report_others(links.overlap.jaccard, links.differences)
    best_first = np.lexsort((rank[lead], run.copies))
    many = np.bincount(run.copies, minlength=d) > 1
    left = best_first[many[run.copies[best_first]]]
    while len(left):
        group = run.copies[left]
        opens = np.append(True, group[1:] != group[:-1])
        kept = left[np.flatnonzero(opens)[np.cumsum(opens) - 1]]
        asked, against = left[~opens], kept[~opens]
        pairs = np.sort(np.stack([asked, against], axis=1), axis=1)
        wanted = pairs @ np.array([d, 1])
        at = np.minimum(np.searchsorted(codes, wanted), max(len(codes) - 1, 0))
        known = codes[at] == wanted if len(codes) else np.zeros(len(wanted), dtype=np.bool_)
        kind, value = np.zeros(len(pairs), dtype=np.int64), np.zeros(len(pairs))
        other = np.zeros(len(pairs), dtype=np.bool_)
        kind[known], value[known], other[known] = links.kind[at[known]], links.score[at[known]], others[at[known]]
        unknown = np.flatnonzero(~known)
        if len(unknown):
            order = unknown[np.argsort(wanted[unknown])]
            new = verify(documents, pairs[order], settings)
            places = order[np.searchsorted(wanted[order], new.pairs @ np.array([d, 1]))]
            kind[places], value[places] = new.kind, new.score
            other[places] = may_report_others(new.overlap.jaccard, new.differences)
        goes = ~other & (
            (kind == COPY) | (kind == CONTAINED) & (asked > against)
        )  # the longer of a pair has the lower number
        missing, densest = np.zeros((2, len(pairs)), dtype=np.int64)
        missing[goes], densest[goes] = _words_lost(documents, asked[goes], against[goes])
        assert documents.corpus_words is not None
        goes &= missing <= (1 - HELD) * documents.corpus_words.counts[documents.articles[asked]]
        goes &= densest <= IN_PASSAGE
        found.enter(lead[asked[goes]], lead[against[goes]], kind[goes], value[goes], missing[goes])
        left = asked[~goes]


def _reports(
    run: PipelineRun,
    settings: Settings,
    rank: NDArray[np.int64],
    lead: NDArray[np.int64],
    found: _Removals,
) -> None:
    """What copies left of stories: all of a copy group goes where it was compared with a kept one and reaches the threshold."""
    documents, stories = run.documents, run.stories
    assert stories is not None
    staying = np.flatnonzero(found.keeper[lead] == lead)
    strong: dict[int, dict[int, float]] = {}
    for (a, b), value in zip(stories.pairs.tolist(), stories.score.tolist(), strict=True):
        if value >= settings.story:
            strong.setdefault(a, {})[b] = strong.setdefault(b, {})[a] = value
    best: dict[int, int] = {}  # of every copy group the best document that stays
    for x in staying[np.argsort(rank[lead[staying]])].tolist():
        best.setdefault(int(run.copies[x]), x)
    gone: dict[int, tuple[int, float]] = {}
    for group in sorted(best, key=lambda x: rank[lead[best[x]]]):
        if group in gone:
            continue
        for other, value in strong.get(group, {}).items():
            if other not in gone and rank[lead[best[other]]] > rank[lead[best[group]]]:
                gone[other] = best[group], value
    rows = np.array([x for x in staying.tolist() if int(run.copies[x]) in gone], dtype=np.int64)
    if not len(rows):
        return
    against = np.array([gone[int(run.copies[x])][0] for x in rows.tolist()], dtype=np.int64)
    scores = [gone[int(run.copies[x])][1] for x in rows.tolist()]
    found.enter(lead[rows], lead[against], 3, scores, _words_lost(documents, rows, against)[0])


def _words_lost(documents: Documents, gone: NDArray[np.int64], kept: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 (2, m): words of each text that goes, every time they are there, that the one that is kept does not hold.

    In all, and most in any `PASSAGE` words in a row.
    """
    out = np.zeros((2, len(gone)), dtype=np.int64)
    for start in range(0, len(gone), _BLOCK):
        block = slice(start, start + _BLOCK)
        ours, theirs = documents.take(gone[block]), documents.take(kept[block])
        rows = [np.repeat(np.arange(len(x)), x.counts) for x in (ours, theirs)]
        salts = mix(np.arange(1, len(ours) + 1, dtype=np.uint64))
        missing = ~np.isin(ours.hashes + salts[rows[0]], theirs.hashes + salts[rows[1]])
        out[0, block] = np.bincount(rows[0][missing], minlength=len(ours))
        so_far = np.concatenate(([0], np.cumsum(missing)))
        ends = np.minimum(np.arange(len(missing)) + PASSAGE, ours.offsets[1:][rows[0]])
        np.maximum.at(out[1, block], rows[0], so_far[ends] - so_far[:-1])
    return out


def _column(items: Any, name: str) -> list[Any]:
    """The values of a column, one an article, None where there is none."""
    if isinstance(items, list | tuple):
        values = [item.get(name) if isinstance(item, Mapping) else getattr(item, name, None) for item in items]
        if items and all(value is None for value in values):
            meant = did_you_mean(name, [*KEEP, *(items[0] if isinstance(items[0], Mapping) else ())])
            raise InputError(
                f"keep {name!r}: no article has that; cure: {meant}{', '.join(KEEP)} or the name of a field"
            )
        return values
    import narwhals.stable.v2 as nw

    frame = nw.from_native(items, pass_through=True)
    if not isinstance(frame, nw.DataFrame) or name not in frame.columns:
        meant = did_you_mean(name, [*KEEP, *(frame.columns if isinstance(frame, nw.DataFrame) else ())])
        raise InputError(f"keep {name!r} is no column; cure: {meant}{', '.join(KEEP)} or the name of a column")
    return frame[name].to_list()


def _chosen(items: Any, mask: list[bool]) -> Any:
    if isinstance(items, list | tuple):
        return [item for item, chosen in zip(items, mask, strict=True) if chosen]
    import narwhals.stable.v2 as nw

    if isinstance(items, np.ndarray):
        return items[np.array(mask, dtype=np.bool_)]
    found = nw.from_native(items, allow_series=True, eager_only=True)
    return found.filter(mask).to_native()
