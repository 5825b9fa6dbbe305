"""A run as one page: plain data first, then HTML.

Shows results. Never forms groups, never fetches anything.

Private: nothing in it is part of the public surface.
"""

__all__: list[str] = []
