"""What a command says on standard error, but for the lines that every run has: what was read as what, what became of it."""

from __future__ import annotations

import re

_EVERY_RUN = re.compile(
    r"read as: |[\d,]+ articles?: [\d,]+ (?:kept|copy groups?|distinct texts?|paragraphs? removed)\b"
)


def said(stderr: bytes | str) -> str:
    """The lines of standard error without the one of how the input was read, and that of what became of the articles."""
    text = stderr.decode() if isinstance(stderr, bytes) else stderr
    return "".join(line for line in text.splitlines(keepends=True) if not _EVERY_RUN.match(line))
