"""The encoding of an input, told by its first bytes, and its bytes in UTF-8."""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterator, Sequence
from importlib import import_module

from clusterer.errors import UnusableInput

_ARABIC_LETTERS = frozenset("اليمنوتربةه")
ARABIC_ENCODINGS = (("cp1256", _ARABIC_LETTERS), ("iso8859_6", _ARABIC_LETTERS))
"""The encodings of Arabic before Unicode, each with the commonest letters."""
_LEGACY = (*ARABIC_ENCODINGS, ("cp1252", frozenset("éèàçêùôîâûëïÉÀ")))
_RUN = re.compile(rb"[\x81\x8d-\x90\x98\x9a\x9f\xaa\xc0-\xff]{3,}")  # bytes of Arabic letters in cp1256 or ISO 8859-6
_LATIN = ("iso8859-1", "iso8859-15", "cp1252")
ENOUGH = 0.45
"""Share of an encoding's commonest letters that tells it."""
_FEW = 6  # such bytes, in runs, are one word at least
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)["']""")


def detect_encoding(head: bytes, name: str) -> str:
    """The encoding of a text by its first bytes.

    In this order: a byte order mark, the NULs of UTF-16, UTF-8 if nearly all letters beyond ASCII are valid, what an XML
    declaration says if the bytes agree, UTF-8 if half of these letters are valid, the legacy encoding whose commonest letters
    make up most of them, words before single accents, and a guess by charset_normalizer.

    Args:
        head: the first bytes.
        name: of the input, for the error.

    Raises:
        UnusableInput: none of these tells.

    >>> detect_encoding("قالت وكالة الأنباء".encode("windows-1256"), "feed.csv")
    'cp1256'
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return encoding
    for encoding, high, low in (
        ("utf-16-le", head[1:8192:2], head[0:8192:2]),
        ("utf-16-be", head[0:8192:2], head[1:8192:2]),
    ):
        if b"\0" in high and _is_utf16(high, low):
            return encoding
    high_bytes = len(head) - len(head.translate(None, bytes(range(128, 256))))
    valid = head.decode("utf-8", "ignore").encode()
    valid_bytes = len(valid) - len(valid.translate(None, bytes(range(128, 256))))
    if valid_bytes >= max(4, 0.95 * high_bytes):  # no other encoding looks so, whatever the feed declares
        return "utf-8"
    arabic = b" ".join(_RUN.findall(head))  # accents of French stand alone: what stands together is Arabic, or no Latin
    if declared := _DECLARED.match(head):
        with contextlib.suppress(LookupError, UnicodeDecodeError):
            encoding = declared[1].decode("ascii")
            codecs.getincrementaldecoder(encoding)().decode(head)
            is_latin = codecs.lookup(encoding).name in _LATIN  # any bytes may be so
            if not is_latin or len(arabic) < _FEW or max(letter_shares(arabic, ARABIC_ENCODINGS).values()) < ENOUGH:
                return encoding
    if valid_bytes >= high_bytes / 2 or high_bytes < 4:
        return "utf-8"  # perhaps with damaged rows
    shares = letter_shares(arabic, ARABIC_ENCODINGS) if len(arabic) >= _FEW else letter_shares(head, _LEGACY)
    best = max(shares, key=shares.__getitem__)
    if shares[best] >= ENOUGH:
        return "cp1256" if best == "cp1252" and _is_both(head) else best
    if high_bytes < 16:  # too little to tell
        return "utf-8"
    start = max(0, next(i for i, byte in enumerate(head) if byte > 127) - 1000)
    guess = import_module("charset_normalizer").from_bytes(head[start : start + (1 << 15)]).best()
    if guess is None:
        raise UnusableInput(f"{name}: the encoding cannot be told; cure: --encoding NAME, such as windows-1256")
    return str(guess.encoding)


def _is_utf16(high: bytes, low: bytes) -> bool:
    """Whether these are the two bytes of characters of Latin (high byte 0) and Arabic (6), from the first ones on.

    The NULs of other files, such as padding, lie on both sides, in pairs, or begin behind the head of a table.
    """
    units = [(one, other) for one, other in zip(high, low, strict=False) if one or other]
    known = [one in (0, 6) for one, _ in units]
    latin, swapped = sum(not one for one, _ in units), sum(not other for _, other in units)
    return len(units) > 1 and all(sum(part) >= 0.7 * len(part) for part in (known, known[:4])) and latin > 8 * swapped


def letter_shares(data: bytes, legacy: Sequence[tuple[str, frozenset[str]]]) -> dict[str, float]:
    """The share that each encoding's commonest letters have of the letters beyond ASCII."""
    shares = {}
    for encoding, common in legacy:
        letters = [c for c in data.decode(encoding, "replace") if c > "\x7f"]
        shares[encoding] = sum(c in common for c in letters) / len(letters)
    return shares


def _is_both(head: bytes) -> bool:
    """Whether these bytes are the same letters in cp1252 and cp1256, which holds Arabic beside them: rows to come may."""
    high = bytes(sorted(set(head.translate(None, bytes(range(128))))))
    return high.decode("cp1252", "replace") == high.decode("cp1256", "replace")


def is_utf8(encoding: str) -> bool:
    """Whether bytes in this encoding are UTF-8 as they stand.

    >>> is_utf8("ascii"), is_utf8("windows-1256")
    (True, False)
    """
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")


def wrong_encoding_cure(head: bytes, encoding: str) -> str:
    """The cure where the encoding that was given is not UTF-8 and the bytes are, with letters beyond ASCII; else ""."""
    if is_utf8(encoding) or len(head) - len(head.translate(None, bytes(range(128, 256)))) < _FEW:
        return ""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the last letter may be cut
    except UnicodeDecodeError:
        return ""
    return f"leave --encoding {encoding} out, the file is UTF-8"


def transcoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """From any encoding to UTF-8. What cannot be decoded becomes a lone surrogate, thus invalid UTF-8 in its row."""
    codecs.register_error("clusterer-mark", _mark)
    decode = codecs.getincrementaldecoder(encoding)("clusterer-mark").decode
    for chunk in chunks:
        if text := decode(chunk):
            yield text.encode("utf-8", "surrogatepass")
    if text := decode(b"", True):
        yield text.encode("utf-8", "surrogatepass")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return "\udcff", error.end
    raise error
