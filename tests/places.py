"""Where things are: the project, its sample feed, and the shared folder of real articles beside it (it may be missing)."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
SHARED = ROOT.parent / "shared"
