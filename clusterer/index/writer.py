"""Articles into an index and out of it: the first half of a write transaction.

`regroup.settle` is the other half: the links of a copy group's whole component are looked at again, and the scores of every
story that was touched, so that the groups are those that one run over everything stored would form from the same links
and scores. Only names have a memory: a story keeps its id as long as anything of it is there.

Array letters: `n` new articles, `d` documents.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.parallel import run_both
from clusterer.articles import Article, name_of, numbered_id, seconds
from clusterer.errors import InputError
from clusterer.index.articles import (
    body_of,
    compress,
    id_key,
    without_learned_lines,
    words_of_texts,
)
from clusterer.index.changes import Changes, release_documents, store_links, stories_of_articles
from clusterer.index.copy_candidates import copy_candidates
from clusterer.index.gone import forget, named, withheld
from clusterer.index.guards import crc_of_number
from clusterer.index.keys import keys_of, sketch
from clusterer.index.learn_lines import Arrivals, learn_lines
from clusterer.index.open_index import OpenIndex, PassedIds
from clusterer.index.regroup import settle
from clusterer.index.remembered import StoredDocument
from clusterer.index.replaced import replaced_among
from clusterer.index.story_candidates import remember
from clusterer.index.story_ids import Change
from clusterer.text.words import Words, whole_hashes

_MOST = 2**32 - 1  # articles that an index can ever have seen: numbers are 32 bits in its segments


class IndexWriter:
    """The changes of one write transaction. Articles are stored and removed first, then the groups settled once."""

    def __init__(self, index: OpenIndex) -> None:
        """Begin, inside a transaction that the index was refreshed in.

        Args:
            index: open for writing.
        """
        self._index, self._changes = index, Changes(last_article=index.database.state["article"])

    def store(self, articles: Sequence[Article], again: bool = False) -> tuple[list[int], list[bool], list[bool]]:
        """Store articles, but for those that were stored before and are gone, or were replaced by another version.

        Args:
            articles: these.
            again: take in what is gone.

        Returns:
            The number of each, negative of one that is gone, whether it was there before, and whether another version of
            it is there.

        Raises:
            InputError: the index has seen too many.
        """
        if again:
            numbers = _named(self._index, self._changes, articles)[1]
            forget(self._index, [-number for number in numbers if number < 0])
        return _store(self._index, self._changes, articles)

    def replace(self, articles: Mapping[str, int]) -> None:
        """Remove articles whose new versions will be stored: these stay in the story, if they can.

        Args:
            articles: their numbers, by id.
        """
        story = stories_of_articles(self._index, articles.values())
        self._changes.story_of_replaced |= {id: story[number] for id, number in articles.items() if number in story}
        self._changes.replaced_ids |= articles.keys()
        self.remove(articles.values())

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove articles by their numbers."""
        removed, database = np.array(sorted(numbers), dtype=np.int64), self._index.database
        release_documents(self._index, self._changes, removed)
        self._changes.articles.update(removed.tolist())
        self._index.passed_ids.clear()
        database.write_among("DELETE FROM body WHERE article IN {}", removed)
        database.write_among("DELETE FROM article WHERE number IN {}", removed)
        database.state["articles"] -= len(removed)
        database.state["dead"] += len(removed)

    def settle(self) -> list[Change]:
        """Form the groups anew where something changed, and store all keys.

        Returns:
            What that did to stories that were there before.
        """
        changes = settle(self._index, self._changes)
        self._index.postings.flush()
        return changes


