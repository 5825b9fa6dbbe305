"""The suites of the page on corpora: what is right is computed slowly here, and both print their table."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st

from benchmarks.corpora.brute_force import Truth
from benchmarks.peers.corpus import THRESHOLD, TOOLS
from benchmarks.suites import deduplicators, sizing
from benchmarks.suites.deduplicators import ALIKE, judge

COUNT = 7
PAIRS = st.dictionaries(
    st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)).filter(lambda pair: pair[0] < pair[1]),
    st.sampled_from([0.3, 0.5, 0.7, 0.8, 1.0]),
)


@given(PAIRS, st.lists(st.booleans(), min_size=COUNT, max_size=COUNT))
def test_judged_as_by_hand(found: dict[tuple[int, int], float], stays: list[bool]) -> None:
    pairs = np.array(sorted(found), dtype=np.int64).reshape(-1, 2)
    jaccard = np.array([found[pair] for pair in sorted(found)])
    judged = judge(Truth(pairs, jaccard, jaccard, np.full(len(pairs), 9)), np.array(stays))
    near = [pair for pair, likeness in found.items() if likeness >= THRESHOLD]
    gone = [i for i in range(COUNT) if not stays[i]]
    right = [i for i in gone if any(i in pair for pair in near)]
    kept = [
        i for i in gone if any(f >= ALIKE and i in p and any(stays[j] for j in p if j != i) for p, f in found.items())
    ]
    assert judged.went == len(gone)
    assert judged.lost == len(gone) - len(kept)
    assert judged.precision == pytest.approx(len(right) / len(gone) if gone else 1.0)
    settled = [a for a, b in near if not (stays[a] and stays[b])]
    assert judged.recall == pytest.approx(len(settled) / len(near) if near else 1.0)


def test_the_table_of_tools_says_what_is_absent() -> None:
    told = CliRunner().invoke(deduplicators.main, ["--articles", "60", "--only", "NeMo Curator", "--only", "semhash"])
    assert told.exit_code == 0, told.output
    assert "not run: --tools FOLDER was not given" in " ".join(told.output.split())
    assert all(tool.run or tool.how for tool in TOOLS.values())


def test_amdahl_and_lines() -> None:
    assert sizing.serial_share(10.0, 5.0, 2) == 0.0
    assert sizing.serial_share(10.0, 10.0, 2) == 1.0
    assert sizing.serial_share(10.0, 12.0, 1) == 1.0
    assert sizing.line([(10, 1.0), (20, 3.0)])(30) == pytest.approx(5.0)
    assert sizing.line([(10, 1.0), (20, 3.0)])(1) == 0.0


@pytest.mark.slow
def test_the_sizing_table() -> None:
    told = CliRunner().invoke(sizing.main, ["--sizes", "200", "800", "--documents", "1000000", "--cores", "4"])
    assert told.exit_code == 0, told.output
    assert "1,000,000" in told.output
    assert "is not shared out" in told.output
