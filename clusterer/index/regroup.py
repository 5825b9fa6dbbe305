"""Groups formed anew where articles came or went: the second half of a write transaction.

Copy groups first (of components of verified pairs), then the texts that stand for them, their likenesses, and the stories that
average linkage makes of these. Which id each story keeps is for `story_ids` to know.

Array letters: `d` documents, `t` texts, `m` pairs.
"""

from __future__ import annotations

from collections import Counter
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.indexing import factorize, places_of
from clusterer.arrays.ragged import Ragged, take_rows
from clusterer.copies import grouping
from clusterer.index import crowds, keys
from clusterer.index.articles import document_words
from clusterer.index.changes import Changes, retire_texts, store_links, stories_of_documents
from clusterer.index.guards import crcs_of_pairs
from clusterer.index.judged_links import are_filled, read_links
from clusterer.index.likenesses import among_each_other
from clusterer.index.open_index import OpenIndex
from clusterer.index.rankings import stand_anew
from clusterer.index.remembered import stored_text
from clusterer.index.story_candidates import compare, document_frequencies, document_stems, read_texts, story_candidates
from clusterer.index.story_ids import Change, assign_story_ids
from clusterer.lsh import buckets
from clusterer.stories import candidates, term_weights
from clusterer.stories.linkage import link_texts


def settle(index: OpenIndex, changes: Changes) -> list[Change]:
    """Form the groups anew where something changed.

    Returns:
        What that did to stories that were there before.
    """
    created, touched = _regroup_copies(index, changes)
    _write_texts(index, changes, created, touched)
    done, stories = _regroup_stories(index, changes, {*created, *touched})
    stories |= stories_of_documents(index, {*created, *touched, *changes.relinked})
    stirred = stories_of_documents(index, changes.stirred | changes.unlinked_texts)
    stand_anew(index.database, stories, stirred - stories, changes.articles)
    return done


# copy groups


def _regroup_copies(index: OpenIndex, changes: Changes) -> tuple[list[int], list[int]]:
    """Form the copy groups of the components that changed.

    Returns:
        Centres that have no text yet, and centres whose text has other articles than before; both ascending.
    """
    database = index.database
    for centre in sorted(changes.thinned_centres):
        _relink_group(index, changes, centre)
    # Another article may have printed a touched document first now: what its pairs are is decided anew.
    orphans = database.numbers("SELECT number FROM document WHERE centre IN {}", sorted(changes.lost_centres))
    seeds = {*changes.new_documents, *changes.unlinked_documents, *changes.touched_documents, *orphans}
    component, crowded = crowds.find_components(index, seeds)
    touched: set[int] = set()
    if len(component):
        touched = _recentre(index, changes, component)
    if len(crowded):
        touched |= _recentre_crowd(index, changes, crowded, orphans)
    if changes.touched_documents:
        touched |= database.numbers(
            "SELECT DISTINCT centre FROM document WHERE number IN {}", sorted(changes.touched_documents)
        )
    centres = {
        number for number, document in index.documents.find(sorted(touched)).items() if document.centre == number
    }
    created = _without_text(index, np.array(sorted(centres), dtype=np.int64))
    return sorted(created), sorted(centres - created)


def _recentre(index: OpenIndex, changes: Changes, documents: NDArray[np.int64]) -> set[int]:
    """Give documents the centres that their links make.

    Args:
        index: open for writing.
        changes: of the transaction.
        documents: int64 (d,), ascending, with all that is linked to any of them.

    Returns:
        Centres whose copy groups have changed.
    """
    before, after, longest = group_centres(index, documents)
    if _rejoin_stars(index, changes, documents, after):
        before, after, longest = group_centres(index, documents)
    return _store_centres(index, changes, documents, before, after, longest)


def _recentre_crowd(index: OpenIndex, changes: Changes, documents: NDArray[np.int64], orphans: set[int]) -> set[int]:
    """As `_recentre`, of documents of a component that is too large to be grouped anew: of those that have no centre.

    Args:
        index: open for writing.
        changes: of the transaction.
        documents: int64 (d,), ascending.
        orphans: documents whose centre is gone.
    """
    new = np.intersect1d(documents, np.array(changes.new_documents, dtype=np.int64))
    documents = np.union1d(new, np.intersect1d(documents, np.array(sorted(orphans), dtype=np.int64)))
    stored = index.documents.find(documents)
    before = np.array([stored[x].centre for x in documents.tolist()], dtype=np.int64)
    after = crowds.join_crowd(index, changes, documents, new)
    index.crowd.update(after.tolist())
    centres = set(documents[documents == after].tolist())
    return _store_centres(index, changes, documents, before, after, {x: x for x in centres}) | {*after.tolist()}


