"""Feeds in and results out: sources, formats, columns, dates, readers, writers, the quarantine file.

Owns everything that touches a file or a data frame. Never groups anything.
"""
