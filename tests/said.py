"""What a command says on standard error, but for the one line that every run has: what was read as what."""

from __future__ import annotations


def said(stderr: bytes | str) -> str:
    """The lines of standard error without the one of how the input was read."""
    text = stderr.decode() if isinstance(stderr, bytes) else stderr
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("read as: "))
