"""Assignments written by columns, beside what is written of the same ones one by one."""

from __future__ import annotations

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
from clusterings import FEED
from hypothesis import given, strategies as st

from clusterer import Assignment, Settings, cluster
from clusterer.arrays.texts import Texts
from clusterer.io import result_columns
from clusterer.io.result_columns import rounded
from clusterer.io.writers import write_lines, write_result
from clusterer.results import Assignments

NAMES = ("title_found", "other_figures", "apart")
IDS = ["a", "", "ب/ت", 'q"\\', "</script>", "\u2028x", "n\n", "\x7f", "\u061c", "é", "خبر 1", "\U0001f600"]


@st.composite
def assignments(draw: st.DrawFn) -> Assignments:
    """Some with names of all kinds and numbers at the edges of rounding."""
    n = draw(st.integers(0, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    ids = draw(st.lists(st.one_of(st.sampled_from(IDS), st.text(max_size=6)), min_size=n, max_size=n))
    x, y = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    numbers = np.array([0.0, -0.0, 1.0, 0.00005, 0.12345, 0.99995, 1e-9, 3.0, 0.5])
    features = np.where(rng.random((y, len(NAMES))) < 0.3, np.nan, rng.choice(numbers, (y, len(NAMES))))
    return Assignments(
        Texts.of(ids) if rng.random() < 0.5 else ids,
        rng.integers(0, n, (3, n), dtype=np.int32) if n else np.zeros((3, 0), dtype=np.int32),
        rng.integers(0, n, n, dtype=np.int32) if n else np.zeros(0, dtype=np.int32),
        rng.random(n) < 0.4,
        rng.integers(0, 4, n, dtype=np.uint8),
        np.where(rng.random(n) < 0.5, rng.random(n), rng.choice(numbers, n)),
        rng.integers(-1, x + y, n, dtype=np.int32),
        rng.random((x, 3)).round(4),
        features.astype(np.float32),
        NAMES,
    )


def both(found: Assignments, form: str, threads: int = 1) -> tuple[bytes, bytes]:
    """What is written by columns, and line by line."""
    ours, lines = io.BytesIO(), io.BytesIO()
    write_result(ours, found, form, threads=threads)
    write_lines(lines, (a.as_dict() for a in found), Assignment._fields, form)
    return ours.getvalue(), lines.getvalue()


@given(assignments())
def test_json_lines_are_those_of_each_assignment(found: Assignments) -> None:
    ours, lines = both(found, "jsonl")
    assert ours == lines


@given(assignments())
def test_parquet_is_the_table_of_all_assignments(found: Assignments) -> None:
    ours, lines = (pq.read_table(io.BytesIO(data)) for data in both(found, "parquet"))
    assert ours.schema.equals(lines.schema, check_metadata=True)
    assert ours.equals(lines)
    ours.validate(full=True)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_blocks_on_threads_are_one_result(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_columns, "_ROWS", 7)
    for level in ("exact", "story"):
        found = cluster(FEED, Settings(level=level)).assignments  # type: ignore[arg-type]
        assert isinstance(found, Assignments)
        ours, lines = both(found, form, threads=3)
        assert ours == lines if form == "jsonl" else pq.read_table(io.BytesIO(ours)) == pq.read_table(io.BytesIO(lines))


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_half_a_letter_is_refused(form: str) -> None:
    found = cluster(["خبر من صحيفة عن أمر ما", "خبر آخر"]).assignments
    assert isinstance(found, Assignments)
    broken = Assignments(["\ud800", "b"], *(getattr(found, name) for name in Assignments.__slots__[1:]))
    for write in (
        lambda: write_result(io.BytesIO(), broken, form),
        lambda: write_lines(io.BytesIO(), (a.as_dict() for a in broken), Assignment._fields, form),
    ):
        with pytest.raises((TypeError, UnicodeEncodeError)):
            write()


@given(st.lists(st.one_of(st.floats(), st.integers(-(10**5), 10**5).map(lambda i: i / 2e4 + 5e-5)), max_size=30))
def test_numbers_are_rounded_as_python_rounds_them(numbers: list[float]) -> None:
    ours = rounded(np.array(numbers, dtype=np.float64))
    assert list(map(repr, ours.tolist())) == [repr(round(x, 4)) for x in numbers]