def _store_centres(
    index: OpenIndex,
    changes: Changes,
    documents: NDArray[np.int64],
    before: NDArray[np.int64],
    after: NDArray[np.int64],
    longest: dict[int, int],
) -> set[int]:
    """Store the centres of documents, int64 (d,) each, and note what that does to texts and stories.

    Returns:
        Centres whose copy groups have changed.
    """
    database = index.database
    changes.longest_documents |= longest
    moved_rows = np.flatnonzero(before != after)
    texts = database.among("SELECT centre, body FROM text WHERE centre IN {}", np.unique(before))
    retire_texts(index, changes, [centre for centre, body in texts if longest.get(centre) != body])
    story = dict(database.among("SELECT centre, story FROM text WHERE centre IN {}", np.unique(before[moved_rows])))
    for i in moved_rows.tolist():
        if int(before[i]) in story:
            changes.former_story.setdefault(int(documents[i]), story[int(before[i])])
            changes.changed_stories.add(story[int(before[i])])
    database.write_many(
        "UPDATE document SET centre = ? WHERE number = ?",
        zip(after[moved_rows].tolist(), documents[moved_rows].tolist(), strict=True),
    )
    index.documents.forget(documents[moved_rows].tolist())
    return {*before[moved_rows].tolist(), *after[moved_rows].tolist()} | _without_text(index, np.unique(after))


def _relink_group(index: OpenIndex, changes: Changes, centre: int) -> None:
    """Link what is left of a large group to its longest documents: the others were only ever compared with hubs."""
    rows = index.database.rows("SELECT number FROM document WHERE centre = ? ORDER BY number", centre)
    members = np.array([number for (number,) in rows], dtype=np.int64)
    order, _, _ = _longest_first(index, members)
    _link_to_hubs(index, changes, members[order[: buckets.HUBS]], members)
    changes.unlinked_documents |= set(members.tolist())


def _rejoin_stars(index: OpenIndex, changes: Changes, documents: NDArray[np.int64], centres: NDArray[np.int64]) -> bool:
    """Compare the documents of a large component that are outside its largest star with that star's centre.

    Of large buckets only hubs were compared, and these change as articles come and go.

    Args:
        index: open for writing.
        changes: of the transaction.
        documents: int64 (d,), ascending, all of their components.
        centres: int64 (d,), of each.

    Returns:
        Whether there were any to compare.
    """
    cap = index.settings.bucket_cap
    if len(documents) <= cap:
        return False
    centre_of = dict(zip(documents.tolist(), centres.tolist(), strict=True))
    stars = {centre: {centre} for centre in centre_of.values()}  # stars that are linked, by each of them
    links = index.database.among("SELECT a, b FROM link WHERE a IN {} AND ties", documents)
    for a, b in links:
        one, other = stars[centre_of[a]], stars[centre_of[b]]
        if one is not other:
            one |= other
            for centre in other:
                stars[centre] = one
    sizes, compared = Counter(centre_of.values()), False
    for component in {id(x): x for x in stars.values()}.values():
        if len(component) == 1 or sum(sizes[x] for x in component) <= cap:
            continue
        main = max(component, key=lambda x: (sizes[x], -x))
        linked, outside = {b if a == main else a for a, b in links if main in (a, b)}, component - {main}
        others = [x for x in documents.tolist() if centre_of[x] in outside and x not in linked]
        compared |= _link_to_hubs(index, changes, np.array([main]), np.array(others, dtype=np.int64))
    return compared


