"""The copy level: distinct documents, candidate pairs, exact verification, copy groups.

Owns what a copy is. Never sees stories, files or outputs.
"""
