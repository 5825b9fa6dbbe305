"""fingerprint: see clusterer.lookup."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files

from clusterer.text import boilerplate_phrases

_RECIPE = 2  # raise when keys or scores of the same settings come out otherwise than the files below tell


@lru_cache(maxsize=1)
def recipe() -> str:
    """16 hex digits over what words, keys and scores are made by, beside the settings."""
    parts = [files("clusterer.stories").joinpath(name).read_bytes() for name in ("background.npz", "event_model.json")]
    known = repr((_RECIPE, boilerplate_phrases.AGENCIES, boilerplate_phrases.TAILS)).encode()
    return hashlib.blake2b(b"".join([*parts, known]), digest_size=8).hexdigest()