def _link_to_hubs(index: OpenIndex, changes: Changes, hubs: NDArray[np.int64], members: NDArray[np.int64]) -> bool:
    """Link documents to a few others, where they are alike; whether there were any to compare."""
    hubs = np.sort(hubs)
    stored = index.documents.find(hubs)
    words = document_words(index, {x: stored[x].article for x in hubs.tolist()})
    rows = np.repeat(np.arange(len(hubs)), len(members))
    pairs = np.stack([rows, np.tile(members, len(hubs))], axis=1)
    apart = ~np.isin(pairs[:, 1], hubs) | (hubs[rows] > pairs[:, 1])
    hashes = np.array([stored[x].hash for x in hubs.tolist()], dtype=np.uint64)
    if not apart.any():
        return False
    store_links(index, changes, pairs[apart], hubs, words, hashes)
    changes.relinked.update(hubs.tolist())
    return True


def group_centres(
    index: OpenIndex, documents: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[int, int]]:
    """The centres of copy groups, as they are stored and as the links make them.

    Args:
        index: that holds the documents.
        documents: int64 (d,), ascending, with all that is tied to any of them.

    Returns:
        int64 (d,) stored centres, int64 (d,) centres by the links, and by each of the latter its longest document.
    """
    order, place, before = _longest_first(index, documents)
    settings = index.settings
    links = read_links(index, documents, place)
    centres = grouping.group_documents(
        links.likeness, len(documents), settings.jaccard, settings.containment, settings.bucket_cap
    )
    after = np.empty(len(documents), dtype=np.int64)
    after[order] = documents[order][centres]
    longest: dict[int, int] = {}
    for centre, document in zip(after[order].tolist(), documents[order].tolist(), strict=True):
        longest.setdefault(centre, document)
    return before, after, longest


