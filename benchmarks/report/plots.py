"""Plots of a report's tables as SVG, by matplotlib where it is installed; equal tables give equal bytes.

Text and axes take the page's own colour, so that one drawing serves light and dark.
"""

from __future__ import annotations

import io
import re
import statistics
from collections.abc import Callable
from html import escape
from importlib.util import find_spec
from typing import Any

from benchmarks.plan import Row

_INK = "#010203"  # stands for the page's text colour until the drawing is done
_OURS, _OTHERS = "#2f7ed8", "#9a9a9a"
_WIDTH = 6.4


def drawable() -> bool:
    """Whether matplotlib is here."""
    return find_spec("matplotlib") is not None


def drawing(table: dict[str, Any], name: str) -> str:
    """The plot of a table as an <svg> element; "" for tables that have none, and without matplotlib."""
    rows = [row for row in table["rows"] if "absent" not in row]
    if table["kind"] == "throughput":  # a bar for fewer texts than the others' says nothing beside them
        rows = [row for row in rows if row["articles"] == max(row["articles"] for row in rows)]
    if table["kind"] not in PLOTS or not rows or not drawable():
        return ""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    colours = dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "legend.labelcolor"), _INK
    )
    style = {"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 9, "legend.frameon": False, **colours}
    with rc_context(style):
        bars = PLOTS[table["kind"]] is _bars
        figure = Figure(figsize=(_WIDTH, 0.9 + 0.24 * len(rows) if bars else 3.4), layout="constrained")
        axes = figure.add_subplot()
        axes.patch.set_visible(False)
        axes.spines[["top", "right"]].set_visible(False)
        PLOTS[table["kind"]](axes, rows)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inlined(out.getvalue(), name, f"{table['kind']}: {table['title']}")


def _bars(axes: Any, rows: list[Row]) -> None:
    """Medians, with a line from the least to the most, and the recall where there is one."""
    names = [str(next(iter(row.values()))) for row in rows]
    middle = [statistics.median(row["seconds"]) for row in rows]
    ends = [
        [m - min(row["seconds"]) for m, row in zip(middle, rows, strict=True)],
        [max(row["seconds"]) - m for m, row in zip(middle, rows, strict=True)],
    ]
    colours = [_OURS if "clusterer" in name else _OTHERS for name in names]
    bars = axes.barh(range(len(rows)), middle, xerr=ends, color=colours, error_kw={"ecolor": _INK, "lw": 0.8})
    if "recall" in rows[0]:
        axes.bar_label(bars, [f"recall {row['recall']:.4f}" for row in rows], padding=4, fontsize=7)
        axes.margins(x=0.2)
    axes.set_yticks(range(len(rows)), names)
    axes.invert_yaxis()
    axes.set_xlabel("seconds: median, least to most")


def _errors(axes: Any, rows: list[Row]) -> None:
    """RMSE over the true similarity, a line a method."""
    for row in rows:
        points = [(float(key.removeprefix("rmse at ")), row[key]) for key in row if key.startswith("rmse at ")]
        style = "--" if "theory" in row["method"] else "-"
        axes.plot(*zip(*points, strict=True), style, marker=".", lw=1.2, label=row["method"])
    axes.set_xlabel("true Jaccard similarity")
    axes.set_ylabel("RMSE of the estimate")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7, ncols=2)


def _curves(axes: Any, rows: list[Row]) -> None:
    """Measured points over predicted lines."""
    from clusterer.lsh.bands import s_curve

    grid = [i / 100 for i in range(101)]
    for i, name in enumerate(dict.fromkeys(row["bands"] for row in rows)):
        mine = [row for row in rows if row["bands"] == name]
        b, r = map(int, name.split(" x "))
        axes.plot(grid, s_curve(grid, b, r), color=f"C{i}", lw=1, label=f"{name}, predicted")
        axes.plot([row["jaccard"] for row in mine], [row["measured"] for row in mine], "o", ms=4, color=f"C{i}")
    axes.set_xlabel("Jaccard similarity; dots are measured")
    axes.set_ylabel("share of pairs that meet")
    axes.legend(fontsize=7)


def _growth(axes: Any, rows: list[Row]) -> None:
    """Seconds over size, both logarithmic."""
    for level in dict.fromkeys(row["level"] for row in rows):
        mine = [row for row in rows if row["level"] == level]
        seconds = [statistics.median(row["seconds"]) for row in mine]
        axes.loglog([row["articles"] for row in mine], seconds, marker="o", ms=4, lw=1.2, label=level)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("articles")
    axes.set_ylabel("seconds")
    axes.legend(fontsize=7)


def _room(axes: Any, rows: list[Row]) -> None:
    """Bytes over the days."""
    for name, label in (("file", "file with its log"), ("log", "the log alone"), ("used", "used")):
        axes.plot(_days(rows), [x / 1e6 for row in rows for x in row[name]], lw=1.2, label=label)
    axes.set_xlabel("day")
    axes.set_ylabel("MB at the end of the day")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7)


def _pace(axes: Any, rows: list[Row]) -> None:
    """Milliseconds over the days."""
    for name, label in (("p50", "a batch: median"), ("p99", "99th percentile"), ("expire", "expiry")):
        axes.plot(_days(rows), [x for row in rows for x in row[name]], lw=1.2, label=label)
    axes.set_xlabel("day")
    axes.set_ylabel("ms")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7)


def _days(rows: list[Row]) -> range:
    return range(1, 1 + sum(len(row["kept"]) for row in rows))


PLOTS: dict[str, Callable[[Any, list[Row]], None]] = {
    "throughput": _bars,
    "stages": _bars,
    "sketch": _bars,
    "floor": _bars,
    "cold": _bars,
    "accuracy": _errors,
    "s_curve": _curves,
    "scaling": _growth,
    "living room": _room,
    "living pace": _pace,
}


def _inlined(svg: str, name: str, title: str) -> str:
    """The drawing as a part of a page: no prologue, no metadata, ids of its own, the page's text colour."""
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\1{name}-", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1).strip()
