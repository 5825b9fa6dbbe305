"""Whether an index's file is what it should be. Everything is read back and computed anew, nothing is mended.

From the bodies: digests, words, documents, links, and how many texts hold each stem. From the links and scores: the
groups. From the keys: that every document can be found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from zlib import crc32

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.copies import verify
from clusterer.copies.documents import Documents
from clusterer.errors import IndexDamaged
from clusterer.index.articles import (
    CALENDAR,
    digest_of,
    id_key,
    moment,
    read_articles,
    stored_words,
    without_learned_lines,
    words_of_texts,
)
from clusterer.index.crowds import crowded_documents, find_story_components
from clusterer.index.guards import blob_rows, crc_of_gone, crc_of_number, crc_of_pair, crc_of_replaced, crc_of_story
from clusterer.index.keys import distinct_stems, keys_of, lead_keys
from clusterer.index.links import STORED, read_table
from clusterer.index.open_index import OpenIndex
from clusterer.index.rankings import STANDINGS, WORDLESS
from clusterer.index.regroup import group_centres, story_groups
from clusterer.index.story_candidates import document_stems
from clusterer.index.transactions import CONTRADICTIONS
from clusterer.stories import features as stories_features, model
from clusterer.text.words import whole_hashes

_BLOCK = 5000  # articles read at a time
_NEAR = 1e-5  # features are kept with seven digits
_SHOWN, _LETTERS = 5, 20  # numbers named in a line, and letters of each: they may be texts where rows are forged


def check(index: OpenIndex) -> list[str]:
    """What is wrong, one line each; empty where all is well. Inside a transaction."""
    out = [f"SQLite: {line}" for line in index.database.look_through()]
    for steps in (
        (_refresh, _rules, _counts),
        (_checksums, _postings, _bodies),
        (_links, _texts, _pairs, _groups, _stems),
    ):
        if not out:  # each relies on those before
            out = [line for step in steps for line in _found(step, index)]
    return out


def _found(step: Callable[[OpenIndex], list[str]], index: OpenIndex) -> list[str]:
    """What a step finds wrong; where it cannot go on, why."""
    try:
        return step(index)
    except IndexDamaged as error:
        return [str(error).partition("; cure: ")[0].partition("the file is damaged: ")[2] or str(error)]
    except CONTRADICTIONS as error:
        return [f"{step.__name__.strip('_')}: rows contradict each other ({error!r:.200})"]


def _refresh(index: OpenIndex) -> list[str]:
    index.forget()  # what is asked is what the file says
    index.refresh()
    return []


def _rules(index: OpenIndex) -> list[str]:
    """Types of values, and rows of one table against those of others."""
    rules = _type_rules(index) | _RULES
    out = []
    for what, statement in rules.items():
        if rows := index.database.rows(f"WITH found(place) AS ({statement}) SELECT quote(place) FROM found"):
            out.append(_line(what, [number for (number,) in rows]))
    return out


def _type_rules(index: OpenIndex) -> dict[str, str]:
    """A rule for each column: its values are of the type that it is declared with, which SQLite itself does not ask."""
    out = {}
    for (table,) in index.database.rows("SELECT DISTINCT tbl_name FROM sqlite_master"):
        columns = index.database.rows(f"PRAGMA table_info({table})")
        for _, column, declared, is_needed, _, is_key in columns:
            types = [declared.lower()] if is_needed or is_key else [declared.lower(), "null"]
            listed = ", ".join(map(repr, types))
            out[f"rows of {table} whose {column} is not {' or '.join(types)}"] = (
                f"SELECT {columns[0][1]} FROM {table} WHERE typeof({column}) NOT IN ({listed})"
            )
    return out


def _counts(index: OpenIndex) -> list[str]:
    database, out = index.database, []
    for name, table in (("articles", "article"), ("texts", "text")):
        count = database.rows(f"SELECT count(*) FROM {table}")[0][0]
        if count != database.state[name]:
            out.append(f"{count} {name}, of which the file counts {database.state[name]}")
    return out


def _checksums(index: OpenIndex) -> list[str]:
    """What is written once and made of what is not kept."""
    rows, out = index.database.rows, []
    sound: dict[str, list[tuple[int, bool]]] = {
        "articles whose arrival": [
            (x, crc_of_number(at) == crc) for x, at, crc in rows("SELECT number, added, crc FROM article")
        ],
        "texts whose slots": [(x, crc32(slots) == crc) for x, crc, slots in _slots(index)],
        "texts with a likeness that": [(a, crc_of_pair(a, *row) == crc) for a, *row, crc in rows("SELECT * FROM pair")],
        "articles gone whose names": [(row[0], crc_of_gone(*row) == crc) for *row, crc in rows("SELECT * FROM gone")],
        "replaced versions whose names": [
            (number, crc_of_replaced(*row) == crc) for number, *row, crc in rows("SELECT * FROM replaced")
        ],
        "stories whose id, or what it became part of,": [
            (number, crc_of_story(*row) == crc) for number, *row, crc in rows("SELECT * FROM story")
        ],
    }
    for what, found in sound.items():
        if wrong := [number for number, is_sound in found if not is_sound]:
            out.append(_line(f"{what} does not have its checksum", wrong))
    return out


def _slots(index: OpenIndex) -> list[tuple[int, int, bytes]]:
    """Centre, checksum and slots of every text, ascending; none below the story level, which has no slots."""
    if index.settings.level != "story":
        return []
    width = 2 * index.settings.story_slots
    return index.database.blobs("SELECT centre, crc, slots FROM text ORDER BY centre", width=width)


def _postings(index: OpenIndex) -> list[str]:
    return index.postings.check()


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
    "stories whose standing is not that of their articles": f"SELECT story FROM ({STANDINGS} GROUP BY story UNION ALL"
    f" {WORDLESS}) AS told LEFT JOIN standing USING (story) WHERE (standing.size, standing.newest, standing.latest) IS NOT"
    " (told.size, told.newest, told.latest)",
    "standings of a story that is not there, or of a write that never was": "SELECT story FROM standing WHERE story NOT IN"
    " (SELECT story FROM text UNION ALL SELECT -number FROM article WHERE document IS NULL) OR changed NOT BETWEEN 1 AND"
    " stirred OR stirred > (SELECT value FROM state WHERE name = 'generation')",
    "aliases of a story that is not there": "SELECT number FROM story WHERE into_story NOT IN (SELECT number FROM story"
    " WHERE into_story IS NULL)",
    "articles gone that are there": "SELECT gone.number FROM gone JOIN article USING (key) WHERE article.id = gone.id",
    "articles neither removed nor expired": "SELECT number FROM gone WHERE removed NOT IN (0, 1)",
    "numbers that an article came and another one went by": "SELECT gone.number FROM gone JOIN article USING (number)",
    "numbers beyond the counters": "SELECT number FROM (SELECT number, 'article' AS counter FROM article UNION ALL SELECT"
    " number, 'article' FROM gone UNION ALL SELECT"
    " number, 'article' FROM document UNION ALL SELECT number, 'story' FROM story UNION ALL SELECT number, 'generation'"
    " FROM segment) JOIN state ON name = counter WHERE number NOT BETWEEN 1 AND value",
    "articles of a time outside the calendar": f"SELECT number FROM article WHERE date NOT BETWEEN {CALENDAR[0]} AND"
    f" {CALENDAR[1]} OR added NOT BETWEEN {CALENDAR[0]} AND {CALENDAR[1]}",
}


def _line(what: str, numbers: Sequence[object]) -> str:
    shown = ", ".join(str(number)[:_LETTERS] for number in numbers[:_SHOWN]) + (
        ", ..." if len(numbers) > _SHOWN else ""
    )
    return f"{len(numbers)} {what}: {shown}"


def _bodies(index: OpenIndex) -> list[str]:
    """Articles against their bodies, documents against their words and keys."""
    wrong: dict[str, list[int]] = {"hash of id": [], "digest": [], "date or outlet": [], "words": [], "keys": []}
    numbers = [number for (number,) in index.database.rows("SELECT number FROM article ORDER BY number")]
    for start in range(0, len(numbers), _BLOCK):
        block = numbers[start : start + _BLOCK]
        articles = read_articles(index, block)
        columns = "number, id, key, digest, date, outlet, document"
        rows = index.database.among(f"SELECT {columns} FROM article WHERE number IN {{}}", block)
        for number, id, key, digest, date, outlet, _ in rows:
            body_date = articles[number].date
            if (None if date is None else moment(date)) != body_date or articles[number].outlet != outlet:
                wrong["date or outlet"].append(number)
            if id_key(id) != key:
                wrong["hash of id"].append(number)
            if digest_of(articles[number]) != digest:
                wrong["digest"].append(number)
        words = words_of_texts([articles[number].text for number in block], index.settings)
        outlets, titles = [articles[number].outlet for number in block], [articles[number].title for number in block]
        words = without_learned_lines(index, words, outlets, titles)
        hashes, counts = whole_hashes(words).tolist(), words.counts.tolist()
        document_of_article = {row[0]: row[-1] for row in rows}
        stored = index.documents.find(sorted({x for x in document_of_article.values() if x}))
        for i, number in enumerate(block):
            document, empty = document_of_article[number], counts[i] == 0
            is_other = document in stored and (stored[document].hash, stored[document].words) != (hashes[i], counts[i])
            if empty != (document is None) or is_other:
                wrong["words"].append(number)
        documents = np.array(sorted(stored), dtype=np.int64)
        keys = keys_of(np.array([stored[x].hash for x in documents.tolist()], dtype=np.uint64), "words")
        wrong["keys"] += documents[~index.postings.holds(keys, documents)].tolist()
    return [_line(f"articles or documents whose {what} is not that of the body", x) for what, x in wrong.items() if x]


def _links(index: OpenIndex) -> list[str]:
    """Links against the words."""
    settings, wrong = index.settings, list[int]()
    table = read_table(index.database, "ORDER BY a, b")
    for start in range(0, len(table), _BLOCK):
        block = table[start : start + _BLOCK]
        ends = block[:, :2].astype(np.int64)
        numbers = np.unique(ends)
        documents = index.documents.find(numbers)
        if len(documents) < len(numbers):
            continue  # a rule says so
        holder = np.array([documents[x].article for x in numbers.tolist()], dtype=np.int64)
        stored = stored_words(index, np.unique(holder))
        words = without_learned_lines(index, stored.words, stored.outlets, stored.titles)
        words = words.take(np.searchsorted(stored.numbers, holder).astype(np.int64))
        rows = np.arange(len(numbers))
        unknown = np.full(len(rows), -1), np.full(len(rows), np.inf)
        pairs = np.searchsorted(numbers, ends)
        found = verify.verify(Documents(rows, rows, words, *unknown), pairs, settings)
        computed = np.full(block.shape, np.nan)
        places = np.searchsorted(_codes(pairs), _codes(found.pairs))
        shared, differing = found.overlap, found.differences
        computed[places, :2] = ends[places]
        computed[places, 2:] = np.stack(
            [shared.shared, shared.smaller, shared.larger, shared.opening, shared.own_opening,
             *differing.columns[:STORED], shared.ties(settings)],
            axis=1,
        )  # fmt: skip
        wrong += ends[(computed != block).any(axis=1), 0].tolist()
    return [_line("documents with a link that their words do not give", wrong)] if wrong else []


def _codes(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs as one number each, int64 (m,), in the same order."""
    return pairs[:, 0] << 32 | pairs[:, 1]


