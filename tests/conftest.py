"""Shared fixtures: real articles where the shared folder is there, and texts made from a seed."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # for `import reference`, wherever pytest was started

# The suite's examples are the same in every run; HYPOTHESIS_PROFILE=hunt looks for new ones.
settings.register_profile("steady", deadline=None, max_examples=150, derandomize=True)
settings.register_profile("hunt", deadline=None, max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

FEED = Path(__file__).parents[2] / "shared" / "feed"


@pytest.fixture(scope="session")
def real_texts() -> list[str]:
    """The bodies of the first 600 real articles; skips where the shared folder is missing."""
    files = sorted(FEED.glob("*.jsonl.gz"))
    if not files:
        pytest.skip(f"real articles are not here: no *.jsonl.gz in {FEED}")
    with gzip.open(files[0], "rt", encoding="utf-8") as lines:
        return [json.loads(line)["content"] or "" for line, _ in zip(lines, range(600), strict=False)]
