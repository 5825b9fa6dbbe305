"""Shared fixtures: real articles where the shared folder is there, and texts made from a seed."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from places import SHARED

from clusterer.arrays import kernels

# The suite's examples are the same in every run; HYPOTHESIS_PROFILE=hunt looks for new ones.
settings.register_profile("steady", deadline=None, max_examples=150, derandomize=True)
settings.register_profile("hunt", deadline=None, max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="module", params=["compiled", "numpy"])
def loops(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a module's tests twice: on the compiled loops and on their NumPy twins, in this process and its children."""
    if request.param not in kernels.modules:
        could = shutil.which("cc") and Path(sysconfig.get_path("include"), "Python.h").exists()
        if could and "CLUSTERER_KERNELS" not in os.environ:  # a failed build must not pass for a missing compiler
            pytest.fail("there is a C compiler and no compiled loops of this revision; cure: pip install --editable .")
        pytest.skip("the compiled loops are not here: the package was built without a C compiler")
    before = kernels.active
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLUSTERER_KERNELS", request.param)
        kernels.use(request.param)
        yield request.param
    kernels.use(before)


FEED = SHARED / "feed"


@pytest.fixture(scope="session")
def real_texts() -> list[str]:
    """The bodies of the first 600 real articles; skips where the shared folder is missing."""
    files = sorted(FEED.glob("*.jsonl.gz"))
    if not files:
        pytest.skip(f"real articles are not here: no *.jsonl.gz in {FEED}")
    with gzip.open(files[0], "rt", encoding="utf-8") as lines:
        return [json.loads(line)["content"] or "" for line, _ in zip(lines, range(600), strict=False)]