def _longest_first(
    index: OpenIndex, documents: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The order in which a batch run numbers documents, the longest first: int64 (d,); the place of each; their centres."""
    stored = index.documents.find(documents)
    rows = [stored[x] for x in documents.tolist()]
    hashes = np.array([row.hash for row in rows], dtype=np.uint64)
    words = np.array([row.words for row in rows], dtype=np.int64)
    order = np.lexsort((hashes, -words))
    place = np.empty(len(documents), dtype=np.int64)
    place[order] = np.arange(len(documents))
    return order, place, np.array([row.centre for row in rows], dtype=np.int64)


def _without_text(index: OpenIndex, centres: NDArray[np.int64]) -> set[int]:
    return set(centres.tolist()) - index.database.numbers("SELECT centre FROM text WHERE centre IN {}", centres)


# texts


def _write_texts(index: OpenIndex, changes: Changes, created: list[int], touched: list[int]) -> None:
    """Store the texts of copy groups, what their articles say of them, and their likenesses.

    Args:
        index: open for writing.
        changes: of the transaction.
        created: centres of copy groups that have no text yet, ascending.
        touched: centres whose text has other articles than before.
    """
    database, is_story = index.database, index.settings.level == "story"
    new = np.array(created, dtype=np.int64)
    database.state["texts"] += len(new)
    slots = _stage_texts(index, changes, new) if is_story and len(new) else None
    rows = [b""] * len(new) if slots is None else [row.tobytes() for row in slots]
    facts: dict[int, tuple[float | None, float | None, str]] = {}
    for centre, first, last, outlets in database.among(
        "SELECT centre, min(date), max(date), json_group_array(DISTINCT outlet) FILTER (WHERE outlet != '')"
        " FROM document JOIN article ON document = document.number WHERE centre IN {} GROUP BY centre",
        sorted([*created, *touched]),
    ):
        facts[centre] = first, last, outlets
    database.write_many(
        "INSERT INTO text VALUES (?, ?, 0, ?, ?, ?, ?, ?)",
        [
            (x, changes.longest_documents[x], *facts[x], row or None, crc32(row))
            for x, row in zip(created, rows, strict=True)
        ],
    )
    database.write_many(
        "UPDATE text SET first = ?, last = ?, outlets = ? WHERE centre = ?", [(*facts[x], x) for x in touched]
    )
    index.texts.forget(touched)
    if slots is not None:
        index.texts.put(
            {x: stored_text(*facts[x], changes.longest_documents[x], row) for x, row in zip(created, rows, strict=True)}
        )
    if is_story and (created or touched):
        dates = np.array([facts[x][:2] for x in created], dtype=np.float64).reshape(-1, 2)  # None comes as NaN
        _score_texts(index, changes, new, slots, dates, np.array(touched, dtype=np.int64))


def _stage_texts(index: OpenIndex, changes: Changes, centres: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Stage the stems and keys of new texts; their slots, uint16 (t, k)."""
    stems, titles = document_stems(index, [changes.longest_documents[x] for x in centres.tolist()])
    index.postings.stage_stems(keys.distinct_stems(stems, titles), 1)
    leads = Ragged(*take_rows(stems.values, stems.offsets, np.arange(len(stems)), term_weights.LEAD_END))
    weights = term_weights.weight_terms(leads, titles, index.settings.threads, document_frequencies(index))
    slots = candidates.story_slots(weights, index.settings)
    hashes, rows = keys.lead_keys(slots)
    index.postings.stage(hashes, centres[rows])
    return slots


def _score_texts(
    index: OpenIndex,
    changes: Changes,
    new: NDArray[np.int64],
    slots: NDArray[np.uint16] | None,
    dates: NDArray[np.float64],
    touched: NDArray[np.int64],
) -> None:
    """Score the candidate pairs of new texts, and those of texts that others print now, or at another time."""
    database = index.database
    pairs = np.zeros((0, 2), dtype=np.int64)
    if slots is not None:
        pairs = story_candidates(index, slots, dates, new)
        pairs[:, 0] = new[pairs[:, 0]]
    before = index.pairs.of(touched).ends
    pairs = np.concatenate([pairs, before])
    codes = sorting.distinct(pairs.min(axis=1) << 32 | pairs.max(axis=1))
    if not len(codes):
        return
    pairs = np.stack([codes >> 32, codes & 0xFFFFFFFF], axis=1)
    centres, local = factorize(pairs)
    changes.stirred.update(centres.tolist())
    alike, score, features = compare(index, read_texts(index, centres), local)
    for end in "ab":
        database.write_among(f"DELETE FROM pair WHERE {end} IN {{}}", touched)
    index.pairs.drop(before)
    index.pairs.put(centres[alike], score, new.tolist())
    values, width = features.astype("<f4").tobytes(), 4 * features.shape[1]
    blobs = [values[i : i + width] for i in range(0, len(values), width)]
    columns = (*centres[alike].T.tolist(), score.tolist(), blobs)
    rows = zip(*columns, crcs_of_pairs(*columns), strict=True)
    database.write_many("INSERT OR REPLACE INTO pair VALUES (?, ?, ?, ?, ?)", rows if len(alike) else ())


# stories


def _regroup_stories(index: OpenIndex, changes: Changes, centres: set[int]) -> tuple[list[Change], set[int]]:
    """Form the stories of some texts, of all that hang together with them, and of what these were in before.

    Returns:
        What that did to stories that were there before, and all stories, by number, that may have other texts now.
    """
    database = index.database
    seeds = centres | database.numbers("SELECT centre FROM text WHERE centre IN {}", sorted(changes.unlinked_texts))
    nodes, crowded = crowds.find_story_components(index, seeds, changes.changed_stories)
    stories = {*(-nodes[nodes < 0]).tolist(), *changes.changed_stories}
    groups = story_groups(index, nodes[nodes > 0])
    if len(crowded):
        new = database.numbers("SELECT centre FROM text WHERE centre IN {} AND NOT story", crowded[crowded > 0])
        of_crowd = set((-crowded[crowded < 0]).tolist())
        groups += crowds.join_stories(index, np.array(sorted(new), dtype=np.int64), of_crowd)
    return assign_story_ids(database, groups, changes.former_story, changes.inherited_story, stories)


def story_groups(index: OpenIndex, centres: NDArray[np.int64]) -> list[list[int]]:
    """Texts in groups by average linkage over their stored scores.

    Args:
        index: that holds the texts.
        centres: int64 (t,), ascending.
    """
    if not len(centres):
        return []
    if index.settings.level != "story":
        return [[x] for x in centres.tolist()]
    order, place, _ = _longest_first(index, centres)
    ends, score = among_each_other(index, centres)
    inside = ~are_filled(index, ends)
    local = np.sort(place[places_of(centres, ends[inside])[0]], axis=1)
    group = link_texts(local, score[inside], len(centres), index.settings.story)
    members: dict[int, list[int]] = {}
    for number, label in zip(centres[order].tolist(), group.tolist(), strict=True):
        members.setdefault(label, []).append(number)
    return list(members.values())
