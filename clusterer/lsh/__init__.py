"""Sketches and buckets: signatures, bands, candidate pairs, and the bridge to datasketch.

Proposes pairs, decides nothing. Never sees `Settings`, articles or text.
"""
