"""Which loops run: the compiled ones where the package was built with a C compiler, else their NumPy twins.

Both give the same bits; every room that has a fast path asks here, and holds the readable twin itself.
``CLUSTERER_KERNELS=numpy`` in the environment takes the twins.
"""

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module
from typing import Any

REVISION = 3
"""Of what the compiled loops take and give; those of another revision, left from an older build, are not used."""

compiled: Any = None
"""The module of compiled loops, or None. Looked up at every call."""


if os.environ.get("CLUSTERER_KERNELS") != "numpy":
    with suppress(ImportError):
        compiled = import_module("clusterer.arrays._kernels")
    if getattr(compiled, "REVISION", None) != REVISION:
        compiled = None
