"""Lookup: what an index knows of articles, and which of its documents and texts a new one may be like.

Reads bodies back as words, asks the segments for candidates and has them verified by the pipeline's stages. Writes
nothing and forms no groups: `intake` does both when articles are added, `index` asks here when nothing is to be stored.

Array letters: `n` new articles or texts, `e` keys, `m` pairs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import orjson
import zstandard
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.hashing import mix, run_hashes_of
from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.ragged import Ragged, take_rows
from clusterer.articles import Article
from clusterer.copies import candidates
from clusterer.copies import verify as copies_verify
from clusterer.copies.documents import Documents
from clusterer.copies.verify import Links
from clusterer.corpus import text_words
from clusterer.errors import InputError
from clusterer.index.articles import _CODINGS, _REMEMBERED, moment
from clusterer.index.database import Store
from clusterer.index.keys import _HIGH, _LOW, Sketches, keys_of
from clusterer.index.postings import Postings
from clusterer.index.story_candidates import _SURELY, Texts, _joined, _ragged, _row
from clusterer.lsh import bands as lsh_bands
from clusterer.stories import candidates as stories_candidates
from clusterer.stories import clustering, features, term_weights
from clusterer.text import boilerplate
from clusterer.text.words import Words, concatenate, hash_words


class Lookup:
    """An open index's knowledge. Inside a transaction of its store."""

    def __init__(self, store: Store) -> None:
        """Of an open store."""
        self.store, self.settings = store, store.settings
        cap = max(self.settings.bucket_cap, 2 * boilerplate.MIN_SUPPORT_UNKNOWN)
        self.postings = Postings(store, cap)
        self._stems: OrderedDict[int, tuple[NDArray[np.uint32], NDArray[np.uint32]]] = OrderedDict()
        self._words: OrderedDict[int, NDArray[np.uint64]] = OrderedDict()
        self._generation = -1
        self._packer = zstandard.ZstdCompressor(level=1, write_checksum=True)
        self._opener = zstandard.ZstdDecompressor()

    def refresh(self) -> None:
        """See what others have written. First thing in a transaction."""
        self.postings.refresh()
        generation = self.store.state["generation"]
        if generation != self._generation:
            rows = self.store.rows("SELECT line FROM furniture")
            self.furniture = np.sort(np.array([line for (line,) in rows], dtype=np.int64).view(np.uint64))
            self._stems.clear()
            self._words.clear()
            self._generation = generation

    def wrote(self) -> None:
        """What was written in the transaction that ends was ours: what is remembered stays true."""
        self._generation = self.store.next_generation

    def forget(self) -> None:
        """A transaction failed: nothing that is remembered can be trusted."""
        self.postings.forget(failed=True)
        self._generation = -1

    # bodies and their words

    def pack(self, body: bytes) -> bytes:
        """A body of `body_of`, compressed."""
        return self._packer.compress(body)

    def unpack(self, number: int, content: bytes) -> tuple[str, str, str, str, float | None]:
        """Title, text, source, url and date of the body of an article.

        Raises:
            InputError: it is damaged.
        """
        try:
            body = self._opener.decompress(content)
            start = body.index(b"\n") + 1
            coding, *lengths, date = body[: start - 1].split(b" ")
            name, parts = _CODINGS[int(coding)], []
            for length in map(int, lengths):
                part = body[start : start + length]
                parts.append(part.decode(name, "strict" if name == "cp1256" else "surrogatepass"))
                start += length
            title, text, source, url = parts
            return title, text, source, url, float(date) if date else None
        except (zstandard.ZstdError, ValueError, IndexError) as error:
            raise InputError(
                f"{self.store.path}: the body of article {number} is damaged ({error}); cure: restore a copy"
            ) from None

    def articles(self, numbers: NDArray[np.int64] | Sequence[int]) -> dict[int, Article]:
        """Stored articles by number."""
        rows = self.store.among(
            "SELECT number, id, content FROM article JOIN body ON article = number WHERE number IN {}", numbers
        )
        out = {}
        for number, name, content in rows:
            title, text, source, url, date = self.unpack(number, content)
            when = None if date is None else moment(date)
            out[number] = Article(text, name, title, source, url, when)
        return out

    def read(self, texts: Sequence[str]) -> Words:
        """The words of articles, without known boilerplate; lines that are learned furniture are still in."""
        size = self.settings.chunk
        chunks = (texts[i : i + size] for i in range(0, max(len(texts), 1), size))
        parts = list(ordered_map(lambda chunk: text_words(chunk, self.settings), chunks, self.settings.threads))
        return parts[0] if len(parts) == 1 else concatenate(parts)

    def cut(self, words: Words, outlets: Sequence[str]) -> Words:
        """Words without the lines that are furniture of their outlets."""
        gone = self.furniture_of(words, outlets)
        return replace(words.keep(~gone) if gone.any() else words, opens_line=None)

    def furniture_of(self, words: Words, outlets: Sequence[str]) -> NDArray[np.bool_]:
        """bool (w,), True for the words of such lines."""
        if not len(self.furniture) or self.settings.boilerplate != "learned":
            return np.zeros(len(words.hashes), dtype=np.bool_)
        return boilerplate.known_lines(words, outlets, self.furniture)

    def stored(self, articles: NDArray[np.int64] | Sequence[int]) -> tuple[list[int], list[str], Words, list[str]]:
        """Of stored articles that are there, ascending: numbers, outlets, words as by `read`, titles."""
        rows = self.store.among(
            "SELECT number, outlet, content FROM article JOIN body ON article = number WHERE number IN {}"
            " ORDER BY number",
            articles,
        )
        bodies = [self.unpack(number, content) for number, _, content in rows]
        outlets = [outlet for _, outlet, _ in rows]
        words = self.read([body[1] for body in bodies])
        return [number for number, _, _ in rows], outlets, words, [body[0] for body in bodies]

    def words(self, holders: Mapping[int, int]) -> Words:
        """The words of stored documents, given with the articles that hold them."""
        missing = {document: article for document, article in holders.items() if document not in self._words}
        if missing or self.settings.unit == "char":
            numbers, outlets, words, _ = self.stored(
                sorted(set(holders.values() if self.settings.unit == "char" else missing.values()))
            )
            words = self.cut(words, outlets)
            row = {number: i for i, number in enumerate(numbers)}
            if self.settings.unit == "char":  # these are spelt out, and not kept
                return words.take(np.array([row[article] for article in holders.values()], dtype=np.int64))
            for document, article in missing.items():
                i = row[article]
                self._words[document] = words.hashes[words.offsets[i] : words.offsets[i + 1]].copy()
        parts = [self._words[document] for document in holders]
        while len(self._words) > _REMEMBERED:
            self._words.popitem(last=False)
        offsets = np.concatenate(([0], np.cumsum([len(part) for part in parts], dtype=np.int64)))
        return Words(np.concatenate([*parts, np.zeros(0, dtype=np.uint64)]), offsets)

    def title_words(self, titles: Sequence[str]) -> Words:
        """Words of titles."""
        return hash_words(titles, self.settings.profile, stems=True)

    # copies

    def sketch(self, words: Words) -> Sketches:
        """Keys of documents."""

        def of_chunk(start: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
            return candidates.sketch(words.slice(start, min(start + self.settings.chunk, len(words))), self.settings)

        starts = range(0, max(len(words), 1), self.settings.chunk)
        parts = list(ordered_map(of_chunk, starts, self.settings.threads))
        bands = keys_of(np.concatenate([keys for keys, _, _ in parts]), "copy")
        codes = [
            sorting.distinct(keys_of(keys, "copy") | (rows + start).astype(np.uint64) << _HIGH)
            for start, (_, keys, rows) in zip(starts, parts, strict=True)
        ]
        code = np.concatenate(codes)
        rows = (code >> _HIGH).astype(np.int64)
        held = np.bincount(rows, minlength=len(words))
        band_rows = np.repeat(np.arange(len(words)), bands.shape[1])
        return Sketches(bands.ravel(), band_rows, code & _LOW, rows, held)

    def copy_candidates(self, sketches: Sketches, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Pairs that may be copies or cuts: int64 (m, 2) rows of the sketches and numbers of documents, each once.

        Args:
            sketches: of n documents.
            numbers: int64 (n,), ascending: their own numbers where they were staged, so that a pair of two new ones is
                given once; else -1.
        """
        cap = self.settings.bucket_cap
        by_band = self._met(sketches.bands, sketches.band_rows, cap)
        by_sample = self._met(sketches.samples, sketches.sample_rows, cap)
        codes = []
        for (rows, others), counts in ((by_band, False), (by_sample, True)):
            code = (rows << 32 | others)[others != numbers[rows]]
            sorting.sort(code)
            new = np.flatnonzero(np.append(True, code[1:] != code[:-1])[: len(code)])
            found, shared = code[new], np.diff(np.append(new, len(code)))
            if counts:
                theirs, back = np.unique(found & 0xFFFFFFFF, return_inverse=True)
                fewer = np.minimum(sketches.held[found >> 32], self.postings.sampled(theirs)[back])
                found = found[shared >= self.settings.containment / 3 * fewer]
            codes.append(found)
        both = np.concatenate(codes)
        rows, others = both >> 32, both & 0xFFFFFFFF
        # Two new ones met each other twice, or, where one of them is a hub, once: the later one gets the pair.
        at = np.minimum(np.searchsorted(numbers, others), max(len(numbers) - 1, 0))
        turned = (numbers[at] == others) & (others > numbers[rows])
        rows, others = np.where(turned, at, rows), np.where(turned, numbers[rows], others)
        both = sorting.distinct(rows << 32 | others)
        return np.stack([both >> 32, both & 0xFFFFFFFF], axis=1)

    def _met(
        self, keys: NDArray[np.uint64], rows: NDArray[np.int64], cap: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows whose key a document holds, and that document's number: int64 (h,) twice; once a shared key."""
        code = keys << _HIGH | rows.astype(np.uint64)
        sorting.sort(code)
        ascending = code >> _HIGH
        new = np.append(True, ascending[1:] != ascending[:-1])[: len(ascending)]
        starts = np.append(np.flatnonzero(new), len(ascending))
        which, numbers = self.postings.find(ascending[new], cap)
        owners, offsets = take_rows((code & _LOW).astype(np.int64), starts, which)
        return owners, np.repeat(numbers, np.diff(offsets))

    def documents(self, numbers: NDArray[np.int64]) -> dict[int, tuple[int, int, int, int]]:
        """Documents that are there, by number: article, hash as uint64, words, centre."""
        rows = self.store.among("SELECT number, article, hash, words, centre FROM document WHERE number IN {}", numbers)
        return {number: (article, hash % (1 << 64), words, centre) for number, article, hash, words, centre in rows}

    def verify(
        self, pairs: NDArray[np.int64], words: Words, counts: NDArray[np.int64], hashes: NDArray[np.uint64]
    ) -> tuple[Links, NDArray[np.int64]]:
        """The candidate pairs that are near, judged without outlets and dates.

        Args:
            pairs: as `copy_candidates` gives them.
            words, counts, hashes: of the n new documents.

        Returns:
            Links whose pairs are places in the second array, the longer document first; that array, int64, tells for
            each place ``-1 - row`` of a new document or the number of a stored one.
        """
        known = self.documents(np.unique(pairs[:, 1]))
        pairs = pairs[np.fromiter((x in known for x in pairs[:, 1].tolist()), dtype=np.bool_, count=len(pairs))]
        rows, others = np.unique(pairs[:, 0]), np.unique(pairs[:, 1])
        theirs = self.words({x: known[x][0] for x in others.tolist()})
        together = _appended(replace(words.take(rows), opens_line=None), theirs)
        size = np.append(counts[rows], [known[x][2] for x in others.tolist()]).astype(np.int64)
        hash = np.append(hashes[rows], np.array([known[x][1] for x in others.tolist()], dtype=np.uint64))
        order = np.lexsort((hash, -size))
        place = np.argsort(order)
        local = np.stack(
            [place[np.searchsorted(rows, pairs[:, 0])], place[len(rows) + np.searchsorted(others, pairs[:, 1])]], axis=1
        )
        local = np.sort(local, axis=1)
        named = np.concatenate([-1 - rows, others])[order]
        unknown = np.full(len(order), -1), np.full(len(order), np.inf)  # what pairs are is told when groups are formed
        found = copies_verify.verify(Documents(order, place, together, *unknown), local, self.settings)
        return found, named

    # stories

    def feed(self) -> term_weights.DocumentFrequencies:
        """How many texts there are, and how many of them hold a stem."""
        return term_weights.DocumentFrequencies(self.store.state["texts"], self.postings.stem_counts)

    def _recurs(self, runs: NDArray[np.uint64]) -> NDArray[np.bool_]:
        keys, back = np.unique(keys_of(runs, "run"), return_inverse=True)
        which, numbers = self.postings.find(keys)
        times = np.bincount(which, minlength=len(keys))
        recurs: NDArray[np.bool_] = times >= term_weights.RECURS
        unsure = (recurs & (times < _SURELY * term_weights.RECURS))[which]
        which, numbers = which[unsure], numbers[unsure]
        # What was a text once, and is one of a copy group's other documents now, does not count beside that group.
        there = self.store.among("SELECT centre FROM text WHERE centre IN {}", sorting.distinct(numbers.copy()))
        gone = ~np.isin(numbers, [centre for (centre,) in there])
        recurs &= times - np.bincount(which[gone], minlength=len(keys)) >= term_weights.RECURS
        told: NDArray[np.bool_] = recurs[back]
        return told

    def run_keys(self, stems: Ragged) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Keys of the runs of stems in the texts' leads, and their rows."""
        leads, offsets = take_rows(stems.values, stems.offsets, np.arange(len(stems)), term_weights.LEAD_END)
        hashes, _, rows = run_hashes_of(leads.astype(np.uint64), offsets, term_weights.RUN)
        return keys_of(hashes, "run"), rows

    def lead_keys(self, slots: NDArray[np.uint16]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Keys of the bands of weighted leads, uint16 (n, k), and their rows; none for empty leads."""
        filled = np.flatnonzero((slots != slots[:, :1]).any(axis=1))
        r = stories_candidates.STORY_ROWS
        b = slots.shape[1] // r
        key = np.zeros((len(filled), b), dtype=np.uint64)
        for i in range(r):
            key = key << np.uint64(16) | slots[filled][:, i : b * r : r].astype(np.uint64)
        key |= np.arange(b, dtype=np.uint64) << np.uint64(16 * r)
        return keys_of(mix(key.ravel()), "story"), np.repeat(filled, b)

    def story_candidates(self, slots: NDArray[np.uint16], centres: NDArray[np.int64]) -> NDArray[np.int64]:
        """Pairs that may report one event: int64 (m, 2) rows of `slots` and centres of stored texts.

        Args:
            slots: uint16 (n, k), of new texts.
            centres: int64 (n,), their own, so that they do not meet themselves; -1 where they are not stored.
        """
        cap, least = stories_candidates.story_limits(self.settings)
        rows, others = self._met(*self.lead_keys(slots), cap)
        codes = sorting.distinct((rows << 32 | others)[others != centres[rows]])
        found = np.unique(codes & 0xFFFFFFFF)
        there = self.store.among("SELECT centre, slots FROM text WHERE centre IN {} ORDER BY centre", found)
        if not there:
            return np.zeros((0, 2), dtype=np.int64)
        known = np.array([centre for centre, _ in there], dtype=np.int64)
        theirs = np.frombuffer(b"".join([x for _, x in there]), dtype="<u2").reshape(len(known), -1)
        at = np.minimum(np.searchsorted(known, codes & 0xFFFFFFFF), len(known) - 1)
        live = known[at] == codes & 0xFFFFFFFF
        rows, at = (codes >> 32)[live], at[live]
        both, total = np.concatenate([slots, theirs]), len(slots) + len(known)
        kept = lsh_bands.pairs_with_equal_slots(both, rows * total + len(slots) + at, least)
        return np.stack([kept // total, known[kept % total - len(slots)]], axis=1)

    def remember(self, texts: Mapping[int, tuple[NDArray[np.uint32], NDArray[np.uint32]]]) -> None:
        """Keep the stems of texts and titles in memory, by document."""
        self._stems.update(texts)
        while len(self._stems) > _REMEMBERED:
            self._stems.popitem(last=False)

    def keep(self, documents: NDArray[np.int64], words: Words, titles: Sequence[str]) -> None:
        """Keep the stems of new documents in memory."""
        bodies, heads = self.body_stems(words, titles)
        self.remember({number: _row(bodies, heads, i) for i, number in enumerate(documents.tolist())})
        if self.settings.unit == "word":
            for i, number in enumerate(documents.tolist()):
                self._words[number] = words.hashes[words.offsets[i] : words.offsets[i + 1]].copy()

    def evict(self, documents: Sequence[int]) -> None:
        """Forget the stems of documents that another article stands for now."""
        for document in documents:
            self._stems.pop(document, None)

    def stems(self, documents: Sequence[int]) -> tuple[Ragged, Ragged]:
        """The stems that count of stored documents, and of their titles."""
        missing = [document for document in documents if document not in self._stems]
        if missing:
            holder = dict(self.store.among("SELECT number, article FROM document WHERE number IN {}", missing))
            numbers, outlets, words, titles = self.stored(sorted(set(holder.values())))
            bodies, heads = self.body_stems(self.cut(words, outlets), titles)
            row = {number: i for i, number in enumerate(numbers)}
            fresh = {document: _row(bodies, heads, row[holder[document]]) for document in missing}
            parts = [fresh[x] if x in fresh else self._stems[x] for x in documents]
            self.remember(fresh)
        else:
            parts = [self._stems[x] for x in documents]
        return _ragged([stems for stems, _ in parts]), _ragged([title for _, title in parts])

    def body_stems(self, words: Words, titles: Sequence[str]) -> tuple[Ragged, Ragged]:
        """The stems that count of texts, and of their titles."""
        heads = self.title_words(titles)
        assert words.stems is not None
        assert heads.stems is not None
        bodies = take_rows(words.stems, words.offsets, np.arange(len(words)), term_weights.BODY_WORDS)
        return Ragged(*bodies), Ragged(heads.stems, heads.offsets)

    def texts(
        self,
        centres: NDArray[np.int64],
        stems: Ragged | None = None,
        titles: Ragged | None = None,
        printed: Sequence[tuple[str, float]] = (),
    ) -> Texts:
        """What is compared of stored texts, then of others.

        Args:
            centres: int64, ascending.
            stems, titles: of texts that are not stored.
            printed: outlet and date of each of these, "" and inf where unknown.
        """
        rows = self.store.among(
            "SELECT first, last, outlets, body FROM text WHERE centre IN {} ORDER BY centre", centres
        )
        dates = np.array([row[:2] for row in rows] + [(date, date) for _, date in printed], dtype=np.float64)
        dates = np.where(np.isnan(dates), np.inf, dates).reshape(-1, 2)  # NULL comes as NaN
        outlets = [row[2] for row in rows] + [orjson.dumps([outlet] if outlet else []) for outlet, _ in printed]
        bodies, heads = self.stems([row[3] for row in rows])
        if stems is not None and titles is not None:
            bodies, heads = _joined(bodies, stems), _joined(heads, titles)
        return Texts(bodies, heads, dates[:, 0], dates[:, 1], outlets)

    def compare(
        self, texts: Texts, pairs: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float32]]:
        """Of candidate pairs, rows of texts, those with a trace of likeness, their scores and features."""
        salient = term_weights.weight_terms(texts.stems, texts.titles, self.settings.threads, self.feed())
        pairs = stories_candidates.prefilter_pairs(salient, pairs, texts.first, texts.last)
        rows = np.unique(pairs)
        salient = term_weights.with_stock(salient, rows, self._recurs)
        return clustering.score_pairs(salient, pairs, texts.printed_by(rows), texts.first, texts.last)

    def evidence(self, texts: Texts) -> tuple[term_weights.TermWeights, NDArray[np.float64]]:
        """How two texts are weighed, and the features of that pair, float64 (f,), however unlike they are."""
        both = np.arange(2)
        salient = term_weights.weight_terms(texts.stems, texts.titles, self.settings.threads, self.feed())
        salient = term_weights.with_stock(salient, both, self._recurs)
        found = features.pair_features(salient, both[None], texts.printed_by(both), texts.first, texts.last)
        return salient, found[0]


def _appended(a: Words, b: Words) -> Words:
    """Hashes, and letters where there are some, of the articles of both."""
    letters = None
    if a.letters is not None and b.letters is not None:
        letters = (
            np.concatenate([a.letters[0], b.letters[0]]),
            np.append(a.letters[1], a.letters[1][-1] + b.letters[1][1:]),
        )
    offsets = np.append(a.offsets, a.offsets[-1] + b.offsets[1:])
    return Words(np.concatenate([a.hashes, b.hashes]), offsets, letters=letters)
