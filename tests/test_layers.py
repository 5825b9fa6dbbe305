"""The import graph, read from the source: a file imports only from layers below its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "clusterer"

LAYERS = {
    0: ("errors", "settings", "records", "kernels", "threads"),
    1: (
        "ragged", "fields", "rows", "streams", "jsonarray", "files", "frames", "output", "arabic", "words", "boilerplate",
        "gold",
    ),
    2: ("shingles", "minhash", "lsh", "salience", "events", "similarity", "grouping"),
    3: ("stages", "corpus", "assign", "pipeline", "passages", "evaluate", "explain", "tuning", "telling"),
    4: ("store", "postings", "naming", "lookup", "intake", "answers", "asking", "checking", "index", "pages", "report"),
    5: (
        "estimator", "options", "index_cli", "explain_cli", "gold_cli", "label_cli", "cli",
        "packed", "spark_folder", "spark_copies", "spark_stories", "components", "spark", "spark_cli",
    ),
    6: ("__main__",),
}  # fmt: skip
WITHIN = {
    ("settings", "errors"),
    ("records", "errors"),
    # layer 3: stages -> corpus, assign -> pipeline
    ("corpus", "stages"),
    ("assign", "stages"),
    ("pipeline", "stages"),
    ("pipeline", "corpus"),
    ("pipeline", "assign"),
    ("passages", "corpus"),
    ("tuning", "stages"),
    ("tuning", "corpus"),
    ("tuning", "pipeline"),
    ("tuning", "evaluate"),
    ("telling", "stages"),
    ("telling", "pipeline"),
    ("explain", "stages"),
    ("explain", "corpus"),
    ("explain", "pipeline"),
    ("explain", "passages"),
    # layer 1 in: fields, rows -> frames, streams -> jsonarray -> files; out: rows -> output
    ("streams", "fields"),
    ("streams", "rows"),
    ("jsonarray", "fields"),
    ("jsonarray", "rows"),
    ("jsonarray", "streams"),
    ("files", "fields"),
    ("files", "rows"),
    ("files", "streams"),
    ("files", "jsonarray"),
    ("frames", "fields"),
    ("frames", "rows"),
    ("gold", "fields"),
    ("output", "rows"),
    # layer 1, words: ragged, arabic -> words -> boilerplate
    ("words", "ragged"),
    ("boilerplate", "ragged"),
    ("words", "arabic"),
    ("boilerplate", "words"),
    ("boilerplate", "arabic"),
    # layer 2: shingles -> all others; salience -> events
    ("minhash", "shingles"),
    ("lsh", "shingles"),
    ("similarity", "shingles"),
    ("salience", "shingles"),
    ("events", "shingles"),
    ("events", "salience"),
    # layer 4: store -> postings -> lookup; store -> naming; both -> intake, answers -> asking, checking -> index
    ("naming", "store"),
    ("intake", "naming"),
    ("answers", "lookup"),
    ("answers", "naming"),
    ("asking", "lookup"),
    ("asking", "naming"),
    ("asking", "answers"),
    ("checking", "naming"),
    ("index", "naming"),
    ("index", "answers"),
    ("index", "asking"),
    ("postings", "store"),
    ("lookup", "store"),
    ("lookup", "postings"),
    ("intake", "lookup"),
    ("checking", "lookup"),
    ("checking", "intake"),
    ("index", "store"),
    ("index", "lookup"),
    ("index", "intake"),
    ("index", "checking"),
    ("report", "pages"),
    # layer 5: options -> index_cli -> cli
    ("index_cli", "options"),
    ("gold_cli", "options"),
    ("cli", "gold_cli"),
    ("label_cli", "options"),
    ("label_cli", "gold_cli"),
    ("cli", "label_cli"),
    ("cli", "options"),
    ("cli", "index_cli"),
    ("explain_cli", "options"),
    ("cli", "explain_cli"),
    # layer 5, Spark: packed -> spark_copies -> spark_stories; packed -> components; all -> spark -> spark_cli -> cli
    ("spark_copies", "packed"),
    ("spark_stories", "packed"),
    ("spark_stories", "spark_copies"),
    ("components", "packed"),
    ("spark", "spark_folder"),
    ("spark", "components"),
    ("spark", "spark_copies"),
    ("spark", "spark_stories"),
    ("spark_cli", "options"),
    ("spark_cli", "spark"),
    ("spark_cli", "spark_copies"),
    ("spark_cli", "spark_folder"),
    ("cli", "spark_cli"),
}
"""Imports allowed within a layer (importer, imported), in the order in which its files build on each other."""
READING = ("fields", "rows", "streams", "jsonarray", "files", "frames", "output")
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names}
FILES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


def imported(path: Path) -> set[str]:
    """Files of the package that a file imports, at its head or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute"
            module = node.module or ""
            names = [module] if module != "clusterer" else [f"clusterer.{alias.name}" for alias in node.names]
        else:
            continue
        parts = (name.split(".") for name in names)
        found |= {p[1] if len(p) > 1 else "__init__" for p in parts if p[0] == "clusterer"}
    return found & {*FILES, "__init__"}


def test_every_file_has_a_layer() -> None:
    assert not set(FILES) - set(LAYER_OF), "give the new file a layer in the table above and in the README's map"


@pytest.mark.parametrize("name", [name for name in FILES if name in LAYER_OF])
def test_a_file_imports_only_from_layers_below(name: str) -> None:
    for other in imported(PACKAGE / f"{name}.py") - {"__init__"}:
        below = LAYER_OF.get(other, 9) < LAYER_OF[name]
        assert below or (name, other) in WITHIN, f"{name}.py must not import {other}.py"


def test_nothing_but_faces_imports_the_package_itself() -> None:
    assert {name for name in FILES if "__init__" in imported(PACKAGE / f"{name}.py")} <= {"cli"}


def test_the_numeric_core_never_sees_settings_or_records() -> None:
    for name in (*LAYERS[2], "arabic", "words", "boilerplate"):
        assert not imported(PACKAGE / f"{name}.py") & {"settings", "records", *READING}


def test_every_module_says_what_it_is() -> None:
    for name in FILES:
        assert ast.get_docstring(ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8")))
