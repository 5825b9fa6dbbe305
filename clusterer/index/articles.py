"""Stored articles: their bodies as bytes, their words, and the documents (distinct texts) that they hold.

Reads and packs; compares nothing and writes no row.

Array letters: `n` articles or documents, `w` words.
"""

from __future__ import annotations

import hashlib
from codecs import charmap_encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from encodings import cp1256
from typing import NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from clusterer.arrays.indexing import offsets_from_counts
from clusterer.arrays.parallel import ordered_map
from clusterer.articles import Article, seconds
from clusterer.corpus import text_words, title_words, with_titles
from clusterer.errors import ClustererError
from clusterer.index.database import Database
from clusterer.index.guards import damaged, padded, refuse_bombs
from clusterer.index.open_index import OpenIndex, trim
from clusterer.settings import Settings
from clusterer.text import boilerplate
from clusterer.text.words import Words, concatenate

_CODINGS = ("cp1256", "utf-8")  # a letter in one byte where that can be: half the size, and as much less to compress
_COMPRESSOR_LEVEL = 1
CALENDAR = -62_135_683_200, 253_402_387_200
"""Seconds since 1970 of the first moment of the year 1 and that after the last of 9999; each with a day for its zone."""


class StoredWords(NamedTuple):
    """Stored articles with their words, in ascending order of their numbers.

    Attributes:
        numbers: of the n articles.
        outlets: name of each one's outlet, "" where unknown.
        words: of the texts, without shipped boilerplate; lines that were learned are still in.
        titles: of the articles.
    """

    numbers: list[int]
    outlets: list[str]
    words: Words
    titles: list[str]


# bytes and numbers


def body_of(article: Article) -> tuple[bytes, int]:
    """All of an article but its id, as bytes, and a hash of its title and text, signed 64 bits."""
    fields = (article.title, article.text, article.source, article.url)
    title, text = (x.encode("utf-8", "surrogatepass") for x in fields[:2])
    try:
        content = charmap_encode("".join(fields), "strict", cp1256.encoding_table)[0]
        coding, lengths = 0, [*map(len, fields)]
    except UnicodeEncodeError:
        parts = title, text, *(x.encode("utf-8", "surrogatepass") for x in fields[2:])
        content = b"".join(parts)
        coding, lengths = 1, [*map(len, parts)]
    digest = hashlib.blake2b(text, digest_size=8, key=hashlib.blake2b(title).digest() if title else b"").digest()
    date = "" if article.date is None else repr(seconds(article.date))
    head = f"{coding} {' '.join(map(str, lengths))} {date}\n".encode()
    return head + content, int.from_bytes(digest, "little", signed=True)


def digest_of(article: Article) -> int:
    """A hash of title and text, signed 64 bits: articles of one id and digest are the same article."""
    return body_of(article)[1]


def whole_digest(article: Article) -> int:
    """A hash of all of an article but its id, signed 64 bits."""
    return int.from_bytes(hashlib.blake2b(body_of(article)[0], digest_size=8).digest(), "little", signed=True)


def id_key(name: str) -> int:
    """Hash of an id, signed 64 bits."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def moment(seconds: float) -> datetime:
    """The point in time so many seconds after 1970; those outside the calendar are its first or last one."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError):
        return (datetime.min if seconds < 0 else datetime.max).replace(tzinfo=UTC)


def compress(bodies: Sequence[bytes]) -> list[bytes]:
    """Bodies as `body_of` gives them, each compressed with a checksum."""
    compressor = zstandard.ZstdCompressor(level=_COMPRESSOR_LEVEL, write_checksum=True)
    return [padded(compressor.compress(body), len(body)) for body in bodies]


def _unpack(database: Database, rows: Sequence[tuple[int, bytes]]) -> dict[int, Article]:
    """Articles without ids, by number.

    Args:
        database: names its path in errors.
        rows: number and compressed body of each.

    Raises:
        IndexDamaged: a body is damaged, or claims more than an honest one can hold.
    """
    decompressor = zstandard.ZstdDecompressor()
    out, number = dict[int, Article](), 0
    try:
        refuse_bombs(database.path, [content for _, content in rows])
        for number, content in rows:
            out[number] = _parse(decompressor.decompress(content))
    except ClustererError:
        raise
    except (zstandard.ZstdError, ValueError, IndexError) as error:
        raise damaged(database.path, f"the body of article {number or 'one'} cannot be read ({error})") from None
    return out


def _parse(body: bytes) -> Article:
    start = body.index(b"\n") + 1
    coding, *lengths, date = body[: start - 1].split(b" ")
    if start + sum(map(int, lengths)) != len(body):
        raise ValueError("its parts are not as long as it says")
    name, parts = _CODINGS[int(coding)], []
    for length in map(int, lengths):
        part = body[start : start + length]
        parts.append(part.decode(name, "strict" if name == "cp1256" else "surrogatepass"))
        start += length
    title, text, source, url = parts
    return Article(text, "", title, source, url, _date(date))


