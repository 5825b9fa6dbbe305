"""Articles on a terminal: who, when and what in a line, without characters that steer the terminal."""

from __future__ import annotations

import re
import sys
import unicodedata

import click

from clusterer.articles import Article
from clusterer.io.atomic import atomic_output

_STEERING = re.compile(r"[^\n\x20-\x7e\u00a1-\u00ac\u00ae-\u0377\u0621-\u066f\u0671-\u06d3]")
"""What may steer a terminal: all but the commonest letters; which does is told by its category."""
_STEERING_KINDS = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_STAYS = "\u061c\u200c\u200d\u200e\u200f"  # words need joiners; single marks turn around nothing that is isolated
_LETTERS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_RIGHT_TO_LEFT = re.compile(rf"[{_LETTERS}](?:[^\nA-Za-z\u00c0-\u024f]*[{_LETTERS}])?")


def about_article(article: Article) -> dict[str, str]:
    """Outlet, date and title, "" where there is none."""
    return {"source": article.outlet, "date": article.when, "title": " ".join(article.title.split())}


def write_page(path: str, text: str) -> None:
    """Write a text into a file, whole or not at all."""
    with atomic_output(path) as out:
        out.write(text.encode("utf-8", "backslashreplace"))


def plain(text: str) -> str:
    r"""Text with escapes for what steers a terminal or turns its direction around. Joiners and bare marks of direction stay.

    >>> print(plain("\x1b[2Jtitle\u202e"))
    \x1b[2Jtitle\u202e
    """
    return _STEERING.sub(_escape, text) if not text.isascii() or not text.isprintable() else text


def isolated(text: str) -> str:
    """Text whose runs of right-to-left letters leave what stands beside them in its place: each in marks of isolation."""
    return text if text.isascii() else _RIGHT_TO_LEFT.sub("\u2068\\g<0>\u2069", text)


def tell(text: str = "", err: bool = False, nl: bool = True) -> None:
    """Print a text for a person: escaped as `plain`, on a terminal also isolated.

    Args:
        text: of any lines.
        err: to standard error.
        nl: with a line end.
    """
    shown = plain(text)
    is_terminal = (sys.stderr if err else sys.stdout).isatty()
    click.echo(isolated(shown) if is_terminal else shown, err=err, nl=nl)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if unicodedata.category(found[0]) not in _STEERING_KINDS or found[0] in _STAYS:
        return found[0]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
