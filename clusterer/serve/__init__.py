"""`clusterer serve`: a local page and a JSON API over a living index.

Owns HTTP, its pages and who may ask. Groups, ranks and explains nothing of its own; writes nothing but a person's answers.

Private: nothing in it is part of the public surface.
"""

__all__: list[str] = []
