"""What a command says on standard error, but for the lines of every run: what was read as what, progress, what became of it."""

from __future__ import annotations

import re

_EVERY_RUN = re.compile(
    r"read as: "
    r"|clusterer: "  # every half a minute, where there is no terminal
    r"|[\d,]+ articles?: [\d,]+ (?:kept|copy groups?|distinct texts?|paragraphs? removed)\b"
)


def said(stderr: bytes | str) -> str:
    """The lines of standard error without those that every run has."""
    text = stderr.decode() if isinstance(stderr, bytes) else stderr
    return "".join(line for line in text.splitlines(keepends=True) if not _EVERY_RUN.match(line))
