"""Intake: articles into an index and out of it, and what that changes in its groups.

One transaction's work. Articles come and go first (`take`, `drop`), then the groups are settled once (`settle`): the links
of a copy group's whole component are looked at again, and the scores of every story that was touched, so that the groups
are those that one run over everything stored would form from the same links and scores. Only names have a memory: a story
keeps its id as long as anything of it is there.

Array letters: `n` new articles, `d` documents of the components looked at, `t` texts.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.parallel import run_both
from clusterer.articles import Article, name_of, seconds
from clusterer.copies import grouping
from clusterer.errors import InputError
from clusterer.index.articles import body_of, key
from clusterer.index.changes import distinct_stems
from clusterer.index.copy_candidates import Lookup
from clusterer.index.links import are_filled, read_links, write_links
from clusterer.index.keys import keys_of
from clusterer.index.story_ids import Change, Naming
from clusterer.lsh import buckets
from clusterer.stories import candidates as stories_candidates
from clusterer.arrays import linkage
from clusterer.stories import term_weights
from clusterer.text import boilerplate
from clusterer.text.words import Words, concatenate

_MOST = 2**32 - 1  # articles that an index can ever have seen: numbers are 32 bits in its segments


class Intake:
    """The changes of one write transaction."""

    def __init__(self, lookup: Lookup) -> None:
        """Inside a transaction that `lookup` was refreshed in."""
        self._lookup, self._store, self._postings = lookup, lookup.store, lookup.postings
        self._settings, self._before = lookup.settings, lookup.store.state["article"]
        self._new: list[int] = []  # documents made, ascending once all are
        self._loose: set[int] = set()  # documents that lost a link
        self._touched: set[int] = set()  # documents that have other articles than before
        self._parted: set[int] = set()  # centres of groups larger than a bucket whose hubs may have gone
        self._was: dict[int, int] = {}  # the story of documents whose text was taken away
        self._stories: set[int] = set()  # stories that something happened to
        self._bodies: dict[int, int] = {}  # the longest document of each centre
        self._unsettled: set[int] = set()  # texts that lost a likeness
        self._replaced: dict[str, int] = {}  # the story of articles that a new version replaces, by id
        self._inherited: dict[int, int] = {}  # the same by the new version's number, and of articles that are read anew

    # articles

    def take(self, articles: Sequence[Article]) -> tuple[list[int], list[bool]]:
        """Store articles. Their numbers, and whether each was there before.

        Raises:
            InputError: the index has seen too many.
        """
        names = [name_of(a) for a in articles]
        bodies = [body_of(a) for a in articles]
        digests = [hashed for _, hashed in bodies]
        numbers, known = self._placed(names, digests)
        fresh = [i for i, number in enumerate(known) if not number]
        first = self._store.state["article"] + 1
        if first + len(fresh) > _MOST:
            raise InputError(
                f"an index holds {_MOST} articles in its life; cure: make a new one and merge this into it"
            )
        now, dates = time.time(), [seconds(articles[i].date) for i in fresh]
        self._store.write_many(
            "INSERT INTO article VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
            [
                (
                    numbers[i],
                    key(names[i]),
                    names[i],
                    digests[i],
                    articles[i].outlet,
                    d if np.isfinite(d) else None,
                    now,
                )
                for i, d in zip(fresh, dates, strict=True)
            ],
        )
        self._store.state["article"] += len(fresh)
        self._store.state["articles"] += len(fresh)
        self._inherited |= {numbers[i]: self._replaced[names[i]] for i in fresh if names[i] in self._replaced}
        mine = [articles[i] for i in fresh]
        packed, words = run_both(
            lambda: [self._lookup.pack(bodies[i][0]) for i in fresh],
            lambda: self._lookup.read([a.text for a in mine]),
            self._settings.threads,
        )
        at = [numbers[i] for i in fresh]
        self._store.write_many("INSERT INTO body VALUES (?, ?)", zip(at, packed, strict=True))
        if fresh:
            self._arrive(np.array(at, dtype=np.int64), [a.outlet for a in mine], words, [a.title for a in mine])
        return numbers, known

    def _placed(self, names: list[str], digests: list[int]) -> tuple[list[int], list[bool]]:
        """Numbers of articles by id and digest, and whether they are stored; a taken id gets "#2", "#3", ... in place."""
        rows = self._store.among(
            "SELECT id, digest, number FROM article WHERE key IN {}", [key(name) for name in set(names)]
        )
        taken = {name: (hashed, number) for name, hashed, number in rows}
        next_number = self._store.state["article"] + 1
        numbers, known = [], []
        for i, (name, hashed) in enumerate(zip(names, digests, strict=True)):
            again = 1
            names[i] = name
            while (other := taken.get(names[i])) is not None and other[0] != hashed:
                again += 1
                names[i] = f"{name}#{again}"
                if names[i] not in taken:
                    taken |= {
                        x: (d, n)
                        for x, d, n in self._store.rows(
                            "SELECT id, digest, number FROM article WHERE key = ?", key(names[i])
                        )
                    }
            known.append(other is not None)
            if other is None:
                taken[names[i]] = (hashed, next_number)
                other, next_number = taken[names[i]], next_number + 1
            numbers.append(other[1])
        return numbers, known

    def replace(self, articles: dict[str, int]) -> None:
        """Take articles away, by id, whose new versions are to be taken: these stay in the story, if they can."""
        story = self._stories_of(articles.values())
        self._replaced |= {id: story[number] for id, number in articles.items() if number in story}
        self.drop(articles.values())

    def _stories_of(self, articles: Iterable[int]) -> dict[int, int]:
        return dict(
            self._store.among(
                "SELECT article.number, story FROM article JOIN document ON document.number = document JOIN text ON"
                " text.centre = document.centre WHERE article.number IN {}",
                sorted(articles),
            )
        )

    def drop(self, numbers: Iterable[int]) -> None:
        """Take articles away."""
        gone = np.array(sorted(numbers), dtype=np.int64)
        self._leave(gone)
        self._store.write_among("DELETE FROM body WHERE article IN {}", gone)
        self._store.write_among("DELETE FROM article WHERE number IN {}", gone)
        self._store.state["articles"] -= len(gone)
        self._store.state["dead"] += len(gone)

    def _leave(self, articles: NDArray[np.int64]) -> None:
        """Take articles out of their documents; documents that no article holds any more go."""
        rows = self._store.among("SELECT DISTINCT document FROM article WHERE number IN {} AND document > 0", articles)
        documents = sorted(document for (document,) in rows)
        if not documents:
            return
        leaving = set(articles.tolist())
        staying: dict[int, int] = {}
        for number, document in self._store.among(
            "SELECT number, document FROM article WHERE document IN {} ORDER BY number", documents
        ):
            if number not in leaving:
                staying.setdefault(document, number)
        gone = [x for x in documents if x not in staying]
        known = self._lookup.documents(np.array(documents, dtype=np.int64))
        headless = [x for x in staying if known[x][0] in leaving]  # another article must stand for these
        changed, centres = {*gone, *headless}, sorted({known[x][3] for x in documents})
        texts = self._store.among("SELECT centre, body FROM text WHERE centre IN {}", centres)
        self._retire([centre for centre, body in texts if centre in changed or body in changed])
        self._lookup.evict(headless)
        self._store.write_among("UPDATE article SET document = NULL WHERE number IN {}", articles)
        self._store.write_many("UPDATE document SET article = ? WHERE number = ?", [(staying[x], x) for x in headless])
        self._touched |= staying.keys()
        self._loose |= set(headless)
        if gone:
            self._loose |= self._neighbours(gone)
            self._touched |= {known[x][3] for x in gone}
            for end in "ab":
                self._store.write_among(f"DELETE FROM link WHERE {end} IN {{}}", gone)
            self._store.write_among("DELETE FROM document WHERE number IN {}", gone)
            lost = Counter(known[x][3] for x in gone)
            for centre, left in self._store.among(
                "SELECT centre, count(*) FROM document WHERE centre IN {} GROUP BY centre", sorted(lost)
            ):
                if left > 1 and left + lost[centre] > self._settings.bucket_cap:
                    self._parted.add(centre)
            for pool in (self._loose, self._touched):
                pool.difference_update(gone)

    def _neighbours(self, documents: Iterable[int]) -> set[int]:
        """Documents that are linked to one of these."""
        ends = sorted(documents)
        rows = self._store.among("SELECT b FROM link WHERE a IN {} AND ties", ends)
        return {x for (x,) in rows + self._store.among("SELECT a FROM link WHERE b IN {} AND ties", ends)}

    # documents

    def _arrive(self, numbers: NDArray[np.int64], outlets: list[str], words: Words, titles: list[str]) -> None:
        """Articles that are stored, with their words as `Lookup.read` gives them, to documents."""
        if self._settings.boilerplate == "learned":
            numbers, outlets, words, titles = self._learn(numbers, outlets, words, titles)
        words = self._lookup.cut(words, outlets)
        hashes, counts = boilerplate.whole_hashes(words), words.counts
        held = np.flatnonzero(counts >= self._settings.min_words)
        if not len(held):
            return
        # Who is new, who holds a document that is there, by all 64 bits of the hash.
        distinct, first, of = np.unique(hashes[held], return_index=True, return_inverse=True)
        _, candidates = self._postings.find(np.unique(keys_of(distinct, "words")))
        document_of = {hash: number for number, (_, hash, _, _) in self._lookup.documents(candidates).items()}
        document = np.array([document_of.get(x, 0) for x in distinct.tolist()], dtype=np.int64)
        self._touched |= {int(x) for x in document if x}
        fresh = np.flatnonzero(document == 0)
        rows = held[first[fresh]]  # `unique` names the first of equal ones: numbers ascend
        made = numbers[rows]
        again = (
            made <= self._before
        )  # a number of an earlier document is not used twice: keys of that one still lead to it
        made[again] = self._store.state["article"] + 1 + np.arange(again.sum())
        self._store.state["article"] += int(again.sum())
        document[fresh] = made
        order = np.argsort(made)
        made, rows = made[order], rows[order]
        self._store.write_many(
            "UPDATE article SET document = ? WHERE number = ?",
            zip(document[of].tolist(), numbers[held].tolist(), strict=True),
        )
        if len(rows):
            holders = numbers[rows]
            self._make(made, holders, words.take(rows), hashes[rows], [titles[i] for i in rows.tolist()])

    def _make(
        self,
        numbers: NDArray[np.int64],
        holders: NDArray[np.int64],
        words: Words,
        hashes: NDArray[np.uint64],
        titles: list[str],
    ) -> None:
        """New documents, ascending, with their links."""
        counts = words.counts
        signed = hashes.view(np.int64).tolist()
        self._store.write_many(
            "INSERT INTO document VALUES (?1, ?2, ?3, ?4, ?1)",
            zip(numbers.tolist(), holders.tolist(), signed, counts.tolist(), strict=True),
        )
        self._new.extend(numbers.tolist())
        self._postings.stage(keys_of(hashes, "words"), numbers)
        if self._settings.level == "story":
            self._lookup.keep(numbers, words, titles)
        if self._settings.level == "exact":
            return
        sketches = self._lookup.sketch(words)
        self._postings.stage(sketches.bands, numbers[sketches.band_rows])
        self._postings.stage(sketches.samples, numbers[sketches.sample_rows])
        self._postings.stage_sampled(numbers, sketches.held)
        pairs = self._lookup.copy_candidates(sketches, numbers)
        if not len(pairs):
            return
        self._link(pairs, numbers, words, counts, hashes)

    def _link(
        self,
        pairs: NDArray[np.int64],
        numbers: NDArray[np.int64],
        words: Words,
        counts: NDArray[np.int64],
        hashes: NDArray[np.uint64],
    ) -> None:
        """Store the links among candidate pairs, of rows of documents with these numbers and of others."""
        links, named = self._lookup.verify(pairs, words, counts, hashes)
        named = np.where(named < 0, numbers[np.clip(-1 - named, 0, len(numbers) - 1)], named)
        write_links(self._store, named[links.pairs], links, self._settings)

    def _learn(
        self, numbers: NDArray[np.int64], outlets: list[str], words: Words, titles: list[str]
    ) -> tuple[NDArray[np.int64], list[str], Words, list[str]]:
        """Look whether lines of these articles have become furniture. Stored articles that hold such a line leave their
        documents and arrive anew, with these."""
        lookup, store = self._lookup, self._store
        keys, _, _, article = boilerplate.lines(words, outlets)
        self._postings.stage(keys_of(keys, "line"), numbers[article])
        unknown = np.unique(keys[~np.isin(keys, lookup.furniture)])
        short = np.unique(keys_of(unknown, "line"))
        which, holders = self._postings.find(short, 1 << 32)
        often = np.bincount(which, minlength=len(short)) >= boilerplate.MIN_SUPPORT
        others = np.unique(holders[often[which]])
        if not len(others):
            return numbers, outlets, words, titles
        _, theirs, held, _ = lookup.stored(others)
        cut = lookup.furniture_of(held, theirs)
        held = held.keep(~cut) if cut.any() else held
        _, found = boilerplate.learned_lines(held, theirs)
        if not len(found):
            return numbers, outlets, words, titles
        store.write_many(
            "INSERT OR IGNORE INTO furniture VALUES (?)", [(line,) for line in found.view(np.int64).tolist()]
        )
        lookup.furniture = np.union1d(lookup.furniture, found)
        _, holders = self._postings.find(np.unique(keys_of(found, "line")), every=True)
        at, theirs, held, heads = lookup.stored(np.unique(holders))
        keys, _, _, article = boilerplate.lines(held, theirs)
        again = np.unique(article[np.isin(keys, found)])
        old = np.setdiff1d(np.array(at, dtype=np.int64)[again], numbers)
        self._inherited |= self._stories_of(old.tolist())
        self._leave(old)
        rows = np.searchsorted(at, old)
        joined = concatenate([words, held.take(rows)])
        order = np.argsort(np.append(numbers, old), kind="stable")
        named = [*outlets, *(theirs[i] for i in rows.tolist())]
        headed = [*titles, *(heads[i] for i in rows.tolist())]
        return (
            np.append(numbers, old)[order],
            [named[i] for i in order.tolist()],
            joined.take(order),
            [headed[i] for i in order.tolist()],
        )

    # groups

    def settle(self) -> list[Change]:
        """Form the groups anew where something changed, and store what was staged."""
        created, touched = self._regroup()
        changes = self._retell(created, touched)
        self._postings.flush()
        return changes

    def _regroup(self) -> tuple[list[int], list[int]]:
        """Copy groups of the components that changed. Centres without a text, and those whose text has other articles."""
        store = self._store
        for centre in sorted(self._parted):
            self._rejoin(centre)
        # Another article may have printed a document first now: what its pairs are is told anew.
        component, frontier = (set(self._new) | self._loose | self._touched for _ in range(2))
        while frontier:
            frontier = self._neighbours(frontier) - component
            component |= frontier
        touched: set[int] = set()
        if component:
            numbers = np.array(sorted(component), dtype=np.int64)
            before, after, longest = self.centres(numbers)
            if self._gather(numbers, after):
                before, after, longest = self.centres(numbers)
            self._bodies |= longest
            moved = np.flatnonzero(before != after)
            texts = store.among("SELECT centre, body FROM text WHERE centre IN {}", np.unique(before))
            self._retire([centre for centre, body in texts if longest.get(centre) != body])
            touched |= {int(x) for x in before[moved]} | {int(x) for x in after[moved]}
            story = dict(store.among("SELECT centre, story FROM text WHERE centre IN {}", np.unique(before[moved])))
            for i in moved.tolist():
                if int(before[i]) in story:
                    self._was.setdefault(int(numbers[i]), story[int(before[i])])
                    self._stories.add(story[int(before[i])])
            store.write_many(
                "UPDATE document SET centre = ? WHERE number = ?",
                zip(after[moved].tolist(), numbers[moved].tolist(), strict=True),
            )
            touched |= {int(x) for x in np.unique(after)} & self._without_text(np.unique(after))
        if self._touched:
            rows = store.among("SELECT DISTINCT centre FROM document WHERE number IN {}", sorted(self._touched))
            touched |= {centre for (centre,) in rows}
        there = {
            x
            for (x,) in store.among(
                "SELECT number FROM document WHERE number IN {} AND centre = number", sorted(touched)
            )
        }
        created = self._without_text(np.array(sorted(there), dtype=np.int64))
        return sorted(created), sorted(there - created)

    def _rejoin(self, centre: int) -> None:
        """Link what is left of a large group to its longest documents: the others were only ever compared with hubs."""
        rows = self._store.rows("SELECT number FROM document WHERE centre = ? ORDER BY number", centre)
        members = np.array([number for (number,) in rows], dtype=np.int64)
        order, _, _ = self._ordered(members)
        self._compare(members[order[: buckets.HUBS]], members)
        self._loose |= set(members.tolist())

    def _gather(self, documents: NDArray[np.int64], centres: NDArray[np.int64]) -> bool:
        """Compare what hangs together in a large component, and is outside its largest star, with that star's centre: of
        large buckets only hubs were compared, and these change as articles come and go. Whether there was such.

        Args:
            documents: int64 (d,), ascending, all of their components.
            centres: int64 (d,), of each.
        """
        if len(documents) <= self._settings.bucket_cap:
            return False
        of = dict(zip(documents.tolist(), centres.tolist(), strict=True))
        stars = {centre: {centre} for centre in of.values()}  # stars that are linked, by each of them
        links = self._store.among("SELECT a, b FROM link WHERE a IN {} AND ties", documents)
        for a, b in links:
            one, other = stars[of[a]], stars[of[b]]
            if one is not other:
                one |= other
                for centre in other:
                    stars[centre] = one
        sizes, found = Counter(of.values()), False
        for component in {id(x): x for x in stars.values()}.values():
            if len(component) == 1 or sum(sizes[x] for x in component) <= self._settings.bucket_cap:
                continue
            main = max(component, key=lambda x: (sizes[x], -x))
            met = {b if a == main else a for a, b in links if main in (a, b)}
            others = [x for x in documents.tolist() if of[x] in component and of[x] != main and x not in met]
            found |= self._compare(np.array([main]), np.array(others, dtype=np.int64))
        return found

    def _compare(self, hubs: NDArray[np.int64], members: NDArray[np.int64]) -> bool:
        """Link documents to a few others, where they are alike; whether there were any to compare."""
        hubs = np.sort(hubs)
        known = self._lookup.documents(hubs)
        words = self._lookup.words({x: known[x][0] for x in hubs.tolist()})
        rows = np.repeat(np.arange(len(hubs)), len(members))
        pairs = np.stack([rows, np.tile(members, len(hubs))], axis=1)
        apart = ~np.isin(pairs[:, 1], hubs) | (hubs[rows] > pairs[:, 1])
        hashes = np.array([known[x][1] for x in hubs.tolist()], dtype=np.uint64)
        if not apart.any():
            return False
        self._link(pairs[apart], hubs, words, words.counts, hashes)
        return True

    def centres(self, documents: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[int, int]]:
        """The centres that documents have, and those that their links make, int64 (d,) twice, and the longest document of
        each of these; `documents` ascending, with all that is tied to any of them."""
        order, place, before = self._ordered(documents)
        settings = self._settings
        links = read_links(self._store, documents, place, settings)
        centres = grouping.group_documents(
            links.likeness, len(documents), settings.jaccard, settings.containment, settings.bucket_cap
        )
        after = np.empty(len(documents), dtype=np.int64)
        after[order] = documents[order][centres]
        longest: dict[int, int] = {}
        for centre, document in zip(after[order].tolist(), documents[order].tolist(), strict=True):
            longest.setdefault(centre, document)
        return before, after, longest

    def _ordered(self, documents: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Documents in the order in which a batch numbers them, the longest first; the place of each; their centres."""
        known = self._lookup.documents(documents)
        hashes = np.array([known[x][1] for x in documents.tolist()], dtype=np.uint64)
        words = np.array([known[x][2] for x in documents.tolist()], dtype=np.int64)
        order = np.lexsort((hashes, -words))
        place = np.empty(len(documents), dtype=np.int64)
        place[order] = np.arange(len(documents))
        return order, place, np.array([known[x][3] for x in documents.tolist()], dtype=np.int64)

    def _without_text(self, centres: NDArray[np.int64]) -> set[int]:
        rows = self._store.among("SELECT centre FROM text WHERE centre IN {}", centres)
        return set(centres.tolist()) - {centre for (centre,) in rows}

    def _retire(self, centres: Sequence[int]) -> None:
        """Take texts away whose document is a centre no more, or no more what it was. Before its body goes."""
        store = self._store
        rows = store.among("SELECT centre, story, body FROM text WHERE centre IN {} ORDER BY centre", centres)
        if not rows:
            return
        gone = np.array([centre for centre, _, _ in rows], dtype=np.int64)
        story = {centre: story for centre, story, _ in rows}
        for number, centre in store.among("SELECT number, centre FROM document WHERE centre IN {}", gone):
            self._was.setdefault(number, story[centre])
        self._stories |= set(story.values())
        if self._settings.level == "story":
            stems, titles = self._lookup.stems([body for _, _, body in rows])
            self._postings.stage_stems(distinct_stems(stems, titles), -1)
            for end, other in ("ab", "ba"):
                rows = store.among(f"SELECT {other} FROM pair WHERE {end} IN {{}}", gone)
                self._unsettled |= {x for (x,) in rows}
                store.write_among(f"DELETE FROM pair WHERE {end} IN {{}}", gone)
        store.write_among("DELETE FROM text WHERE centre IN {}", gone)
        store.state["texts"] -= len(gone)

    def _retell(self, created: list[int], touched: list[int]) -> list[Change]:
        """Texts and their likenesses, then the stories of all that changed."""
        store = self._store
        centres = np.array(sorted([*created, *touched]), dtype=np.int64)
        new = np.array(created, dtype=np.int64)
        store.state["texts"] += len(new)
        slots = self._enter(new) if self._settings.level == "story" and len(new) else None
        printed: dict[int, tuple[float | None, float | None, str]] = {}
        for centre, first, last, outlets in store.among(
            "SELECT centre, min(date), max(date), json_group_array(DISTINCT outlet) FILTER (WHERE outlet != '')"
            " FROM document JOIN article ON document = document.number WHERE centre IN {} GROUP BY centre",
            centres,
        ):
            printed[centre] = first, last, outlets
        store.write_many(
            "INSERT INTO text VALUES (?, ?, 0, ?, ?, ?, ?)",
            [
                (x, self._bodies[x], *printed[x], None if slots is None else slots[i].tobytes())
                for i, x in enumerate(created)
            ],
        )
        store.write_many(
            "UPDATE text SET first = ?, last = ?, outlets = ? WHERE centre = ?",
            [(*printed[x], x) for x in touched],
        )
        if slots is not None or (touched and self._settings.level == "story"):
            self._liken(new, slots, np.array(touched, dtype=np.int64))
        return self._name(set(centres.tolist()))

    def _enter(self, centres: NDArray[np.int64]) -> NDArray[np.uint16]:
        """Keys of new texts; their slots, uint16 (t, k)."""
        stems, titles = self._lookup.stems([self._bodies[x] for x in centres.tolist()])
        self._postings.stage_stems(distinct_stems(stems, titles), 1)
        keys, rows = self._lookup.run_keys(stems)
        self._postings.stage(keys, centres[rows])
        salient = term_weights.weight_terms(stems, titles, self._settings.threads, self._lookup.feed())
        slots = stories_candidates.story_slots(salient, self._settings)
        keys, rows = self._lookup.lead_keys(slots)
        self._postings.stage(keys, centres[rows])
        return slots

    def _liken(self, new: NDArray[np.int64], slots: NDArray[np.uint16] | None, touched: NDArray[np.int64]) -> None:
        """Score the candidate pairs of new texts, and those of texts that others print now, or at another time."""
        store = self._store
        pairs = np.zeros((0, 2), dtype=np.int64)
        if slots is not None:
            pairs = self._lookup.story_candidates(slots, new)
            pairs[:, 0] = new[pairs[:, 0]]
        known = [store.table(f"SELECT a, b FROM pair WHERE {end} IN {{}}", touched, 2) for end in "ab"]
        pairs = np.unique(np.sort(np.concatenate([pairs, *known]), axis=1), axis=0)
        if not len(pairs):
            return
        involved, local = np.unique(pairs, return_inverse=True)
        texts = self._lookup.texts(involved)
        found, score, features = self._lookup.compare(texts, local.reshape(pairs.shape))
        for end in "ab":
            store.write_among(f"DELETE FROM pair WHERE {end} IN {{}}", touched)
        store.write_many(
            "INSERT OR REPLACE INTO pair VALUES (?, ?, ?, ?)",
            zip(*involved[found].T.tolist(), score.tolist(), map(bytes, features.astype("<f4")), strict=True),
        )

    def _name(self, centres: set[int]) -> list[Change]:
        """The stories of some texts, of all that hang together with them, and of what these were in before."""
        store, threshold = self._store, self._settings.story
        there = {x for (x,) in store.among("SELECT centre FROM text WHERE centre IN {}", sorted(self._unsettled))}
        closure, frontier = centres | there, centres | there
        stories, asked = set(self._stories), set[int]()
        while frontier or stories - asked:
            met = set()
            for end, other in ("ab", "ba"):
                met |= {
                    x
                    for (x,) in store.among(
                        f"SELECT {other} FROM pair WHERE {end} IN {{}} AND score >= ?2", sorted(frontier), threshold
                    )
                }
            rows = store.among("SELECT DISTINCT story FROM text WHERE centre IN {} AND story", sorted(frontier))
            stories |= {story for (story,) in rows}
            met |= {x for (x,) in store.among("SELECT centre FROM text WHERE story IN {}", sorted(stories - asked))}
            asked |= stories
            frontier = met - closure
            closure |= frontier
        numbers = np.array(sorted(closure), dtype=np.int64)
        return Naming(self._store, self.linked(numbers), self._was, self._inherited, stories).changes

    def linked(self, numbers: NDArray[np.int64]) -> list[list[int]]:
        """Texts in groups by average linkage."""
        if not len(numbers):
            return []
        if self._settings.level != "story":
            return [[x] for x in numbers.tolist()]
        order, place, _ = self._ordered(numbers)
        rows = self._store.among("SELECT a, b, score FROM pair WHERE a IN {}", numbers)
        table = np.array(rows, dtype=np.float64).reshape(-1, 3)
        ends = table[:, :2].astype(np.int64)
        inside = np.isin(ends[:, 1], numbers) & ~are_filled(self._store, ends, self._settings)
        local = np.sort(place[np.searchsorted(numbers, ends[inside])], axis=1)
        group = linkage.average_linkage(local, table[inside, 2], len(numbers), self._settings.story)
        members: dict[int, list[int]] = {}
        for number, of in zip(numbers[order].tolist(), group.tolist(), strict=True):
            members.setdefault(of, []).append(number)
        return list(members.values())
