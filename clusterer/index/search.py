"""Search: stored articles by the words of their titles and texts, as the package folds letters.

The words are kept beside the index, in a table of SQLite's FTS5 that is made anew by every process that searches, newest
articles first, and disappears with it: the index's file holds none and is only read. An Arabic word is also found behind the
particles and the article that are written together with it. Decides nothing about stories.

Source: "SQLite FTS5 Extension", sqlite.org.
"""

from __future__ import annotations

import re
import sqlite3
import threading

from clusterer.index.articles import read_articles
from clusterer.index.guards import ascending
from clusterer.index.views import IndexReader
from clusterer.text.normalize import normalise
from clusterer.text.stemming import PREFIXES

WORDS = 8
"""Words of a question that are looked for; further ones are not."""
_BATCH = 100  # articles that are read at a time: a search waits for no more
_PROFILE = "news"  # whoever searches types letters as they come, whatever the index's own settings fold
_WORD = re.compile(r"[^\W_]+")
_ARABIC = re.compile("[\u0621-\u06d3]")
_ARTICLE = "ال"
_LEAST = 2  # letters of a word that is also looked for behind prefixes
_SLACK = 10_000  # articles that may have gone from the index before all is read anew


class WordSearch:
    """The words of the articles of one index. Any thread may use it.

    Attributes:
        articles: how many were read; a few of them may have gone from the index since.
    """

    def __init__(self) -> None:
        """Make an empty one; `read_more` fills it."""
        self._lock = threading.Lock()
        # A database without a name is a temporary file of SQLite's, which nobody else can open.
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = OFF", "synchronous = OFF"):
            self._table.execute(f"PRAGMA {pragma}")
        self._clear()

    def _clear(self) -> None:
        self.articles = 0
        self._lowest: int | None = None  # numbers from this one to before the next are read
        self._highest: int | None = None
        with self._lock:
            self._table.execute("DROP TABLE IF EXISTS words")
            # All but ASCII letters and digits are parts of words to this tokenizer: it is handed words with spaces between.
            self._table.execute("CREATE VIRTUAL TABLE words USING fts5(said, content='', detail=none, tokenize=ascii)")

    def read_more(self, reader: IndexReader) -> bool:
        """Read a few more articles: those that are new, then earlier ones.

        Args:
            reader: of the index, inside a transaction.

        Returns:
            Whether there may be more.
        """
        database = reader.index.database
        if self.articles > 2 * database.state["articles"] + _SLACK:
            self._clear()
        top = database.state["article"] + 1
        self._highest = top if self._highest is None else self._highest
        self._lowest = top if self._lowest is None else self._lowest
        later = "SELECT number FROM article WHERE number >= ? ORDER BY number LIMIT ?"
        earlier = "SELECT number FROM article WHERE number < ? ORDER BY number DESC LIMIT ?"
        if numbers := [n for (n,) in database.rows(later, self._highest, _BATCH)]:
            self._highest = ascending(database.path, numbers, self._highest)[-1] + 1
        elif numbers := [n for (n,) in database.rows(earlier, self._lowest, _BATCH)][::-1]:
            self._lowest = ascending(database.path, numbers, numbers[0], self._lowest)[0]
        articles = read_articles(reader.index, numbers)
        folded = normalise([f"{article.title}\n{article.text}" for article in articles.values()], _PROFILE)
        rows = [(number, " ".join(words_of(text))) for number, text in zip(articles, folded, strict=True)]
        with self._lock:
            self._table.execute("BEGIN")
            self._table.executemany("INSERT INTO words (rowid, said) VALUES (?, ?)", rows)
            self._table.execute("COMMIT")
        self.articles += len(rows)
        return bool(numbers)

    def find(self, text: str, limit: int) -> list[int]:
        """Numbers of articles that hold all words of a text, those that came last first; some may have gone since.

        Args:
            text: of which the first `WORDS` words are looked for; none finds nothing.
            limit: no more than so many.
        """
        words = list(dict.fromkeys(words_of(normalise([text], _PROFILE)[0])))[:WORDS]
        if not words:
            return []
        asked = " AND ".join("(" + " OR ".join(f'"{form}"' for form in forms_of(word)) + ")" for word in words)
        statement = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?"
        with self._lock:
            return [number for (number,) in self._table.execute(statement, (asked, limit))]

    def close(self) -> None:
        """Give its space back."""
        self._table.close()


def words_of(folded: str) -> list[str]:
    """The words of a folded text, without half characters, which SQLite takes none of.

    Examples:
        >>> words_of("وزاره الطاقه: 5.5 مليون")
        ['وزاره', 'الطاقه', '5', '5', 'مليون']
    """
    return _WORD.findall(folded if folded.isascii() else folded.encode("utf-8", "ignore").decode())


def forms_of(word: str) -> list[str]:
    """The forms that a folded word is found in: itself and, where it is Arabic, behind prefixes.

    Examples:
        >>> forms_of("الرياض")[:4], forms_of("5")
        (['الرياض', 'رياض', 'والرياض', 'بالرياض'], ['5'])
    """
    bare = word.removeprefix(_ARTICLE) if len(word) > len(_ARTICLE) + _LEAST else word
    if len(bare) < _LEAST or not _ARABIC.match(bare):
        return [word]
    return list(dict.fromkeys([word, bare, *(prefix + bare for prefix in PREFIXES)]))
