"""Sketches and buckets: signatures, bands, candidate pairs, and the bridge to datasketch.

Proposes pairs, decides nothing. Never sees `Settings`, articles or text.
"""

from typing import TYPE_CHECKING

from clusterer.arrays.ragged import Ragged
from clusterer.deprecated import moved_names
from clusterer.lsh.datasketch import Scheme, from_datasketch, to_datasketch
from clusterer.lsh.minhash import estimate, signatures

__all__ = ["Ragged", "Scheme", "estimate", "from_datasketch", "signatures", "to_datasketch"]

if not TYPE_CHECKING:
    __getattr__ = moved_names(__name__)
