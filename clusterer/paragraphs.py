"""Paragraphs: lines of texts that stand in an earlier article go; the articles stay.

For corpora whose texts are put together of parts that recur: footers, quotations, agency texts between an outlet's own lines.
Two paragraphs are one where their words are, as they are folded; the first in input order stays. What recurs within one article
only stays. So does what is shorter than `min_words` words, such as headings, names and numbers of lists, unless it recurs as a
footer does: in `FOOTER_ARTICLES` articles of one outlet, and in `FOOTER_SHARE` of these. A single word always stays.

Array letters: `n` articles, `p` paragraphs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.ragged import Growing
from clusterer.articles import Article, name_of
from clusterer.io.inputs import Articles, articles_from
from clusterer.progress import Progress, begin, progress_from, silent
from clusterer.settings import GivenSettings, Settings, preset, settings_from
from clusterer.text.words import hash_words, whole_hashes

FOOTER_ARTICLES = 10
"""Articles of an outlet in which a short line stands that is a footer. With `FOOTER_SHARE` there are 45 such lines in two feeds
of 15,000 and 31,000 articles: datelines, bylines, sources, buttons, and one heading of a column; of what recurs less most are
headings."""
FOOTER_SHARE = 0.002
"""The same as a share of the outlet's articles: in a large corpus any question of three words stands above ten."""
FOOTER_WORDS = 2
"""Words that a footer has at least: countries and months are lines of one word."""


@dataclass(frozen=True, slots=True)
class RemovedParagraph:
    """A paragraph that goes.

    Attributes:
        id, place: of its article: its name and its place in the input, from 0.
        paragraph: number of its line in the article's text, from 0.
        kept, kept_place: of the first article that holds it.
        words: how many it has.
    """

    id: str
    place: int
    paragraph: int
    kept: str
    kept_place: int
    words: int


@dataclass(frozen=True, slots=True)
class ParagraphDeduplication:
    """What goes of articles that all stay.

    Attributes:
        removed: in input order.
        articles: the articles without what goes, where they were held.
        stats: counts by name.
    """

    removed: tuple[RemovedParagraph, ...]
    articles: tuple[Article, ...] = field(default=(), repr=False)
    stats: Mapping[str, int] = field(default_factory=dict)

    def by_article(self) -> dict[int, list[RemovedParagraph]]:
        """What goes, by the place of its article."""
        out: dict[int, list[RemovedParagraph]] = {}
        for removal in self.removed:
            out.setdefault(removal.place, []).append(removal)
        return out


def dedup_paragraphs(
    articles: Articles,
    settings: GivenSettings | None = None,
    *,
    fields: Mapping[str, str] | None = None,
    progress: Progress | bool | None = None,
    **choices: Any,
) -> ParagraphDeduplication:
    r"""Remove the paragraphs of articles that stand in an earlier one. The articles stay, be their text empty then.

    Args:
        articles: as `clusterer.cluster` takes them.
        settings: of these how letters fold (`profile`), and how many words a paragraph must have that need not recur as a
            footer does (`min_words`; that of a preset is about whole texts, and not taken).
        fields: article attribute to column name, where the usual names do not fit.
        progress: as for `clusterer.cluster`.
        **choices: as for `clusterer.cluster`.

    Raises:
        InputError: an item is no article.
        SettingsError: settings contradict each other.

    Example:
        >>> footer = "جميع الحقوق محفوظة لدى وكالة الأنباء المحلية"
        >>> done = dedup_paragraphs([f"خبر أول\n{footer}", f"خبر ثان\n{footer}"])
        >>> done.articles[1].text
        'خبر ثان'
    """
    items = list(articles_from(articles, fields))
    if isinstance(settings, str):
        settings = {name: value for name, value in preset(settings).items() if name != "min_words"}
    done = find_recurring(items, settings_from(settings, choices), progress_from(progress))
    gone = done.by_article()
    return replace(
        done,
        articles=tuple(
            replace(article, text=without_paragraphs(article.text, gone[place])) if place in gone else article
            for place, article in enumerate(items)
        ),
    )


