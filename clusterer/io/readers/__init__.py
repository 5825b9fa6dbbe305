"""One file a format: its bytes to rows, and rows back to bytes. `clusterer.io.formats` is the table of them.

Knows one format each. Never chooses which columns are text, title or date: `clusterer.io.columns` does.
"""