def _texts(index: OpenIndex) -> list[str]:
    """Texts against their articles, and their slots against the keys made of them."""
    database, out = index.database, []
    outlets_of_centre: dict[int, set[str]] = {}
    for centre, outlet in database.rows(
        "SELECT DISTINCT centre, outlet FROM document JOIN article ON document = document.number WHERE outlet != ''"
    ):
        outlets_of_centre.setdefault(centre, set()).add(outlet)
    rows = database.rows("SELECT centre, outlets FROM text")
    if other := [x for x, outlets in rows if set(orjson.loads(outlets)) != outlets_of_centre.get(x, set())]:
        out.append(_line("texts whose outlets are not those of their articles", other))
    if index.settings.level != "story":
        return out
    rows = _slots(index)
    for start in range(0, len(rows), _BLOCK):
        centres = np.array([centre for centre, _, _ in rows[start : start + _BLOCK]], dtype=np.int64)
        slots = np.frombuffer(b"".join([x for _, _, x in rows[start : start + _BLOCK]]), dtype="<u2")
        keys, row = lead_keys(slots.reshape(len(centres), -1))
        # A few keys may be cut away, where so many texts held them once that the buckets were cut.
        hits = np.bincount(row, weights=index.postings.holds(keys, centres[row]), minlength=len(centres))
        lost = centres[2 * hits < np.bincount(row, minlength=len(centres))]
        if len(lost):
            out.append(_line("texts whose slots are not those of their keys", lost.tolist()))
    return out