def _date(written: bytes) -> datetime | None:
    """The date of a body, None where it has none."""
    if not written:
        return None
    if not CALENDAR[0] <= float(written) <= CALENDAR[1]:
        raise ValueError(f"no date is {written!r:.30}")
    return moment(float(written))


# what is stored


def read_articles(index: OpenIndex, numbers: NDArray[np.int64] | Sequence[int]) -> dict[int, Article]:
    """Stored articles by number; those that are not there are left out.

    Raises:
        IndexDamaged: a body is damaged.
    """
    rows = index.database.blobs_among(
        "SELECT number, id, content FROM article JOIN body ON article = number WHERE number IN {}", numbers
    )
    articles = _unpack(index.database, [(number, content) for number, _, content in rows])
    return {number: replace(articles[number], id=name) for number, name, _ in rows}


def numbers_of_ids(index: OpenIndex, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Number and digest of stored articles by id; those that are not there are left out."""
    rows = index.database.among(
        "SELECT id, number, digest FROM article WHERE key IN {}", [id_key(name) for name in ids]
    )
    wanted = set(ids)
    return {name: (number, digest) for name, number, digest in rows if name in wanted}


def is_article(database: Database, id: str) -> bool:
    """Whether a stored article has this id."""
    return bool(database.rows("SELECT 1 FROM article WHERE key = ? AND id = ?", id_key(id), id))


# words


def words_of_texts(texts: Sequence[str], settings: Settings) -> Words:
    """The words of n texts, without shipped boilerplate; lines that were learned are still in."""
    size = settings.chunk
    chunks = (texts[i : i + size] for i in range(0, max(len(texts), 1), size))
    parts = list(ordered_map(lambda chunk: text_words(chunk, settings), chunks, settings.threads))
    return parts[0] if len(parts) == 1 else concatenate(parts)


def in_learned_lines(index: OpenIndex, words: Words, outlets: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each word stands in a line that was learned to be boilerplate of its outlet, bool (w,)."""
    if not len(index.learned_lines) or index.settings.boilerplate != "learned":
        return np.zeros(len(words.hashes), dtype=np.bool_)
    return boilerplate.known_lines(words, outlets, index.learned_lines)


def without_learned_lines(index: OpenIndex, words: Words, outlets: Sequence[str], titles: Sequence[str]) -> Words:
    """The words that stand in no learned line of their outlet; titles stand in for texts that are too short."""
    is_boilerplate = in_learned_lines(index, words, outlets)
    words = replace(words.keep(~is_boilerplate) if is_boilerplate.any() else words, opens_line=None)
    return with_titles(words, title_words(titles, index.settings), index.settings)


def stored_words(index: OpenIndex, articles: NDArray[np.int64] | Sequence[int]) -> StoredWords:
    """Stored articles with their words; those that are not there are left out.

    Raises:
        IndexDamaged: a body is damaged.
    """
    rows = index.database.blobs_among(
        "SELECT number, outlet, content FROM article JOIN body ON article = number WHERE number IN {} ORDER BY number",
        articles,
    )
    stored = _unpack(index.database, [(number, content) for number, _, content in rows])
    words = words_of_texts([stored[number].text for number, _, _ in rows], index.settings)
    numbers = [number for number, _, _ in rows]
    return StoredWords(numbers, [outlet for _, outlet, _ in rows], words, [stored[x].title for x in numbers])


def document_words(index: OpenIndex, holders: Mapping[int, int]) -> Words:
    """The words of stored documents, in the order given; their hashes alone where shingles are of words.

    Args:
        index: that holds them.
        holders: by document the number of the article that stands for it.
    """
    if index.settings.unit == "char":  # these need their letters, and are not remembered
        return _cut_words(index, holders)
    missing = {document: article for document, article in holders.items() if document not in index.words}
    if missing:
        words = _cut_words(index, missing)
        for i, document in enumerate(missing):
            index.words[document] = words.hashes[words.offsets[i] : words.offsets[i + 1]].copy()
    parts = [index.words[document] for document in holders]
    trim(index.words)
    return Words(np.concatenate([*parts, np.zeros(0, dtype=np.uint64)]), offsets_from_counts([len(x) for x in parts]))


def _cut_words(index: OpenIndex, holders: Mapping[int, int]) -> Words:
    """The words of documents, read from the bodies of the articles that stand for them."""
    stored = stored_words(index, sorted(set(holders.values())))
    words = without_learned_lines(index, stored.words, stored.outlets, stored.titles)
    row = {number: i for i, number in enumerate(stored.numbers)}
    return words.take(np.array([row[article] for article in holders.values()], dtype=np.int64))
