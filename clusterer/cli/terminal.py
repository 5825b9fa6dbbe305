"""Articles on a terminal: who, when and what in a line, without characters that steer the terminal."""

from __future__ import annotations

import unicodedata

from clusterer.articles import Article
from clusterer.io.atomic import atomic_output


def about_article(article: Article) -> dict[str, str]:
    """Outlet, date and title, "" where there is none."""
    return {"source": article.outlet, "date": article.when, "title": " ".join(article.title.split())}


def write_page(path: str, text: str) -> None:
    """Write a text into a file, whole or not at all."""
    with atomic_output(path) as out:
        out.write(text.encode("utf-8", "backslashreplace"))


def plain(text: str) -> str:
    """Text without what steers a terminal or turns its direction around; joiners stay, words need them."""
    return "".join(
        c if c in "\n\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") else " "
        for c in text
    )
