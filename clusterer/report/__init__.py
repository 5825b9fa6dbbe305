"""A run as one page: plain data first, then HTML.

Shows results. Never forms groups, never fetches anything.
"""
