"""What one write transaction has changed so far, and the steps that change it.

Articles come and go first (`writer`, `learn_lines`); every step here stores what it does and notes in `Changes` what must be
looked at again when the groups are settled (`regroup`).

Array letters: `n` new documents, `m` pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clusterer.index.copy_candidates import verify_candidates
from clusterer.index.keys import distinct_stems
from clusterer.index.links import remember_links, write_links
from clusterer.index.open_index import OpenIndex
from clusterer.index.story_candidates import document_stems, evict
from clusterer.text.words import Words


@dataclass(slots=True)
class Changes:
    """What a write transaction has changed so far.

    Attributes:
        last_article: the highest number that was used before it.
        articles: those that came, went or were read anew.
        new_documents: documents made, in the order made.
        unlinked_documents: documents that lost a link.
        touched_documents: documents that other articles hold than before.
        thinned_centres: centres of copy groups that were larger than a bucket and lost documents: their hubs may be gone.
        lost_centres: documents that went and were the centre of a copy group.
        longest_documents: by centre of a regrouped copy group its longest document.
        former_story: the story of documents whose copy group's text was taken away.
        changed_stories: stories that something happened to.
        unlinked_texts: texts that lost a likeness.
        story_of_replaced: by id the story of articles that a new version replaces.
        replaced_ids: ids of all of these.
        inherited_story: by number the story that a new version inherits, and that articles were in which are read anew.
        stirred: documents whose links or likenesses are others than before.
        relinked: stored documents that were linked with other stored ones.
    """

    last_article: int
    articles: set[int] = field(default_factory=set)
    new_documents: list[int] = field(default_factory=list)
    unlinked_documents: set[int] = field(default_factory=set)
    touched_documents: set[int] = field(default_factory=set)
    thinned_centres: set[int] = field(default_factory=set)
    lost_centres: set[int] = field(default_factory=set)
    longest_documents: dict[int, int] = field(default_factory=dict)
    former_story: dict[int, int] = field(default_factory=dict)
    changed_stories: set[int] = field(default_factory=set)
    unlinked_texts: set[int] = field(default_factory=set)
    story_of_replaced: dict[str, int] = field(default_factory=dict)
    replaced_ids: set[str] = field(default_factory=set)
    inherited_story: dict[int, int] = field(default_factory=dict)
    stirred: set[int] = field(default_factory=set)
    relinked: set[int] = field(default_factory=set)


def stories_of_articles(index: OpenIndex, articles: Iterable[int]) -> dict[int, int]:
    """The story of articles, by number; those without a word are left out."""
    return dict(
        index.database.among(
            "SELECT article.number, story FROM article JOIN document ON document.number = document JOIN text ON"
            " text.centre = document.centre WHERE article.number IN {}",
            sorted(articles),
        )
    )


def stories_of_documents(index: OpenIndex, documents: Iterable[int]) -> set[int]:
    """The stories of documents."""
    statement = "SELECT DISTINCT story FROM document JOIN text USING (centre) WHERE number IN {}"
    return index.database.numbers(statement, sorted(documents))


def linked_documents(index: OpenIndex, documents: Iterable[int]) -> set[int]:
    """Documents that are tied to one of these."""
    ends = sorted(documents)
    return index.database.numbers("SELECT b FROM link WHERE a IN {} AND ties", ends) | index.database.numbers(
        "SELECT a FROM link WHERE b IN {} AND ties", ends
    )


def store_links(
    index: OpenIndex,
    changes: Changes,
    pairs: NDArray[np.int64],
    numbers: NDArray[np.int64],
    words: Words,
    hashes: NDArray[np.uint64],
) -> None:
    """Verify candidate pairs of documents, and store those that are near.

    Args:
        index: open for writing.
        changes: of the transaction.
        pairs: int64 (m, 2), rows of `numbers` and numbers of stored documents.
        numbers: int64 (n,), the documents that rows name.
        words: of these n documents.
        hashes: uint64 (n,), of the words of each.
    """
    links, ends = verify_candidates(index, pairs, words, words.counts, hashes)
    ends = np.where(ends < 0, numbers[np.clip(-1 - ends, 0, len(numbers) - 1)], ends)
    changes.stirred.update(ends[links.pairs].ravel().tolist())
    remember_links(index.links, write_links(index.database, ends[links.pairs], links))


def release_documents(index: OpenIndex, changes: Changes, articles: NDArray[np.int64]) -> None:
    """Take articles out of their documents; documents that no article holds any more go.

    Args:
        index: open for writing.
        changes: of the transaction.
        articles: int64, numbers of stored articles, which stay stored.
    """
    database = index.database
    documents = sorted(
        database.numbers("SELECT DISTINCT document FROM article WHERE number IN {} AND document > 0", articles)
    )
    if not documents:
        return
    leaving = set(articles.tolist())
    heir: dict[int, int] = {}  # by document the first article that keeps holding it
    for number, document in database.among(
        "SELECT number, document FROM article WHERE document IN {} ORDER BY number", documents
    ):
        if number not in leaving:
            heir.setdefault(document, number)
    empty = [x for x in documents if x not in heir]
    stored = index.documents.find(documents)
    headless = [x for x in heir if stored[x].article in leaving]  # another article must stand for these
    changed, centres = {*empty, *headless}, sorted({stored[x].centre for x in documents})
    texts = database.among("SELECT centre, body FROM text WHERE centre IN {}", centres)
    retire_texts(index, changes, [centre for centre, body in texts if centre in changed or body in changed])
    evict(index, headless)
    database.write_among("UPDATE article SET document = NULL WHERE number IN {}", articles)
    database.write_many("UPDATE document SET article = ? WHERE number = ?", [(heir[x], x) for x in headless])
    index.documents.forget(headless)
    changes.touched_documents |= heir.keys()
    changes.unlinked_documents |= set(headless)
    if empty:
        changes.unlinked_documents |= linked_documents(index, empty)
        changes.touched_documents |= {stored[x].centre for x in empty}
        changes.lost_centres |= {x for x in empty if stored[x].centre == x}
        _delete_documents(index, changes, empty, Counter(stored[x].centre for x in empty))
        changes.unlinked_documents.difference_update(empty)
        changes.touched_documents.difference_update(empty)


def _delete_documents(index: OpenIndex, changes: Changes, documents: list[int], lost: Counter[int]) -> None:
    """Delete documents and their links, and note the large copy groups they were in; `lost`: how many, by centre."""
    database = index.database
    index.crowd.clear()  # it may fall apart
    longer = database.numbers("SELECT a FROM link WHERE b IN {}", documents)
    changes.stirred |= longer | database.numbers("SELECT b FROM link WHERE a IN {}", documents)
    for end in "ab":
        database.write_among(f"DELETE FROM link WHERE {end} IN {{}}", documents)
    database.write_among("DELETE FROM document WHERE number IN {}", documents)
    index.links.forget(longer.union(documents))
    index.documents.forget(documents)
    for centre, left in database.among(
        "SELECT centre, count(*) FROM document WHERE centre IN {} GROUP BY centre", sorted(lost)
    ):
        if left > 1 and left + lost[centre] > index.settings.bucket_cap:
            changes.thinned_centres.add(centre)


def retire_texts(index: OpenIndex, changes: Changes, centres: Sequence[int]) -> None:
    """Take texts away whose document is a centre no more, or no more what it was. Before its body goes."""
    database = index.database
    rows = database.among("SELECT centre, story, body FROM text WHERE centre IN {} ORDER BY centre", centres)
    if not rows:
        return
    retired = np.array([centre for centre, _, _ in rows], dtype=np.int64)
    story_of_centre = {centre: story for centre, story, _ in rows}
    for number, centre in database.among("SELECT number, centre FROM document WHERE centre IN {}", retired):
        changes.former_story.setdefault(number, story_of_centre[centre])
    changes.changed_stories |= set(story_of_centre.values())
    if index.settings.level == "story":
        stems, titles = document_stems(index, [body for _, _, body in rows])
        index.postings.stage_stems(distinct_stems(stems, titles), -1)
        pairs = index.pairs.of(retired).ends
        changes.unlinked_texts.update(pairs[:, 1].tolist())
        index.pairs.drop(pairs)
        for end in "ab":
            database.write_among(f"DELETE FROM pair WHERE {end} IN {{}}", retired)
    index.story_crowd.clear()  # it may fall apart
    database.write_among("DELETE FROM text WHERE centre IN {}", retired)
    index.texts.forget(retired.tolist())
    database.state["texts"] -= len(retired)
