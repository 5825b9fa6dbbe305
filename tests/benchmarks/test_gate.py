"""The quality gate: a worse figure fails and is named, whichever it is; today's figures pass."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from benchmarks import gate
from clusterer.arrays import kernels

COMMITTED: dict[str, Any] = orjson.loads(gate.FILE.read_bytes())


def as_measured(committed: dict[str, Any]) -> dict[str, Any]:
    """What a run would measure that is as good as it must be."""
    return deepcopy(committed)


def test_as_good_as_committed_passes() -> None:
    assert gate.failures(COMMITTED, as_measured(COMMITTED)) == []


@pytest.mark.parametrize("kind", ["floors", "ceilings"])
def test_every_worse_figure_fails_and_names_itself(kind: str) -> None:
    assert COMMITTED[kind]
    for name, value in COMMITTED[kind].items():
        measured = as_measured(COMMITTED)
        measured[kind][name] = value + (-0.001 if kind == "floors" else 0.001)
        (said,) = gate.failures(COMMITTED, measured)
        assert said.startswith(name)
        measured[kind][name] = float("nan")
        assert len(gate.failures(COMMITTED, measured)) == 1
        del measured[kind][name]
        assert gate.failures(COMMITTED, measured) == [f"{name} was not measured"]


def test_other_bytes_fail_and_other_kernels_hold_no_times() -> None:
    measured = as_measured(COMMITTED)
    measured["corpora"]["data"] = "0" * 64
    (said,) = gate.failures(COMMITTED, measured)
    assert said.startswith("data has other bytes")
    measured = as_measured(COMMITTED) | {"kernels": "NumPy"}
    measured["ceilings"] = dict.fromkeys(COMMITTED["ceilings"], 1e9)
    assert gate.failures(COMMITTED, measured) == []


def test_this_tree_meets_all_but_a_raised_floor_and_a_lowered_ceiling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "ROUNDS", 1)
    monkeypatch.setattr(gate, "ATTEMPTS", 1)
    name, ceiling = "data, story: B-cubed recall", "read a file"
    file = tmp_path / "gate.json"
    # Tests run beside each other: times are only checked to be there.
    ceilings = dict.fromkeys(COMMITTED["ceilings"], 1e9) | {ceiling: 0.0}
    worsened = {"floors": COMMITTED["floors"] | {name: 1.0}, "ceilings": ceilings, "kernels": gate.kernels()}
    file.write_bytes(orjson.dumps(COMMITTED | worsened))
    result = CliRunner().invoke(gate.main, ["--file", str(file)])
    assert result.exit_code == 1
    complaints = [line.removeprefix("gate: ") for line in result.stderr.splitlines()]
    assert len(complaints) == 2, complaints  # all other figures hold
    assert complaints[0].startswith(name)
    assert complaints[1].startswith(ceiling)


def test_times_are_held_by_the_kernels_that_run() -> None:
    before = kernels.active
    try:
        for name in kernels.modules:
            kernels.use(name)
            assert gate.kernels().lower() == name
    finally:
        kernels.use(before)
    assert COMMITTED["kernels"] == "compiled"