def _pairs(index: OpenIndex) -> list[str]:
    """Scores against the features that they are made of."""
    rows, width = index.database.blobs("SELECT a, score, features FROM pair"), len(stories_features.FEATURES)
    if wrong := [a for a, _, features in rows if len(features) != 4 * width]:
        return [_line("texts with a likeness whose features are cut", wrong)]
    features = blob_rows(index.database.path, "features", [row[2] for row in rows], "<f4", width).astype(np.float64)
    score = np.array([row[1] for row in rows], dtype=np.float64)
    off = np.flatnonzero(np.abs(model.model_of(index.settings).score(features) - score) > _NEAR)
    return (
        [_line("texts with a likeness whose score is not that of its features", [rows[i][0] for i in off])]
        if len(off)
        else []
    )


def _groups(index: OpenIndex) -> list[str]:
    """Copy groups and stories against what the links and scores give."""
    database, out = index.database, []
    numbers = np.array([x for (x,) in database.rows("SELECT number FROM document ORDER BY number")], dtype=np.int64)
    if len(numbers):
        crowded = crowded_documents(index, numbers)  # what these were joined by hangs on when they came
        stored_centres, linked_centres, longest = group_centres(index, numbers)
        free, bodies = set(numbers[~crowded].tolist()), database.rows("SELECT centre, body FROM text")
        if other := [centre for centre, body in bodies if centre in free and longest.get(centre) != body]:
            out.append(_line("texts whose body is not their longest document", other))
        if len(wrong := numbers[(stored_centres != linked_centres) & ~crowded]):
            out.append(_line("documents in another copy group than their links make", wrong.tolist()))
        index.crowd.update(numbers[crowded].tolist())
    story = dict(database.rows("SELECT centre, story FROM text"))
    groups = story_groups(index, np.array(sorted(story), dtype=np.int64))
    parts = Counter(story[group[0]] for group in groups)
    find_story_components(index, story, [])
    free = {story[x] for x in story} - {story[x] for x in story if x in index.crowd or x in index.story_crowd}
    wrong_groups = [
        group[0]
        for group in groups
        if (len({story[x] for x in group}) > 1 or parts[story[group[0]]] > 1)
        and free.issuperset(story[x] for x in group)
    ]
    if wrong_groups:
        out.append(_line("texts in another story than their scores make", wrong_groups))
    return out


def _stems(index: OpenIndex) -> list[str]:
    """How many texts hold each stem."""
    if index.settings.level != "story":
        return []
    bodies = [x for (x,) in index.database.rows("SELECT body FROM text ORDER BY body")]
    parts = [distinct_stems(*document_stems(index, bodies[i : i + _BLOCK])) for i in range(0, len(bodies), _BLOCK)]
    stems, counts = np.unique(np.concatenate([*parts, np.zeros(0, dtype=np.uint32)]), return_counts=True)
    stored_stems, stored_counts = index.postings.all_stem_counts()
    if not np.array_equal(stems, stored_stems) or not np.array_equal(counts, stored_counts):
        return ["the counts of stems are not those of the texts"]
    return []
