"""The picture and the table of the wings are those that the imports and the wings' own words give."""

from __future__ import annotations

import re

import pytest
from places import ROOT

pytest.importorskip("grimp", reason="import-linter is not installed: pip install 'clusterer[dev]'")

from benchmarks.report import architecture

AGAIN = "cure: python -m benchmarks.report.architecture"


def test_the_picture_is_drawn_from_the_imports() -> None:
    picture = architecture.drawn(architecture.layers(), architecture.reduced(architecture.imports()))
    assert architecture.PICTURE.read_text("utf-8") == picture, AGAIN


def test_the_table_is_made_from_the_wings() -> None:
    before = architecture.PAGE.read_text("utf-8")
    assert architecture.page(before, architecture.layers()) == before, AGAIN


def test_every_file_and_folder_of_the_package_is_in_the_table() -> None:
    table = architecture.table(architecture.layers())
    modules = {p.stem for p in (ROOT / "clusterer").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert {name for name in modules - {"__init__", "__main__"} if f"| `{name}" not in table} == set()


def test_reduction_keeps_what_can_be_reached() -> None:
    edges = {("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("a", "d"), ("b", "e")}
    assert architecture.reduced(edges) == {("a", "b"), ("b", "c"), ("c", "d"), ("b", "e")}


def test_files_that_recipes_and_the_road_name_are_there() -> None:
    text = architecture.PAGE.read_text("utf-8")
    named = {name for name in re.findall(r"`((?:clusterer|tests|docs|benchmarks)/[\w./]+)`", text) if "<" not in name}
    assert len(named) > 10
    assert {name for name in named if not (ROOT / name).exists()} == set()
