"""The picture of the wings and what each owns, from the code itself: ``python -m benchmarks.report.architecture``.

Draws `docs/images/architecture.svg`: the layers of `setup.cfg` from above, and an arc for every import between two of them
that no longer way round makes superfluous (transitive reduction). Writes the table of `ARCHITECTURE.md`, between its markers,
from the docstring of every wing. Draws nothing that is not in the imports, checks nothing: import-linter does.
"""

from __future__ import annotations

import ast
import configparser
from html import escape
from pathlib import Path

import click
import grimp

ROOT = Path(__file__).parents[2]
PICTURE, PAGE = ROOT / "docs" / "images" / "architecture.svg", ROOT / "ARCHITECTURE.md"
START, END = "<!-- wings: start -->\n", "<!-- wings: end -->\n"
ROW, TOP, NAMES, WIDTH = 27, 14, 150, 520  # pixels: a line, above the first, right edge of names, the whole

STYLE = """
text { font: 15px ui-monospace, monospace; fill: #1c2733; }
.band { fill: #eef2f6; }
.arc { fill: none; stroke: #3b6ea5; stroke-width: 1.4; }
.head { fill: #3b6ea5; }
@media (prefers-color-scheme: dark) {
text { fill: #dfe6ee; }
.band { fill: #26303b; }
.arc { stroke: #86b4e6; }
.head { fill: #86b4e6; }
}
"""

Edge = tuple[str, str]


def layers() -> list[list[str]]:
    """Names of the layers that exist, the highest first, those that know nothing of each other in one list."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = config["importlinter:contract:layers"]["layers"].strip().splitlines()
    rows = [[name.strip(" ()") for name in line.split("|")] for line in lines]
    present = [[name for name in row if _file(name).exists()] for row in rows]
    return [row for row in present if row]


def imports() -> set[Edge]:
    """(importer, imported) for every two layers of which one imports the other."""
    graph = grimp.build_graph("clusterer", cache_dir=None)
    edges = set()
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            if module.count(".") and other.count("."):
                edges.add((module.split(".")[1], other.split(".")[1]))
    return {(a, b) for a, b in edges if a != b and a != "__main__"}


def reduced(edges: set[Edge]) -> set[Edge]:
    """The edges that no longer path replaces; of an acyclic graph."""
    below: dict[str, set[str]] = {}
    for a, b in edges:
        below.setdefault(a, set()).add(b)

    def reach(name: str) -> set[str]:
        found = set(below.get(name, ()))
        for other in below.get(name, ()):
            found |= reach(other)
        return found

    return {(a, b) for a, b in edges if not any(b in reach(other) for other in below[a] - {b})}


def drawn(rows: list[list[str]], edges: set[Edge]) -> str:
    """The picture: a line a name, a band a layer, arcs on the right from importer down to imported."""
    place = {name: line for line, name in enumerate(name for row in rows for name in row)}
    height = 2 * TOP + ROW * len(place)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img">',
        "<title>The wings of clusterer, and which imports which</title>",
        f"<style>{STYLE}</style>",
    ]
    for k, row in enumerate(rows):
        if k % 2 == 0:
            top = TOP + ROW * place[row[0]]
            parts.append(f'<rect class="band" x="0" y="{top}" width="{WIDTH}" height="{ROW * len(row)}"/>')
    for name, line in place.items():
        y = TOP + ROW * line + 18
        parts.append(f'<text x="{NAMES}" y="{y}" text-anchor="end">{escape(name)}</text>')
    longest = max(place[b] - place[a] for a, b in edges)
    for a, b in sorted(edges, key=lambda edge: (place[edge[0]], place[edge[1]])):
        # They leave a name below its middle and reach it above, so that both ends can be told apart.
        start, end = TOP + ROW * place[a] + 18, TOP + ROW * place[b] + 9
        reach = NAMES + 30 + round((WIDTH - NAMES - 60) * 4 / 3 * ((place[b] - place[a]) / longest) ** 0.7)
        x = NAMES + 12
        parts.append(f'<path class="arc" d="M{x - 4} {start} C{reach} {start} {reach} {end} {x + 6} {end}"/>')
        parts.append(f'<path class="head" d="M{x - 2} {end} l9 -4 v8 z"/>')
    return "\n".join([*parts, "</svg>", ""])


def table(rows: list[list[str]]) -> str:
    """A Markdown table: every wing and file of the road, the lowest first, with what it is, owns and never does."""
    lines = ["| | |", "| --- | --- |"]
    for name in (name for row in reversed(rows) for name in row):
        doc = ast.get_docstring(ast.parse(_file(name).read_text("utf-8"))) or ""
        folder = _file(name).name == "__init__.py"
        said = (
            " ".join(doc.split("\n\n", 2 if folder else 1)[: 2 if folder else 1]).replace("\n", " ").replace("|", r"\|")
        )
        lines.append(f"| `{name}{'/' if folder else ''}` | {said} |")
    return "\n".join(lines) + "\n"


def page(before: str, rows: list[list[str]]) -> str:
    """`ARCHITECTURE.md` with its table made anew."""
    head, _, rest = before.partition(START)
    return head + START + table(rows) + END + rest.partition(END)[2]


def _file(name: str) -> Path:
    folder = ROOT / "clusterer" / name
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


@click.command(help=__doc__.partition("\n")[0])
def main() -> None:
    """Write the picture and the table."""
    rows = layers()
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(rows, reduced(imports())), "utf-8")
    PAGE.write_text(page(PAGE.read_text("utf-8"), rows), "utf-8")


if __name__ == "__main__":
    main()
