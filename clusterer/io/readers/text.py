"""text: see clusterer.files."""

from __future__ import annotations


def _split_title(text: str) -> tuple[str, str]:
    """Title and body of a text file. A short first line is a title before an empty line or a much longer text."""
    text = text.lstrip("\ufeff \t\n")
    first, _, rest = text.partition("\n")
    words = len(first.split())
    if words > 25 or not rest.strip() or first.rstrip().endswith((".", "،", "؛", ":")):
        return "", text
    if not rest.partition("\n")[0].strip() or len(rest.split()) >= 4 * words:
        return first.strip(), rest.lstrip()
    return "", text
