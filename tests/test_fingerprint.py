"""The fingerprint covers every constant, word list and data file that changes a result."""

from __future__ import annotations

import ast
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from places import ROOT

import clusterer
from clusterer import fingerprint

WINGS = ("arrays", "text", "lsh", "copies", "stories")
ROAD = ("articles", "corpus", "assignments", "pipeline")


def module_names() -> list[str]:
    names = [f"clusterer.{name}" for name in ROAD]
    for wing in WINGS:
        package = import_module(f"clusterer.{wing}")
        names += [package.__name__]
        names += [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return [name for name in names if not name.endswith("._kernels")]


def constants(name: str) -> set[str]:
    """Names that a module binds at its top level; types to be filled in and `__all__` are no constants."""
    module = import_module(name)
    found: set[str] = set()
    for node in ast.parse(Path(module.__file__ or "").read_text("utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in filter(None, targets):
            found |= {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}
    return {x for x in found if x != "__all__" and type(getattr(module, x)).__name__ != "TypeVar"}


@pytest.mark.parametrize("module", module_names())
def test_every_constant_is_declared(module: str) -> None:
    changing = set(fingerprint.CHANGING.get(module, ()))
    unchanging = set(fingerprint.UNCHANGING.get(module, ()))
    assert not changing & unchanging
    assert constants(module) == changing | unchanging, "declare it in clusterer/fingerprint.py"


def test_no_other_module_is_declared() -> None:
    assert {*fingerprint.CHANGING, *fingerprint.UNCHANGING} <= set(module_names())


def test_every_data_file_is_declared() -> None:
    suffixes = {".py", ".pyx", ".so", ".pyd", ".c", ".h"}
    found = {
        (f"clusterer.{wing}", path.relative_to(ROOT / "clusterer" / wing).as_posix())
        for wing in WINGS
        for path in (ROOT / "clusterer" / wing).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in suffixes
    }
    assert found == set(fingerprint.DATA_FILES)


def changed(value: object) -> object:
    """Another value of the same kind."""
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, dict):
        return {**value, "x": "y"}
    if isinstance(value, frozenset):
        return value | {"x"}
    if isinstance(value, re.Pattern):
        return re.compile(value.pattern + "x", value.flags)
    if isinstance(value, tuple):
        return value[:-1]
    return value + type(value)(1)  # type: ignore[operator,call-arg]


@pytest.fixture
def fresh() -> object:
    fingerprint.recipe.cache_clear()
    yield
    fingerprint.recipe.cache_clear()


DECLARED = [(module, name) for module, names in fingerprint.CHANGING.items() for name in names]


@pytest.mark.parametrize(("module", "name"), DECLARED, ids=[f"{module}.{name}" for module, name in DECLARED])
def test_a_changed_constant_is_another_fingerprint(
    module: str, name: str, fresh: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint.recipe()
    fingerprint.recipe.cache_clear()
    monkeypatch.setattr(import_module(module), name, changed(getattr(import_module(module), name)))
    assert fingerprint.recipe() != before


def test_it_is_the_same_in_every_run() -> None:
    command = [sys.executable, "-c", "from clusterer.fingerprint import recipe; print(recipe())"]
    runs = {
        subprocess.run(
            command, env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("0", "7")
    }
    assert runs == {fingerprint.recipe()}


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), ("1", 1), ((1, 2), (12,)), (frozenset("ab"), frozenset("a")), ({"a": 1}, {"a": 2}), (np.array([1]), 1)],
)
def test_unequal_values_have_unequal_texts(one: object, other: object) -> None:
    assert fingerprint._as_text(one) != fingerprint._as_text(other)


def test_order_counts_in_tuples_only() -> None:
    assert fingerprint._as_text({"a": 1, "b": 2}) == fingerprint._as_text({"b": 2, "a": 1})
    assert fingerprint._as_text((1, 2)) != fingerprint._as_text((2, 1))
    assert fingerprint._as_text(np.uint64(7)) == fingerprint._as_text(7)
    with pytest.raises(TypeError):
        fingerprint._as_text(clusterer)