def _store(index: OpenIndex, changes: Changes, articles: Sequence[Article]) -> tuple[list[int], list[bool], list[bool]]:
    database = index.database
    names, numbers, is_stored, are_older, bodies = _named(index, changes, articles)
    new = [i for i, stored in enumerate(is_stored) if not stored]
    if database.state["article"] + len(new) >= _MOST:
        raise InputError(f"an index holds {_MOST} articles in its life; cure: make a new one and merge this into it")
    now = time.time()
    crc, dates = crc_of_number(now), [seconds(articles[i].date) for i in new]
    database.write_many(
        "INSERT INTO article VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?)",
        [
            (
                numbers[i],
                id_key(names[i]),
                names[i],
                bodies[i][1],
                articles[i].outlet,
                date if np.isfinite(date) else None,
                now,
                crc,
            )
            for i, date in zip(new, dates, strict=True)
        ],
    )
    database.state["article"] += len(new)
    database.state["articles"] += len(new)
    changes.inherited_story |= {
        numbers[i]: changes.story_of_replaced[names[i]] for i in new if names[i] in changes.story_of_replaced
    }
    contents, words = run_both(
        lambda: compress([bodies[i][0] for i in new]),
        lambda: words_of_texts([articles[i].text for i in new], index.settings),
        index.settings.threads,
    )
    new_numbers = [numbers[i] for i in new]
    changes.articles.update(new_numbers)
    database.write_many("INSERT INTO body VALUES (?, ?)", zip(new_numbers, contents, strict=True))
    if new:
        outlets, titles = [articles[i].outlet for i in new], [articles[i].title for i in new]
        _give_documents(index, changes, Arrivals(np.array(new_numbers, dtype=np.int64), outlets, words, titles))
    return numbers, is_stored, are_older


def _named(
    index: OpenIndex, changes: Changes, articles: Sequence[Article]
) -> tuple[list[str], list[int], list[bool], list[bool], list[tuple[bytes, int]]]:
    """Articles as `_numbered` finds them, and their bodies."""
    bodies, ids = [body_of(a) for a in articles], [name_of(a) for a in articles]
    removed = {
        place: number for place, number in withheld(index, articles).items() if ids[place] not in changes.replaced_ids
    }
    return *_numbered(index, ids, [digest for _, digest in bodies], removed), bodies


def _numbered(
    index: OpenIndex, ids: list[str], digests: list[int], removed: Mapping[int, int]
) -> tuple[list[str], list[int], list[bool], list[bool]]:
    """Ids, numbers of articles, whether they are stored, and whether in another version that replaced them.

    An id that another text has gets "#2", "#3", ... `removed` tells of places under which numbers these were removed: what is
    there under its id and text is there nevertheless.
    """
    database = index.database
    holder = {name: (digest, number) for name, digest, number in named(database, {*map(id_key, ids)})}
    next_number = database.state["article"] + 1
    names, numbers, is_stored, are_older = [], [], [], []
    seen = sorted(replaced_among(index, digests))
    replaced = {(re.sub(r"#\d+$", "", other), digest): other for other, digest in seen}
    replaced |= {row: row[0] for row in seen}

    def is_held(other: str) -> bool:
        if other not in holder:
            holder.update({name: (digest, number) for name, digest, number in named(database, [id_key(other)])})
        return other in holder

    def free_name(id: str, digest: int) -> str:
        if id not in holder or holder[id][0] == digest:
            return id
        if (other := replaced.get((id, digest))) and is_held(other):
            return other
        passed = index.passed_ids.setdefault(id, PassedIds())  # thousands may have one id: none counts up from "#2"
        while digest not in passed.names:
            other = numbered_id(id, passed.last + 1)
            if not is_held(other):
                return other
            passed.last += 1
            passed.names.setdefault(holder[other][0], other)
        is_held(passed.names[digest])  # so that its number is known
        return passed.names[digest]

    for place, (id, digest) in enumerate(zip(ids, digests, strict=True)):
        name = free_name(id, digest)
        if name not in holder and place in removed:
            names.append(name)
            numbers.append(-removed[place])
            is_stored.append(True)
            are_older.append(False)
            continue
        is_stored.append(name in holder)
        are_older.append(name in holder and holder[name][0] != digest)
        if name not in holder:
            holder[name] = (digest, next_number)
            next_number += 1
        names.append(name)
        numbers.append(holder[name][1])
    return names, numbers, is_stored, are_older


