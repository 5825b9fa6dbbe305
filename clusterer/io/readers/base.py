"""base: see clusterer.files."""

from __future__ import annotations

import codecs

_BOM = codecs.BOM_UTF8


def _undecodable(raw: bytes, error: UnicodeDecodeError, encoding: str) -> str:
    bad = raw[error.start : error.start + 3]
    if bad == b"\xed\xb3\xbf" and encoding not in ("utf-8", ""):
        return f"not valid {encoding}; cure: --encoding NAME, or mend the row"
    if bad[:1] == b"\xed" and b"\xa0" <= bad[1:2] <= b"\xbf":
        return f"lone surrogate, half of a character, at byte {error.start + 1}; cure: write whole characters"
    return f"not valid UTF-8 at byte {error.start + 1} (0x{bad[:1].hex()}); cure: --encoding NAME, or mend the row"
