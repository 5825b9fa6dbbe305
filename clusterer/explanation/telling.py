"""Where two texts tell other things: the words behind the counts of `copies.facts`, for people to read. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from clusterer.arrays.kernels_numpy.facts import DATE, NAME, NEGATION, NUMBER, Meanings, judged_runs
from clusterer.copies.facts import _LEAD, known_words
from clusterer.text.words import Words, whole_hashes


class Telling(NamedTuple):
    """Words of two texts that stand for each other, or of one of them alone, as places in either: start and stop.

    Attributes:
        kind: "number" for numbers and times, "date" for weekdays and months, "negation", "name" for all that names something, or
            "words" for those that one alone has.
        first, second: in the two texts; equal ends where a text has none.
    """

    kind: str
    first: tuple[int, int]
    second: tuple[int, int]


def telling_words(words: Words, profile: str) -> list[Telling]:
    """Where two texts tell other things, what tells most of it first: the words behind the counts of `differences`.

    Texts too different to be aligned are told by the figures, weekdays and places that one opens with and the other has nowhere.

    Args:
        words: of the two.
        profile: by which they were folded.
    """
    known = known_words(profile)
    meanings = Meanings(known.keys, known.meanings, known.unknown)
    order = _longer_first(words)
    texts = [words.hashes[words.offsets[row] : words.offsets[row + 1]].tolist() for row in order]
    found: list[tuple[tuple[int, ...], Telling]] = []
    for (start, stop, other, end), told in judged_runs(texts[0], texts[1], meanings) or ():
        facts, dates, names, subjects, _, others, unknowns, doubts = told
        if not any((facts, names, subjects, others, unknowns, doubts)):
            continue
        ends = ((start, stop), (other, end))
        said = [[meanings[word] for word in text[a:z]] for text, (a, z) in zip(texts, ends, strict=True)]
        kinds = [{meaning >> 16 for meaning in side} for side in said]
        negates = doubts and (NEGATION in kinds[0]) != (NEGATION in kinds[1])
        kind = "date" if dates else "number" if facts else "negation" if negates else "name"
        if kind in _KINDS:
            (ours, theirs), wanted = said, _KINDS[kind]
            ends = _narrowed(ends[0], ours, theirs, wanted), _narrowed(ends[1], theirs, ours, wanted)
        first, second = (ends[order.index(row)] for row in (0, 1))
        found.append(((-others, -doubts, -facts, -names, -unknowns), Telling(kind, first, second)))
    if found:
        return [told for _, told in sorted(found, key=itemgetter(0))]
    return [told for row in (0, 1) for told in _opens_alone(words, row, meanings)]


def lacking_words(words: Words) -> list[Telling]:
    """Passages of the shorter of two texts of which the longer one lacks the words, most of them first.

    A word that both have, between two that one lacks, parts no passage.
    """
    longer, shorter = _longer_first(words)
    theirs, ours = (words.hashes[words.offsets[row] : words.offsets[row + 1]] for row in (longer, shorter))
    lacking = np.flatnonzero(~np.isin(ours, theirs))
    if not len(lacking):
        return []
    passages = np.split(lacking, np.flatnonzero(np.diff(lacking) > 2) + 1)
    found = []
    for passage in sorted(passages, key=len, reverse=True):
        ends = (int(passage[0]), int(passage[-1]) + 1), (0, 0)
        found.append(Telling("words", ends[shorter], ends[longer]))
    return found


def _longer_first(words: Words) -> list[int]:
    """The two texts in the order in which `differences` and `documents` have them."""
    order: list[int] = np.lexsort((whole_hashes(words), -words.counts)).tolist()
    return order


_KINDS = {"number": NUMBER, "date": DATE, "negation": NEGATION}


def _narrowed(ends: tuple[int, int], own: list[int], other: list[int], kind: int) -> tuple[int, int]:
    """A run from the first to the last word of a kind that its other side has not; whole where there is none."""
    places = [place for place, meaning in enumerate(own) if meaning >> 16 == kind and meaning not in other]
    return (ends[0] + places[0], ends[0] + places[-1] + 1) if places else ends


def _opens_alone(words: Words, row: int, meanings: Meanings) -> Iterator[Telling]:
    """The figures, weekdays and places of one's opening that the other of two texts has nowhere."""
    own, other = (words.hashes[words.offsets[x] : words.offsets[x + 1]].tolist() for x in (row, 1 - row))
    said = {meanings[word] for word in other}
    kinds = {NUMBER: "number", DATE: "date", NAME: "name"}
    for place, word in enumerate(own[:_LEAD]):
        kind = kinds.get(meanings[word] >> 16)
        if kind and meanings[word] not in said:
            ends = (place, place + 1), (0, 0)
            yield Telling(kind, ends[row], ends[1 - row])