def _give_documents(index: OpenIndex, changes: Changes, arrivals: Arrivals) -> None:
    """Give articles that are stored the documents that they hold; new ones where there are none."""
    if index.settings.boilerplate == "learned":
        arrivals = learn_lines(index, changes, arrivals)
    words = without_learned_lines(index, arrivals.words, arrivals.outlets, arrivals.titles)
    hashes = whole_hashes(words)
    filled = np.flatnonzero(words.counts)
    if not len(filled):
        return
    # Who is new, who holds a document that is there, by all 64 bits of the hash.
    distinct, first, place = np.unique(hashes[filled], return_index=True, return_inverse=True)
    _, candidates = index.postings.find(sorting.distinct(keys_of(distinct, "words")))
    document_of_hash = {stored.hash: number for number, stored in index.documents.find(candidates).items()}
    document = np.array([document_of_hash.get(x, 0) for x in distinct.tolist()], dtype=np.int64)
    changes.touched_documents |= {int(x) for x in document if x}
    new = np.flatnonzero(document == 0)
    rows = filled[first[new]]  # `unique` gives the first of equal ones: numbers ascend
    made = arrivals.numbers[rows]
    # A number of an earlier document is not used twice: keys of that one still lead to it.
    again = made <= changes.last_article
    made[again] = index.database.state["article"] + 1 + np.arange(again.sum())
    index.database.state["article"] += int(again.sum())
    document[new] = made
    order = np.argsort(made)
    made, rows = made[order], rows[order]
    index.database.write_many(
        "UPDATE article SET document = ? WHERE number = ?",
        zip(document[place].tolist(), arrivals.numbers[filled].tolist(), strict=True),
    )
    if len(rows):
        titles = [arrivals.titles[i] for i in rows.tolist()]
        _make_documents(index, changes, made, arrivals.numbers[rows], words.take(rows), hashes[rows], titles)


def _make_documents(
    index: OpenIndex,
    changes: Changes,
    numbers: NDArray[np.int64],
    holders: NDArray[np.int64],
    words: Words,
    hashes: NDArray[np.uint64],
    titles: list[str],
) -> None:
    """Store new documents with their keys and links.

    Args:
        index: open for writing.
        changes: of the transaction.
        numbers: int64 (d,), ascending.
        holders: int64 (d,), the article that stands for each.
        words: of the d documents.
        hashes: uint64 (d,), of the words of each.
        titles: of the articles that stand for them.
    """
    index.database.write_many(
        "INSERT INTO document VALUES (?1, ?2, ?3, ?4, ?1)",
        zip(numbers.tolist(), holders.tolist(), hashes.view(np.int64).tolist(), words.counts.tolist(), strict=True),
    )
    rows = zip(holders.tolist(), hashes.tolist(), words.counts.tolist(), numbers.tolist(), strict=True)
    index.documents.put(dict(zip(numbers.tolist(), map(StoredDocument._make, rows), strict=True)))
    index.links.put(dict.fromkeys(numbers.tolist()))  # those that will be found are stored below
    changes.new_documents.extend(numbers.tolist())
    index.postings.stage(keys_of(hashes, "words"), numbers)
    if index.settings.level == "story":
        remember(index, numbers, words, titles)
    if index.settings.level == "exact":
        return
    long = np.flatnonzero(words.counts >= index.settings.min_words)
    if not len(long):
        return
    numbers, words, hashes = numbers[long], words.take(long), hashes[long]
    sketches = sketch(words, index.settings)
    index.postings.stage(sketches.bands, numbers[sketches.band_rows])
    index.postings.stage(sketches.samples, numbers[sketches.sample_rows])
    index.postings.stage_sampled(numbers, sketches.sampled)
    pairs = copy_candidates(index, sketches, numbers)
    if len(pairs):
        store_links(index, changes, pairs, numbers, words, hashes)
