"""What a command says on standard error, but for what runs say by themselves: what was read as what, and how far they are."""

from __future__ import annotations

_BY_ITSELF = "read as: ", "clusterer: "  # the second every half a minute, where there is no terminal


def said(stderr: bytes | str) -> str:
    """The lines of standard error without that of how the input was read, and without those of progress."""
    text = stderr.decode() if isinstance(stderr, bytes) else stderr
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(_BY_ITSELF))
