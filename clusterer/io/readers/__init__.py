"""One file a format: bytes of a source to rows.

Knows one format each. Never chooses which columns are text, title or date: `io.columns` does.
"""