def find_recurring(
    articles: Iterable[Article], settings: Settings, progress: Progress | None = None
) -> ParagraphDeduplication:
    """The paragraphs that stand in an earlier article. Texts are not held."""
    tell = progress or silent
    hashes, places, numbers, counts = Growing(np.uint64), Growing(np.int64), Growing(np.int32), Growing(np.int32)
    ids, outlets, numbers_of = list[str](), Growing(np.int32), dict[str, int]()
    left = Growing(np.int64)  # of every article its paragraphs of a word or more
    remaining = iter(articles)
    while chunk := list(islice(remaining, settings.chunk)):
        tell("reading", len(chunk))
        texts = [article.text.split("\n") for article in chunk]
        lines = np.array([len(text) for text in texts])
        words = hash_words([line for text in texts for line in text], settings.profile)
        row = np.repeat(np.arange(len(chunk)), lines)
        number = np.arange(len(row)) - np.repeat(np.cumsum(lines) - lines, lines)
        long = words.counts >= min(settings.min_words, FOOTER_WORDS)
        hashes.append(whole_hashes(words)[long])
        places.append(row[long] + len(ids))
        numbers.append(number[long].astype(np.int32))
        counts.append(words.counts[long].astype(np.int32))
        left.append(np.bincount(row[words.counts > 0], minlength=len(chunk)))
        ids.extend(map(name_of, chunk))
        outlets.append(np.array([numbers_of.setdefault(a.outlet, len(numbers_of)) for a in chunk], dtype=np.int32))
    begin(tell, "finding paragraphs", len(ids))
    hash_of, place_of, number_of, words_of = hashes.array(), places.array(), numbers.array(), counts.array()
    order = np.argsort(hash_of, kind="stable")  # input order within a paragraph
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = hash_of[order[1:]] != hash_of[order[:-1]]
    first = np.empty(len(order), dtype=np.int64)
    first[order] = place_of[order[np.flatnonzero(new)[np.cumsum(new) - 1]]] if len(order) else 0
    long = words_of >= settings.min_words
    long[~long] = _are_footers(hash_of[~long], place_of[~long], outlets.array())
    gone = np.flatnonzero(long & (first != place_of))
    removed = tuple(
        RemovedParagraph(ids[place], place, number, ids[kept], kept, count)
        for place, number, kept, count in zip(
            *(x[gone].tolist() for x in (place_of, number_of, first, words_of)), strict=True
        )
    )
    rest = left.array() - np.bincount(place_of[gone], minlength=len(ids))
    touched = np.unique(place_of[gone])
    stats = {
        "articles": len(ids),
        "paragraphs long enough, or recurring as footers do": int(long.sum()),
        "paragraphs removed": len(gone),
        "words of removed paragraphs": int(words_of[gone].sum()),
        "articles that lost some": len(touched),
        "articles left without a text": int((rest[touched] == 0).sum()),
    }
    return ParagraphDeduplication(removed, stats=stats)


def _are_footers(
    hashes: NDArray[np.uint64], places: NDArray[np.int64], outlets: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Bool (p,), which of some short paragraphs recur as footers do in the outlet where they stand.

    Args:
        hashes: uint64 (p,), of their words.
        places: int64 (p,), the articles that hold them.
        outlets: int32 (n,), of all articles.
    """
    if not len(hashes):
        return np.zeros(0, dtype=np.bool_)
    outlet = outlets[places]
    order = np.lexsort((places, outlet, hashes))
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (hashes[order[1:]] != hashes[order[:-1]]) | (outlet[order[1:]] != outlet[order[:-1]])
    other = new.copy()  # another article
    other[1:] |= places[order[1:]] != places[order[:-1]]
    group = np.cumsum(new) - 1
    articles = np.bincount(group[other])
    enough = np.maximum(FOOTER_ARTICLES, FOOTER_SHARE * np.bincount(outlets))[outlet[order[new]]]
    out = np.empty(len(order), dtype=np.bool_)
    out[order] = (articles >= enough)[group]
    return out


def without_paragraphs(text: str, removed: Iterable[RemovedParagraph]) -> str:
    """A text without some of its paragraphs, and without the blank lines that are then at its ends."""
    gone = {removal.paragraph for removal in removed}
    return "\n".join(line for number, line in enumerate(text.split("\n")) if number not in gone).strip("\n")
