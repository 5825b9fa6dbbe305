"""Checking: is an index's file what it should be? Everything is read back and computed anew, nothing is mended.

From the bodies: digests, words, documents, links, and how many texts hold each stem. From the links and scores: the
groups. From the keys: that every document can be found.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray
import orjson

from clusterer.copies import verify
from clusterer.copies.documents import Documents
from clusterer.index.articles import digest, key, moment
from clusterer.index.changes import distinct_stems
from clusterer.index.copy_candidates import Lookup
from clusterer.index.links import read_table
from clusterer.index.keys import keys_of
from clusterer.index.writer import Intake
from clusterer.stories import features as stories_features
from clusterer.stories import model
from clusterer.text import boilerplate

_BLOCK = 5000  # articles read at a time
_NEAR = 1e-5  # features are kept with seven digits
_SHOWN = 5  # numbers named in a line


def problems(lookup: Lookup) -> list[str]:
    """What is wrong, one line each; empty where all is well. Inside a transaction."""
    store = lookup.store
    out = [f"SQLite: {line}" for (line,) in store.rows("PRAGMA integrity_check") if line != "ok"]
    if out:
        return out
    for what, statement in _RULES.items():
        if rows := store.rows(statement):
            out.append(_line(what, [number for (number,) in rows]))
    counts = {"articles": "article", "texts": "text"}
    for name, table in counts.items():
        found = store.rows(f"SELECT count(*) FROM {table}")[0][0]
        if found != store.state[name]:
            out.append(f"{found} {name}, of which the file counts {store.state[name]}")
    if out:  # what follows relies on these
        return out
    out = lookup.postings.problems() + _bodies(lookup)
    if out:
        return out
    return _links(lookup) + _texts(lookup) + _pairs(lookup) + _groups(lookup) + _stems(lookup)


_RULES = {
    "articles without a body": "SELECT number FROM article LEFT JOIN body ON article = number WHERE article IS NULL",
    "bodies without an article": "SELECT article FROM body LEFT JOIN article ON number = body.article WHERE number IS NULL",
    "articles of a document that is not there": "SELECT article.number FROM article LEFT JOIN document ON document.number"
    " = article.document WHERE article.document IS NOT NULL AND document.number IS NULL",
    "documents that no article holds": "SELECT number FROM document WHERE number NOT IN (SELECT document FROM article"
    " WHERE document IS NOT NULL)",
    "documents whose own article does not hold them": "SELECT document.number FROM document LEFT JOIN article ON"
    " article.number = document.article WHERE article.document IS NOT document.number",
    "documents in a group without a text": "SELECT number FROM document WHERE centre NOT IN (SELECT centre FROM text)",
    "texts whose document is not their centre": "SELECT text.centre FROM text LEFT JOIN document ON number = text.centre"
    " WHERE document.centre IS NOT text.centre",
    "texts whose dates are not those of their articles": "SELECT text.centre FROM text JOIN (SELECT centre, min(date) AS"
    " first, max(date) AS last FROM document JOIN article ON document = document.number GROUP BY centre) AS told ON"
    " told.centre = text.centre WHERE told.first IS NOT text.first OR told.last IS NOT text.last",
    "links to a document that is not there": "SELECT a FROM link WHERE a NOT IN (SELECT number FROM document) OR b NOT IN"
    " (SELECT number FROM document)",
    "likenesses of a text that is not there": "SELECT a FROM pair WHERE a NOT IN (SELECT centre FROM text) OR b NOT IN"
    " (SELECT centre FROM text) OR a >= b",
    "texts of a story that is not there, or an alias": "SELECT centre FROM text WHERE story NOT IN (SELECT number FROM"
    " story WHERE into_story IS NULL)",
    "stories without a text": "SELECT number FROM story WHERE into_story IS NULL AND number NOT IN (SELECT story FROM"
    " text)",
    "aliases of a story that is not there": "SELECT number FROM story WHERE into_story NOT IN (SELECT number FROM story"
    " WHERE into_story IS NULL)",
    "numbers beyond the counters": "SELECT number FROM article WHERE number > (SELECT value FROM state WHERE name ="
    " 'article') UNION SELECT number FROM story WHERE number > (SELECT value FROM state WHERE name = 'story')",
}


def _line(what: str, numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_SHOWN])) + (", ..." if len(numbers) > _SHOWN else "")
    return f"{len(numbers)} {what}: {shown}"


def _bodies(lookup: Lookup) -> list[str]:
    """Articles against their bodies, documents against their words and keys."""
    store = lookup.store
    wrong: dict[str, list[int]] = {"hash of id": [], "digest": [], "date or outlet": [], "words": [], "keys": []}
    numbers = [number for (number,) in store.rows("SELECT number FROM article ORDER BY number")]
    for start in range(0, len(numbers), _BLOCK):
        block = numbers[start : start + _BLOCK]
        articles = lookup.articles(block)
        columns = "number, id, key, digest, date, outlet, document"
        rows = store.among(f"SELECT {columns} FROM article WHERE number IN {{}}", block)
        for number, id, hashed, told, date, outlet, _ in rows:
            mine = articles[number].date
            if (None if date is None else moment(date)) != mine or articles[number].outlet != outlet:
                wrong["date or outlet"].append(number)
            if key(id) != hashed:
                wrong["hash of id"].append(number)
            if digest(articles[number]) != told:
                wrong["digest"].append(number)
        outlets = [articles[number].outlet for number in block]
        words = lookup.cut(lookup.read([articles[number].text for number in block]), outlets)
        hashes, counts = boilerplate.whole_hashes(words).tolist(), words.counts.tolist()
        of = {row[0]: row[-1] for row in rows}
        known = lookup.documents(np.unique(np.array([x for x in of.values() if x], dtype=np.int64)))
        for i, number in enumerate(block):
            document, short = of[number], counts[i] < lookup.settings.min_words
            if short != (document is None) or (document in known and known[document][1:3] != (hashes[i], counts[i])):
                wrong["words"].append(number)
        held = np.array(sorted(known), dtype=np.int64)
        keys = keys_of(np.array([known[x][1] for x in held.tolist()], dtype=np.uint64), "words")
        wrong["keys"] += held[~lookup.postings.holds(keys, held)].tolist()
    return [_line(f"articles or documents whose {what} is not that of the body", x) for what, x in wrong.items() if x]


def _links(lookup: Lookup) -> list[str]:
    """Links against the words."""
    store, wrong = lookup.store, list[int]()
    table = read_table(store, "ORDER BY a, b")
    for start in range(0, len(table), _BLOCK):
        block = table[start : start + _BLOCK]
        ends = block[:, :2].astype(np.int64)
        numbers = np.unique(ends)
        known = lookup.documents(numbers)
        if len(known) < len(numbers):
            continue  # told above
        holder = np.array([known[x][0] for x in numbers.tolist()], dtype=np.int64)
        there, outlets, words, _ = lookup.stored(np.unique(holder))
        words = lookup.cut(words, outlets).take(np.searchsorted(there, holder).astype(np.int64))
        every = np.arange(len(numbers))
        documents = Documents(every, every, words, np.full(len(every), -1), np.full(len(every), np.inf))
        pairs = np.searchsorted(numbers, ends)
        found = verify.verify(documents, pairs, lookup.settings)
        told = np.full(block.shape, np.nan)
        at = np.searchsorted(_codes(pairs), _codes(found.pairs))
        shared, d = found.overlap, found.differences
        told[at, :2] = ends[at]
        told[at, 2:] = np.stack(
            [shared.shared, shared.smaller, shared.larger, shared.opening, shared.own_opening,
             d.facts, d.dates, d.names, d.subjects, d.edits, d.numbers], axis=1
        )  # fmt: skip
        wrong += ends[(told != block).any(axis=1), 0].tolist()
    return [_line("documents with a link that their words do not give", wrong)] if wrong else []


def _codes(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    return pairs[:, 0] << 32 | pairs[:, 1]


def _texts(lookup: Lookup) -> list[str]:
    """Texts against their articles, and their slots against the keys made of them."""
    store, out = lookup.store, []
    printed: dict[int, set[str]] = {}
    for centre, outlet in store.rows(
        "SELECT DISTINCT centre, outlet FROM document JOIN article ON document = document.number WHERE outlet != ''"
    ):
        printed.setdefault(centre, set()).add(outlet)
    rows = store.rows("SELECT centre, outlets FROM text")
    if other := [centre for centre, outlets in rows if set(orjson.loads(outlets)) != printed.get(centre, set())]:
        out.append(_line("texts whose outlets are not those of their articles", other))
    if lookup.settings.level != "story":
        return out
    rows = store.rows("SELECT centre, slots FROM text ORDER BY centre")
    if cut := [centre for centre, slots in rows if len(slots or b"") != 2 * lookup.settings.story_slots]:
        return [*out, _line("texts whose slots are cut", cut)]
    for start in range(0, len(rows), _BLOCK):
        centres = np.array([centre for centre, _ in rows[start : start + _BLOCK]], dtype=np.int64)
        slots = np.frombuffer(b"".join([x for _, x in rows[start : start + _BLOCK]]), dtype="<u2")
        keys, of = lookup.lead_keys(slots.reshape(len(centres), -1))
        # A few keys may be cut away, where so many texts held them once that the buckets were cut.
        found = np.bincount(of, weights=lookup.postings.holds(keys, centres[of]), minlength=len(centres))
        lost = centres[2 * found < np.bincount(of, minlength=len(centres))]
        if len(lost):
            out.append(_line("texts whose slots are not those of their keys", lost.tolist()))
    return out


def _pairs(lookup: Lookup) -> list[str]:
    """Scores against the features that they are made of."""
    rows = lookup.store.rows("SELECT a, score, features FROM pair")
    width = len(stories_features.FEATURES)
    if wrong := [a for a, _, features in rows if len(features) != 4 * width]:
        return [_line("texts with a likeness whose features are cut", wrong)]
    features = np.frombuffer(b"".join([row[2] for row in rows]), dtype="<f4").reshape(-1, width).astype(np.float64)
    score = np.array([row[1] for row in rows], dtype=np.float64)
    off = np.flatnonzero(np.abs(model.shipped_model().score(features) - score) > _NEAR)
    return (
        [_line("texts with a likeness whose score is not that of its features", [rows[i][0] for i in off])]
        if len(off)
        else []
    )


def _groups(lookup: Lookup) -> list[str]:
    """Copy groups and stories against what the links and scores give."""
    store, out = lookup.store, []
    numbers = np.array([x for (x,) in store.rows("SELECT number FROM document ORDER BY number")], dtype=np.int64)
    intake = Intake(lookup)
    if len(numbers):
        before, after, longest = intake.centres(numbers)
        bodies = store.rows("SELECT centre, body FROM text")
        if other := [centre for centre, body in bodies if longest.get(centre) != body]:
            out.append(_line("texts whose body is not their longest document", other))
        if len(wrong := numbers[before != after]):
            out.append(_line("documents in another copy group than their links make", wrong.tolist()))
    texts = dict(store.rows("SELECT centre, story FROM text"))
    groups = intake.linked(np.array(sorted(texts), dtype=np.int64))
    parts = Counter(texts[group[0]] for group in groups)
    wrong_groups = [group[0] for group in groups if len({texts[x] for x in group}) > 1 or parts[texts[group[0]]] > 1]
    if wrong_groups:
        out.append(_line("texts in another story than their scores make", wrong_groups))
    return out


def _stems(lookup: Lookup) -> list[str]:
    """How many texts hold each stem."""
    if lookup.settings.level != "story":
        return []
    bodies = [x for (x,) in lookup.store.rows("SELECT body FROM text ORDER BY body")]
    parts = [distinct_stems(*lookup.stems(bodies[i : i + _BLOCK])) for i in range(0, len(bodies), _BLOCK)]
    stems, counts = np.unique(np.concatenate([*parts, np.zeros(0, dtype=np.uint32)]), return_counts=True)
    known = lookup.postings.all_stem_counts()
    if not np.array_equal(stems, known[0]) or not np.array_equal(counts, known[1]):
        return ["the counts of stems are not those of the texts"]
    return []
